"""What earlier calls showed: by number, by kind of line, and what a new number borrows

Revision: 0010
After: 0009

Attempts from before count as the simulated switch's: nobody can say any more which
switch they went over, and a rehearsal must not teach about real numbers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = ("mobile", "office", "home", "duty")
DISPOSITIONS = (
    "acknowledged",
    "declined",
    "transferred",
    "heard",
    "hung_up_early",
    "voicemail",
    "busy",
    "no_answer",
    "rejected",
    "switched_off",
    "no_such_number",
    "congestion",
    "gateway_down",
    "failed",
    "dropped",
    "lost",
)
UNCOUNTED = sa.text("NOT counted AND disposition IS NOT NULL")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _new_columns()
    op.create_index("ix_attempts_number_id", "attempts", ["number_id"])
    op.create_index("ix_attempts_uncounted", "attempts", ["id"], postgresql_where=UNCOUNTED, sqlite_where=UNCOUNTED)
    op.create_index("ix_recipient_numbers_number", "recipient_numbers", ["number"])
    op.create_table(
        "number_histories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rehearsed", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("numberkind", *KINDS), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        sa.Column("trials", sa.Double(), nullable=False),
        sa.Column("successes", sa.Double(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_histories")),
        sa.UniqueConstraint("rehearsed", "number", "band", name=op.f("uq_number_histories_rehearsed")),
    )
    op.create_index("ix_number_histories_counted_at", "number_histories", ["counted_at"])
    op.create_index("ix_number_histories_number", "number_histories", ["number"])
    op.create_table(
        "kind_histories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rehearsed", sa.Boolean(), nullable=False),
        sa.Column("kind", _enum("numberkind", *KINDS), nullable=False),
        sa.Column("disposition", _enum("disposition", *DISPOSITIONS), nullable=False),
        sa.Column("calls", sa.Double(), nullable=False),
        sa.Column("held", sa.Double(), nullable=False),
        sa.Column("rang", sa.Double(), nullable=False),
        sa.Column("beyond", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kind_histories")),
        sa.UniqueConstraint("rehearsed", "kind", "disposition", name=op.f("uq_kind_histories_rehearsed")),
    )
    op.create_table(
        "history_priors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rehearsed", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("a", sa.Double(), nullable=False),
        sa.Column("b", sa.Double(), nullable=False),
        sa.Column("fitted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_priors")),
        sa.UniqueConstraint("rehearsed", "kind", "band", name=op.f("uq_history_priors_rehearsed")),
    )


def _new_columns() -> None:
    with op.batch_alter_table("broadcasts") as table:
        table.add_column(sa.Column("rehearsed", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("likeliest_first", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("attempts") as table:
        table.add_column(sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("broadcasts") as table:
        table.alter_column("rehearsed", server_default=None)
        table.alter_column("likeliest_first", server_default=None)
    with op.batch_alter_table("attempts") as table:
        table.alter_column("counted", server_default=None)

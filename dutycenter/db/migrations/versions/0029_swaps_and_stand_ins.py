"""Swaps and stand-ins, and who an account is in the directory

Revision: 0029
After: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

STATES = ("asked", "agreed", "done", "declined", "refused", "withdrawn", "expired", "stale")
REFERENCES = (
    ("shift_id", "shifts"), ("person_id", "people"), ("other_id", "people"), ("other_shift_id", "shifts"),
    ("asked_by_id", "accounts"), ("answered_by_id", "accounts"), ("settled_by_id", "accounts"),
)  # fmt: skip


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_accounts_person_id_people"), "people", ["person_id"], ["id"])
    op.create_table(
        "duty_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("dutychangekind", "stand_in", "swap"), nullable=False),
        sa.Column("state", _enum("dutychangestate", *STATES), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("other_shift_id", sa.Integer(), nullable=True),
        sa.Column("shift_told", sa.String(length=96), nullable=False),
        sa.Column("other_told", sa.String(length=96), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answer_note", sa.String(length=200), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_duty_changes_{column}_{table}"))
            for column, table in REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_changes")),
    )
    for column in ("state", "shift_id", "person_id", "other_id", "other_shift_id", "asked_at"):
        op.create_index(op.f(f"ix_duty_changes_{column}"), "duty_changes", [column])


def downgrade() -> None:
    op.drop_table("duty_changes")
    with op.batch_alter_table("accounts") as table:
        table.drop_constraint(op.f("fk_accounts_person_id_people"), type_="foreignkey")
        table.drop_column("person_id")

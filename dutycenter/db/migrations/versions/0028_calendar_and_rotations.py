"""The roster's calendar, sensitive periods, rotations, and who is on call

Revision: 0028
After: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shift_members") as table:
        table.add_column(sa.Column("on_call", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("shift_members") as table:
        table.alter_column("on_call", server_default=None)
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("work", "rest", name="daykind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "sensitive_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("leaders", sa.Integer(), nullable=False),
        sa.Column("chiefs", sa.Integer(), nullable=False),
        sa.Column("officers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensitive_periods")),
    )
    for column in ("first", "last"):
        op.create_index(op.f(f"ix_sensitive_periods_{column}"), "sensitive_periods", [column])
    op.create_table(
        "rotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.JSON(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotations")),
    )
    op.create_table(
        "rotation_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("then", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.Column("applied_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["rotation_id"], ["rotations.id"], name=op.f("fk_rotation_runs_rotation_id_rotations")),
        sa.ForeignKeyConstraint(
            ["applied_by_id"], ["accounts.id"], name=op.f("fk_rotation_runs_applied_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_runs")),
    )
    for column in ("rotation_id", "applied_at"):
        op.create_index(op.f(f"ix_rotation_runs_{column}"), "rotation_runs", [column])


def downgrade() -> None:
    op.drop_table("rotation_runs")
    op.drop_table("rotations")
    op.drop_table("sensitive_periods")
    op.drop_table("calendar_days")
    with op.batch_alter_table("shift_members") as table:
        table.drop_column("on_call")

"""What counts as reached, when text messages go out, and the goal of a broadcast

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("broadcasts") as table:
        table.add_column(
            sa.Column("reached_rule", _enum("reachedrule", "key", "heard"), nullable=False, server_default="key")
        )
        table.add_column(
            sa.Column(
                "sms_when",
                _enum("smswhen", "never", "before", "with", "after"),
                nullable=False,
                server_default="never",
            )
        )
        table.add_column(sa.Column("goal", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("goal_seconds", sa.Integer(), nullable=True))
    with op.batch_alter_table("broadcasts") as table:
        for name in ("reached_rule", "sms_when", "goal"):
            table.alter_column(name, server_default=None)

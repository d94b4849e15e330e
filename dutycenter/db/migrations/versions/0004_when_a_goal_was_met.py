"""When a broadcast's goal was met, and the short name of a recipient's department that a goal may use

Revision: 0004
After: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("broadcasts") as table:
        table.add_column(sa.Column("goal_met_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("recipients") as table:
        table.add_column(sa.Column("department_short", sa.String(32), nullable=False, server_default=""))
    with op.batch_alter_table("recipients") as table:
        table.alter_column("department_short", server_default=None)

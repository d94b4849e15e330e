"""Broadcasts that send texts and call nobody

Revision: 0033
After: 0032
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    values = ", ".join(f"'{value}'" for value in ("never", "before", "with", "after", "alone"))
    with op.batch_alter_table("broadcasts") as table:
        table.drop_constraint("smswhen", type_="check")
        table.create_check_constraint("smswhen", f"sms_when IN ({values})")

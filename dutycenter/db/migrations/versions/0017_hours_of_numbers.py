"""Hours of numbers

Revision: 0017
After: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("phone_numbers") as table:
        table.add_column(sa.Column("hours", sa.String(length=24), nullable=False, server_default=""))

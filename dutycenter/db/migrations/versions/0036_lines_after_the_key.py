"""How long a line is held after an acknowledgement is counted beside how long until it

Revision: 0036
After: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kind_histories", sa.Column("after", sa.Double(), nullable=False, server_default="0"))
    # Of calls that were counted before nobody knows it any more; what is said after the key takes about so long.
    op.execute("UPDATE kind_histories SET after = calls * 8 WHERE disposition = 'acknowledged'")

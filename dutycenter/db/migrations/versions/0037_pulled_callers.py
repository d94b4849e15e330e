"""A desk takes a waiting caller out of turn

Revision: 0037
After: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("pulled_by", sa.String(16)))
    op.add_column("calls", sa.Column("pulled_at", UtcDateTime()))

"""Attached pictures are shown small

Revision: 0038
After: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

UNTRIED = sa.text("thumbnail IS NULL")


def upgrade() -> None:
    op.add_column("attachments", sa.Column("thumbnail", sa.Boolean()))
    op.create_index("ix_attachments_untried", "attachments", ["id"], postgresql_where=UNTRIED, sqlite_where=UNTRIED)

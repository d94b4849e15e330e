"""Recordings of which something is worth a word are found at once among a million

Revision: 0034
After: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ODD = sa.text("CAST(findings AS TEXT) <> '{}'")


def upgrade() -> None:
    op.create_index("ix_recordings_odd", "recordings", ["started_at", "id"], postgresql_where=ODD, sqlite_where=ODD)

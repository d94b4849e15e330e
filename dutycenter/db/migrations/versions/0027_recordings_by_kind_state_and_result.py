"""Recordings of a kind, state or result in order of time: the audit desk's searches among a million

Revision: 0027
After: 0026
"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("kind", "state", "result"):
        op.create_index(f"ix_recordings_{column}_started", "recordings", [column, "started_at", "id"])
    for column in ("state", "result"):
        op.drop_index(f"ix_recordings_{column}", "recordings")

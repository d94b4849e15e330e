"""Parts of telephone numbers are indexed by four digits in a row: two stand in every tenth number

Revision: 0035
After: 0034
"""

from __future__ import annotations

from alembic import op

from dutycenter.db.grams import FUNCTION

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

INDEXES = (
    "ix_incidents_texts", "ix_incidents_people", "ix_incident_entries_texts", "ix_situation_reports_texts",
    "ix_instructions_texts", "ix_calls_callers",
)  # fmt: skip


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(FUNCTION)
    for name in INDEXES:
        op.execute(f"REINDEX INDEX {name}")

"""Words are found by any part of them, also among hundreds of thousands of texts

Revision: 0032
After: 0031
"""

from __future__ import annotations

from alembic import op

from dutycenter.db.grams import FUNCTION

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_incidents_texts": (
        "incidents", "title", "place", "course", "cause", "measures", "trend", "losses", "already_told", "request",
    ),
    "ix_incidents_people": (
        "incidents", "reporter_name", "reporter_unit", "reporter_post", "reporter_number", "scene_contact",
        "scene_number",
    ),
    "ix_incident_entries_texts": ("incident_entries", "text"),
    "ix_situation_reports_texts": ("situation_reports", "title", "body", "addressee"),
    "ix_instructions_texts": ("instructions", "text", "owner", "leader", "done_note"),
    "ix_calls_callers": ("calls", "caller_number"),
}  # fmt: skip


def upgrade() -> None:
    op.create_index(op.f("ix_calls_person_id"), "calls", ["person_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(FUNCTION)
    for name, (table, *columns) in INDEXES.items():
        words = " || ' ' || ".join(columns)
        op.execute(f"CREATE INDEX {name} ON {table} USING gin (grams({words}))")

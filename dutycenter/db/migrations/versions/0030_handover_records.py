"""Handover records are papers

Revision: 0030
After: 0029
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

KINDS = (
    "month", "quarter", "year", "range", "brief", "receipts", "shift_log", "roster", "handover", "evidence", "situation",
)  # fmt: skip


def _kinds(kinds: tuple[str, ...]) -> None:
    with op.batch_alter_table("reports") as table:
        table.drop_constraint("reportkind", type_="check")
        table.create_check_constraint("reportkind", f"kind IN {kinds}")


def upgrade() -> None:
    _kinds(KINDS)


def downgrade() -> None:
    _kinds(tuple(kind for kind in KINDS if kind != "handover"))

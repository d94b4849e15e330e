"""Papers about any period, incident, broadcast or shift, their progress, and the letters that carry them

Revision: 0009
After: 0008
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = ("month", "quarter", "year", "range", "brief", "receipts", "shift_log", "roster", "evidence")
KEPT = ("id", "kind", "period", "state", "asked_by_id", "asked_at", "claimed_at", "tries", "made_at", "file_name",
        "bytes", "sha256", "error")  # fmt: skip


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    connection = op.get_bind()
    old = sa.table("reports", *(sa.column(name) for name in KEPT))
    old.c.period.type = sa.Date()
    for name in ("asked_at", "claimed_at", "made_at"):
        old.c[name].type = UtcDateTime()
    rows = [dict(row._mapping) for row in connection.execute(sa.select(old))]
    op.drop_table("reports")
    table = op.create_table(
        "reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("reportkind", *KINDS), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("state", _enum("reportstate", "waiting", "made", "failed"), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("sheet_name", sa.String(255), nullable=False),
        sa.Column("sheet_sha256", sa.String(64), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["accounts.id"], name=op.f("fk_reports_asked_by_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("kind", "about", "language", name=op.f("uq_reports_kind")),
    )
    op.create_table(
        "report_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("state", _enum("letterstate", "waiting", "sending", "sent", "refused", "unknown"), nullable=False),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_report_letters_report_id_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_letters")),
        sa.UniqueConstraint("report_id", "sha256", "address", name=op.f("uq_report_letters_report_id")),
    )
    op.create_index(op.f("ix_report_letters_report_id"), "report_letters", ["report_id"])
    op.create_index(op.f("ix_report_letters_state"), "report_letters", ["state"])
    _give_back(connection, table, rows)


def _give_back(connection: Any, table: Any, rows: list[dict[str, Any]]) -> None:
    """The reports that were made before keep their ids: the ledger speaks of them."""
    for row in rows:
        about = f"{row.pop('period'):%Y-%m}"
        fresh = {"about": about, "language": "zh_CN", "stage": "", "percent": 0, "sheet_name": ""}
        connection.execute(table.insert().values(**row, **fresh))
    if rows and connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('reports', 'id'), max(id)) FROM reports"))

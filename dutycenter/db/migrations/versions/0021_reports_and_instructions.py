"""Written reports of incidents, and instructions

Revision: 0021
After: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KINDS = ("month", "quarter", "year", "range", "brief", "receipts", "shift_log", "roster", "evidence", "situation")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def upgrade() -> None:
    with op.batch_alter_table("reports") as table:
        table.drop_constraint("reportkind", type_="check")
        table.create_check_constraint("reportkind", f"kind IN {KINDS}")
    _reports()
    _instructions()


def _reports() -> None:
    op.create_table(
        "situation_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("situationkind", "first", "follow_up", "final"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        _text("language", 8),
        _text("title", 255),
        _text("addressee", 255),
        sa.Column("body", sa.Text(), nullable=False),
        _text("signer", 64),
        _text("contact", 128),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=False),
        sa.Column("edited_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        _text("sha256", 64, nullable=True),
        _text("sm3", 64, nullable=True),
        sa.Column("discarded_at", UtcDateTime(), nullable=True),
        _key("situation_reports", "incident_id", "incidents"),
        _key("situation_reports", "created_by_id", "accounts"),
        _key("situation_reports", "edited_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_situation_reports")),
        sa.UniqueConstraint("incident_id", "kind", "ordinal", name=op.f("uq_situation_reports_incident_id")),
    )
    op.create_index(op.f("ix_situation_reports_incident_id"), "situation_reports", ["incident_id"])
    op.create_table(
        "situation_report_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("title", 255),
        _text("addressee", 255),
        sa.Column("body", sa.Text(), nullable=False),
        _text("signer", 64),
        _text("contact", 128),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        _key("situation_report_versions", "report_id", "situation_reports"),
        _key("situation_report_versions", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_situation_report_versions")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_situation_report_versions_report_id")),
    )
    op.create_table(
        "situation_report_sendings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        _text("to_whom", 255),
        sa.Column("means", _enum("sendingmeans", "system", "fax", "mail", "paper", "message"), nullable=False),
        _text("note", 255),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("to_confirm", sa.Boolean(), nullable=False),
        _text("confirmed_with", 128),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        _key("situation_report_sendings", "report_id", "situation_reports"),
        _key("situation_report_sendings", "account_id", "accounts"),
        _key("situation_report_sendings", "confirmed_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_situation_report_sendings")),
    )
    op.create_index(op.f("ix_situation_report_sendings_report_id"), "situation_report_sendings", ["report_id"])


def _instructions() -> None:
    op.create_table(
        "instructions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        _text("leader", 64),
        sa.Column("text", sa.Text(), nullable=False),
        _text("owner", 128),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("warned_at", UtcDateTime(), nullable=True),
        sa.Column("overdue_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=False),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        _key("instructions", "incident_id", "incidents"),
        _key("instructions", "account_id", "accounts"),
        _key("instructions", "done_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
    )
    for column in ("incident_id", "due_at", "done_at"):
        op.create_index(op.f(f"ix_instructions_{column}"), "instructions", [column])
    op.create_table(
        "instruction_reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instruction_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _key("instruction_reminders", "instruction_id", "instructions"),
        _key("instruction_reminders", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction_reminders")),
    )
    op.create_index(op.f("ix_instruction_reminders_instruction_id"), "instruction_reminders", ["instruction_id"])

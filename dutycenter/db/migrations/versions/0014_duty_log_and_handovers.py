"""The duty log and handovers

Revision: 0014
After: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime
from dutycenter.db.guards import statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "duty_log_sequences",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_duty_log_sequences")),
    )
    op.create_table(
        "duty_log_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        _key("duty_log_entries", "author_id", "accounts"),
        _key("duty_log_entries", "corrects_id", "duty_log_entries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_log_entries")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_duty_log_entries_year")),
    )
    op.create_index(op.f("ix_duty_log_entries_at"), "duty_log_entries", ["at"])
    op.create_index(op.f("ix_duty_log_entries_corrects_id"), "duty_log_entries", ["corrects_id"])
    for statement in statements("duty_log_entries", op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        _key("handovers", "from_id", "accounts"),
        _key("handovers", "to_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    for column in ("from_id", "to_id", "offered_at"):
        op.create_index(op.f(f"ix_handovers_{column}"), "handovers", [column])
    op.create_table(
        "handover_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        _key("handover_items", "handover_id", "handovers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_items")),
    )
    op.create_index(op.f("ix_handover_items_handover_id"), "handover_items", ["handover_id"])

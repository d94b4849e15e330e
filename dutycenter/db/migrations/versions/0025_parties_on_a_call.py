"""Parties on a call, callers who ask to be called back, marked callers, and desks that write up

Revision: 0025
After: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("calls") as table:
        table.add_column(sa.Column("callback_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("callback_number", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("held_at", UtcDateTime(), nullable=True))
        table.drop_constraint("callresult", type_="check")
        table.create_check_constraint(
            "callresult", "result IN ('answered', 'abandoned', 'voicemail', 'failed', 'callback', 'served')"
        )
    with op.batch_alter_table("desks") as table:
        table.add_column(sa.Column("until", UtcDateTime(), nullable=True))
    op.create_table(
        "call_parties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("channel_uuid", sa.String(36), nullable=False),
        sa.Column("part", _enum("partypart", "takes_over", "joins", "supervises"), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("supervision", _enum("supervision", "listens", "whispers", "speaks"), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=True),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("ended_because", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_call_parties_account_id_accounts")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["accounts.id"], name=op.f("fk_call_parties_asked_by_id_accounts")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_parties_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_parties")),
        sa.UniqueConstraint("channel_uuid", name=op.f("uq_call_parties_channel_uuid")),
    )
    op.create_index(op.f("ix_call_parties_call_id"), "call_parties", ["call_id"])
    op.create_table(
        "marked_callers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("mark", _enum("callermark", "repeated", "silent", "abusive"), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["accounts.id"], name=op.f("fk_marked_callers_made_by_id_accounts")),
        sa.ForeignKeyConstraint(
            ["removed_by_id"], ["accounts.id"], name=op.f("fk_marked_callers_removed_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marked_callers")),
    )
    op.create_index(op.f("ix_marked_callers_number"), "marked_callers", ["number"])

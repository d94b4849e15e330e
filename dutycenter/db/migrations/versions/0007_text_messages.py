"""Text messages, the texts that come back, and calls that wait for texts

Revision: 0007
After: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = ("written", "sending", "accepted", "delivered", "failed", "unknown", "withdrawn")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("broadcasts") as table:
        table.add_column(sa.Column("calls_from", UtcDateTime(), nullable=True))
    op.create_table(
        "text_messages",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reference", sa.String(36), nullable=False, unique=True),
        sa.Column("broadcast_id", sa.Integer(), sa.ForeignKey("broadcasts.id"), nullable=False, index=True),
        sa.Column("recipient_id", sa.Integer(), sa.ForeignKey("recipients.id"), nullable=False),
        sa.Column("occasion", sa.String(32), nullable=False),
        sa.Column("number", sa.String(32), nullable=False, index=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("state", _enum("smsstate", *STATES), nullable=False),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(255), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("sending_at", UtcDateTime(), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("recipient_id", "occasion"),
    )
    op.create_index("ix_text_messages_state", "text_messages", ["state", "id"])
    op.create_table(
        "text_replies",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("gateway_id", sa.String(64), nullable=False, unique=True),
        sa.Column("number", sa.String(64), nullable=False, index=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("meaning", _enum("smsmeaning", "acknowledge", "decline", "other"), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False, index=True),
        sa.Column("recipient_id", sa.Integer(), sa.ForeignKey("recipients.id"), nullable=True, index=True),
    )

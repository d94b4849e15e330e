"""When people arrive, reminders, who asked for the desk, calls that the menu served, conferences

Revision: 0008
After: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _broadcasts()
    _calls()
    op.create_table(
        "conferences",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("room", sa.String(36), nullable=False, unique=True),
        sa.Column("subject", sa.String(64), nullable=False, index=True),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
    )
    op.create_table(
        "conference_members",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conference_id", sa.Integer(), sa.ForeignKey("conferences.id"), nullable=False),
        sa.Column("channel_uuid", sa.String(36), nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=True),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("dropped_by_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
        sa.UniqueConstraint("conference_id", "channel_uuid"),
    )


def _broadcasts() -> None:
    with op.batch_alter_table("broadcasts") as table:
        table.add_column(sa.Column("ask_arrival", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("report_within", sa.Integer(), nullable=False, server_default="60"))
    with op.batch_alter_table("broadcasts") as table:
        table.alter_column("ask_arrival", server_default=None)
        table.alter_column("report_within", server_default=None)
    with op.batch_alter_table("recipients") as table:
        table.add_column(sa.Column("arrives_in_minutes", sa.Integer(), nullable=True))
        table.add_column(sa.Column("arrives_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("arrived_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("reminded", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("recipients") as table:
        table.alter_column("reminded", server_default=None)
    with op.batch_alter_table("attempts") as table:
        table.add_column(
            sa.Column("kind", _enum("attemptkind", "notice", "reminder"), nullable=False, server_default="notice")
        )
        table.add_column(sa.Column("desk_asked_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("desk_talked_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("attempts") as table:
        table.alter_column("kind", server_default=None)
    op.create_index("ix_attempts_kind_disposition", "attempts", ["kind", "disposition"])
    with op.batch_alter_table("receipts") as table:
        table.add_column(sa.Column("minutes", sa.Integer(), nullable=True))
        table.add_column(sa.Column("account_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_receipts_account_id_accounts", "accounts", ["account_id"], ["id"])


def _calls() -> None:
    with op.batch_alter_table("calls") as table:
        table.add_column(sa.Column("served_at", UtcDateTime(), nullable=True))
        table.drop_constraint("callresult", type_="check")
        table.create_check_constraint(
            "callresult", "result IN ('answered', 'abandoned', 'voicemail', 'failed', 'served')"
        )
    with op.batch_alter_table("recordings") as table:
        table.drop_constraint("recordingkind", type_="check")
        table.create_check_constraint("recordingkind", "kind IN ('call', 'voicemail', 'notice', 'conference')")

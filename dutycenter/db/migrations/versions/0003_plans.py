"""Plans, what follows when people are not reached, corrections, groups of people

Revision: 0003
After: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _directory()
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "plan_versions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("plan_id", sa.Integer(), sa.ForeignKey("plans.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
        sa.UniqueConstraint("plan_id", "version"),
    )
    op.create_table(
        "plan_checks",
        sa.Column("plan_id", sa.Integer(), sa.ForeignKey("plans.id"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("light", _enum("planlight", "green", "amber", "red"), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("callable", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
    )
    _broadcasts()
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("broadcast_id", sa.Integer(), sa.ForeignKey("broadcasts.id"), nullable=False, index=True),
        sa.Column("recipient_id", sa.Integer(), sa.ForeignKey("recipients.id"), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("escalationkind", "deputy", "superior", "knock"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("stand_in_id", sa.Integer(), sa.ForeignKey("recipients.id"), nullable=True),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.UniqueConstraint("recipient_id", "step"),
    )
    op.create_table(
        "knock_tasks",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("broadcast_id", sa.Integer(), sa.ForeignKey("broadcasts.id"), nullable=False),
        sa.Column("recipient_id", sa.Integer(), sa.ForeignKey("recipients.id"), nullable=False, unique=True),
        sa.Column("unit_id", sa.Integer(), sa.ForeignKey("departments.id"), nullable=True),
        sa.Column("unit", sa.String(128), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("result", _enum("knockresult", "told", "away", "other"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_knock_tasks_open", "knock_tasks", ["broadcast_id", "done_at"])


def _directory() -> None:
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("superior_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("address", sa.String(255), nullable=False, server_default=""))
        table.create_foreign_key("fk_people_superior_id_people", "people", ["superior_id"], ["id"])
    with op.batch_alter_table("people") as table:
        table.alter_column("address", server_default=None)
    op.create_table(
        "person_groups",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
    )
    op.create_table(
        "person_group_members",
        sa.Column("group_id", sa.Integer(), sa.ForeignKey("person_groups.id"), primary_key=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("people.id"), primary_key=True, index=True),
    )


def _broadcasts() -> None:
    op.create_table(
        "broadcast_messages",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("broadcast_id", sa.Integer(), sa.ForeignKey("broadcasts.id"), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("prompt_path", sa.String(512), nullable=False),
        sa.Column("prompt_seconds", sa.Double(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=True),
        sa.UniqueConstraint("broadcast_id", "audience", "version"),
    )
    with op.batch_alter_table("broadcasts") as table:
        table.add_column(sa.Column("message_version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("plan_version_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("steps", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("corrects_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            "fk_broadcasts_plan_version_id_plan_versions", "plan_versions", ["plan_version_id"], ["id"]
        )
        table.create_foreign_key("fk_broadcasts_corrects_id_broadcasts", "broadcasts", ["corrects_id"], ["id"])
    with op.batch_alter_table("recipients") as table:
        table.add_column(sa.Column("tier", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("legs", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("since", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(
            sa.Column(
                "role",
                _enum("recipientrole", "listed", "added", "deputy", "superior"),
                nullable=False,
                server_default="listed",
            )
        )
        table.add_column(sa.Column("stands_for_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("audience", sa.String(16), nullable=False, server_default="all"))
        table.add_column(sa.Column("joined_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("dropped_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("dropped_ground", sa.String(32), nullable=False, server_default=""))
        table.add_column(sa.Column("told_version", sa.Integer(), nullable=True))
        table.add_column(sa.Column("corrects_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_recipients_stands_for_id_recipients", "recipients", ["stands_for_id"], ["id"])
        table.create_foreign_key("fk_recipients_corrects_id_recipients", "recipients", ["corrects_id"], ["id"])
        table.create_index("ix_recipients_corrects_id", ["corrects_id"])
    with op.batch_alter_table("attempts") as table:
        table.add_column(sa.Column("message_version", sa.Integer(), nullable=False, server_default="1"))
    defaults = {
        "broadcasts": ("message_version", "steps"),
        "recipients": ("tier", "legs", "since", "role", "audience", "dropped_ground"),
        "attempts": ("message_version",),
    }
    for name, columns in defaults.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.alter_column(column, server_default=None)

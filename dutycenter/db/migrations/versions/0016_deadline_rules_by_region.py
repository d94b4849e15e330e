"""Deadline rules by region and channel, with daily hours and versions; deadlines that ring

Revision: 0016
After: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CHANNELS = ("phone", "voicemail", "fax", "walk_in", "report")


def upgrade() -> None:
    channel = sa.Enum(*CHANNELS, name="sourcechannel", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("deadline_rules") as table:
        table.add_column(sa.Column("district_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("channel", channel, nullable=True))
        table.add_column(sa.Column("daily", sa.String(length=64), nullable=False, server_default=""))
        table.add_column(sa.Column("retired_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_deadline_rules_district_id_districts"), "districts", ["district_id"], ["id"])
        table.create_foreign_key(
            op.f("fk_deadline_rules_replaces_id_deadline_rules"), "deadline_rules", ["replaces_id"], ["id"]
        )
    with op.batch_alter_table("deadlines") as table:
        for name in ("begins_at", "rung_at", "ring_ended_at"):
            table.add_column(sa.Column(name, UtcDateTime(), nullable=True))
        table.add_column(sa.Column("ring_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("ring_taken_by", sa.String(length=64), nullable=False, server_default=""))
        table.add_column(sa.Column("ring_fault", sa.String(length=255), nullable=False, server_default=""))
    with op.batch_alter_table("deadline_rules") as table:
        table.alter_column("daily", server_default=None)
    with op.batch_alter_table("deadlines") as table:
        for name in ("ring_taken_by", "ring_fault"):
            table.alter_column(name, server_default=None)

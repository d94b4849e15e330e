"""Incidents that are linked

Revision: 0023
After: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _key(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_incident_relations_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "incident_relations",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("incident_id < other_id", name=op.f("ck_incident_relations_earlier_first")),
        _key("incident_id", "incidents"),
        _key("other_id", "incidents"),
        _key("by_id", "accounts"),
        sa.PrimaryKeyConstraint("incident_id", "other_id", name=op.f("pk_incident_relations")),
    )
    op.create_index(op.f("ix_incident_relations_other_id"), "incident_relations", ["other_id"])

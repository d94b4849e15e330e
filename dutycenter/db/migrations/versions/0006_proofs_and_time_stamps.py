"""Kept subtrees, so that a proof is short work, and time stamps on heads

Revision: 0006
After: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from dutycenter.db.base import UtcDateTime
from dutycenter.db.guards import statements
from dutycenter.ledger.subtrees import keep_all

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ledger_subtrees",
        sa.Column("height", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sm3", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("height", "position", name=op.f("pk_ledger_subtrees")),
    )
    op.create_table(
        "ledger_timestamps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("authority", sa.String(length=255), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["ledger_heads.size"], name=op.f("fk_ledger_timestamps_size_ledger_heads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_timestamps")),
    )
    op.create_index(op.f("ix_ledger_timestamps_size"), "ledger_timestamps", ["size"])
    connection = op.get_bind()
    keep_all(Session(connection), connection.scalar(sa.text("SELECT count(*) FROM ledger_leaves")))
    for table in ("ledger_subtrees", "ledger_timestamps"):
        for statement in statements(table, connection.dialect.name):
            op.execute(statement)

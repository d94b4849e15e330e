"""Second factors at log-in

Revision: 0013
After: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("factor_secret", sa.String(length=255), nullable=True))
        table.add_column(sa.Column("factor_pending", sa.String(length=255), nullable=True))
        table.add_column(sa.Column("factor_step", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("factor_since", UtcDateTime(), nullable=True))
    with op.batch_alter_table("login_sessions") as table:
        table.add_column(sa.Column("needs_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "paper_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_paper_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_codes")),
    )
    with op.batch_alter_table("paper_codes") as table:
        table.create_index(table.f("ix_paper_codes_account_id"), ["account_id"], unique=False)

"""Accounts that are bound to a department

Revision: 0022
After: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("department_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            table.f("fk_accounts_department_id_departments"), "departments", ["department_id"], ["id"]
        )

"""The groups that a recipient was in at the launch, so that a goal may name them

Revision: 0031
After: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("recipients") as table:
        table.add_column(sa.Column("groups", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("recipients") as table:
        table.alter_column("groups", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("recipients") as table:
        table.drop_column("groups")

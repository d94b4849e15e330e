"""How likely a machine took a call, and what speaks for it

Revision: 0012
After: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attempts") as batch:
        batch.add_column(sa.Column("machine_percent", sa.Integer()))
        batch.add_column(sa.Column("machine_ground", sa.String(160), nullable=False, server_default=""))
    with op.batch_alter_table("attempts") as batch:
        batch.alter_column("machine_ground", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("attempts") as batch:
        batch.drop_column("machine_ground")
        batch.drop_column("machine_percent")

"""What every page asks for is found at once, however many calls there have been

Revision: 0015
After: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UP = sa.text("ended_at IS NULL")
SETTLED = sa.text("settled_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_calls_up", "calls", ["arrived_at"], postgresql_where=UP, sqlite_where=UP)
    op.create_index("ix_calls_settled", "calls", ["settled_at"], postgresql_where=SETTLED, sqlite_where=SETTLED)
    op.create_index(op.f("ix_incidents_reporter_number"), "incidents", ["reporter_number"])

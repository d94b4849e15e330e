"""${message}

Revision: ${up_revision}
After: ${down_revision | comma,n}

On PostgreSQL a migration runs while the duty room works: no statement may hold
a lock on a busy table for long. Add columns as NULL, fill them in batches,
build indexes CONCURRENTLY.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}

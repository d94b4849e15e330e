"""Sheets of people; departments that were removed

Revision: 0019
After: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATES = ("reading", "unreadable", "preview", "discarded", "applying", "done", "undoing", "undone")
VERDICTS = ("new", "changed", "same", "wrong")


def _words(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    with op.batch_alter_table("departments") as table:
        table.add_column(sa.Column("removed_at", UtcDateTime(), nullable=True))
    op.create_table(
        "directory_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", _words("importstate", STATES), nullable=False),
        sa.Column("fault", sa.JSON(), nullable=False),
        sa.Column("new_departments", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_by_name", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("within_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        _key("directory_imports", "created_by_id", "accounts"),
        _key("directory_imports", "actor_id", "accounts"),
        _key("directory_imports", "within_id", "departments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_imports")),
    )
    op.create_index(op.f("ix_directory_imports_state"), "directory_imports", ["state"])
    op.create_table(
        "directory_import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("verdict", _words("rowverdict", VERDICTS), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        _key("directory_import_rows", "import_id", "directory_imports"),
        _key("directory_import_rows", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_import_rows")),
    )
    op.create_index("ix_directory_import_rows_import_id_verdict", "directory_import_rows", ["import_id", "verdict"])

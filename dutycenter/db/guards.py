"""Triggers that make a table append-only in both databases.

They stop slips and the application itself; whoever owns the database can drop
them, which is why heads are signed and anchored elsewhere.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, FromClause, event

MESSAGE = "the ledger is append-only"

POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '{MESSAGE}'; END; $$ LANGUAGE plpgsql
"""


def statements(table: str, dialect: str) -> list[str]:
    """The SQL that guards ``table`` on ``dialect`` (``sqlite`` or ``postgresql``)."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            for verb in ("update", "delete")
        ]
    return [
        POSTGRESQL_FUNCTION,
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def guard(table: FromClause) -> None:
    """Guard the table wherever it is created from the models."""
    name = str(table)
    for dialect in ("sqlite", "postgresql"):
        for statement in statements(name, dialect):
            ddl: Any = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl.execute_if(dialect=dialect))

"""Alembic's entry: one transaction on the store's own engine."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from dutycenter.db.base import Base, UtcDateTime
from dutycenter.db.engine import make_engine
from dutycenter.db.models import MODELS


def render(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """Our own column types by their names, imported."""
    if kind == "type" and isinstance(item, UtcDateTime):
        context.imports.add("from dutycenter.db.base import UtcDateTime")
        return "UtcDateTime()"
    return False


def run() -> None:
    """Bring the store to the revision asked for."""
    for name in MODELS:
        import_module(name)
    engine = make_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        _leave_references(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render,
        )
        with context.begin_transaction():
            context.run_migrations()
            _check_references(connection)
        connection.commit()
    engine.dispose()


def _leave_references(connection: Connection) -> None:
    """On SQLite a changed table is a new one under the old name: its rows must not look deleted meanwhile."""
    if connection.dialect.name == "sqlite":
        database: Any = connection.connection.dbapi_connection
        database.execute("PRAGMA foreign_keys = OFF")  # has no effect once a transaction has begun


def _check_references(connection: Connection) -> None:
    """Raises IntegrityError: a migration left a row that refers to nothing."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise IntegrityError("PRAGMA foreign_key_check", None, ValueError(str(broken[:5])))


run()

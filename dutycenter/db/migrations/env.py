"""Alembic's entry: one transaction on the store's own engine."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

from alembic import context

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
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()

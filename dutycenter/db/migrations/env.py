"""Alembic's entry: one transaction on the store's own engine."""

from __future__ import annotations

from importlib import import_module

from alembic import context

from dutycenter.db.base import Base
from dutycenter.db.engine import make_engine

# As text: the record names the upper rooms without importing them.
MODELS = (
    "dutycenter.db.lease",
    "dutycenter.accounts.models",
    "dutycenter.directory.models",
    "dutycenter.roster.models",
    "dutycenter.switch.models",
    "dutycenter.calls.models",
    "dutycenter.incidents.models",
    "dutycenter.ledger.models",
    "broadcast.models",
    "reports.models",
)


def run() -> None:
    for name in MODELS:
        import_module(name)
    engine = make_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()

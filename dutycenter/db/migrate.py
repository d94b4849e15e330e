"""Migrations (alembic) without a settings file of their own."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext

from dutycenter.db.engine import make_engine

SCRIPTS = Path(__file__).with_name("migrations")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the store at ``url``."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring the store up to date; nothing happens when it is."""
    command.upgrade(alembic_config(url), "head")


def current(url: str) -> str | None:
    """The store's schema revision; None when it is empty."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()

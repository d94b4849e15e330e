"""``dutycenter db``: the store's schema."""

from __future__ import annotations

from pathlib import Path

import click

from dutycenter.bootstrap import settings_from
from dutycenter.cli.common import plain_errors
from dutycenter.db.migrate import current, upgrade


@click.group()
def db() -> None:
    """Create the store and bring its schema up to date."""


@db.command("upgrade")
@click.pass_obj
@plain_errors
def upgrade_(ini: Path) -> None:
    """Create the store, or bring it up to date. Safe to repeat."""
    url = settings_from(ini).database_url
    before = current(url)
    upgrade(url)
    after = current(url)
    click.echo(
        f"The store is at {after}." if before == after else f"The store went from {before or 'empty'} to {after}."
    )


@db.command("version")
@click.pass_obj
@plain_errors
def version(ini: Path) -> None:
    """Say which schema the store has."""
    click.echo(current(settings_from(ini).database_url) or "empty")

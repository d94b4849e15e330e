"""``dutycenter settings``: every setting, its value now, and what it is for."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import click

from dutycenter.bootstrap import settings_from
from dutycenter.settings import Settings, SettingsError


@click.command()
@click.pass_obj
def settings(ini: Path) -> None:
    """List every setting with its value and meaning."""
    try:
        values = settings_from(ini)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    for declared in fields(Settings):
        name, value = declared.metadata["name"], getattr(values, declared.name)
        shown = " ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        click.echo(f"{name} = {shown}\n    {declared.metadata['help']}")

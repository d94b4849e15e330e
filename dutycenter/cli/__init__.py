"""``dutycenter …``: one file per command.

Commands are named as text and loaded when called, so that an upper room can
bring its own and ``dutycenter --help`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

COMMANDS = {
    "run": "dutycenter.cli.run:run",
    "serve": "dutycenter.cli.serve:serve",
    "db": "dutycenter.cli.db:db",
    "seed": "dutycenter.cli.seed:seed",
    "account": "dutycenter.cli.account:account",
    "evidence": "dutycenter.cli.evidence:evidence",
    "settings": "dutycenter.cli.settings:settings",
    "flows": "ivr_flows.cli:flows",
    "broadcast": "broadcast.cli:broadcast",
    "report": "reports.cli:report",
    "rehearse": "dutycenter.cli.rehearse:rehearse",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Commands)
@click.option(
    "-c", "--config", "ini", default="development.ini", show_default=True,
    type=click.Path(path_type=Path), help="settings file",
)  # fmt: skip
@click.pass_context
def main(ctx: click.Context, ini: Path) -> None:
    """Dutycenter: emergency duty and notification calls."""
    ctx.obj = ini

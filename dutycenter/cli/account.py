"""``dutycenter account``: accounts from the terminal, for the first one and for lost passwords."""

from __future__ import annotations

from pathlib import Path

import click

from dutycenter.accounts.services import Accounts
from dutycenter.bootstrap import open_work
from dutycenter.cli.common import plain_errors
from dutycenter.vocabulary import Role


@click.group()
def account() -> None:
    """Make accounts and one-time passwords."""


@account.command()
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--desk", default=None, help="Extension of the desk telephone, for those who take calls.")
@click.pass_obj
@plain_errors
def create(ini: Path, username: str, name: str, role: str, desk: str | None) -> None:
    """Make an account and print its one-time password."""
    work = open_work(ini, actor="terminal")
    with work.write() as request:
        try:
            password = request.find_service(Accounts).create(username, name, Role(role), desk=desk)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"One-time password of {username}: {password}")


@account.command()
@click.argument("username")
@click.pass_obj
@plain_errors
def reset(ini: Path, username: str) -> None:
    """Give an account a new one-time password and end its sessions."""
    work = open_work(ini, actor="terminal")
    with work.write() as request:
        accounts = request.find_service(Accounts)
        found = accounts.find(username)
        if found is None:
            raise click.ClickException(f"There is no account {username}.")
        try:
            password = accounts.reset(found)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"One-time password of {username}: {password}")

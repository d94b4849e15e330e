"""``dutycenter account``: accounts from the terminal, for the first one and for lost passwords."""

from __future__ import annotations

from pathlib import Path

import click
from pyramid.request import Request

from dutycenter.accounts.factors import SecondFactors, wall_clock
from dutycenter.accounts.models import Account
from dutycenter.accounts.second_factor import code_at
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
        try:
            password = request.find_service(Accounts).reset(_known(request, username))
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"One-time password of {username}: {password}")


@account.command("take-factor")
@click.argument("username")
@click.pass_obj
@plain_errors
def take_factor(ini: Path, username: str) -> None:
    """Take a lost second factor away; a new one is set up at the next log-in."""
    work = open_work(ini, actor="terminal")
    with work.write() as request:
        request.find_service(SecondFactors).take_away(_known(request, username))
    click.echo(f"{username} sets up a new second factor at the next log-in.")


@account.command()
@click.argument("username")
@click.pass_obj
@plain_errors
def code(ini: Path, username: str) -> None:
    """In a rehearsal, print the code that a telephone would show now: for trying the product without one."""
    work = open_work(ini, actor="terminal")
    if not work.settings.rehearsal:
        raise click.ClickException("This is no rehearsal: codes come from the account's own telephone.")
    with work.read() as request:
        found = _known(request, username)
        factors = request.find_service(SecondFactors)
        secret = factors.pending(found) or factors.secret(found)
        if secret is None:
            raise click.ClickException(f"{username} has no second factor. Log in and press “Set it up” first.")
        click.echo(code_at(secret, wall_clock()))


def _known(request: Request, username: str) -> Account:
    found = request.find_service(Accounts).find(username)
    if found is None:
        raise click.ClickException(f"There is no account {username}.")
    return found

"""``dutycenter seed``: a small fictional city, so that there is something to see and to call."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from dutycenter.accounts.services import Accounts
from dutycenter.bootstrap import open_work
from dutycenter.cli.town import build
from dutycenter.directory.models import Department
from dutycenter.interfaces import IClock, ILedger
from dutycenter.roster.changes.people import DutyPeople
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import Role
from dutycenter.work import settings_of

# (username, name, role, desk telephone); officers and leader serve in the seeded roster.
ACCOUNTS = (
    ("officer", "张伟", Role.OFFICER, "1001"),
    ("officer2", "陈静", Role.OFFICER, "1002"),
    ("leader", "李建国", Role.LEADER, None),
    ("auditor", "周敏", Role.AUDITOR, None),
    ("admin", "吴磊", Role.ADMINISTRATOR, None),
    ("display", "值班室大屏", Role.DISPLAY, None),
)
SERVING = (Role.OFFICER, Role.LEADER)


def seed_city(request: Any, people: int = 60, seed: int = 1) -> dict[str, str]:
    """Fill an empty store with a city; usernames with their one-time passwords.

    Does nothing and returns nothing when there are departments already.

    Args:
        people: how many; beyond 60 towns are added.
        seed: the same seed makes the same people and numbers.
    """
    if request.db.scalar(select(Department.id).limit(1)) is not None:
        return {}
    settings, now = settings_of(request.registry), request.find_service(IClock).now()
    town = build(people, seed, now, settings.time_zone)
    known = set(request.db.scalars(select(Gateway.name)))
    gateways = [gateway for gateway in town.gateways if gateway.name not in known]
    for gateway in gateways:
        gateway.caller_id = settings.hotline_number
    request.db.add_all([*town.districts, *town.departments, *town.people, *town.shifts, *gateways])
    request.db.flush()
    request.find_service(ILedger).append(
        "directory.seeded",
        "directory:0",
        {"departments": len(town.departments), "people": len(town.people), "shifts": len(town.shifts), "seed": seed},
    )
    _seed_deadline_rules(request)
    if find_spec("broadcast.plans.samples") is not None:
        # By name: the record does not know the rooms above it.
        import_module("broadcast.plans.samples").seed_plans(request)
    accounts = request.find_service(Accounts)
    passwords = {
        username: accounts.create(username, name, role, desk)
        for username, name, role, desk in ACCOUNTS
        if accounts.find(username) is None
    }
    _link(request.find_service(DutyPeople))
    return passwords


def _link(people: DutyPeople) -> None:
    """Who serves is somebody of the directory, and may ask for a swap."""
    for account, person in people.all():
        found = people.guess(account)
        if account.role in SERVING and person is None and found is not None:
            people.link(account, found)


def _seed_deadline_rules(request: Any) -> None:
    samples = "dutycenter.incidents.samples"
    if find_spec(samples) is not None:
        import_module(samples).seed_deadline_rules(request.db)


@click.command()
@click.option("--people", default=60, show_default=True, type=click.IntRange(1, 100_000), help="people in the city")
@click.option("--seed", default=1, show_default=True, type=int, help="another seed makes other people")
@click.option("--if-empty", is_flag=True, help="say nothing when there is a city already")
@click.pass_obj
def seed(ini: Path, people: int, seed: int, if_empty: bool) -> None:
    """Fill an empty store with a small fictional city."""
    work = open_work(ini, actor="console")
    with work.write() as request:
        passwords = seed_city(request, people, seed)
    if not passwords:
        if not if_empty:
            click.echo("There is a city already: nothing was changed.")
        return
    click.echo("A city is made. Log in with these one-time passwords; they are shown this once:\n")
    names = {username: (name, role) for username, name, role, _desk in ACCOUNTS}
    click.echo(f"  {'username':<10} {'one-time password':<18} {'role':<14} name")
    for username, password in passwords.items():
        name, role = names[username]
        click.echo(f"  {username:<10} {password:<18} {role.value:<14} {name}")

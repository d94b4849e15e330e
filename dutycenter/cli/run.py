"""``dutycenter run``: everything on one machine, under one supervisor."""

from __future__ import annotations

import configparser
import logging
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import click

from dutycenter.accounts.services import Accounts
from dutycenter.bootstrap import open_work, settings_from
from dutycenter.cli.common import plain_errors
from dutycenter.cli.seed import seed_city
from dutycenter.cli.supervisor import LOOK_SECONDS, Child, Supervisor
from dutycenter.db.migrate import upgrade
from dutycenter.settings import Settings


@click.command()
@click.argument("ini", required=False, type=click.Path(path_type=Path))
@click.option("--without-seed", is_flag=True, help="Leave an empty store empty.")
@click.pass_context
@plain_errors
def run(ctx: click.Context, ini: Path | None, without_seed: bool) -> None:
    """Start and watch web, ivr, dialer, clerk and, where the settings say so, the rehearsal switch."""
    ini = ini or ctx.obj
    settings = settings_from(ini)
    logging.basicConfig(level=logging.WARNING)
    address = web_address(ini)
    _refuse_taken_ports(settings, address)
    upgrade(settings.database_url)
    logins = {} if without_seed else _people_to_log_in(ini)
    _greet(settings, address, logins)
    supervisor = Supervisor(children(ini, settings))
    threading.Thread(target=tell_when_it_answers, args=(address, supervisor.say), daemon=True).start()
    supervisor.run()


def children(ini: Path, settings: Settings) -> list[Child]:
    """The processes of one installation, in the order in which they start."""
    roles = (["rehearsal"] if settings.rehearsal else []) + ["ivr", "dialer", "clerk", "web"]
    program = [sys.executable, "-m", "dutycenter", "-c", str(ini), "serve"]
    return [Child(role, [*program, role]) for role in roles]


def web_address(ini: Path) -> tuple[str, int]:
    """Where the web role listens, from the ini's ``[server:main]``."""
    parser = configparser.RawConfigParser()
    parser.read(ini, encoding="utf-8")
    return parser.get("server:main", "host", fallback="127.0.0.1"), parser.getint("server:main", "port", fallback=6543)


def tell_when_it_answers(web: tuple[str, int], say: Callable[[str, str], object]) -> None:
    """Say once that the pages can be opened: the processes take some seconds to start."""
    page, opener = f"http://{web[0]}:{web[1]}/", build_opener(ProxyHandler({}))  # no proxy leads to one's own machine
    while True:
        with suppress(OSError), opener.open(page, timeout=LOOK_SECONDS * 10):
            say("web", f"Ready: open {page}")
            return
        time.sleep(LOOK_SECONDS)


def _refuse_taken_ports(settings: Settings, web: tuple[str, int]) -> None:
    wanted = {"web": web, "ivr": (settings.ivr_host, settings.ivr_port)}
    if settings.rehearsal:
        wanted["rehearsal switch"] = (settings.switch_host, settings.switch_port)
    taken = []
    for name, (host, port) in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                taken.append(f"{name}: {host}:{port} ({error.strerror})")
    if taken:
        raise click.ClickException("These addresses are not free; is Dutycenter running already?\n" + "\n".join(taken))


def _people_to_log_in(ini: Path) -> dict[str, str]:
    """Fill an empty store; in a rehearsal, whoever never logged in gets a password that can be read now."""
    work = open_work(ini, actor="console")
    try:
        with work.write() as request:
            fresh = seed_city(request)
            if fresh or not work.settings.rehearsal:
                return fresh
            accounts = request.find_service(Accounts)
            waiting = [account for account in accounts.all() if account.must_change and account.closed_at is None]
            return {account.username: accounts.reset(account) for account in waiting}
    finally:
        work.registry["dutycenter.engine"].dispose()


def _greet(settings: Settings, web: tuple[str, int], logins: dict[str, str]) -> None:
    width = min(shutil.get_terminal_size().columns, 78)
    click.echo("─" * width)
    click.echo(f"  {settings.duty_room} · Dutycenter")
    click.echo(f"  http://{web[0]}:{web[1]}/")
    if settings.rehearsal:
        click.echo(f"  Simulated telephones: http://{web[0]}:{web[1]}/rehearsal")
    if logins:
        click.echo("\n  Log in with a one-time password (it is changed at the first log-in):")
        for username, password in logins.items():
            click.echo(f"    {username:<12} {password}")
    else:
        click.echo("\n  Log in with your account; a lost password: dutycenter account reset NAME")
    click.echo("\n  Below it says when the pages can be opened. Ctrl-C stops everything.")
    click.echo("─" * width)

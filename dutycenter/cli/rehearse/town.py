"""A town for one rehearsal: its folder, settings, store, people and processes."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from dutycenter.bootstrap import open_work, settings_from
from dutycenter.cli.run import children, web_address
from dutycenter.cli.seed import seed_city
from dutycenter.cli.supervisor import Supervisor
from dutycenter.db.migrate import upgrade
from dutycenter.settings import Settings
from dutycenter.switch.rehearsal.people import USUAL
from dutycenter.work import Work

START_SECONDS = 240.0
# The usual town without those who call the hotline back: the story counts its own calls.
PEOPLE = " ".join(f"{character}={share}" for character, share in USUAL.items() if character != "calls_back")


@dataclass(frozen=True)
class Town:
    """Where a rehearsal takes place."""

    folder: Path
    ini: Path
    settings: Settings
    people: int
    logins: Mapping[str, str]  # username: one-time password

    @classmethod
    def found(cls, folder: Path, *, people: int, speed: float, seed: int, database: str = "") -> Town:
        """Write the settings, make the store, fill it with people.

        Args:
            database: address of an empty store; without it, SQLite in the folder.
        """
        ini = folder / "rehearsal.ini"
        _write_settings(ini, speed, seed, database)
        settings = settings_from(ini)
        upgrade(settings.database_url)
        work = open_work(ini, actor="seed")
        with work.write() as request:
            logins = seed_city(request, people=people, seed=seed)
        work.registry["dutycenter.engine"].dispose()
        return cls(folder, ini, settings, people, logins)

    @contextmanager
    def inhabited(self, without: Collection[str] = ("web",)) -> Iterator[Work]:
        """The processes at work, but for some roles; a log of theirs in the folder."""
        log = self.folder / "processes.log"
        roles = [child for child in children(self.ini, self.settings) if child.name not in without]
        with log.open("w", encoding="utf-8") as file:
            supervisor = Supervisor(roles, write=lambda line: print(line, file=file, flush=True))
            thread = threading.Thread(target=supervisor.watch, daemon=True)
            thread.start()
            try:
                web = [] if "web" in without else [web_address(self.ini)[1]]
                self._await_ports([self.settings.switch_port, self.settings.ivr_port, *web])
                yield open_work(self.ini, actor="rehearsal")
            finally:
                supervisor.request_stop()
                thread.join()

    def _await_ports(self, ports: Collection[int]) -> None:
        end = time.monotonic() + START_SECONDS
        for port in ports:
            while not _listens(port):
                if time.monotonic() > end:
                    raise click.ClickException(f"The processes did not start; see {self.folder / 'processes.log'}")
                time.sleep(0.1)


def fresh_folder(wanted: Path | None) -> Path:
    """The folder of a rehearsal: the one asked for, if it has none yet, or a new one.

    Raises:
        click.ClickException: a rehearsal was held there already.
    """
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="rehearsal-"))
    folder = wanted.resolve()
    if (folder / "rehearsal.ini").exists():
        raise click.ClickException(f"{folder} holds a rehearsal already: give another --dir, or remove it first.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_settings(ini: Path, speed: float, seed: int, database: str) -> None:
    switch, ivr, web = _free_ports(3)
    store = f"sqlalchemy.url = {database}\n" if database else ""
    ini.write_text(
        f"""# Settings of one rehearsal. Every command works on it: dutycenter -c {ini.name} …

[app:main]
use = egg:dutycenter
var.dir = %(here)s
{store}rehearsal = true
rehearsal.seed = {seed}
rehearsal.people = {PEOPLE}
switch.port = {switch}
ivr.port = {ivr}
clock.speed = {speed:g}
clock.epoch = {datetime.now(UTC).isoformat(timespec="seconds")}

[server:main]
use = egg:gunicorn#main
host = 127.0.0.1
port = {web}
workers = 1
worker_class = gevent
control_socket_disable = true
""",
        encoding="utf-8",
    )


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False

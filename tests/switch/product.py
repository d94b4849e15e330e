"""The product's own processes beside a real switch, with a store of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Recipient
from dutycenter.bootstrap import open_work
from dutycenter.calls.models import Call, Recording
from dutycenter.db.base import Base
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import IBroadcasts, Wish
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import BroadcastState, NumberKind
from dutycenter.work import Work

from .conftest import HOTLINE, Switch, until

PROGRAM = Path(sys.executable).with_name("dutycenter")
MESSAGE = "城东河水上涨，请立即到岗。"


class Product:
    """A store of its own, and the processes that a test starts.

    Args:
        store: the address of its store; a file in the folder by default.
        channels: of the gateway ``pstn``, two of them the hotline's.
        cps: calls a second that it takes.
    """

    def __init__(self, switch: Switch, folder: Path, store: str = "", channels: int = 20, cps: float = 20) -> None:
        self.ini = folder / "story.ini"
        self.ini.write_text(
            switch.ini.read_text()
            + f"sqlalchemy.url = {store or f'sqlite:///{folder}/store.sqlite'}\nvar.dir = {switch.folder / 'var'}\n"
        )
        self.folder = folder
        self.work: Work = open_work(self.ini, "test")
        Base.metadata.create_all(self.work.registry["dutycenter.engine"])
        self.roles: dict[str, subprocess.Popen[bytes]] = {}
        with self.work.write() as request:
            request.db.add(
                Gateway(
                    name="pstn", channels=channels, calls_per_second=cps, reserved=2, caller_id=HOTLINE, enabled=True
                )
            )

    def start(self, role: str, *says: str) -> None:
        """Start a role and wait until its log says that it is ready."""
        log = self.folder / f"{role}.log"
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as file:
            self.roles[role] = subprocess.Popen([PROGRAM, "-c", self.ini, "serve", role], stdout=file, stderr=file)

        def said() -> str:
            return log.read_bytes()[before:].decode()

        assert until(lambda: all(line in said() for line in says), 240), said()

    def start_ivr(self) -> None:
        self.start("ivr", "Waiting for legs", "Following the switch")

    def start_dialer(self) -> None:
        self.start("dialer", "Connected with the switch")

    def stop(self) -> None:
        for process in self.roles.values():
            process.send_signal(signal.SIGTERM)
        for process in self.roles.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.work.registry["dutycenter.engine"].dispose()

    def logs(self) -> str:
        """The end of each role's log."""
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-1500:]}" for f in self.folder.glob("*.log"))

    def calls(self) -> list[Call]:
        with self.work.read() as request:
            found = list(request.db.scalars(select(Call).order_by(Call.id)))
            request.db.expunge_all()
        return found

    def recordings(self) -> list[Recording]:
        with self.work.read() as request:
            found = list(request.db.scalars(select(Recording)))
            request.db.expunge_all()
        return found

    def broadcast(self, people: dict[str, str], **wish: object) -> int:
        """Call these people (name → number); the broadcast's id."""
        with self.work.write() as request:
            department = Department(name="应急管理局", short_name="应急")
            for name, number in people.items():
                person = Person(name=name, department=department, post="科长")
                person.numbers = [PhoneNumber(number=number, kind=NumberKind.MOBILE)]
                request.db.add(person)
            request.db.flush()
            ids = list(request.db.scalars(select(Person.id)))
            broadcasts = request.find_service(IBroadcasts)
            broadcast_id: int = broadcasts.draft(
                replace(Wish("汛情", MESSAGE, ids, channels=10, rounds=1, pause=5, ring_timeout=10), **wish)
            )
            broadcasts.launch(broadcast_id)
        return broadcast_id

    def finished(self, broadcast_id: int) -> bool:
        with self.work.read() as request:
            return request.db.get(Broadcast, broadcast_id).state == BroadcastState.FINISHED

    def attempts(self) -> list[tuple[str, Attempt]]:
        with self.work.read() as request:
            rows = request.db.execute(
                select(Recipient.name, Attempt).join(Recipient, Attempt.recipient_id == Recipient.id)
            ).all()
            request.db.expunge_all()
        return [(name, attempt) for name, attempt in rows]

    def recipients(self) -> list[Recipient]:
        with self.work.read() as request:
            found = list(request.db.scalars(select(Recipient)))
            request.db.expunge_all()
        return found

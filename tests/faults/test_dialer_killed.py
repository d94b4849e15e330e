"""The dialer and the switch are killed in the middle of a broadcast; the switch's own journal is the judge."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.bootstrap import open_work
from dutycenter.calls.models import Leg
from dutycenter.db.base import Base
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import Wish
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import NumberKind
from dutycenter.work import Work
from tests.conftest import free_port

PEOPLE, CHANNELS, SPEED = 60, 20, 12
PATIENCE = 240  # real seconds for the whole broadcast on a busy machine


class House:
    """One installation in a folder, with its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ini = folder / "rehearsal.ini"
        self.ini.write_text(
            "[app:main]\nuse = egg:dutycenter\nrehearsal = true\nvoice = silent\n"
            f"switch.port = {free_port()}\nivr.port = {free_port()}\n"
            f"clock.speed = {SPEED}\nclock.epoch = {datetime.now(UTC).isoformat()}\n",
            encoding="utf-8",
        )
        self.work: Work = open_work(self.ini, "test")
        Base.metadata.create_all(self.work.registry["dutycenter.engine"])
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, role: str) -> None:
        with (self.folder / f"{role}.log").open("ab") as log:
            self.running[role] = subprocess.Popen(
                [sys.executable, "-m", "dutycenter", "-c", str(self.ini), "serve", role],
                cwd=self.folder, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip

    def kill(self, role: str) -> None:
        self.running[role].send_signal(signal.SIGKILL)
        self.running[role].wait()

    def close(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.work.registry["dutycenter.engine"].dispose()

    def journal(self) -> list[dict[str, str]]:
        lines = (self.folder / "var" / "rehearsal.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def until(self, what: Callable[[Work], object]) -> None:
        """Wait until something is so in the store."""
        end = time.monotonic() + PATIENCE
        while not what(self.work):
            assert time.monotonic() < end, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-1500:]}" for f in self.folder.glob("*.log"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    with made.work.write() as request:
        room = Department(name="应急局", short_name="应急局")
        request.db.add(room)
        request.db.add(
            Gateway(name="pstn", channels=CHANNELS + 4, calls_per_second=10, reserved=4, caller_id="07318888")
        )
        for p in range(PEOPLE):
            numbers = [
                PhoneNumber(number=f"138{p:04d}000{n}", kind=kind, position=n)
                for n, kind in enumerate((NumberKind.MOBILE, NumberKind.OFFICE))
            ]
            request.db.add(Person(department=room, name=f"人{p}", position=p, numbers=numbers))
    yield made
    made.close()


def count(what: object) -> Callable[[Work], int]:
    def read(work: Work) -> int:
        with work.read() as request:
            return int(request.db.scalar(select(func.count()).select_from(Recipient).where(what)) or 0)

    return read


class TestKilled:
    def test_everybody_has_one_outcome_and_nobody_is_called_twice_at_once_or_after_acknowledging(
        self, house: House
    ) -> None:
        for role in ("rehearsal", "ivr", "dialer"):
            house.start(role)
        with house.work.write() as request:
            people = list(request.db.scalars(select(Person.id)))
            broadcasts = request.find_service(Broadcasts)
            made = broadcasts.draft(
                Wish("防汛", "请立即到岗到位", people, channels=50, rounds=2, pause=30, ring_timeout=20)
            )
            broadcasts.launch(made)
        acknowledged = count(Recipient.acknowledged_at.is_not(None))
        for enough in (3, 20):
            house.until(lambda work, enough=enough: acknowledged(work) >= enough)
            house.kill("dialer")
            house.start("dialer")
        house.until(lambda work: acknowledged(work) >= 25)
        house.kill("rehearsal")
        house.start("rehearsal")
        house.until(lambda work: count(Recipient.outcome.is_(None))(work) == 0)
        self._judge(house, made)

    def _judge(self, house: House, made: int) -> None:
        journal = house.journal()
        originated = [line for line in journal if line["what"] == "originate"]
        ended = {line["uuid"]: line["at"] for line in journal if line["what"] == "hangup"}
        assert max(Counter(line["uuid"] for line in originated).values()) == 1
        with house.work.read() as request:
            db = request.db
            attempts = {a.id: a for a in db.scalars(select(Attempt))}
            final = {r.id: r.acknowledged_at for r in db.scalars(select(Recipient)) if r.acknowledged_at}
            assert len(db.scalars(select(Recipient.id)).all()) == PEOPLE
            assert db.get(Broadcast, made).finished_at is not None
            assert all(a.disposition is not None for a in attempts.values())
            # Who asks for the duty desk makes one leg more, to the desk.
            assert {line["uuid"] for line in originated} <= set(attempts)
            assert set(attempts) <= set(db.scalars(select(Leg.channel_uuid)))
        assert len(final) > PEOPLE / 2
        legs = defaultdict(list)
        for line in originated:
            who = attempts[line["uuid"]].recipient_id
            legs[who].append((line["at"], ended.get(line["uuid"])))
            assert who not in final or datetime.fromisoformat(line["at"]) <= final[who]
        for spans in legs.values():
            # A leg without an end in the journal was up when the switch was killed.
            assert all(end is None or end <= begin for (_, end), (begin, _) in pairwise(sorted(spans)))
        steps = sorted([(line["at"], 1) for line in originated if line["uuid"] in ended]
                       + [(ended[line["uuid"]], -1) for line in originated if line["uuid"] in ended])  # fmt: skip
        up = most = 0
        for _, step in steps:
            up += step
            most = max(most, up)
        assert 0 < most <= CHANNELS

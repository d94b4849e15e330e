"""Processes are killed and stopped in the middle of a broadcast; the switch's own journal is the judge."""

from __future__ import annotations

import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from broadcast.leases import LEASE
from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.calls.models import Leg
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import Wish
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import NumberKind
from dutycenter.work import Work
from tests.conftest import free_port
from tests.support.house import House
from tests.support.postgresql import PostgreSql

PEOPLE, CHANNELS, SPEED = 60, 20, 12


def settle(house: House) -> None:
    """A trunk, and people with two numbers each."""
    with house.work.write() as request:
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


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, SPEED)
    settle(made)
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[PostgreSql]:
    made = PostgreSql(free_port())
    made.start()
    yield made
    made.close()


@pytest.fixture
def house_on_postgresql(server: PostgreSql, tmp_path: Path) -> Iterator[House]:
    url = server.url.replace("postgresql://", "postgresql+psycopg://")
    made = House(tmp_path, SPEED, **{"sqlalchemy.url": url})
    settle(made)
    yield made
    made.close()


def launch(house: House) -> int:
    """Switch, conversations, a dialer, and everybody called."""
    for role in ("rehearsal", "ivr", "dialer"):
        house.start(role)
    with house.work.write() as request:
        people = list(request.db.scalars(select(Person.id)))
        broadcasts = request.find_service(Broadcasts)
        made = broadcasts.draft(
            Wish("防汛", "请立即到岗到位", people, channels=50, rounds=2, pause=30, ring_timeout=20)
        )
        broadcasts.launch(made)
    return made


def count(what: object) -> Callable[[Work], int]:
    def read(work: Work) -> int:
        with work.read() as request:
            return int(request.db.scalar(select(func.count()).select_from(Recipient).where(what)) or 0)

    return read


ACKNOWLEDGED = count(Recipient.acknowledged_at.is_not(None))
OPEN = count(Recipient.outcome.is_(None))


class TestKilled:
    def test_dialer_and_switch(self, house: House) -> None:
        made = launch(house)
        for enough in (3, 20):
            house.until(lambda work, enough=enough: ACKNOWLEDGED(work) >= enough)
            house.kill("dialer")
            house.start("dialer")
        house.until(lambda work: ACKNOWLEDGED(work) >= 25)
        house.kill("rehearsal")
        house.start("rehearsal")
        house.until(lambda work: OPEN(work) == 0)
        judge(house, made)

    def test_conversations_and_store_and_a_dialer_that_stands_still(
        self, house_on_postgresql: House, server: PostgreSql
    ) -> None:
        house = house_on_postgresql
        made = launch(house)
        house.until(lambda work: ACKNOWLEDGED(work) >= 3)
        house.kill("ivr")
        house.start("ivr")
        house.until(lambda work: ACKNOWLEDGED(work) >= 10)
        server.kill()
        time.sleep(1.0)  # conversations and dialer find nobody there
        server.start()
        house.until(lambda work: ACKNOWLEDGED(work) >= 18)
        house.running["dialer"].send_signal(signal.SIGSTOP)
        house.start("dialer", "other dialer")
        stopped = time.monotonic()
        house.until(lambda work: taken_over(work, made, house) and time.monotonic() - stopped > LEASE)
        house.running["dialer"].send_signal(signal.SIGCONT)
        house.until(lambda work: OPEN(work) == 0)
        judge(house, made)


def taken_over(work: Work, made: int, house: House) -> bool:
    """Is the broadcast the other dialer's?"""
    with work.read() as request:
        broadcast = request.db.get(Broadcast, made)
        return broadcast.lease_owner.endswith(f":{house.running['other dialer'].pid}")


def judge(house: House, made: int) -> None:
    """Everybody has one outcome; nobody was called twice at once or after acknowledging; every leg is a row."""
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

"""A deadline near its end rings the people on duty once; a key takes it, and nobody else is rung."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from broadcast.models import Attempt, Broadcast
from dutycenter.directory.models import Person
from dutycenter.incidents.models import Deadline, DeadlineRule, Incident
from dutycenter.incidents.ringing import LEADER_WAITS, watch_rings
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import BroadcastState, ShiftDuty
from tests.support.twin import Manner, Town


def on_duty(town: Town, leader: int, officer: int) -> None:
    with town.work.write() as request:
        now = request.find_service(IClock).now()
        people = {ShiftDuty.LEADER: leader, ShiftDuty.OFFICER: officer}
        members = [ShiftMember(person=request.db.get(Person, id_), duty=duty) for duty, id_ in people.items()]
        request.db.add(Shift(name="白班", starts_at=now, ends_at=now + timedelta(hours=12), members=members))


def incident_with_an_hour(town: Town) -> int:
    with town.work.write() as request:
        request.db.add(DeadlineRule(report="written", minutes=60, citation="样例"))
        request.db.flush()
        return request.find_service(Incidents).create({"title": "湘江大桥追尾"}).id


def launched(town: Town) -> int:
    with town.work.read() as request:
        return request.db.scalar(select(func.count()).select_from(Broadcast)) or 0


def deadline_of(town: Town, incident: int) -> Deadline:
    with town.work.read() as request:
        found = request.db.scalars(select(Deadline).where(Deadline.incident_id == incident)).one()
        request.db.expunge_all()
        return found


def lines(town: Town, incident: int) -> list[str]:
    with town.work.read() as request:
        return [entry.kind for entry in request.db.get(Incident, incident).entries]


def test_it_rings_once_and_the_key_takes_it(town: Town) -> None:
    leader, officer = town.settle(2, numbers=1)
    town.gateway()
    on_duty(town, leader, officer)
    incident = incident_with_an_hour(town)
    town.clock.gone += 49 * 60
    watch_rings(town.work)
    assert launched(town) == 0
    town.clock.gone += 2 * 60
    watch_rings(town.work)
    watch_rings(town.work)
    assert launched(town) == 1
    twin = town.twin(lambda number, nth: Manner(ring=5.0, after=5.0))
    dialer = town.dialer(twin)
    town.play(
        twin, dialer, until=lambda: watch_rings(town.work) or deadline_of(town, incident).ring_ended_at is not None
    )
    town.play(twin, dialer)
    deadline = deadline_of(town, incident)
    assert deadline.ring_taken_by
    assert deadline.met_at is None
    assert lines(town, incident).count("deadline_taken") == 1
    with town.work.read() as request:
        assert request.db.scalars(select(Broadcast.state)).one() is BroadcastState.STOPPED
        # The officer took it within the minute that the leader waits.
        assert LEADER_WAITS > 10
        assert request.db.scalar(select(func.count()).select_from(Attempt)) == 1
    town.clock.gone += 20 * 60
    watch_rings(town.work)
    assert launched(town) == 1


def test_a_report_that_is_made_ends_the_ring(small_town: Town) -> None:
    town = small_town
    leader, officer = town.settle(2, numbers=1)
    town.gateway()
    on_duty(town, leader, officer)
    incident = incident_with_an_hour(town)
    town.clock.gone += 51 * 60
    watch_rings(town.work)
    with town.work.write() as request:
        request.db.scalars(select(Deadline)).one().met_at = request.find_service(IClock).now()
    watch_rings(town.work)
    with town.work.read() as request:
        assert request.db.scalars(select(Broadcast.state)).one() is BroadcastState.STOPPED
    assert deadline_of(town, incident).ring_fault == ""


def test_an_empty_roster_is_said_and_tried_again_once_somebody_serves(small_town: Town) -> None:
    town = small_town
    people = town.settle(2, numbers=1)
    town.gateway()
    incident = incident_with_an_hour(town)
    town.clock.gone += 51 * 60
    for _turn in range(3):
        watch_rings(town.work)
        town.clock.gone += 61
    assert (launched(town), lines(town, incident).count("deadline_not_rung")) == (0, 1)
    assert deadline_of(town, incident).ring_fault
    on_duty(town, *people)
    watch_rings(town.work)
    assert launched(town) == 1
    assert deadline_of(town, incident).ring_fault == ""

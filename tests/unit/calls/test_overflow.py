"""Who is rung after whom, and how long a desk writes up."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Desk, Leg
from dutycenter.calls.overflow import Overflow, set_levels
from dutycenter.calls.queue import AVAILABLE, ON_BREAK, WRAP_UP, Desks
from dutycenter.calls.services import Calls
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import IClock
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import Direction, NumberKind, Role, ShiftDuty
from dutycenter.work import Work

ASKS = Path("/prompts/leader.wav")


@pytest.fixture
def room(work: Work, switch: Any) -> Work:
    """Two desks, of which 1001's is on duty, and a leader with a telephone."""
    with work.write() as request:
        now = request.find_service(IClock).now()
        people = [Person(name=name, department=Department(name=name, short_name=name)) for name in ("张伟", "李建国")]
        people[1].numbers = [PhoneNumber(number="13900000001", kind=NumberKind.MOBILE)]
        shift = Shift(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
        shift.members = [
            ShiftMember(person=people[0], duty=ShiftDuty.OFFICER),
            ShiftMember(person=people[1], duty=ShiftDuty.LEADER),
        ]
        accounts = [
            Account(username=desk, name=name, role=Role.OFFICER, desk=desk, password_hash="", created_at=now)
            for name, desk in (("张伟", "1001"), ("陈静", "1002"))
        ]
        request.db.add_all([shift, *accounts])
    return work


def test_desks_on_duty_ring_first_and_all_at_once_when_nobody_is(room: Work, switch: Any) -> None:
    set_levels(room)
    assert dict(switch.levels) == {"1001": 1, "1002": 2}
    with room.write() as request:
        request.db.scalars(select(Shift)).one().ends_at = request.find_service(IClock).now() - timedelta(minutes=1)
    set_levels(room)
    assert dict(switch.levels) == {"1001": 1, "1002": 1}


def test_the_leader_is_written_down_before_they_are_called(room: Work) -> None:
    channel = str(uuid.uuid4())
    with room.write() as request:
        calls, desk = request.find_service(Calls), str(uuid.uuid4())
        call = calls.arrive(channel, "13800138000", "07318888")
        calls.leg_created(desk, Direction.OUTBOUND, "1001", "desks")
        calls.ringing(channel, "1001", desk)
        assert request.find_service(Desks).outside() == {}  # a desk is not outside
        calls.leg_ended(desk, "NO_ANSWER")
        assert request.find_service(Overflow).to_leader(channel, ASKS) is None  # no trunk may carry the number
        request.db.add(Gateway(name="pstn", channels=9, calls_per_second=1.0, caller_id="07318888"))
        outside = request.find_service(Overflow).to_leader(channel, ASKS)
    assert outside is not None
    assert (outside.number, outside.gateway, outside.asks) == ("13900000001", "pstn", ASKS)
    with room.read() as request:
        assert request.db.get_one(Leg, outside.channel_uuid).call_id == call.id
        assert request.find_service(Desks).outside() == {call.id: "李建国"}  # the desks see who is called
    with room.write() as request:
        request.find_service(Calls).leg_ended(outside.channel_uuid, "NO_ANSWER")
        assert request.find_service(Desks).outside() == {}


def test_writing_up_is_a_break_that_ends_by_itself(room: Work, switch: Any) -> None:
    with room.write() as request:
        request.find_service(Desks).set_status(1, "1001", WRAP_UP)
    with room.write() as request:
        desks = request.find_service(Desks)
        desks.heard("1001", ON_BREAK)  # the switch says what it was told
        assert desks.status("1001") == WRAP_UP
        desks.end_wrap_up()
        assert desks.status("1001") == WRAP_UP
        request.db.get_one(Desk, "1001").until -= timedelta(hours=1)  # type: ignore[operator]
        request.db.flush()
        desks.end_wrap_up()
    with room.read() as request:
        assert request.find_service(Desks).status("1001") == AVAILABLE
    assert switch.statuses == [("1001", ON_BREAK), ("1001", AVAILABLE)]

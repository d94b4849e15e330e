"""Any order, any repetition, several processes: one truth about a call."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dutycenter.calls.models import Call, Leg, Recording
from dutycenter.calls.queue import Desks
from dutycenter.calls.services import LOST, Calls
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import CallResult, CallState, Direction, NumberKind, RecordingKind, RecordingState
from dutycenter.work import Work

T0 = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOTLINE = "07318888"


def new_uuid() -> str:
    return str(uuid.uuid4())


class Story:
    """One call with two desks that may ring, and every fact that can become known of it."""

    def __init__(self) -> None:
        self.caller, self.desk1, self.desk2 = new_uuid(), new_uuid(), new_uuid()
        facts: list[tuple[str, Callable[[Calls, datetime], object]]] = [
            ("arrive", lambda c, at: c.arrive(self.caller, "13800138000", HOTLINE, "pstn", at=at)),
            ("rec", lambda c, at: c.recording_started(self.caller, f"{self.caller}.wav", at)),
            ("menu", lambda c, at: c.menu(self.caller, at=at)),
            ("queued", lambda c, at: c.queued(self.caller, at=at)),
            ("ring1", lambda c, at: c.ringing(self.caller, "1001", self.desk1, at=at)),
            ("gone1", lambda c, at: c.leg_ended(self.desk1, "NO_ANSWER", at)),
            ("ring2", lambda c, at: c.ringing(self.caller, "1002", self.desk2, at=at)),
            ("answered", lambda c, at: c.answered(self.caller, "1002", self.desk2, at=at)),
            ("vm_begins", lambda c, at: c.voicemail(self.caller, f"{self.caller}.voicemail.wav", 0, at=at)),
            ("vm", lambda c, at: c.voicemail(self.caller, f"{self.caller}.voicemail.wav", 12.5, at=at)),
            ("lost", lambda c, at: c.ended(self.caller, LOST, at=at)),
            ("ended", lambda c, at: c.ended(self.caller, "NORMAL_CLEARING", at=at)),
            ("leg_ended", lambda c, at: c.leg_ended(self.caller, "NORMAL_CLEARING", at)),
            ("rec_stop", lambda c, at: c.recording_stopped(self.caller, f"{self.caller}.wav", at)),
            ("gone2", lambda c, at: c.leg_ended(self.desk2, "NORMAL_CLEARING", at)),
        ]
        self.facts = {name: (position, tell) for position, (name, tell) in enumerate(facts)}

    def tell(self, work: Work, *names: str) -> None:
        with work.write() as request:
            for name in names:
                position, tell = self.facts[name]
                tell(request.find_service(Calls), T0 + timedelta(seconds=position))

    def truth(self, work: Work) -> dict[str, Any]:
        """What the record says, with this story's ids left out."""
        names = {self.caller: "caller", self.desk1: "desk1", self.desk2: "desk2"}
        with work.read() as request:
            db = request.db
            call = db.scalars(select(Call).where(Call.channel_uuid == self.caller)).one_or_none()
            legs = db.scalars(select(Leg).where(Leg.channel_uuid.in_(names)))
            recordings = db.scalars(select(Recording).where(Recording.channel_uuid == self.caller))
            return {
                "call": call
                and (
                    call.state, call.result, call.open, call.desk, names.get(call.desk_channel_uuid or ""),
                    call.caller_number, call.hangup_cause, call.menu_at is None, call.queued_at is None,
                    call.ringing_at is None, call.answered_at is None, call.ended_at is None,
                ),
                "legs": {names[leg.channel_uuid]: (leg.ended_at is None, leg.hangup_cause) for leg in legs},
                "recordings": {r.file_name[36:]: (r.kind, r.state, r.call_id is None) for r in recordings},
            }  # fmt: skip

    def ledger(self, work: Work) -> int:
        with work.read() as request:
            return request.db.scalar(select(func.count()).select_from(LedgerEntry))


FACTS = list(Story().facts)


class TestAnyOrder:
    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(data=st.data())
    def test_it_comes_to_one_truth(self, sqlite_work: Work, data: st.DataObject) -> None:
        known = data.draw(st.sets(st.sampled_from(FACTS), min_size=1).map(sorted), label="facts")
        told = data.draw(
            st.tuples(st.permutations(known), st.lists(st.sampled_from(known), max_size=6)).map(lambda p: p[0] + p[1]),
            label="as told",
        )
        in_order, shuffled = Story(), Story()
        in_order.tell(sqlite_work, *(name for name in FACTS if name in known))
        shuffled.tell(sqlite_work, *told)
        assert shuffled.truth(sqlite_work) == in_order.truth(sqlite_work)

        before = shuffled.ledger(sqlite_work)
        shuffled.tell(sqlite_work, *known)
        assert shuffled.ledger(sqlite_work) == before, "a repeated fact wrote to the ledger"

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(told=st.permutations(["arrive", "menu", "queued", "ring2", "answered", "ended"]))
    def test_its_times_never_run_backwards(self, sqlite_work: Work, told: list[str]) -> None:
        story = Story()
        story.tell(sqlite_work, *told)
        with sqlite_work.read() as request:
            call = request.db.scalars(select(Call).where(Call.channel_uuid == story.caller)).one()
            times = [call.menu_at, call.queued_at, call.ringing_at, call.answered_at, call.ended_at]
            assert all(call.arrived_at <= at for at in times if at is not None)


class TestArrive:
    def test_it_makes_one_row_when_two_processes_say_it_at_once(self, work: Work) -> None:
        channel = new_uuid()

        def arrive(number: int) -> int:
            with work.write() as request:
                return request.find_service(Calls).arrive(channel, "13800138000", HOTLINE).id

        with ThreadPoolExecutor(6) as pool:
            ids = set(pool.map(arrive, range(12)))
        assert len(ids) == 1
        with work.read() as request:
            arrivals = select(func.count()).where(LedgerEntry.action == "call.arrived")
            assert request.db.scalar(arrivals) == 1

    def test_it_knows_who_calls(self, work: Work) -> None:
        with work.write() as request:
            department = Department(name="应急管理局", short_name="应急局")
            person = Person(name="王建国", department=department)
            person.numbers = [PhoneNumber(number="13800138000", kind=NumberKind.MOBILE)]
            request.db.add(person)
            request.db.flush()
            call = request.find_service(Calls).arrive(new_uuid(), "+86 138-0013-8000", HOTLINE)
            assert call.person_id == person.id

    def test_it_names_nobody_when_several_share_the_number(self, work: Work) -> None:
        with work.write() as request:
            department = Department(name="应急管理局", short_name="应急局")
            for name in ("王建国", "李红"):
                number = PhoneNumber(number="07311234567", kind=NumberKind.OFFICE)
                request.db.add(Person(name=name, department=department, numbers=[number]))
            request.db.flush()
            assert request.find_service(Calls).arrive(new_uuid(), "07311234567", HOTLINE).person_id is None

    @pytest.mark.parametrize("bad", ["", "a" * 37, "x y", "../etc", "a\nb", "${system(id)}"])
    def test_it_refuses_what_is_no_channel(self, sqlite_work: Work, bad: str) -> None:
        with sqlite_work.write() as request, pytest.raises(ValueError):
            request.find_service(Calls).arrive(bad, "1", "2")


class TestUnansweredCalls:
    def ended(self, work: Work, *names: str, cause: str = "NORMAL_CLEARING") -> Call:
        story = Story()
        story.tell(work, "arrive", *names)
        with work.write() as request:
            request.find_service(Calls).ended(story.caller, cause)
        with work.read() as request:
            return request.db.scalars(select(Call).where(Call.channel_uuid == story.caller)).one()

    def test_a_caller_who_left_is_on_the_list(self, work: Work) -> None:
        call = self.ended(work, "queued", "ring1")
        assert (call.state, call.result, call.open) == (CallState.ENDED, CallResult.ABANDONED, True)

    def test_a_message_is_on_the_list_even_when_it_was_said_after_the_end(self, work: Work) -> None:
        story = Story()
        story.tell(work, "arrive", "ended", "vm")
        with work.read() as request:
            call = request.db.scalars(select(Call).where(Call.channel_uuid == story.caller)).one()
            assert (call.result, call.open) == (CallResult.VOICEMAIL, True)

    def test_an_answered_call_is_not(self, work: Work) -> None:
        call = self.ended(work, "ring2", "answered")
        assert (call.result, call.open) == (CallResult.ANSWERED, False)

    def test_a_call_that_our_side_lost_says_so(self, work: Work) -> None:
        call = self.ended(work, "queued", cause=LOST)
        assert (call.result, call.open) == (CallResult.FAILED, True)


class TestDesks:
    def test_the_call_waits_again_when_the_desk_does_not_answer(self, work: Work) -> None:
        story = Story()
        story.tell(work, "arrive", "queued", "ring1", "gone1")
        with work.read() as request:
            call = request.db.scalars(select(Call).where(Call.channel_uuid == story.caller)).one()
            assert (call.state, call.desk) == (CallState.QUEUED, None)
            told = request.db.scalars(select(LedgerEntry.action).where(LedgerEntry.subject == f"call:{call.id}"))
            assert list(told) == ["call.arrived", "call.queued", "call.ringing", "call.desk_stopped"]


class TestBroadcastLegs:
    def test_their_recordings_are_kept_apart_and_no_call_is_made(self, work: Work) -> None:
        attempt = new_uuid()
        with work.write() as request:
            calls = request.find_service(Calls)
            calls.recording_started(attempt, f"/somewhere/{attempt}.wav", T0, attempt_id=attempt)
            calls.leg_created(attempt, Direction.OUTBOUND, "13800138000", "pstn", attempt, T0)
            calls.ringing(attempt, "1001", new_uuid())
            calls.ended(attempt, "NORMAL_CLEARING")
        with work.read() as request:
            recording = request.db.scalars(select(Recording)).one()
            assert (recording.kind, recording.attempt_id) == (RecordingKind.NOTICE, attempt)
            assert recording.state is RecordingState.RECORDING
            assert request.db.scalar(select(func.count()).select_from(Call)) == 0


class TestCalledPeople:
    """Somebody who was called out presses 3 and asks for the desk."""

    def test_the_desk_rings_for_them_in_any_order(self, work: Work) -> None:
        attempt, rings, late = new_uuid(), new_uuid(), new_uuid()
        with work.write() as request:
            calls = request.find_service(Calls)
            calls.leg_created(attempt, Direction.OUTBOUND, "13800138000", "pstn", attempt, T0)
            for _ in range(2):
                calls.ringing(attempt, "1001", rings, at=T0)
            calls.leg_ended(late, "NO_ANSWER", T0)
            calls.ringing(attempt, "1002", late, at=T0)
        with work.read() as request:
            (called,) = request.find_service(Desks).called()
            assert (called.desk_channel_uuid, called.desk, called.number) == (rings, "1001", "13800138000")
        with work.write() as request:
            request.find_service(Calls).leg_answered(rings, T0)
            (talking,) = request.find_service(Desks).called()
            assert talking.talks
            request.find_service(Calls).leg_ended(rings, "NORMAL_CLEARING", T0)
        with work.read() as request:
            assert request.find_service(Desks).called() == []
            told = request.db.scalars(select(LedgerEntry.action).where(LedgerEntry.subject == "desk:1001"))
            assert list(told) == ["desk.rings", "desk.talks", "desk.stopped"]


class TestRecordings:
    @pytest.mark.parametrize("bad", ["", "x.mp3", "..wav", "a b.wav", "/", "a/../.wav", "a\n.wav"])
    def test_it_refuses_what_is_no_recording(self, sqlite_work: Work, bad: str) -> None:
        with sqlite_work.write() as request, pytest.raises(ValueError):
            request.find_service(Calls).recording_started(new_uuid(), bad, T0)

    def test_one_that_began_before_its_call_was_written_down_belongs_to_it(self, work: Work) -> None:
        story = Story()
        story.tell(work, "rec", "arrive")
        with work.read() as request:
            recording = request.db.scalars(select(Recording)).one()
            assert recording.call is not None
            assert recording.call.channel_uuid == story.caller

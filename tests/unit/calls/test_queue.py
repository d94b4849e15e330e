"""What a person at a desk telephone can do, and what they are told when they can't."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from dutycenter.calls.models import Call
from dutycenter.calls.orders import DeskError
from dutycenter.calls.queue import AVAILABLE, LOGGED_OUT, ON_BREAK, Desks
from dutycenter.calls.services import Calls
from dutycenter.calls.unanswered import NotOnList, TakenBySomebody, Unanswered
from dutycenter.vocabulary import Direction
from dutycenter.work import Work


def rings(work: Work, desk: str = "1001") -> Call:
    with work.write() as request:
        calls, channel = request.find_service(Calls), str(uuid.uuid4())
        call = calls.arrive(channel, "13800138000", "07318888")
        calls.queued(channel)
        calls.ringing(channel, desk, str(uuid.uuid4()))
        return call


class TestAnswer:
    def test_it_picks_up_the_telephone_that_rings(self, work: Work, switch: Any, officers: tuple[int, int]) -> None:
        call = rings(work)
        with work.write() as request:
            request.find_service(Desks).answer(call.id, officers[0], "1001")
        assert switch.talked == [call.desk_channel_uuid]
        with work.read() as request:
            assert request.db.get(Call, call.id).answered_at is None, "only the switch says that it was answered"

    def test_whoever_sits_there_has_answered(self, work: Work, switch: Any, officers: tuple[int, int]) -> None:
        call = rings(work, desk="1002")
        with work.write() as request:
            desks = request.find_service(Desks)
            desks.set_status(officers[0], "1002", AVAILABLE)
            request.find_service(Calls).answered(call.channel_uuid, "1002", call.desk_channel_uuid or "")
        with work.read() as request:
            assert request.db.get(Call, call.id).answered_by_id == officers[0]

    def test_it_says_why_it_cannot(self, work: Work, switch: Any, officers: tuple[int, int]) -> None:
        call = rings(work)
        with work.write() as request:
            desks = request.find_service(Desks)
            for call_id, desk, said in (
                (call.id, "1002", "does not ring for this call"),
                (call.id, None, "No desk telephone"),
                (4711, "1001", "has hung up"),
            ):
                with pytest.raises(DeskError, match=said):
                    desks.answer(call_id, officers[0], desk)
            switch.away = True
            with pytest.raises(DeskError, match="by hand"):
                desks.answer(call.id, officers[0], "1001")

    def test_between_two_rings_it_waits_for_the_next_and_for_no_other_caller(
        self, work: Work, switch: Any, officers: tuple[int, int]
    ) -> None:
        call, other = rings(work), rings(work, desk="1002")

        def desk_stops(of: Call) -> None:
            with work.write() as request:
                request.find_service(Calls).leg_ended(of.desk_channel_uuid or "", "NO_ANSWER")

        def lately() -> list[int]:
            with work.read() as request:
                return [one.call.id for one in request.find_service(Desks).waiting("1001") if one.rang_lately]

        with work.write() as request:
            request.find_service(Desks).set_status(officers[0], "1001", AVAILABLE)
        assert lately() == []
        desk_stops(call)
        desk_stops(other)
        assert lately() == [call.id]
        with work.write() as request:
            desks = request.find_service(Desks)
            assert desks.answer(call.id, officers[0], "1001") is False
            with pytest.raises(DeskError, match="does not ring for this call"):
                desks.answer(other.id, officers[0], "1001")
        assert switch.talked == []
        with work.write() as request:
            calls = request.find_service(Calls)
            calls.ringing(other.channel_uuid, "1001", others := str(uuid.uuid4()))
        assert lately() == []
        with work.write() as request, pytest.raises(DeskError, match="another caller"):
            request.find_service(Desks).answer(call.id, officers[0], "1001")
        with work.write() as request:
            calls = request.find_service(Calls)
            calls.leg_ended(others, "NO_ANSWER")
            calls.ringing(call.channel_uuid, "1001", again := str(uuid.uuid4()))
        assert lately() == [call.id]
        with work.write() as request:
            assert request.find_service(Desks).answer(call.id, officers[0], "1001") is True
        assert switch.talked == [again]
        with work.write() as request:
            request.find_service(Calls).answered(call.channel_uuid, "1001", again)
            assert request.find_service(Desks).answer(call.id, officers[0], "1001") is True, "the key was pressed twice"

    def test_who_pauses_or_lost_the_caller_to_another_desk_waits_for_no_ring(
        self, work: Work, switch: Any, officers: tuple[int, int]
    ) -> None:
        call = rings(work)
        with work.write() as request:
            request.find_service(Desks).set_status(officers[0], "1001", AVAILABLE)
            request.find_service(Calls).leg_ended(call.desk_channel_uuid or "", "NO_ANSWER")
            assert request.find_service(Desks).waiting("1001")[0].rang_lately
            request.db.get_one(Call, call.id).pulled_by = "1002"
            assert not request.find_service(Desks).waiting("1001")[0].rang_lately
            request.db.get_one(Call, call.id).pulled_by = None
            request.find_service(Desks).set_status(officers[0], "1001", ON_BREAK)
            assert not request.find_service(Desks).waiting("1001")[0].rang_lately

    def test_a_called_person_is_answered_at_the_desk_that_rings(
        self, work: Work, switch: Any, officers: tuple[int, int]
    ) -> None:
        attempt, desk_leg = str(uuid.uuid4()), str(uuid.uuid4())
        with work.write() as request:
            calls, desks = request.find_service(Calls), request.find_service(Desks)
            calls.leg_created(attempt, Direction.OUTBOUND, "13800138000", "pstn", attempt)
            calls.ringing(attempt, "1001", desk_leg)
            with pytest.raises(DeskError, match="Another desk"):
                desks.answer_called(desk_leg, officers[1], "1002")
            desks.answer_called(desk_leg, officers[0], "1001")
            assert switch.talked == [desk_leg]
            with pytest.raises(DeskError, match="any more"):
                desks.answer_called(str(uuid.uuid4()), officers[0], "1001")


class TestStatus:
    def test_nobody_sits_at_a_desk_until_they_say_so(self, work: Work, switch: Any, officers: tuple[int, int]) -> None:
        with work.write() as request:
            desks = request.find_service(Desks)
            assert desks.status("1001") == LOGGED_OUT
            desks.set_status(officers[0], "1001", ON_BREAK)
            assert desks.status("1001") == ON_BREAK
            desks.heard("1001", AVAILABLE)
            desks.heard("1001; rm -rf", "nonsense")
            assert desks.status("1001") == AVAILABLE
            with pytest.raises(ValueError):
                desks.set_status(officers[0], "1001", "Asleep")
        assert switch.statuses == [("1001", ON_BREAK)]


class TestUnanswered:
    def missed(self, work: Work) -> int:
        call = rings(work)
        with work.write() as request:
            request.find_service(Calls).ended(call.channel_uuid, "NORMAL_CLEARING")
        return call.id

    def test_one_takes_it_and_nobody_else_can(self, work: Work, switch: Any, officers: tuple[int, int]) -> None:
        call_id, (first, second) = self.missed(work), officers
        with work.write() as request:
            unanswered = request.find_service(Unanswered)
            unanswered.take(call_id, first)
            unanswered.take(call_id, first)
            with pytest.raises(TakenBySomebody, match="zhang"):
                unanswered.settle(call_id, second, "called back")
            unanswered.give_back(call_id, first)
            assert unanswered.settle(call_id, second, " called \n back ").settled_how == "called back"
            assert unanswered.count() == 0
            with pytest.raises(NotOnList):
                unanswered.take(call_id, first)
            assert unanswered.reopen(call_id, first).open
            assert [call.id for call in unanswered.listed()] == [call_id]

    def test_an_answered_call_never_comes_onto_the_list(
        self, work: Work, switch: Any, officers: tuple[int, int]
    ) -> None:
        call = rings(work)
        with work.write() as request:
            calls = request.find_service(Calls)
            calls.answered(call.channel_uuid, "1001", "")
            calls.ended(call.channel_uuid, "NORMAL_CLEARING")
            with pytest.raises(NotOnList):
                request.find_service(Unanswered).reopen(call.id, officers[0])

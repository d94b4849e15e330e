"""A waiting caller is taken out of turn: by one desk, and not for ever."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dutycenter.calls.models import Call
from dutycenter.calls.orders import DeskError
from dutycenter.calls.pulls import NOT_ANSWERED, STANDS, Pulls
from dutycenter.calls.queue import AVAILABLE, Desks
from dutycenter.calls.services import Calls
from dutycenter.ledger.models import LedgerEntry
from dutycenter.work import Work

ME = 1


@pytest.fixture
def pressed(switch: Any, officers: tuple[int, int]) -> list[tuple[str, str]]:
    """Which leg's keys were pressed for it."""
    found: list[tuple[str, str]] = []

    def press(channel_uuid: str, key: str) -> None:
        switch.reach()
        found.append((channel_uuid, key))

    switch.press = press
    return found


def waits(work: Work) -> Call:
    """Somebody waits in the queue."""
    with work.write() as request:
        calls, channel = request.find_service(Calls), str(uuid.uuid4())
        calls.arrive(channel, "13800138000", "07318888")
        calls.queued(channel)
        return request.db.scalars(select(Call).where(Call.channel_uuid == channel)).one()


def pull(work: Work, call: Call, desk: str | None) -> str:
    """What the desk is told; empty when the caller is theirs."""
    with work.write() as request:
        try:
            request.find_service(Pulls).pull(call.id, ME, desk)
        except DeskError as error:
            return str(error.reason.interpolate() if hasattr(error.reason, "interpolate") else error.reason)
    return ""


def actions(work: Work) -> list[str]:
    with work.read() as request:
        return [action for action in request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)) if "pull" in action]  # fmt: skip


def test_of_desks_that_press_at_once_one_has_the_caller(work: Work, pressed: list[tuple[str, str]]) -> None:
    call, told = waits(work), {}
    together = threading.Barrier(4)

    def press(desk: str) -> None:
        together.wait()
        told[desk] = pull(work, call, desk)

    threads = [threading.Thread(target=press, args=(desk,)) for desk in ("1001", "1002", "1003", "1004")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (desk for desk, words in told.items() if not words)
    assert {words for words in told.values() if words} == {f"Desk {winner} takes this caller."}
    assert actions(work) == ["call.pulled"]
    assert pressed == [(call.channel_uuid, "D")]
    with work.read() as request:
        pulls = request.find_service(Pulls)
        assert pulls.desk_of(call.channel_uuid) == winner
        assert pulls.standing([request.db.get(Call, call.id)]) == {call.id: winner}
        assert request.find_service(Desks).status(winner) == AVAILABLE


def test_who_was_not_reached_there_is_anybodys_again(work: Work, pressed: list[tuple[str, str]]) -> None:
    call = waits(work)
    assert pull(work, call, "1001") == ""
    with work.write() as request:
        pulls = request.find_service(Pulls)
        pulls.end(call.channel_uuid, "1002", "not theirs")
        pulls.end(call.channel_uuid, "1001", "not answered")
        pulls.end(call.channel_uuid, "1001", "said twice")
    assert pull(work, call, "1002") == ""
    assert actions(work) == ["call.pulled", "call.pull_ended", "call.pulled"]
    with work.write() as request:  # nobody was left to end it
        request.db.get(Call, call.id).pulled_at -= STANDS + timedelta(seconds=1)
    assert pull(work, call, "1001") == ""


def test_it_says_why_it_cannot(work: Work, switch: Any, pressed: list[tuple[str, str]]) -> None:
    call = waits(work)
    assert "No desk telephone" in pull(work, call, None)
    switch.away = True
    assert "try again" in pull(work, call, "1001")
    assert actions(work) == ["call.pulled", "call.pull_ended"]
    switch.away = False
    with work.write() as request:
        request.find_service(Calls).ringing(call.channel_uuid, "1002", str(uuid.uuid4()))
    assert "rings for this caller already" in pull(work, call, "1002")
    with work.write() as request:
        request.find_service(Calls).voicemail(call.channel_uuid, f"{call.channel_uuid}.voicemail.wav", 0)
    assert "does not wait" in pull(work, call, "1001")
    with work.write() as request:
        request.find_service(Calls).ended(call.channel_uuid, "NORMAL_CLEARING")
    assert "has hung up" in pull(work, call, "1001")
    assert pressed == []


def test_a_desk_has_one_caller_at_a_time(work: Work, pressed: list[tuple[str, str]]) -> None:
    first, second, third = waits(work), waits(work), waits(work)
    assert pull(work, first, "1001") == ""
    assert pull(work, first, "1001") == "", "said twice"
    assert "Another caller" in pull(work, second, "1001")
    with work.write() as request:
        request.find_service(Calls).answered(first.channel_uuid, "1001", str(uuid.uuid4()))
    assert "You talk" in pull(work, second, "1001")
    assert pull(work, third, "1002") == ""


@pytest.mark.parametrize(("cause", "free"), [("USER_NOT_REGISTERED", True), ("USER_BUSY", True), ("NO_ANSWER", False)])
def test_a_desk_that_cannot_be_rung_lets_the_caller_go(
    work: Work, pressed: list[tuple[str, str]], cause: str, free: bool
) -> None:
    call = waits(work)
    assert pull(work, call, "1001") == ""
    with work.write() as request:
        pulls = request.find_service(Pulls)
        assert pulls.unreachable("duty", call.channel_uuid, cause) is False, "all others ring there"
        assert pulls.unreachable("duty-1001", call.channel_uuid, cause) is free
        assert pulls.desk_of(call.channel_uuid) == ("" if free else "1001")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("USER_BUSY", "was busy"),
        ("USER_NOT_REGISTERED", "not registered"),
        ("CALL_REJECTED", "rejected"),
        (NOT_ANSWERED, "nobody answered"),
        ("INCOMPATIBLE_DESTINATION", "could not be rung"),
    ],
)
def test_the_desk_is_told_why_its_telephone_did_not_take_the_caller(
    work: Work, pressed: list[tuple[str, str]], why: str, words: str
) -> None:
    call, other = waits(work), waits(work)

    def told(desk: str | None) -> dict[int, str]:
        with work.read() as request:
            calls = [request.db.get(Call, one.id) for one in (call, other)]
            return dict(request.find_service(Pulls).not_rung(calls, desk))

    assert pull(work, call, "1001") == ""
    assert told("1001") == {}, "they still come"
    with work.write() as request:
        request.find_service(Pulls).end(call.channel_uuid, "1001", why)
    (one,) = told("1001").items()
    assert one[0] == call.id
    assert words in one[1]
    assert told("1002") == told(None) == {}, "they wanted nobody"
    assert pull(work, call, "1001") == ""
    assert told("1001") == {}, "they come after all"


def test_a_desk_that_nobody_told_how_it_ended_is_told_that(work: Work, pressed: list[tuple[str, str]]) -> None:
    call = waits(work)
    assert pull(work, call, "1001") == ""
    with work.write() as request:
        request.db.get(Call, call.id).pulled_at -= STANDS + timedelta(seconds=1)
    with work.read() as request:
        (words,) = request.find_service(Pulls).not_rung([request.db.get(Call, call.id)], "1001").values()
    assert "in time" in words


def test_the_telephone_that_rings_for_somebody_else_makes_way(work: Work, pressed: list[tuple[str, str]]) -> None:
    first, second = waits(work), waits(work)
    here, there = str(uuid.uuid4()), str(uuid.uuid4())
    with work.write() as request:
        calls = request.find_service(Calls)
        calls.ringing(first.channel_uuid, "1001", here)
        calls.ringing(first.channel_uuid, "1002", there)
    assert pull(work, second, "1001") == ""
    with work.read() as request:
        pulls = request.find_service(Pulls)
        assert pulls.in_the_way("duty-1001") == [here]
        assert pulls.in_the_way("duty") == []

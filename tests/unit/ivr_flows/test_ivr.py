"""Legs through the ivr into the store, on both databases: nothing lost, nothing said that isn't written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from broadcast.models import Attempt, Broadcast, Receipt, Recipient, RecipientNumber
from dutycenter.calls.models import Call, Recording
from dutycenter.interfaces import ILeg
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import BroadcastState, CallState, NumberKind, RecordingKind
from dutycenter.work import Work
from ivr_flows.library import load_flows
from ivr_flows.prompts import PromptBook
from ivr_flows.role import Ivr

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def take(work: Work, book: PromptBook) -> Any:
    """Drive a leg to its end, and have everything written."""
    work.settings.prompts_dir.mkdir(parents=True, exist_ok=True)
    (work.settings.prompts_dir / "message.wav").write_bytes(book.find("hotline.nobody", "zh_CN").path.read_bytes())

    def on_leg(leg: ILeg, through: Work = work) -> None:
        ivr = Ivr(through, load_flows(work.settings)[0], book)
        ivr.on_leg(leg)
        ivr.end(5.0)

    return on_leg


def calls_of(work: Work) -> list[Call]:
    with work.read() as request:
        return list(request.db.scalars(select(Call)))


def actions_of(work: Work) -> list[str]:
    with work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


class TestHotline:
    def test_the_call_is_a_row_before_anything_is_said(self, work: Work, take: Any, cast: Any) -> None:
        seen: list[list[Call]] = []
        leg = cast.StoryLeg([1.0])
        leg.before = lambda what: seen.append(calls_of(work))
        take(leg)
        (call,) = seen[0]
        assert (call.channel_uuid, call.caller_number) == (cast.UUID, "13800000001")
        assert call.state is CallState.MENU

    def test_it_writes_down_menu_key_and_queue_as_they_happen(self, work: Work, take: Any, cast: Any) -> None:
        leg = cast.StoryLeg(["1", None, "answered"])
        seen: dict[str, Call] = {}
        leg.before = lambda what: seen.__setitem__(what, calls_of(work)[0])
        take(leg)
        assert seen["ask"].state is CallState.MENU
        assert seen["play"].keys == "1"
        assert seen["queue"].queued_at is not None
        assert actions_of(work) == ["call.arrived", "call.menu", "call.key", "call.queued"]

    def test_a_message_becomes_a_recording_of_the_call(self, work: Work, take: Any, cast: Any) -> None:
        take(cast.StoryLeg([None, None, "timeout", None, "timeout", None, 12.5]))
        with work.read() as request:
            recording = request.db.scalars(select(Recording)).one()
            assert recording.file_name == f"{cast.UUID}.voicemail.wav"
            assert recording.kind is RecordingKind.VOICEMAIL
            assert recording.seconds == 12.5
            assert recording.call.channel_uuid == cast.UUID

    def test_an_inbound_leg_that_names_an_attempt_is_a_call_all_the_same(
        self, work: Work, take: Any, cast: Any
    ) -> None:
        take(cast.StoryLeg([1.0], dc_attempt="00000000-0000-0000-0000-000000000001"))
        assert len(calls_of(work)) == 1


class Away(Work):
    """A store that is away for the next units of work that write."""

    def __init__(self, work: Work, units: int) -> None:
        super().__init__(work.registry, work.actor)
        self.units = units

    @contextmanager
    def write(self, actor: str | None = None) -> Iterator[Any]:
        if self.units > 0:
            self.units -= 1
            raise OperationalError("the store is away", None, Exception())
        with super().write(actor) as request:
            yield request


class QuickClock:
    """Real moments, but nobody waits."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        pass

    def real(self, seconds: float) -> float:
        return 0.0


@pytest.mark.usefixtures("caplog")
class TestWithoutAStore:
    @pytest.fixture(autouse=True)
    def _nobody_waits(self, work: Work) -> None:
        work.registry["dutycenter.clock"] = QuickClock()

    @pytest.mark.parametrize("units", [1, 3, 5, 7])
    def test_the_caller_is_served_and_everything_is_written_later(
        self, work: Work, take: Any, cast: Any, units: int
    ) -> None:
        leg = cast.StoryLeg(["2", None, "timeout", None, "timeout", None, 8.0])
        take(leg, Away(work, units))
        assert leg.names == ["ask", "play", "set", "queue", "ask", "queue", "play", "record", "play", "hangup"]
        (call,) = calls_of(work)
        assert (call.keys, call.state) == ("2", CallState.VOICEMAIL)
        assert actions_of(work) == [
            "call.arrived", "call.menu", "call.key", "call.queued", "call.voicemail", "call.voicemail",
        ]  # fmt: skip

    def test_an_answer_that_cannot_be_written_leads_to_the_desk_and_is_written_later(
        self, work: Work, take: Any, cast: Any, book: PromptBook
    ) -> None:
        attempt = make_attempt(work)
        leg = cast.StoryLeg(["1", None, "answered"], inbound=False, dc_attempt=attempt)
        written: list[bool] = []

        def look(what: str) -> None:
            with work.read() as request:
                written.append(request.db.get(Attempt, attempt).recipient.acknowledged_at is not None)

        leg.before = look
        take(leg, Away(work, 3))
        assert leg.names == ["ask", "play", "queue"]
        assert leg.done[1][1] == book.find("notify.not_noted", "zh_CN").path
        assert written == [False] * 3
        look("afterwards")
        assert written[-1] is True

    def test_what_was_heard_is_written_when_the_store_is_back(self, work: Work, take: Any, cast: Any) -> None:
        attempt = make_attempt(work)
        take(cast.StoryLeg([], inbound=False, dc_attempt=attempt), Away(work, 4))
        with work.read() as request:
            assert request.db.get(Attempt, attempt).heard_to_end


def make_attempt(work: Work, acknowledged: bool = False, exercise: bool = False) -> str:
    """A broadcast with one answered attempt; its id."""
    attempt_id = "11111111-2222-3333-4444-555555555555"
    with work.write() as request:
        broadcast = Broadcast(
            title="t", message="m", exercise=exercise, state=BroadcastState.RUNNING, created_at=NOW,
            prompt_path=str(work.settings.prompts_dir / "message.wav"), prompt_seconds=20.0,
        )  # fmt: skip
        recipient = Recipient(broadcast=broadcast, name="王局长", acknowledged_at=NOW if acknowledged else None)
        number = RecipientNumber(recipient=recipient, number="13800002001", kind=NumberKind.MOBILE)
        request.db.add_all([broadcast, recipient, number])
        request.db.flush()
        request.db.add(
            Attempt(
                id=attempt_id,
                broadcast_id=broadcast.id,
                recipient=recipient,
                number=number,
                gateway="trunk",
                created_at=NOW,
            )
        )
    return attempt_id


class TestNotify:
    def test_an_acknowledgement_is_committed_before_it_is_said_back(self, work: Work, take: Any, cast: Any) -> None:
        attempt = make_attempt(work)
        leg = cast.StoryLeg(["1"], inbound=False, dc_attempt=attempt)
        acknowledged: list[bool] = []

        def look(what: str) -> None:
            with work.read() as request:
                acknowledged.append(request.db.get(Attempt, attempt).recipient.acknowledged_at is not None)

        leg.before = look
        take(leg)
        assert list(zip(leg.names, acknowledged, strict=True)) == [
            ("ask", False), ("play", True), ("hangup", True),
        ]  # fmt: skip
        assert not calls_of(work)

    def test_a_decline_is_written(self, work: Work, take: Any, cast: Any) -> None:
        attempt = make_attempt(work)
        take(cast.StoryLeg(["4"], inbound=False, dc_attempt=attempt))
        with work.read() as request:
            assert [receipt.kind for receipt in request.db.scalars(select(Receipt))] == ["declined"]
            assert request.db.get(Attempt, attempt).key == "4"

    def test_wrong_keys_and_silence_are_written(self, work: Work, take: Any, cast: Any) -> None:
        attempt = make_attempt(work)
        take(cast.StoryLeg(["9", "7", None], inbound=False, dc_attempt=attempt))
        with work.read() as request:
            found = request.db.get(Attempt, attempt)
            assert (found.wrong_keys, found.key, found.heard_to_end) == ("97", "", True)

    def test_who_asks_for_the_desk_and_gets_it_is_told_from_who_does_not(
        self, work: Work, take: Any, cast: Any
    ) -> None:
        attempt = make_attempt(work)
        take(cast.StoryLeg(["3", None, "timeout", None], inbound=False, dc_attempt=attempt))
        with work.read() as request:
            assert request.db.get(Attempt, attempt).key == ""
        take(cast.StoryLeg(["3", None, "answered"], inbound=False, dc_attempt=attempt))
        with work.read() as request:
            assert request.db.get(Attempt, attempt).key == "3"

    def test_who_has_acknowledged_meanwhile_is_told_so(
        self, work: Work, take: Any, cast: Any, book: PromptBook
    ) -> None:
        attempt = make_attempt(work, acknowledged=True, exercise=True)
        leg = cast.StoryLeg([], inbound=False, dc_attempt=attempt)
        take(leg)
        assert leg.names == ["play", "hangup"]
        assert leg.done[0][1] == book.find("notify.exercise", "zh_CN").path
        assert book.find("notify.settled", "zh_CN").path in leg.done[0]

    def test_a_leg_of_an_unknown_attempt_is_put_through(
        self, work: Work, take: Any, cast: Any, book: PromptBook, caplog: pytest.LogCaptureFixture
    ) -> None:
        leg = cast.StoryLeg([None, "answered"], inbound=False, dc_attempt="99999999-2222-3333-4444-555555555555")
        take(leg)
        assert leg.names == ["play", "queue"]
        assert "of which nothing is known" in caplog.text

    @pytest.mark.parametrize("seconds", [0.5, 100.0])
    def test_who_leaves_is_told_from_who_listens_to_the_end(
        self, work: Work, take: Any, cast: Any, book: PromptBook, seconds: float
    ) -> None:
        attempt = make_attempt(work)
        clock = work.registry["dutycenter.clock"] = cast.HandClock()
        opening = book.find("notify.who", "zh_CN").seconds
        take(cast.StoryLeg([opening + seconds], clock, inbound=False, dc_attempt=attempt))
        with work.read() as request:
            found = request.db.get(Attempt, attempt)
            assert found.heard_to_end is (seconds > 20)
            assert found.heard_seconds == pytest.approx(min(seconds, 20.0))

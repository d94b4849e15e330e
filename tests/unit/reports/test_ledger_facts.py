"""Which head proves a month, and what of the ledger the month counts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dutycenter.interfaces import ILedger
from dutycenter.ledger.sealer import seal
from dutycenter.work import Work
from reports import queries
from reports.facts import LedgerFacts
from reports.period import Month

OCTOBER = Month(2026, 10).span(ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """The product's moment, to be set."""
    moment = {"now": OCTOBER.start}
    monkeypatch.setattr("dutycenter.clock.SystemClock.now", lambda clock: moment["now"])
    return moment


def tell(work: Work, action: str, subject: str = "call:1", actor: str = "ivr") -> None:
    with work.write() as request:
        request.find_service(ILedger).append(action, subject, {}, actor=actor)


def facts(work: Work) -> LedgerFacts:
    with queries.snapshot(work.registry["dutycenter.engine"]) as db:
        return queries.ledger(db, OCTOBER)


class TestLedger:
    def test_the_first_head_that_covers_the_month_proves_it_for_good(self, work: Work, at: dict[str, datetime]) -> None:
        tell(work, "call.arrived")
        seal(work)
        tell(work, "call.ended")
        at["now"] = OCTOBER.end
        tell(work, "call.arrived")
        seal(work)
        first = facts(work)
        assert (first.entries, first.sealed) == (2, 2)
        assert first.head is not None
        assert (first.head.size, first.head.at) == (3, OCTOBER.end)
        at["now"] = datetime(2027, 1, 1, tzinfo=UTC)
        tell(work, "call.arrived")
        seal(work)
        assert facts(work) == first

    def test_what_is_not_sealed_yet_is_said(self, work: Work, at: dict[str, datetime]) -> None:
        tell(work, "call.arrived")
        seal(work)
        tell(work, "call.ended")
        found = facts(work)
        assert (found.entries, found.sealed) == (2, 1)
        assert found.head is not None
        assert found.head.size == 1

    def test_a_report_does_not_change_the_next_one(self, work: Work, at: dict[str, datetime]) -> None:
        tell(work, "call.arrived")
        seal(work)
        before = facts(work)
        for action in ("report.asked", "report.made"):
            tell(work, action, "report:1", "clerk")
        seal(work)
        assert facts(work) == before
        with queries.snapshot(work.registry["dutycenter.engine"]) as db:
            assert queries.last_entry_at(db, OCTOBER) == OCTOBER.start

    def test_replays_are_counted_by_recording_and_listener(self, work: Work, at: dict[str, datetime]) -> None:
        for subject, actor in (("recording:1", "user:1"), ("recording:1", "user:1"), ("recording:2", "user:2")):
            tell(work, "recording.replayed", subject, actor)
        found = facts(work)
        assert (found.replays, found.replayed, found.listeners) == (3, 2, 2)

    def test_an_empty_month_has_no_head_of_a_later_one(self, work: Work, at: dict[str, datetime]) -> None:
        at["now"] = OCTOBER.end
        tell(work, "call.arrived")
        seal(work)
        assert facts(work) == LedgerFacts(entries=0, sealed=0, head=None, replays=0, replayed=0, listeners=0)

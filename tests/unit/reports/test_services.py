"""Asking for papers and making them: once, whoever asks, whatever fails."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dutycenter.calls.models import Call
from dutycenter.interfaces import ILedger, IReports
from dutycenter.ledger.anchors import printed_head
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import seal
from dutycenter.vocabulary import CallState, ReportKind, ReportState
from dutycenter.work import Work
from reports import jobs
from reports.models import Report
from reports.period import Month
from reports.services import Asked, Reports

OCTOBER = Asked.period(Month(2026, 10))
FIRST_DAY = datetime(2026, 10, 31, 16, 10, tzinfo=UTC)  # 1 November, 00:10 in Shanghai


class Wall:
    """A clock that tests set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """The product's clock stands still, at ten past midnight on 1 November."""
    found = Wall(FIRST_DAY)
    monkeypatch.setattr("dutycenter.clock.SystemClock.now", lambda clock: found.moment)
    return found


def one_call(work: Work, at: datetime) -> None:
    with work.write() as request:
        request.db.add(Call(channel_uuid=f"{at.timestamp()}", state=CallState.ENDED, arrived_at=at))


def rows(work: Work) -> list[Report]:
    with work.read() as request:
        return list(request.db.scalars(select(Report).order_by(Report.id)))


def entries(work: Work) -> list[tuple[str, str, dict[str, Any]]]:
    with work.read() as request:
        query = select(LedgerEntry).where(LedgerEntry.action.startswith("report.")).order_by(LedgerEntry.id)
        return [(e.action, e.subject, json.loads(e.data)) for e in request.db.scalars(query)]


class TestFirstDay:
    def test_last_month_is_asked_for_once_and_made_once(self, work: Work, wall: Wall) -> None:
        one_call(work, FIRST_DAY - timedelta(days=3))
        for _ in range(2):
            jobs.ask_for_what_is_due(work)
        for _ in range(2):
            jobs.make_waiting(work)
        (row,) = rows(work)
        assert (row.state, row.about, row.tries) == (ReportState.MADE, "2026-10", 1)
        content = (work.settings.reports_dir / row.file_name).read_bytes()
        assert content.startswith(b"%PDF")
        assert row.sha256 == hashlib.sha256(content).hexdigest()
        told = entries(work)
        assert [action for action, _, _ in told] == ["report.asked", "report.started", "report.made"]
        assert told[-1][1] == f"report:{row.id}"
        assert told[-1][2]["sha256"] == row.sha256
        assert told[-1][2]["sm3"] == hashlib.new("sm3", content).hexdigest()

    def test_the_head_that_it_prints_is_on_record(self, sqlite_work: Work, wall: Wall) -> None:
        wall.moment = FIRST_DAY - timedelta(days=3)
        one_call(sqlite_work, wall.moment)
        with sqlite_work.write() as request:
            request.find_service(ILedger).append("call.arrived", "call:1")
        sealed = seal(sqlite_work)
        wall.moment = FIRST_DAY
        jobs.ask_for_what_is_due(sqlite_work)
        jobs.make_waiting(sqlite_work)
        (printed,) = entries(sqlite_work)[-1][2]["heads"]
        assert printed_head(printed)[0] == sealed

    def test_a_missed_first_day_is_caught_up(self, sqlite_work: Work, wall: Wall) -> None:
        one_call(sqlite_work, FIRST_DAY - timedelta(days=3))
        wall.moment = FIRST_DAY + timedelta(days=12)
        jobs.ask_for_what_is_due(sqlite_work)
        assert [row.about for row in rows(sqlite_work)] == ["2026-10"]

    @pytest.mark.parametrize("call", [None, FIRST_DAY])
    def test_nothing_is_asked_for_before_the_record_began(
        self, sqlite_work: Work, wall: Wall, call: datetime | None
    ) -> None:
        if call is not None:
            one_call(sqlite_work, call)
        jobs.ask_for_what_is_due(sqlite_work)
        assert rows(sqlite_work) == []

    def test_a_report_that_failed_is_not_asked_for_again(self, sqlite_work: Work, wall: Wall) -> None:
        one_call(sqlite_work, FIRST_DAY - timedelta(days=3))
        jobs.ask_for_what_is_due(sqlite_work)
        with sqlite_work.write() as request:
            request.db.get(Report, 1).state = ReportState.FAILED
        jobs.ask_for_what_is_due(sqlite_work)
        assert [row.state for row in rows(sqlite_work)] == [ReportState.FAILED]


class TestAsk:
    def test_asking_again_while_it_waits_changes_nothing(self, work: Work, wall: Wall) -> None:
        for _ in range(2):
            with work.write() as request:
                request.find_service(Reports).ask(OCTOBER, None)
        assert len(rows(work)) == 1
        assert len(entries(work)) == 1

    def test_a_report_that_was_made_is_made_anew_and_the_same_data_gives_the_same_file(
        self, sqlite_work: Work, wall: Wall
    ) -> None:
        for _ in range(2):
            with sqlite_work.write() as request:
                request.find_service(Reports).ask(OCTOBER, None)
            jobs.make_waiting(sqlite_work)
            wall.moment += timedelta(days=400)
        assert [action for action, _, _ in entries(sqlite_work)].count("report.made") == 2
        assert sorted(file.suffix for file in sqlite_work.settings.reports_dir.iterdir()) == [".pdf", ".xlsx"]

    @pytest.mark.parametrize(("year", "month"), [(2026, 12), (2026, 13), (3000, 1)])
    def test_it_refuses_what_has_not_begun_or_is_no_month(
        self, sqlite_work: Work, wall: Wall, year: int, month: int
    ) -> None:
        with pytest.raises(ValueError), sqlite_work.write() as request:
            request.find_service(Reports).ask(Asked(ReportKind.MONTH, f"{year}-{month:02d}", "zh_CN"), None)
        assert rows(sqlite_work) == []


class TestMakeWaiting:
    def test_of_two_clerks_one_makes_it(self, work: Work, wall: Wall) -> None:
        with work.write() as request:
            report_id = request.find_service(Reports).ask(OCTOBER, None).id
        assert jobs._claim(work, report_id) is not None
        assert jobs._claim(work, report_id) is None
        jobs.make_waiting(work)
        assert [row.state for row in rows(work)] == [ReportState.WAITING]
        assert not work.settings.reports_dir.exists()

    def test_what_a_dead_clerk_left_is_taken_over_and_its_late_result_refused(
        self, sqlite_work: Work, wall: Wall
    ) -> None:
        with sqlite_work.write() as request:
            report_id = request.find_service(Reports).ask(OCTOBER, None).id
        claimed = jobs._claim(sqlite_work, report_id)
        assert claimed is not None
        wall.moment += jobs.TAKEN_OVER + timedelta(seconds=1)
        jobs.make_waiting(sqlite_work)
        assert not jobs._settle(sqlite_work, report_id, claimed[1], claimed[0], None, "too late")
        (row,) = rows(sqlite_work)
        assert (row.state, row.tries, row.error) == (ReportState.MADE, 2, "")

    def test_one_over_which_every_clerk_died_is_seen_as_failed_and_may_be_asked_for_again(
        self, sqlite_work: Work, wall: Wall
    ) -> None:
        with sqlite_work.write() as request:
            report_id = request.find_service(Reports).ask(OCTOBER, None).id
        for _ in range(jobs.TRIES):
            assert jobs._claim(sqlite_work, report_id) is not None
            wall.moment += jobs.TAKEN_OVER + timedelta(seconds=1)
        jobs.make_waiting(sqlite_work)
        (row,) = rows(sqlite_work)
        assert row.state is ReportState.FAILED
        assert "the clerk ended" in row.error
        assert entries(sqlite_work)[-1][0] == "report.failed"
        with sqlite_work.write() as request:
            request.find_service(Reports).ask(OCTOBER, None)
        jobs.make_waiting(sqlite_work)
        assert rows(sqlite_work)[0].state is ReportState.MADE

    def test_a_failure_is_kept_and_tried_again_later(self, sqlite_work: Work, wall: Wall) -> None:
        folder = sqlite_work.settings.reports_dir
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        with sqlite_work.write() as request:
            request.find_service(Reports).ask(OCTOBER, None)
        jobs.make_waiting(sqlite_work)
        (row,) = rows(sqlite_work)
        assert row.state is ReportState.FAILED
        assert str(folder) in row.error
        assert entries(sqlite_work)[-1][0] == "report.failed"
        jobs.make_waiting(sqlite_work)
        assert rows(sqlite_work)[0].tries == 1
        folder.unlink()
        wall.moment += jobs.PAUSES[0] + timedelta(seconds=1)
        jobs.make_waiting(sqlite_work)
        (row,) = rows(sqlite_work)
        assert (row.state, row.error, row.tries) == (ReportState.MADE, "", 2)

    def test_it_stops_after_so_many_failures(self, sqlite_work: Work, wall: Wall) -> None:
        folder = sqlite_work.settings.reports_dir
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        with sqlite_work.write() as request:
            request.find_service(Reports).ask(OCTOBER, None)
        for _ in range(jobs.TRIES + 3):
            jobs.make_waiting(sqlite_work)
            wall.moment += timedelta(days=1)
        assert rows(sqlite_work)[0].tries == jobs.TRIES


class TestMonth:
    def test_it_writes_the_file_and_nothing_into_the_store(self, sqlite_work: Work, wall: Wall, tmp_path: Path) -> None:
        out = tmp_path / "new" / "month.pdf"
        with sqlite_work.read() as request:
            assert request.find_service(IReports).month(2026, 10, out) == out
        assert out.read_bytes().startswith(b"%PDF")
        assert entries(sqlite_work) == []

    def test_it_refuses_the_future_and_leaves_nothing(self, sqlite_work: Work, wall: Wall, tmp_path: Path) -> None:
        with sqlite_work.read() as request, pytest.raises(ValueError, match="not begun"):
            request.find_service(IReports).month(2026, 12, tmp_path / "x.pdf")
        assert not (tmp_path / "x.pdf").exists()

    def test_it_doesnt_wait_for_somebody_who_writes(self, work: Work, wall: Wall, tmp_path: Path) -> None:
        with work.write() as request:
            request.db.add(Call(channel_uuid="x", state=CallState.ENDED, arrived_at=FIRST_DAY))
            request.db.flush()
            assert request.find_service(Reports).pdf(OCTOBER).startswith(b"%PDF")

"""The duty log: numbered without gaps, to the minute, never changed."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.duty_log.models import DutyLogEntry
from dutycenter.roster.duty_log.services import DutyLog, LogFault
from dutycenter.work import Work

NOW = datetime(2026, 11, 27, 4, 5, 33, tzinfo=UTC)
CHINA = ZoneInfo("Asia/Shanghai")


class Standing:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def log_of(request: object, at: datetime = NOW) -> DutyLog:
    return DutyLog(request.db, request.find_service(ILedger), Standing(at), CHINA, None)  # type: ignore[attr-defined, arg-type]


class TestWrite:
    def test_it_numbers_and_tells_the_ledger(self, work: Work) -> None:
        with work.write() as request:
            log = log_of(request)
            numbers = [log.write(f"第{n}件事").number for n in range(3)]
        with work.read() as request:
            entries = request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
        assert numbers == [1, 2, 3]
        assert [json.loads(entry.data)["number"] for entry in entries] == ["2026-1", "2026-2", "2026-3"]

    def test_a_number_that_was_rolled_back_is_given_again(self, work: Work) -> None:
        with suppress(ZeroDivisionError), work.write() as request:
            log_of(request).write("never was")
            raise ZeroDivisionError
        with work.write() as request:
            assert log_of(request).write("was").number == 1

    def test_the_year_is_the_duty_rooms(self, work: Work) -> None:
        new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # half past midnight in China
        with work.write() as request:
            assert log_of(request, new_year).write("元旦").year == 2027

    def test_seconds_are_dropped(self, work: Work) -> None:
        with work.write() as request:
            assert log_of(request).write("x").at == NOW.replace(second=0)

    @pytest.mark.parametrize(
        ("text", "at"),
        [
            ("", None),
            (" \n\t\u200b ", None),
            ("x" * 2001, None),
            ("x", NOW + timedelta(minutes=2)),
            ("x", NOW - timedelta(days=3)),
        ],
    )
    def test_what_cannot_be_is_refused(self, sqlite_work: Work, text: str, at: datetime | None) -> None:
        with sqlite_work.write() as request, pytest.raises(LogFault):
            log_of(request).write(text, at)

    @hypothesis_settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=50
    )
    @given(text=st.text(max_size=300))
    def test_nothing_unprintable_is_kept(self, sqlite_work: Work, text: str) -> None:
        with sqlite_work.write() as request:
            try:
                kept = log_of(request).write(text).text
            except LogFault:
                return
        assert all(line.isprintable() for line in kept.split("\n"))


class TestCorrection:
    def test_it_is_a_new_entry_and_the_old_one_stays(self, work: Work) -> None:
        with work.write() as request:
            log = log_of(request)
            wrong = log.write("水位 3.2 米")
            right = log.write("水位 2.3 米", wrong.at, wrong)
            lines = log.day(NOW.astimezone(CHINA).date())
            assert [(line.entry.text, [later.number for later in line.corrected_by]) for line in lines] == [
                ("水位 3.2 米", [right.number]),
                ("水位 2.3 米", []),
            ]

    @pytest.mark.parametrize("change", ["update", "delete"])
    def test_the_store_refuses_any_change(self, work: Work, change: str) -> None:
        with work.write() as request:
            log_of(request).write("x")
        statement = update(DutyLogEntry).values(text="y") if change == "update" else delete(DutyLogEntry)
        with pytest.raises(DatabaseError, match="append-only"), work.write() as request:
            request.db.execute(statement)


class TestFind:
    def test_by_words_and_by_number(self, sqlite_work: Work) -> None:
        with sqlite_work.write() as request:
            log = log_of(request)
            for text in ("柳河 100% 漫堤", "平安", "柳河退水"):
                log.write(text)
            assert [line.entry.number for line in log.find("柳河")] == [3, 1]
            assert [line.entry.number for line in log.find("100%")] == [1]
            assert [line.entry.text for line in log.find("2")] == ["平安"]

"""Holidays as published, days entered here, and years of which nothing is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.roster.calendar import NAMES, Calendar, day_info, published_years
from dutycenter.roster.faults import RosterFault
from dutycenter.vocabulary import DayKind
from dutycenter.work import Work

UNKNOWN = max(published_years()) + 1


class TestDayInfo:
    @pytest.mark.parametrize(
        ("day", "kind", "name"),
        [
            ("2026-02-17", DayKind.REST, "Spring Festival"),
            ("2026-02-14", DayKind.WORK, "Spring Festival"),  # a Saturday that pays for it
            ("2026-10-07", DayKind.REST, "National Day"),
            ("2026-11-28", DayKind.REST, ""),
            ("2026-11-27", DayKind.WORK, ""),
        ],
    )
    def test_it_is_as_the_state_council_published_it(self, day: str, kind: DayKind, name: str) -> None:
        info = day_info(date.fromisoformat(day))
        assert (info.kind, info.name) == (kind, name)
        assert not info.name or info.name in NAMES

    @given(st.dates(date(UNKNOWN, 1, 1), date(UNKNOWN, 12, 31)))
    def test_of_a_year_not_published_it_says_no_more_than_the_weekday(self, day: date) -> None:
        info = day_info(day)
        assert not info.special
        assert info.kind is (DayKind.REST if day.weekday() >= 5 else DayKind.WORK)


class TestCalendar:
    def test_what_is_entered_goes_before_and_can_be_taken_back(self, work: Work) -> None:
        first = date(UNKNOWN, 1, 1)
        with work.write() as request:
            calendar = request.find_service(Calendar)
            assert calendar.unknown_years(date(2026, 12, 1), first) == {UNKNOWN: 0}
            calendar.enter(first, first + timedelta(days=2), DayKind.REST, "元旦")
            calendar.enter(first, first, DayKind.WORK, "")
            assert calendar.unknown_years(first, first) == {UNKNOWN: 3}
            infos = list(calendar.days(first, first + timedelta(days=1)).values())
            assert [(info.kind, info.name, info.local) for info in infos] == [
                (DayKind.WORK, "", True), (DayKind.REST, "元旦", True),
            ]  # fmt: skip
            calendar.forget(first)
            assert not calendar.days(first, first)[first].special

    @pytest.mark.parametrize(("days", "name"), [(-1, "x"), (31, "x"), (0, "x" * 33), (0, "a\nb")])
    def test_what_cannot_be_is_refused(self, sqlite_work: Work, days: int, name: str) -> None:
        first = date(UNKNOWN, 1, 1)
        with sqlite_work.write() as request, pytest.raises(RosterFault):
            request.find_service(Calendar).enter(first, first + timedelta(days=days), DayKind.REST, name)

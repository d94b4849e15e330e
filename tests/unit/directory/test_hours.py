from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.directory.hours import Hours, HoursFault, hold, read_hours, works


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("  8:30 - 17:30 ", "08:30-17:30"),
        ("8：30至17：30", "08:30-17:30"),
        ("工作日", "workdays"),
        ("Workdays 08:30-17:30", "workdays 08:30-17:30"),
        ("工作日08:30—17:30", "workdays 08:30-17:30"),
        ("20:00-08:00", "20:00-08:00"),
        ("00:00-24:00", ""),
    ],
)
def test_what_people_type(typed: str, kept: str) -> None:
    assert str(read_hours(typed)) == kept


@pytest.mark.parametrize(
    "typed", ["morning", "8-17", "08:61-09:00", "25:00-26:00", "08:00-08:00", "08:00", "工作", "{x}"]
)
def test_what_says_no_hours(typed: str) -> None:
    with pytest.raises(HoursFault):
        read_hours(typed)


@given(st.booleans(), st.integers(0, 1440), st.integers(0, 1440))
def test_what_is_written_is_read_as_the_same(workdays: bool, begin: int, end: int) -> None:
    if begin != end:
        assert read_hours(str(Hours(workdays, begin, end))) == Hours(workdays, begin, end)


@pytest.mark.parametrize(
    ("hours", "moment", "holds"),
    [
        ("08:30-17:30", datetime(2026, 11, 23, 8, 30), True),
        ("08:30-17:30", datetime(2026, 11, 23, 17, 30), False),
        ("20:00-08:00", datetime(2026, 11, 23, 7, 59), True),
        ("20:00-08:00", datetime(2026, 11, 23, 12), False),
        ("workdays 08:30-17:30", datetime(2026, 11, 22, 9), False),  # a Sunday
        ("workdays", datetime(2026, 10, 1, 9), False),  # a Thursday, the National Day
        ("workdays", datetime(2026, 10, 10, 9), True),  # a Saturday that pays for it
        ("unreadable", datetime(2026, 10, 1, 9), True),
    ],
)
def test_whether_they_hold(hours: str, moment: datetime, holds: bool) -> None:
    assert hold(hours, moment) is holds


def test_of_a_year_whose_holidays_are_not_published_weekends_are_known() -> None:
    assert works(date(2099, 10, 1))
    assert not works(date(2099, 10, 3))

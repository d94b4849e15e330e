"""Months by the duty room's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.period import Month

ZONES = ["Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "UTC"]
months = st.builds(Month, st.integers(1971, 2199), st.integers(1, 12))


class TestMonth:
    @pytest.mark.parametrize(
        "text",
        ["2026-13", "2026-00", "2026-1", "26-10", "2026-10 ", "x", "", "２０２６-10", "0000-01", "1970-12", "9999-01"],
    )
    def test_it_refuses_what_is_no_month(self, text: str) -> None:
        with pytest.raises(ValueError):
            Month.parse(text)

    @given(months)
    def test_it_reads_what_it_writes(self, month: Month) -> None:
        assert Month.parse(str(month)) == month

    @given(months)
    def test_neighbours_meet(self, month: Month) -> None:
        assert month.following.before == month
        assert month.first + timedelta(days=month.length) == month.following.first
        assert month.year_before.month == month.month

    def test_february_of_a_leap_year_has_29_days(self) -> None:
        assert [Month(year, 2).length for year in (2023, 2024, 2100, 2000)] == [28, 29, 28, 29]

    def test_october_in_shanghai_begins_at_16_hours_utc_the_day_before(self) -> None:
        span = Month(2026, 10).span(ZoneInfo("Asia/Shanghai"))
        assert span.start == datetime(2026, 9, 30, 16, tzinfo=UTC)
        assert span.end == datetime(2026, 10, 31, 16, tzinfo=UTC)

    @given(months, st.sampled_from(ZONES), st.integers(0, 10**9))
    def test_a_moment_lies_in_exactly_its_month(self, month: Month, name: str, offset: int) -> None:
        zone = ZoneInfo(name)
        span = month.span(zone)
        moment = span.start + (span.end - span.start) * (offset / 10**9)
        expected = Month.of(moment, zone)
        assert span.holds(moment) is (expected == month)
        assert not month.following.span(zone).holds(span.end - timedelta(microseconds=1))
        assert month.following.span(zone).start == span.end

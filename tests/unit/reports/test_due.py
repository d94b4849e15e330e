"""Which reports the calendar wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from reports.due import due
from reports.period import Month, Quarter, Year

ZONE = ZoneInfo("Asia/Shanghai")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


class TestDue:
    def test_the_first_of_january_wants_month_quarter_and_year(self) -> None:
        found = due(datetime(2027, 1, 1, tzinfo=ZONE), ZONE, LONG_AGO)
        assert found[0] == Month(2026, 12)
        assert {Quarter(2026, 4), Year(2026), Month(2026, 1)} <= set(found)
        assert Month(2027, 1) not in found
        last_moment = datetime(2027, 1, 1, tzinfo=ZONE) - timedelta(microseconds=1)
        assert Year(2026) not in due(last_moment, ZONE, LONG_AGO)

    def test_nothing_is_wanted_before_anything_is_known(self) -> None:
        assert due(datetime(2027, 1, 1, tzinfo=UTC), ZONE, None) == []

    @given(moments, moments)
    def test_all_of_them_are_over_and_know_something(self, now: datetime, began: datetime) -> None:
        for period in due(now, ZONE, began):
            assert began < period.span(ZONE).end <= now

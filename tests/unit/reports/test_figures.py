"""Numbers made from facts, held against slower, plainer computations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.figures import Change, by_day, by_hour, gaps, percentile, unusual_days
from reports.period import Month, Span

START = datetime(2026, 10, 1, tzinfo=UTC)


class TestPercentile:
    @given(st.lists(st.integers(0, 500), min_size=1, max_size=60), st.integers(1, 100))
    def test_at_least_so_many_did_not_wait_longer(self, waits: list[int], percent: int) -> None:
        histogram = {wait: waits.count(wait) for wait in waits}
        found = percentile(histogram, percent)
        assert found in waits
        assert sum(wait <= found for wait in waits) * 100 >= percent * len(waits)
        assert sum(wait < found for wait in waits) * 100 < percent * len(waits)

    def test_of_nothing_there_is_none(self) -> None:
        assert percentile({}, 50) is None


class TestChange:
    @pytest.mark.parametrize(
        ("now", "base", "cell", "words"),
        [
            (110, 100, "+10.0%", "环比增长10.0%"),
            (90, 100, "−10.0%", "环比下降10.0%"),
            (100, 100, "持平", "与上月持平"),
            (0, 100, "−100.0%", "环比下降100.0%"),
            (7, 0, "新增", "上月为零，增加7起"),
            (0, 0, "持平", "与上月持平"),
            (100001, 100000, "+不足0.1%", "环比增长不足0.1%"),
        ],
    )
    def test_its_words_fit_the_sign(self, now: int, base: int, cell: str, words: str) -> None:
        change = Change(now, base)
        assert change.cell == cell
        assert change.words("环比", "起") == words

    def test_it_compares_with_nothing_where_nothing_was_recorded(self) -> None:
        change = Change(5, 0, known=False)
        assert change.cell == "—"
        assert change.words("同比", "起") == "上年同月无可比数据"

    @given(st.integers(0, 10**6), st.integers(0, 10**6))
    def test_growth_is_never_called_a_fall(self, now: int, base: int) -> None:
        words = Change(now, base).words("同比", "次")
        assert ("下降" in words) is (now < base)
        assert ("增" in words) is (now > base)


class TestHoursAndDays:
    @given(
        st.lists(st.integers(0, 31 * 24 * 3600 * 1000 - 1), max_size=50),
        st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin", "Asia/Kathmandu"]),
    )
    def test_quarters_of_an_hour_are_enough_for_every_zone(self, offsets: list[int], name: str) -> None:
        zone, month = ZoneInfo(name), Month(2026, 10)  # Berlin leaves summer time in it
        start = month.span(zone).start
        moments = [start + timedelta(milliseconds=offset) for offset in offsets]
        quarters: dict[int, int] = {}
        for moment in moments:
            quarter = int(moment.timestamp()) // 900
            quarters[quarter] = quarters.get(quarter, 0) + 1
        local = [moment.astimezone(zone) for moment in moments]
        assert by_hour(quarters, zone) == [sum(at.hour == hour for at in local) for hour in range(24)]
        assert by_day(quarters, month, zone) == [sum(at.day == day for at in local) for day in range(1, 32)]


class TestGaps:
    @given(st.lists(st.tuples(st.integers(-20, 120), st.integers(1, 40)), max_size=12))
    def test_an_hour_is_in_a_gap_or_in_a_shift(self, drawn: list[tuple[int, int]]) -> None:
        span = Span(START, START + timedelta(hours=100))
        shifts = [Span(START + timedelta(hours=at), START + timedelta(hours=at + length)) for at, length in drawn]
        found = gaps(shifts, span)
        for hour in range(100):
            moment = START + timedelta(hours=hour, minutes=30)
            assert any(gap.holds(moment) for gap in found) is not any(shift.holds(moment) for shift in shifts)
        assert all(span.start <= gap.start < gap.end <= span.end for gap in found)


class TestUnusualDays:
    def test_one_day_of_many_calls_stands_out(self) -> None:
        days = [30] * 31
        days[13] = 90
        assert unusual_days(days, Month(2026, 10).dates) == [(Month(2026, 10).dates[13], 90)]

    def test_a_few_calls_after_silence_do_not(self) -> None:
        assert unusual_days([0] * 30 + [4], Month(2026, 10).dates) == []

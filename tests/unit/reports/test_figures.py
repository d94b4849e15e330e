"""Numbers made from facts, held against slower, plainer computations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.chapters import Telling
from reports.facts import Facts
from reports.figures import Change, by_day, by_hour, gaps, percentile, unlike, unusual_days
from reports.paper import Maker
from reports.period import Month, Span
from reports.words import Words

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


ALONE = datetime(2020, 1, 1, tzinfo=UTC)


def told(now: int, base: int, known: bool = True, language: str = "zh_CN") -> tuple[str, str]:
    """How a change is said, in a table and in a sentence."""
    month, zone = Month(2026, 10), ZoneInfo("Asia/Shanghai")
    facts = SimpleNamespace(period=month, before=None, year_before=None, began_at=ALONE)
    telling = Telling(cast("Facts", facts), Words(language, zone), Maker("", ""))
    change = Change(now, base, known)
    return telling.change_cell(change).text, telling.change_words(change, telling.before)


class TestChange:
    @pytest.mark.parametrize(
        ("now", "base", "cell", "words"),
        [
            (110, 100, "+10.0%", "环比增长10.0%"),
            (90, 100, "−10.0%", "环比下降10.0%"),
            (100, 100, "持平", "与上月持平"),
            (0, 100, "−100.0%", "环比下降100.0%"),
            (7, 0, "新增", "上月为零"),
            (0, 0, "持平", "与上月持平"),
            (100001, 100000, "+不足0.1%", "环比增长不足0.1%"),
        ],
    )
    def test_its_words_fit_the_sign(self, now: int, base: int, cell: str, words: str) -> None:
        assert told(now, base) == (cell, words)

    def test_it_compares_with_nothing_where_nothing_was_recorded(self) -> None:
        assert told(5, 0, known=False) == ("—", "上月无可比数据")

    @given(st.integers(0, 10**6), st.integers(1, 10**6))
    def test_growth_is_never_called_a_fall(self, now: int, base: int) -> None:
        cell, words = told(now, base)
        assert ("下降" in words) is (now < base) is cell.startswith("−")
        assert ("增长" in words) is (now > base) is cell.startswith("+")
        english = told(now, base, language="en")[1]
        assert english.startswith("up") is (now > base)
        assert english.startswith("down") is (now < base)


class TestUnlike:
    def test_a_count_far_from_its_median_stands_out_with_its_sign(self) -> None:
        earlier = [60, 62, 58, 61, 59, 63, 60, 57, 64, 60, 61, 59]
        more, fewer = unlike(120, earlier), unlike(10, earlier)
        assert more is not None
        assert fewer is not None
        assert more.z > 3.5 > -3.5 > fewer.z
        assert (more.median, more.of) == (60, 12)

    def test_months_that_are_all_alike_do_not_make_every_change_an_outlier(self) -> None:
        assert unlike(65, [60] * 12) is None
        assert unlike(2, [0] * 12) is None

    def test_few_months_say_nothing(self) -> None:
        assert unlike(1000, [1, 1, 1, 1, 1]) is None


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

"""Numbers made from facts: shares, percentiles, changes, hours, gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil, sqrt
from zoneinfo import ZoneInfo

from reports.facts import Facts, Seconds
from reports.period import Month, Span

QUARTER = timedelta(minutes=15)
QUIET = timedelta(days=1)  # a first day without a call doesn't make a month incomplete
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def percentile(waits: Seconds, percent: int) -> int | None:
    """The smallest wait that at least ``percent`` of 100 did not exceed (nearest rank); None of nothing."""
    total = sum(waits.values())
    if total == 0:
        return None
    rank = max(1, ceil(total * percent / 100))
    seen = 0
    for seconds in sorted(waits):
        seen += waits[seconds]
        if seen >= rank:
            return seconds
    raise AssertionError("the counts add up to the total")


def longest(waits: Seconds) -> int | None:
    return max((seconds for seconds, count in waits.items() if count), default=None)


def merged(waits: Mapping[tuple[str, int], int]) -> Seconds:
    """Waits of all departments together."""
    found: dict[int, int] = {}
    for (_, seconds), count in waits.items():
        found[seconds] = found.get(seconds, 0) + count
    return found


@dataclass(frozen=True)
class Change:
    """A number against that of an earlier month. ``known``: the record covers the earlier month."""

    now: int
    base: int
    known: bool = True

    @property
    def percent(self) -> float | None:
        """Percent of change; None where there is nothing to compare with."""
        return 100 * (self.now - self.base) / self.base if self.known and self.base else None

    @property
    def cell(self) -> str:
        """For a table: +12.5%, −3.0%, 持平, and 新增 over zero."""
        if not self.known:
            return "—"
        if self.now == self.base:
            return "持平"
        if self.percent is None:
            return "新增"
        sign = "+" if self.now > self.base else "−"
        return f"{sign}{_one(abs(self.percent))}%"

    def words(self, than: str, unit: str) -> str:
        """For a sentence: 环比增长12.5%. ``than`` is 环比 or 同比, ``unit`` counts the things."""
        period = {"环比": "上月", "同比": "上年同月"}[than]
        if not self.known:
            return f"{period}无可比数据"
        if self.now == self.base:
            return f"与{period}持平"
        if self.percent is None:
            return f"{period}为零，增加{self.now:,}{unit}"
        return f"{than}{'增长' if self.now > self.base else '下降'}{_one(abs(self.percent))}%"


def _one(percent: float) -> str:
    """One decimal, but never 0.0 for what did change."""
    return f"{percent:,.1f}" if percent >= 0.05 else "不足0.1"


@dataclass(frozen=True)
class Baselines:
    """Which of the earlier months the record covers from their first moment."""

    before: bool
    year_before: bool
    note: str  # what to say of it, or nothing

    @classmethod
    def of(cls, facts: Facts, zone: ZoneInfo) -> Baselines:
        """Months that ended before the record began cannot be compared with; one in which it began only with a note."""
        began = facts.began_at
        if began is None:
            return cls(False, False, "系统中尚无任何业务记录，环比、同比无从计算。")
        spans = {"上月": facts.month.before.span(zone), "上年同月": facts.month.year_before.span(zone)}
        known = {name: began < span.end for name, span in spans.items()}
        day = began.astimezone(zone).date()
        since = f"系统自{day.year}年{day.month}月{day.day}日起有业务记录"
        missing = [name for name, covered in known.items() if not covered]
        partial = [name for name, span in spans.items() if span.start + QUIET < began < span.end]
        notes = []
        if missing:
            shown = "不作比较" if len(missing) == len(spans) else "相应比较以“—”表示"
            notes.append(f"{'、'.join(missing)}无可比数据，{shown}")
        if partial:
            notes.append(f"{'、'.join(partial)}数据不满整月，比较仅供参考")
        return cls(known["上月"], known["上年同月"], f"{since}，{'；'.join(notes)}。" if notes else "")


def by_hour(quarters: Mapping[int, int], zone: ZoneInfo) -> list[int]:
    """Counts by hour of the day in a zone."""
    hours = [0] * 24
    for quarter, count in quarters.items():
        hours[(EPOCH + quarter * QUARTER).astimezone(zone).hour] += count
    return hours


def by_day(quarters: Mapping[int, int], month: Month, zone: ZoneInfo) -> list[int]:
    """Counts by day of the month in a zone."""
    days = [0] * month.length
    for quarter, count in quarters.items():
        days[(EPOCH + quarter * QUARTER).astimezone(zone).day - 1] += count
    return days


def only(quarters: Mapping[tuple[int, bool], int], answered: bool) -> dict[int, int]:
    """Of calls by quarter, those that were answered, or those that weren't."""
    return {quarter: count for (quarter, taken), count in quarters.items() if taken is answered}


def unusual_days(days: Sequence[int], dates: Sequence[date]) -> list[tuple[date, int]]:
    """Days with far more than the month's average: over three standard deviations of a Poisson count, and 5 more."""
    mean = sum(days) / len(days)
    bound = max(mean + 3 * sqrt(mean), mean + 5)
    return [(day, count) for day, count in zip(dates, days, strict=True) if count > bound]


def gaps(shifts: Iterable[Span], span: Span) -> list[Span]:
    """Parts of a span that no shift covers."""
    found: list[Span] = []
    reached = span.start
    for shift in sorted(shifts, key=lambda s: s.start):
        if shift.start > reached:
            found.append(Span(reached, min(shift.start, span.end)))
        reached = max(reached, shift.end)
        if reached >= span.end:
            break
    if reached < span.end:
        found.append(Span(reached, span.end))
    return found

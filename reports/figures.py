"""Numbers made from facts: shares, percentiles, changes, hours, gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil, sqrt
from statistics import median
from zoneinfo import ZoneInfo

from reports.facts import Facts, Seconds
from reports.period import Month, Period, Span

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
    """A number against that of an earlier period. ``known``: the record covers the earlier period."""

    now: int
    base: int
    known: bool = True

    @property
    def percent(self) -> float | None:
        """Percent of change; None where there is nothing to compare with."""
        return 100 * (self.now - self.base) / self.base if self.known and self.base else None


@dataclass(frozen=True)
class Baselines:
    """Which of the earlier periods the record covers at all, and which only in part."""

    began_at: datetime | None
    before: bool
    year_before: bool
    before_partly: bool = False
    year_before_partly: bool = False

    @classmethod
    def of(cls, facts: Facts, zone: ZoneInfo) -> Baselines:
        """Periods that ended before the record began cannot be compared with; one in which it began only with a note."""
        began = facts.began_at
        if began is None:
            return cls(None, False, False)
        spans = [period.span(zone) for period in (facts.period.before, facts.period.year_before)]
        covered = [began < span.end for span in spans]
        partly = [span.start + QUIET < began < span.end for span in spans]
        return cls(began, *covered, *partly)


@dataclass(frozen=True)
class Unlike:
    """A figure far from what it usually is."""

    median: float
    z: float  # robust: 0.6745 · (x − median) / MAD
    of: int  # how many earlier periods


ENOUGH = 6  # earlier periods from which on a median means something
BOUND = 3.5  # Iglewicz and Hoaglin (1993): beyond it a value is an outlier


def unlike(value: float, earlier: Sequence[float]) -> Unlike | None:
    """Is a value an outlier among the earlier ones, by its robust z?

    The median absolute deviation is never taken smaller than what a Poisson
    count of the median's size scatters (0.6745 · √median) nor than 0.6745:
    months that happened to be all alike would make any change an outlier.

    Returns:
        Nothing when there are fewer than ``ENOUGH`` earlier values, or it lies within ``BOUND``.
    """
    if len(earlier) < ENOUGH:
        return None
    middle = median(earlier)
    scatter = median([abs(one - middle) for one in earlier])
    z = 0.6745 * (value - middle) / max(scatter, 0.6745 * sqrt(middle), 0.6745)
    return Unlike(middle, z, len(earlier)) if abs(z) > BOUND else None


def by_hour(quarters: Mapping[int, int], zone: ZoneInfo) -> list[int]:
    """Counts by hour of the day in a zone."""
    hours = [0] * 24
    for quarter, count in quarters.items():
        hours[(EPOCH + quarter * QUARTER).astimezone(zone).hour] += count
    return hours


def by_day(quarters: Mapping[int, int], period: Period, zone: ZoneInfo) -> list[int]:
    """Counts by day of the period in a zone."""
    days = [0] * period.length
    for quarter, count in quarters.items():
        days[((EPOCH + quarter * QUARTER).astimezone(zone).date() - period.first).days] += count
    return days


def by_month(quarters: Mapping[int, int], months: Sequence[Month], zone: ZoneInfo) -> list[int]:
    """Counts by calendar month in a zone."""
    found = dict.fromkeys(months, 0)
    for quarter, count in quarters.items():
        found[Month.of(EPOCH + quarter * QUARTER, zone)] += count
    return list(found.values())


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

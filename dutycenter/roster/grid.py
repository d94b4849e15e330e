"""Days side by side, each with what it is, who serves and what is wrong: for the month and for the week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pyramid.request import Request

from dutycenter.interfaces import IClock
from dutycenter.roster.calendar import Calendar, DayInfo
from dutycenter.roster.checking import RosterCheck
from dutycenter.roster.checks import Finding, Kind
from dutycenter.roster.models import SensitivePeriod, Shift
from dutycenter.roster.periods import SensitivePeriods
from dutycenter.roster.services import Rosters
from dutycenter.roster.times import local_day, midnight
from dutycenter.work import settings_of

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One line of a day: a shift and what is wrong with it, or a time without any.

    Args:
        urgent: a gap that is to be filled now: not over, and no farther than one looks ahead.
    """

    starts_at: datetime
    shift: Shift | None
    gap: Finding | None
    findings: tuple[Finding, ...]
    now: bool
    urgent: bool = False


@dataclass(frozen=True)
class Day:
    """One day. A shift belongs to the day on which it begins."""

    day: date
    info: DayInfo
    today: bool
    periods: tuple[SensitivePeriod, ...]
    lines: tuple[Line, ...]

    @property
    def findings(self) -> list[Finding]:
        """All that is to be mended on this day."""
        urgent = [line.gap for line in self.lines if line.gap and line.urgent]
        return [*urgent, *(one for line in self.lines for one in line.findings)]


def first_of(month: date) -> date:
    """The first day of its month."""
    return month.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after it."""
    return first_of(first_of(month) + timedelta(days=31))


def weeks_of(month: date) -> tuple[date, date]:
    """The Monday on or before a month's first day, and the Sunday on or after its last."""
    first, last = first_of(month), next_month(month) - DAY
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


def days(request: Request, first: date, last: date) -> list[Day]:
    """Each day from ``first`` to ``last``."""
    zone, now = settings_of(request.registry).time_zone, request.find_service(IClock).now()
    begin, end = midnight(first, zone), midnight(last + DAY, zone)
    infos = request.find_service(Calendar).days(first, last)
    periods = request.find_service(SensitivePeriods).touching(first, last)
    shifts: dict[date, list[Shift]] = defaultdict(list)
    for shift in request.find_service(Rosters).between(begin, end):
        shifts[local_day(shift.starts_at, zone)].append(shift)
    gaps: dict[date, list[Finding]] = defaultdict(list)
    wrong: dict[int, list[Finding]] = defaultdict(list)
    for one in request.find_service(RosterCheck).between(begin, end):
        if one.kind is Kind.GAP:
            for part in _by_day(one, zone):
                gaps[local_day(part.starts_at, zone)].append(part)
        else:
            wrong[one.shift_id].append(one)
    today = local_day(now, zone)
    ahead = now + timedelta(days=settings_of(request.registry).roster_days_ahead)
    return [
        Day(
            day, info, day == today, tuple(p for p in periods if p.first <= day <= p.last),
            _lines(shifts[day], gaps[day], wrong, now, ahead),
        )
        for day, info in infos.items()
    ]  # fmt: skip


def _lines(
    shifts: Sequence[Shift],
    gaps: Sequence[Finding],
    wrong: Mapping[int, Sequence[Finding]],
    now: datetime,
    ahead: datetime,
) -> tuple[Line, ...]:
    lines = [
        Line(shift.starts_at, shift, None, tuple(wrong.get(shift.id, ())), shift.starts_at <= now < shift.ends_at)
        for shift in shifts
    ]
    lines += [
        Line(
            gap.starts_at, None, gap, (), gap.starts_at <= now < gap.ends_at,
            gap.ends_at > now and gap.starts_at < ahead,
        )
        for gap in gaps
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: line.starts_at))


def _by_day(gap: Finding, zone: ZoneInfo) -> Iterator[Finding]:
    """A gap in one part for each day that it touches."""
    begin = gap.starts_at
    while begin < gap.ends_at:
        end = min(gap.ends_at, midnight(local_day(begin, zone) + DAY, zone))
        yield replace(gap, starts_at=begin, ends_at=end)
        begin = end

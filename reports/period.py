"""Stretches of days that a report tells of, and their bounds in the store's time.

| written | is |
|---|---|
| ``2026-10`` | a month |
| ``2026-Q4`` | a quarter |
| ``2026`` | a year |
| ``2026-10-01..2026-10-15`` | days, both ends with it |
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from dutycenter.vocabulary import ReportKind

FIRST_YEAR, LAST_YEAR = 1971, 9988  # of reports; their neighbours are periods too
DAYS = 1100  # of a range at the most: three years

FORMS = {
    ReportKind.MONTH: re.compile(r"([0-9]{4})-([0-9]{2})"),
    ReportKind.QUARTER: re.compile(r"([0-9]{4})-Q([1-4])"),
    ReportKind.YEAR: re.compile(r"([0-9]{4})"),
    ReportKind.RANGE: re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})"),
}


@dataclass(frozen=True)
class Span:
    """From ``start`` on, up to but without ``end``; both in UTC."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Does the moment lie in it?"""
        return self.start <= moment < self.end


class Period:
    """Whole days of the duty room's calendar: from ``first`` up to but without ``end``."""

    kind: ClassVar[ReportKind]

    @property
    def first(self) -> date:
        raise NotImplementedError

    @property
    def end(self) -> date:
        raise NotImplementedError

    @property
    def before(self) -> Period:
        """The one right before it."""
        raise NotImplementedError

    @property
    def year_before(self) -> Period:
        """The same one a year earlier."""
        raise NotImplementedError

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def length(self) -> int:
        """Days."""
        return (self.end - self.first).days

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=day) for day in range(self.length)]

    @property
    def months(self) -> list[Month]:
        """The calendar months that it touches."""
        found = [Month(self.first.year, self.first.month)]
        while found[-1].end < self.end:
            found.append(found[-1].following)
        return found

    def span(self, zone: ZoneInfo) -> Span:
        """Its bounds: local midnight of its first day and of the day after its last, in UTC."""
        return Span(midnight(self.first, zone), midnight(self.end, zone))

    def earlier(self, count: int) -> list[Period]:
        """So many before it, the latest first."""
        found: list[Period] = []
        at: Period = self
        for _ in range(count):
            at = at.before
            found.append(at)
        return found


@dataclass(frozen=True, order=True)
class Month(Period):
    """A calendar month.

    Raises:
        ValueError: there is no such month.
    """

    kind: ClassVar[ReportKind] = ReportKind.MONTH
    year: int
    month: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR - 10 <= self.year <= LAST_YEAR + 10 and 1 <= self.month <= 12):
            raise ValueError(f"there is no month {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read ``2026-10``.

        Raises:
            ValueError: it isn't written like this, or there is no such month.
        """
        found = FORMS[ReportKind.MONTH].fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no month; write it like 2026-10")
        if not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            raise ValueError(f"there is no month {text}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Month:
        """The month in which a moment lies, by the duty room's calendar."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        return self.first + timedelta(days=calendar.monthrange(self.year, self.month)[1])

    @property
    def following(self) -> Month:
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    @property
    def before(self) -> Month:
        return Month(self.year - 1, 12) if self.month == 1 else Month(self.year, self.month - 1)

    @property
    def year_before(self) -> Month:
        return Month(self.year - 1, self.month)

    @property
    def quarter(self) -> Quarter:
        """The quarter that it lies in."""
        return Quarter(self.year, (self.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, order=True)
class Quarter(Period):
    """Three calendar months."""

    kind: ClassVar[ReportKind] = ReportKind.QUARTER
    year: int
    quarter: int

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.quarter - 2, 1)

    @property
    def end(self) -> date:
        return Month(self.year, 3 * self.quarter).end

    @property
    def before(self) -> Quarter:
        return Quarter(self.year - 1, 4) if self.quarter == 1 else Quarter(self.year, self.quarter - 1)

    @property
    def year_before(self) -> Quarter:
        return Quarter(self.year - 1, self.quarter)

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.quarter}"


@dataclass(frozen=True, order=True)
class Year(Period):
    """A calendar year. What lies before it and a year earlier is the same."""

    kind: ClassVar[ReportKind] = ReportKind.YEAR
    year: int

    @property
    def first(self) -> date:
        return date(self.year, 1, 1)

    @property
    def end(self) -> date:
        return date(self.year + 1, 1, 1)

    @property
    def before(self) -> Year:
        return Year(self.year - 1)

    @property
    def year_before(self) -> Year:
        return self.before

    def __str__(self) -> str:
        return f"{self.year:04d}"


@dataclass(frozen=True)
class Range(Period):
    """Any days in a row.

    Raises:
        ValueError: they end before they begin, or are more than ``DAYS``.
    """

    kind: ClassVar[ReportKind] = ReportKind.RANGE
    from_day: date
    to_day: date

    def __post_init__(self) -> None:
        if self.to_day < self.from_day:
            raise ValueError(f"{self} ends before it begins")
        if self.length > DAYS:
            raise ValueError(f"{self} is longer than {DAYS} days")

    @property
    def first(self) -> date:
        return self.from_day

    @property
    def end(self) -> date:
        return self.to_day + timedelta(days=1)

    @property
    def before(self) -> Range:
        """As many days, right before."""
        length = timedelta(days=self.length)
        return Range(self.from_day - length, self.to_day - length)

    @property
    def year_before(self) -> Range:
        """The same days of the calendar a year earlier; 29 February becomes the 28th."""
        return Range(_year_earlier(self.from_day), _year_earlier(self.to_day))

    def __str__(self) -> str:
        return f"{self.from_day}..{self.to_day}"


def parse(text: str) -> Period:
    """Read a period as the table above says.

    Raises:
        ValueError: it isn't written like that, or there is no such period.
    """
    for kind, form in FORMS.items():
        found = form.fullmatch(text)
        if found is None:
            continue
        if not FIRST_YEAR <= int(found[1][:4]) <= LAST_YEAR:
            raise ValueError(f"there is no period {text}")
        if kind is ReportKind.MONTH:
            return Month(int(found[1]), int(found[2]))
        if kind is ReportKind.QUARTER:
            return Quarter(int(found[1]), int(found[2]))
        if kind is ReportKind.YEAR:
            return Year(int(found[1]))
        if int(found[2][:4]) > LAST_YEAR:
            raise ValueError(f"there is no period {text}")
        return Range(date.fromisoformat(found[1]), date.fromisoformat(found[2]))
    raise ValueError(f"{text!r} is no period; write 2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins in a zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _year_earlier(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)

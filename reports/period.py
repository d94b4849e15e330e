"""Months of the duty room, and their bounds in the store's time."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1971, 9998  # of reports; their neighbours are months too


@dataclass(frozen=True)
class Span:
    """From ``start`` on, up to but without ``end``; both in UTC."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Does the moment lie in it?"""
        return self.start <= moment < self.end


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month.

    Raises:
        ValueError: there is no such month.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR - 1 <= self.year <= LAST_YEAR + 1 and 1 <= self.month <= 12):
            raise ValueError(f"there is no month {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read ``2026-10``.

        Raises:
            ValueError: it isn't written like this, or there is no such month.
        """
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
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
    def length(self) -> int:
        """Days."""
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=day) for day in range(self.length)]

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
    def year_after(self) -> Month:
        return Month(self.year + 1, self.month)

    def span(self, zone: ZoneInfo) -> Span:
        """Its bounds: local midnight of its first day and of the next month's, in UTC."""
        return Span(*(_midnight(month.first, zone) for month in (self, self.following)))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

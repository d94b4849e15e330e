"""Workdays, holidays and make-up workdays.

The State Council publishes each year's holidays in the autumn before it; the package
``chinesecalendar`` carries what was published by its release. Of a year that it does not
know only weekends can be told: pages say so, and an administrator enters the days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from chinese_calendar.constants import holidays, workdays
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.interfaces import ILedger
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import CalendarDay
from dutycenter.vocabulary import DayKind

_ = TranslationStringFactory("dutycenter")

SATURDAY = 5
NATIONAL_DAY = (10, 1)  # a year whose arrangement was published has one
MOST_CHARACTERS = 32
MOST_DAYS = 31
NAMES: Mapping[str, TranslationString] = {
    "New Year's Day": _("New Year's Day"),
    "Spring Festival": _("Spring Festival"),
    "Tomb-sweeping Day": _("Tomb-sweeping Day"),
    "Labour Day": _("Labour Day"),
    "Dragon Boat Festival": _("Dragon Boat Festival"),
    "Mid-autumn Festival": _("Mid-autumn Festival"),
    "National Day": _("National Day"),
    "Anti-Fascist 70th Day": _("Victory Day, 70th anniversary"),
}


@dataclass(frozen=True)
class DayInfo:
    """What a day is.

    Args:
        kind: are the offices open?
        name: of the holiday, also on the make-up workday that pays for it; empty on an ordinary day.
        local: entered by an administrator of this duty room.
    """

    kind: DayKind
    name: str = ""
    local: bool = False

    @property
    def special(self) -> bool:
        """Is it another kind of day than its weekday says, or a named one?"""
        return self.local or bool(self.name)


@cache
def published_years() -> frozenset[int]:
    """The years of which the package knows the holidays."""
    return frozenset(year for year in {day.year for day in holidays} if date(year, *NATIONAL_DAY) in holidays)


def day_info(day: date, local: Mapping[date, DayInfo] | None = None) -> DayInfo:
    """What a day is: as entered here, else as published, else by its weekday alone.

    Args:
        local: the duty room's own entries.
    """
    if local and day in local:
        return local[day]
    if day.year in published_years():
        if day in workdays:
            return DayInfo(DayKind.WORK, workdays[day])
        if day in holidays:
            return DayInfo(DayKind.REST, holidays[day])
    return DayInfo(DayKind.REST if day.weekday() >= SATURDAY else DayKind.WORK)


def name_of(info: DayInfo, translate: Callable[[TranslationString], str]) -> str:
    """The day's name: in the reader's language where it was published, else as it was entered."""
    published = NAMES.get(info.name)
    return info.name if info.local or published is None else translate(published)


class KnownDays:
    """The duty room's calendar, to read.

    Args:
        db: any session of the store.
    """

    def __init__(self, db: Session) -> None:
        self.db = db

    def days(self, first: date, last: date) -> dict[date, DayInfo]:
        """What each day from ``first`` to ``last`` is."""
        local = {row.day: DayInfo(row.kind, row.name, True) for row in self.entered(first, last)}
        count = (last - first).days + 1
        return {day: day_info(day, local) for day in (first + timedelta(days=n) for n in range(count))}

    def entered(self, first: date, last: date) -> list[CalendarDay]:
        """The duty room's own entries of this time, in order."""
        here = (CalendarDay.day >= first, CalendarDay.day <= last)
        return list(self.db.scalars(select(CalendarDay).where(*here).order_by(CalendarDay.day)))

    def unknown_years(self, first: date, last: date) -> dict[int, int]:
        """Years of this time whose holidays were not published to us, and how many days are entered here for each."""
        return {
            year: len(self.entered(date(year, 1, 1), date(year, 12, 31)))
            for year in range(first.year, last.year + 1)
            if year not in published_years()
        }


class Calendar(KnownDays):
    """The duty room's calendar, to read and to change.

    Args:
        db: any session of the store.
        ledger: where each change is told.
    """

    def __init__(self, db: Session, ledger: ILedger) -> None:
        super().__init__(db)
        self.ledger = ledger

    def enter(self, first: date, last: date, kind: DayKind, name: str) -> None:
        """Say what days are, in place of what is published.

        Raises:
            RosterFault: they end before they begin, are too many, or the name cannot be one.
        """
        name = name.strip()
        if last < first:
            raise RosterFault(_("The last day is before the first."))
        if (last - first).days >= MOST_DAYS:
            raise RosterFault(_("Enter ${n} days at most at once.", mapping={"n": MOST_DAYS}))
        if len(name) > MOST_CHARACTERS or not name.isprintable():
            raise RosterFault(_("A name has ${n} characters at most.", mapping={"n": MOST_CHARACTERS}))
        for n in range((last - first).days + 1):
            self.db.merge(CalendarDay(day=first + timedelta(days=n), kind=kind, name=name))
        self.db.flush()
        told = {"first": first.isoformat(), "last": last.isoformat(), "kind": kind.value, "name": name}
        self.ledger.append("calendar.entered", f"calendar:{first.year}", told)

    def forget(self, day: date) -> None:
        """Take an entry of this duty room back; the day is again what is published."""
        row = self.db.get(CalendarDay, day)
        if row is None:
            return
        told = {"day": day.isoformat(), "kind": row.kind.value, "name": row.name}
        self.db.delete(row)
        self.ledger.append("calendar.forgotten", f"calendar:{day.year}", told)


def factory(context: object, request: Request) -> Calendar:
    """The request's calendar."""
    return Calendar(request.db, request.find_service(ILedger))

"""Days and moments of the duty room, as they are and as they are typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory

from dutycenter.roster.faults import RosterFault

_ = TranslationStringFactory("dutycenter")

YEARS = range(2000, 2101)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins there, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day that it is there at this moment."""
    return moment.astimezone(zone).date()


def typed_day(text: str) -> date:
    """The day that somebody typed.

    Raises:
        RosterFault: it is none, or too far away.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RosterFault(_("Enter a day such as 2026-11-23.")) from None
    if day.year not in YEARS:
        raise RosterFault(_("There is no roster so far away."))
    return day


def typed_moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment that somebody typed, in UTC.

    Raises:
        RosterFault: it is none, or too far away.
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise RosterFault(_("Enter date and time such as 2026-11-23 08:00.")) from None
    if local.year not in YEARS:
        raise RosterFault(_("There is no roster so far away."))
    return local.replace(tzinfo=zone).astimezone(UTC)

"""When somebody can be reached on a number: ``08:30-17:30``, ``workdays``, ``workdays 08:30-17:30``.

Hours put a number in its place and never forbid it: in an emergency a telephone that
probably nobody hears is still rung, after those that somebody should hear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from chinese_calendar import is_workday
from pyramid.i18n import TranslationString, TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

WORKDAYS = "workdays"
LONGEST = 24  # characters
_WRITTEN = re.compile(
    r"(?:(workdays|工作日)\s*)?(?:(\d{1,2}:\d\d)\s*[-–~—至到]\s*(\d{1,2}:\d\d))?", re.ASCII | re.IGNORECASE
)
DAY_MINUTES = 24 * 60
SATURDAY = 5


class HoursFault(ValueError):
    """These are no hours. ``args[0]`` is a translation string that says what they look like."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


@dataclass(frozen=True)
class Hours:
    """Hours of a number; ``begin`` and ``end`` are minutes of the day, over midnight when ``end`` comes first."""

    workdays: bool = False
    begin: int = 0
    end: int = DAY_MINUTES

    def __str__(self) -> str:
        span = "" if (self.begin, self.end) == (0, DAY_MINUTES) else f"{_clock(self.begin)}-{_clock(self.end)}"
        return " ".join(part for part in (WORKDAYS if self.workdays else "", span) if part)

    def hold(self, local: datetime) -> bool:
        """Do these hours hold at this moment, in the duty room's zone?"""
        if self.workdays and not works(local.date()):
            return False
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


def read_hours(text: str) -> Hours:
    """The hours that somebody typed, in either language; an empty text is always.

    Raises:
        HoursFault: it says no hours.
    """
    found = _WRITTEN.fullmatch(text.strip().replace("：", ":"))
    if found is None:
        raise _fault()
    days, begin, end = found.groups()
    if begin is None:
        return Hours(days is not None)
    hours = Hours(days is not None, _minutes(begin), _minutes(end))
    if hours.begin == hours.end:
        raise _fault()
    return hours


def words_of(text: str) -> TranslationString | str:
    """Kept hours as people read them, to be translated; ``read_hours`` reads them in either language."""
    days, _blank, span = text.partition(" ")
    if days != WORKDAYS:
        return text
    return _("workdays ${span}", mapping={"span": span}) if span else _("workdays")


def hold(text: str, local: datetime) -> bool:
    """Do kept hours hold at this moment? Unreadable ones always do."""
    try:
        return read_hours(text).hold(local)
    except HoursFault:
        return True


def works(day: date) -> bool:
    """Is it a workday, by the published holidays? Of a year that isn't published yet only weekends are known."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < SATURDAY


def _minutes(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise _fault()
    return hour * 60 + minute


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _fault() -> HoursFault:
    return HoursFault(_("Write hours as 08:30-17:30, workdays, or workdays 08:30-17:30."))

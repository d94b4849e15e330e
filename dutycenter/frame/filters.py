"""Filters of the templates: times in the duty room's zone, durations, numbers, labels.

| filter | of | gives |
|---|---|---|
| ``local``      | a UTC moment        | ``11-23 20:45:07`` (with the year when it isn't this one) |
| ``date``       | a UTC moment        | ``2026-11-23`` |
| ``clock``      | a UTC moment        | ``20:45:07`` |
| ``minute``     | a UTC moment        | ``20:45`` |
| ``brief``      | a UTC moment        | ``20:45`` today, ``11-22 20:45`` on another day (with the year when it isn't this one) |
| ``form_time``  | a UTC moment        | ``2026-11-23T20:45``, for a ``datetime-local`` field |
| ``iso``        | a UTC moment        | ISO 8601, for ``<time datetime>`` and scripts |
| ``duration``   | seconds             | ``00:42``, ``1:02:03`` |
| ``size``       | bytes               | ``814 B``, ``17.9 kB`` |
| ``grouped``    | a whole number      | ``12,345`` |
| ``phone``      | a telephone number  | ``138 0013 8000``, for the eye only |
| ``origin``     | a telephone number  | where it is at home and its carrier, as far as known: ``湖南省长沙市 · 中国移动`` |
| ``moment``     | ISO 8601 text       | the moment, for the filters above |
| ``label``      | a vocabulary value  | its words in the reader's language |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context

from dutycenter.frame.labels import label
from dutycenter.interfaces import IClock
from dutycenter.origin import origin_of
from dutycenter.work import settings_of

MOBILE_DIGITS = 11
LANDLINE_DIGITS = (11, 12)
SIZE_STEP = 1000
SIZE_UNITS = ("kB", "MB", "GB", "TB")


def duration(seconds: float | None) -> str:
    """``mm:ss``, or ``h:mm:ss`` from an hour on; a dash for what isn't known."""
    if seconds is None:
        return "–"
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds_left:02d}" if hours else f"{minutes:02d}:{seconds_left:02d}"


def grouped(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return "–" if number is None else f"{number:,}"


def phone(number: str) -> str:
    """A number as people read it aloud; anything unusual is left as it is."""
    if not (number.isascii() and number.isdigit()):
        return number
    if len(number) == MOBILE_DIGITS and number.startswith("1"):
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    if number.startswith("0") and len(number) in LANDLINE_DIGITS:
        code = 3 if number.startswith(("010", "02")) else 4
        return f"{number[:code]} {number[code:-4]} {number[-4:]}"
    return number


def size(count: int) -> str:
    """Bytes in the largest unit that fits, which no language needs translated."""
    amount, unit = float(count), "B"
    for larger in SIZE_UNITS:
        if amount < SIZE_STEP:
            break
        amount, unit = amount / SIZE_STEP, larger
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"


@pass_context
def _local(context: Context, moment: datetime | None) -> str:
    if moment is None:
        return "–"
    at, now = _there(context, moment)
    return f"{at:%m-%d %H:%M:%S}" if at.year == now.year else f"{at:%Y-%m-%d %H:%M:%S}"


@pass_context
def _brief(context: Context, moment: datetime | None) -> str:
    if moment is None:
        return "–"
    at, now = _there(context, moment)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%m-%d %H:%M}" if at.year == now.year else f"{at:%Y-%m-%d %H:%M}"


def _there(context: Context, moment: datetime) -> tuple[datetime, datetime]:
    """The moment, and now, on the duty room's clock."""
    zone = _zone(context)
    return moment.astimezone(zone), context["request"].find_service(IClock).now().astimezone(zone)


def _formatted(form: str) -> Callable[[Context, datetime | None], str]:
    @pass_context
    def show(context: Context, moment: datetime | None) -> str:
        return "–" if moment is None else moment.astimezone(_zone(context)).strftime(form)

    return show


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")


@pass_context
def _origin(context: Context, number: str) -> str:
    return str(origin_of(number, context["request"].locale_name))


@pass_context
def _label(context: Context, member: StrEnum | None) -> str:
    if member is None:
        return "–"
    return str(context["request"].localizer.translate(label(member)))


def _zone(context: Context) -> ZoneInfo:
    return settings_of(context["request"].registry).time_zone


FILTERS: dict[str, Callable[..., Any]] = {
    "local": _local,
    "date": _formatted("%Y-%m-%d"),
    "clock": _formatted("%H:%M:%S"),
    "minute": _formatted("%H:%M"),
    "brief": _brief,
    "form_time": _formatted("%Y-%m-%dT%H:%M"),
    "iso": _iso,
    "duration": duration,
    "size": size,
    "grouped": grouped,
    "phone": phone,
    "origin": _origin,
    "moment": datetime.fromisoformat,
    "label": _label,
}

"""The elements of a report (接报要素): names, limits, how text becomes a value and back.

"先报已掌握情况": what is known is written first. So text is kept as it was typed,
an element that cannot be read is named and not thrown away, and what is missing
is shown as missing; only a text longer than the store holds is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory

from dutycenter.incidents.classes import SUBTYPE_CODES, class_of_subtype
from dutycenter.vocabulary import IncidentClass, Level, SourceChannel

_ = TranslationStringFactory("dutycenter")

LONG = 20_000
MOST_PEOPLE = 1_000_000
YEARS = range(1900, 2200)  # other dates are no dates of incidents
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TIME_FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class Element:
    """One element: the incident's attribute of this name, its label and how it is read."""

    name: str
    label: str
    limit: int
    read: Callable[[str, ZoneInfo], Any]
    wanted: bool = False  # named as missing while it is empty
    needed: bool = False  # an incident always has one: no text is no value


class Unreadable(ValueError):
    """The text is kept, but it is no value of this element."""


class TooLong(ValueError):
    """A text is longer than the store holds; ``element`` says which."""

    def __init__(self, element: Element, length: int) -> None:
        super().__init__(element.name)
        self.element = element
        self.length = length


def _text(text: str, zone: ZoneInfo) -> str:
    return text


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    for form in _TIME_FORMS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        if moment.year in YEARS:
            return moment.astimezone(UTC)
    raise Unreadable(text)


def _people(text: str, zone: ZoneInfo) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII) or int(text) > MOST_PEOPLE:
        raise Unreadable(text)
    return int(text)


def _id(text: str, zone: ZoneInfo) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise Unreadable(text)
    return int(text)


def _member(kind: type[StrEnum]) -> Callable[[str, ZoneInfo], Any]:
    def read(text: str, zone: ZoneInfo) -> StrEnum | None:
        if not text:
            return None
        try:
            return kind(text)
        except ValueError:
            raise Unreadable(text) from None

    return read


def _subtype(text: str, zone: ZoneInfo) -> str:
    if text and text not in SUBTYPE_CODES:
        raise Unreadable(text)
    return text


ELEMENTS: tuple[Element, ...] = (
    Element("occurred_at", _("time"), 32, _moment, wanted=True),
    Element("district_id", _("district"), 16, _id),
    Element("place", _("place"), 255, _text, wanted=True),
    Element("incident_class", _("class"), 16, _member(IncidentClass), wanted=True),
    Element("subtype", _("sub-type"), 16, _subtype),
    Element("level", _("level"), 8, _member(Level), wanted=True),
    Element("title", _("title"), 255, _text),
    Element("course", _("course so far"), LONG, _text, wanted=True),
    Element("cause", _("cause"), LONG, _text),
    Element("dead", _("dead"), 16, _people),
    Element("injured", _("injured"), 16, _people),
    Element("missing", _("missing people"), 16, _people),
    Element("trapped", _("trapped"), 16, _people),
    Element("evacuated", _("evacuated"), 16, _people),
    Element("losses", _("losses"), LONG, _text),
    Element("measures", _("measures taken"), LONG, _text, wanted=True),
    Element("trend", _("trend"), LONG, _text),
    Element("already_told", _("already told"), LONG, _text, wanted=True),
    Element("request", _("what is asked for"), LONG, _text),
    Element("scene_contact", _("in charge at the scene"), 128, _text, wanted=True),
    Element("scene_number", _("number at the scene"), 32, _text),
    Element("reporter_unit", _("reporter's unit"), 128, _text, wanted=True),
    Element("reporter_name", _("reporter's name"), 64, _text, wanted=True),
    Element("reporter_post", _("reporter's post"), 64, _text),
    Element("reporter_number", _("reporter's number"), 64, _text, wanted=True),
    Element("channel", _("how it came in"), 16, _member(SourceChannel), needed=True),
    Element("reported_at", _("reached the duty room"), 32, _moment, needed=True),
)
BY_NAME = {element.name: element for element in ELEMENTS}
CASUALTIES = ("dead", "injured", "missing", "trapped", "evacuated")


def one_line(text: str) -> str:
    """The text without control and direction characters, in one line."""
    return " ".join(_CONTROL.sub("", text).split())


def without_controls(text: str) -> str:
    """The text with one kind of line end, without control and direction characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cleaned(raw: Mapping[str, str]) -> dict[str, str]:
    """The known elements among ``raw``, as typed, without control and direction characters.

    Raises:
        TooLong: a text is longer than the store holds.
    """
    found = {}
    for name, element in BY_NAME.items():
        if name not in raw:
            continue
        text = without_controls(raw[name]).strip()
        if len(text) > element.limit:
            raise TooLong(element, len(text))
        found[name] = text
    return found


def read_elements(texts: Mapping[str, str], zone: ZoneInfo) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by name, and the texts that are no value of their element."""
    values: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for name, text in texts.items():
        element = BY_NAME.get(name)
        if element is None:
            continue
        if element.needed and not text:
            unread[name] = text
            continue
        try:
            values[name] = element.read(text, zone)
        except Unreadable:
            unread[name] = text
    if values.get("subtype") and not values.get("incident_class"):
        values["incident_class"] = class_of_subtype(values["subtype"])
    return values, unread


def as_text(value: Any, zone: ZoneInfo) -> str:
    """A value as the form shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    return str(value)


def missing(texts: Mapping[str, str]) -> list[Element]:
    """The elements that are asked for and not known yet. Social security incidents need no level (art. 3)."""
    ungraded = texts.get("incident_class") == IncidentClass.SECURITY
    return [
        element
        for element in ELEMENTS
        if element.wanted and not texts.get(element.name) and not (element.name == "level" and ungraded)
    ]

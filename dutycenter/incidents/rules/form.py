"""A rule as it is typed in, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pyramid.i18n import TranslationString, TranslationStringFactory

from dutycenter.incidents.models import DeadlineRule
from dutycenter.incidents.rules.fitting import FOLLOW_UP, PHONE, WRITTEN, UnreadableHours, read_hours, write_hours
from dutycenter.typed import whole
from dutycenter.vocabulary import IncidentClass, Level, SourceChannel

_ = TranslationStringFactory("dutycenter")

REPORTS = (PHONE, WRITTEN, FOLLOW_UP)
MOST_MINUTES = 7 * 24 * 60
MOST_HOURS = 6  # of a day, which the store has room for
LONGEST_CITATION = 255
NAMES = ("district", "class", "level", "channel", "report", "minutes", "daily", "citation")


@dataclass
class RuleForm:
    """``texts``: what stands in the fields; ``faults``: what is wrong, by field; ``values``: columns, once it is right."""

    texts: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, TranslationString] = field(default_factory=dict)


def blank() -> RuleForm:
    """The form of a new rule."""
    return RuleForm({**dict.fromkeys(NAMES, ""), "report": WRITTEN})


def of_rule(rule: DeadlineRule) -> RuleForm:
    """The form of a rule that is there."""
    return RuleForm(
        {
            "district": str(rule.district_id or ""),
            "class": rule.incident_class or "",
            "level": rule.level or "",
            "channel": rule.channel or "",
            "report": rule.report,
            "minutes": str(rule.minutes) if rule.minutes else "",
            "daily": rule.daily,
            "citation": rule.citation,
        }
    )


def read(posted: Mapping[str, str], is_district: Callable[[int], bool]) -> RuleForm:
    """What was sent."""
    form = RuleForm({name: posted.get(name, "").strip()[:1000] for name in NAMES})
    district = whole(form.texts["district"])
    if form.texts["district"] and (district is None or not is_district(district)):
        form.faults["district"] = _("Choose a district of the list.")
    form.values["district_id"] = district
    for name, column, kind in (
        ("class", "incident_class", IncidentClass), ("level", "level", Level), ("channel", "channel", SourceChannel),
    ):  # fmt: skip
        form.values[column] = _member(form, name, kind)
    _read_time(form)
    form.values["citation"] = form.texts["citation"]
    if not form.texts["citation"]:
        form.faults["citation"] = _("Name the regulation that sets this deadline, with its article.")
    elif len(form.texts["citation"]) > LONGEST_CITATION:
        form.faults["citation"] = _("That is too long: ${most} characters at most.", mapping={"most": LONGEST_CITATION})
    return form


def _member(form: RuleForm, name: str, kind: type[StrEnum]) -> StrEnum | None:
    text = form.texts[name]
    if text and text not in set(kind):
        form.faults[name] = _("Choose one of the list.")
        return None
    return kind(text) if text else None


def _read_time(form: RuleForm) -> None:
    report = form.texts["report"]
    form.values.update(report=report, minutes=0, daily="")
    if report not in REPORTS:
        form.faults["report"] = _("Choose one of the list.")
    elif report == FOLLOW_UP:
        try:
            hours = read_hours(form.texts["daily"])
        except UnreadableHours:
            hours = ()
        if not 0 < len(hours) <= MOST_HOURS:
            form.faults["daily"] = _("Name one to six hours of the day, such as 08:00, 17:00.")
        form.values["daily"] = write_hours(hours)
    else:
        minutes = whole(form.texts["minutes"], digits=5)
        if minutes is None or not 0 < minutes <= MOST_MINUTES:
            form.faults["minutes"] = _("Give minutes from 1 to ${most}.", mapping={"most": MOST_MINUTES})
        form.values["minutes"] = minutes or 0

"""What is looked for, as text of an address and as conditions of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import InstrumentedAttribute

from dutycenter.calls.models import Call
from dutycenter.directory.models import Person
from dutycenter.incidents.documents.models import SituationReport
from dutycenter.incidents.elements import YEARS
from dutycenter.incidents.instructions.models import Instruction
from dutycenter.incidents.models import Deadline, Incident, IncidentCall, IncidentEntry, year_and_sequence
from dutycenter.typed import whole
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel

_ = TranslationStringFactory("dutycenter")

NAMES = ("q", "class", "level", "status", "district", "channel", "from", "until", "overdue")
LONGEST = 100  # characters of a field
MOST_WORDS = 5

TEXTS: tuple[InstrumentedAttribute[str], ...] = (
    Incident.title, Incident.place, Incident.course, Incident.cause, Incident.measures, Incident.trend,
    Incident.losses, Incident.already_told, Incident.request,
)  # fmt: skip
PEOPLE: tuple[InstrumentedAttribute[str], ...] = (
    Incident.reporter_name, Incident.reporter_unit, Incident.reporter_post, Incident.reporter_number,
    Incident.scene_contact, Incident.scene_number,
)  # fmt: skip
PLACES: Mapping[str, str] = {
    "text": _("in its text"), "people": _("among its people"), "timeline": _("in its timeline"),
    "reports": _("in a report"), "instructions": _("in an instruction"), "callers": _("among its callers"),
}  # fmt: skip
"""Where a word may be found, and what that is called."""


@dataclass(frozen=True)
class Query:
    """A search. ``asked``: the fields that hold something, as typed."""

    asked: Mapping[str, str]

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Query:
        """What an address or a kept search asks for; what is unknown is left out."""
        return cls({name: text for name in NAMES if (text := str(params.get(name, ""))[:LONGEST].strip())})

    @property
    def words(self) -> list[str]:
        """The words that are looked for, each of which must be found somewhere."""
        return self.asked.get("q", "").split()[:MOST_WORDS]

    def conditions(self, now: datetime, zone: ZoneInfo) -> list[ColumnElement[bool]]:
        """What an incident must fulfil; a field that means nothing asks for nothing."""
        asked = self.asked
        found = [or_(*found_in(word).values()) for word in self.words]
        for name, column, kind in (
            ("class", Incident.incident_class, IncidentClass), ("level", Incident.level, Level),
            ("status", Incident.status, IncidentStatus), ("channel", Incident.channel, SourceChannel),
        ):  # fmt: skip
            if asked.get(name) in set(kind):
                found.append(column == kind(asked[name]))
        district = whole(asked.get("district", ""))
        if district is not None:
            found.append(Incident.district_id == district)
        begins, ends = _midnight(asked.get("from", ""), zone), _midnight(asked.get("until", ""), zone)
        if begins is not None:
            found.append(Incident.reported_at >= begins)
        if ends is not None:
            found.append(Incident.reported_at < ends + timedelta(days=1))
        if asked.get("overdue"):
            found.append(overdue(now))
        return found


def found_in(word: str) -> dict[str, ColumnElement[bool]]:
    """For each of ``PLACES`` the condition that the word stands there; an incident's number is found by itself."""
    named = year_and_sequence(word)
    if named is not None:
        return {"text": and_(Incident.year == named[0], Incident.sequence == named[1])}

    cased = word.upper() != word.lower()  # Chinese and figures are not: the store need not fold every text for them

    def has(*columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return or_(*((column.icontains if cased else column.contains)(word, autoescape=True) for column in columns))

    def in_rows(incident_id: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        # EXISTS: the database probes it for a page of incidents, and hashes it for all of them.
        return exists().where(incident_id == Incident.id, *conditions)

    return {
        "text": has(*TEXTS),
        "people": has(*PEOPLE),
        "timeline": in_rows(IncidentEntry.incident_id, has(IncidentEntry.text)),
        "reports": in_rows(
            SituationReport.incident_id, SituationReport.discarded_at.is_(None),
            has(SituationReport.title, SituationReport.body, SituationReport.addressee),
        ),
        "instructions": in_rows(
            Instruction.incident_id, has(Instruction.text, Instruction.owner, Instruction.leader, Instruction.done_note)
        ),
        "callers": or_(
            in_rows(IncidentCall.incident_id, Call.id == IncidentCall.call_id, has(Call.caller_number)),
            in_rows(
                IncidentCall.incident_id, Call.id == IncidentCall.call_id, Person.id == Call.person_id,
                has(Person.name),
            ),
        ),
    }  # fmt: skip


def overdue(now: datetime) -> ColumnElement[bool]:
    """Condition: a report or an instruction of the open incident is over its time."""
    late_report = exists().where(Deadline.incident_id == Incident.id, Deadline.met_at.is_(None), Deadline.due_at < now)
    late_instruction = exists().where(
        Instruction.incident_id == Incident.id, Instruction.done_at.is_(None), Instruction.due_at < now
    )
    return and_(Incident.status == IncidentStatus.OPEN, or_(late_report, late_instruction))


def _midnight(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), zone) if day.year in YEARS else None

"""What is looked for, as text of an address and as conditions of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union_all

from dutycenter.calls.models import CALLERS, Call
from dutycenter.db.grams import holds
from dutycenter.directory.models import Person
from dutycenter.incidents.documents.models import REPORT_TEXTS, SituationReport
from dutycenter.incidents.elements import YEARS
from dutycenter.incidents.instructions.models import INSTRUCTION_TEXTS, Instruction
from dutycenter.incidents.models import (
    ENTRY_TEXTS,
    INCIDENT_PEOPLE,
    INCIDENT_TEXTS,
    Deadline,
    Incident,
    IncidentCall,
    IncidentEntry,
    year_and_sequence,
)
from dutycenter.typed import whole
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel

_ = TranslationStringFactory("dutycenter")

NAMES = ("q", "class", "level", "status", "district", "channel", "from", "until", "overdue")
LONGEST = 100  # characters of a field
MOST_WORDS = 5

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
        found: list[ColumnElement[bool]] = [
            Incident.id.in_(union_all(*chain(*found_in(word).values()))) for word in self.words
        ]
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


def found_in(word: str) -> dict[str, list[Select[int]]]:
    """For each of ``PLACES`` the incidents in which the word stands there; an incident's number is found by itself."""
    named = year_and_sequence(word)
    if named is not None:
        return {"text": [select(Incident.id).where(Incident.year == named[0], Incident.sequence == named[1])]}
    called = select(IncidentCall.incident_id).join(Call, Call.id == IncidentCall.call_id)
    known = called.join(Person, Person.id == Call.person_id)
    written = select(SituationReport.incident_id).where(SituationReport.discarded_at.is_(None))
    return {
        "text": [select(Incident.id).where(holds(word, INCIDENT_TEXTS))],
        "people": [select(Incident.id).where(holds(word, INCIDENT_PEOPLE))],
        "timeline": [select(IncidentEntry.incident_id).where(holds(word, ENTRY_TEXTS))],
        "reports": [written.where(holds(word, REPORT_TEXTS))],
        "instructions": [select(Instruction.incident_id).where(holds(word, INSTRUCTION_TEXTS))],
        "callers": [
            called.where(holds(word, CALLERS)),
            known.where(Person.name.icontains(word, autoescape=True)),
        ],
    }


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

"""Where a word may stand that somebody looks for, and the incidents in which it does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from dutycenter.calls.models import CALLERS, Call
from dutycenter.db.grams import holds, stands
from dutycenter.directory.models import Person
from dutycenter.incidents.documents.models import REPORT_TEXTS, SituationReport
from dutycenter.incidents.instructions.models import INSTRUCTION_TEXTS, Instruction
from dutycenter.incidents.models import (
    ENTRY_TEXTS,
    INCIDENT_PEOPLE,
    INCIDENT_TEXTS,
    Incident,
    IncidentCall,
    IncidentEntry,
    year_and_sequence,
)

_ = TranslationStringFactory("dutycenter")

PLACES: Mapping[str, str] = {
    "text": _("in its text"), "people": _("among its people"), "timeline": _("in its timeline"),
    "reports": _("in a report"), "instructions": _("in an instruction"), "callers": _("among its callers"),
}  # fmt: skip
"""Where a word may be found, and what that is called."""
OF_ITSELF = ("text", "people")
"""Those that are in the incident's own row."""

Id = ColumnElement[int] | InstrumentedAttribute[int]
Among = Callable[[Id], ColumnElement[bool]]
"""Condition on the id of an incident."""


def found_in(
    word: str, among: Among | None = None, places: Collection[str] = tuple(PLACES)
) -> dict[str, list[Select[int]]]:
    """For each place the incidents in which the word stands there; an incident's number is found by itself.

    Args:
        among: a few incidents, whose rows are read one by one; without it all are looked through by index.
    """
    named = year_and_sequence(word)
    if named is not None:
        return {"text": [select(Incident.id).where(Incident.year == named[0], Incident.sequence == named[1])]}
    there = holds if among is None else stands

    def of(incident_id: Any) -> Select[int]:
        chosen = select(incident_id)
        return chosen if among is None else chosen.where(among(incident_id))

    called = of(IncidentCall.incident_id).join(Call, Call.id == IncidentCall.call_id)
    known = called.join(Person, Person.id == Call.person_id)
    written = of(SituationReport.incident_id).where(SituationReport.discarded_at.is_(None))
    found = {
        "text": [of(Incident.id).where(there(word, INCIDENT_TEXTS))],
        "people": [of(Incident.id).where(there(word, INCIDENT_PEOPLE))],
        "timeline": [of(IncidentEntry.incident_id).where(there(word, ENTRY_TEXTS))],
        "reports": [written.where(there(word, REPORT_TEXTS))],
        "instructions": [of(Instruction.incident_id).where(there(word, INSTRUCTION_TEXTS))],
        "callers": [called.where(there(word, CALLERS)), known.where(stands(word, (Person.name,)))],
    }
    return {place: rows for place, rows in found.items() if place in places}

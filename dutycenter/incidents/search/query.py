"""What is looked for, as text of an address and as conditions of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_

from dutycenter.incidents.elements import YEARS
from dutycenter.incidents.instructions.models import Instruction
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.typed import whole
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel

NAMES = ("q", "class", "level", "status", "district", "channel", "from", "until", "overdue")
LONGEST = 100  # characters of a field
MOST_WORDS = 5


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

    def filters(self, now: datetime, zone: ZoneInfo) -> list[ColumnElement[bool]]:
        """What an incident must fulfil besides holding the words; a field that means nothing asks for nothing."""
        asked = self.asked
        found: list[ColumnElement[bool]] = []
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

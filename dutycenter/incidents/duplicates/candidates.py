"""What a form is held against: incidents of the last days, and forms that others are writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dutycenter.accounts.models import Account
from dutycenter.calls.numbers import clean_number, dialled_form
from dutycenter.incidents.duplicates.grounds import Ground, Report, grounds, is_likely, weight
from dutycenter.incidents.elements import read_elements
from dutycenter.incidents.intakes import texts_of
from dutycenter.incidents.models import Incident, Intake

LOOKED_BACK = timedelta(days=3)
MOST_COMPARED = 300
MOST_SHOWN = 3
ORDER = tuple(Ground)


@dataclass(frozen=True)
class Likely:
    """An incident, or a form that somebody else is writing, that may be about the same."""

    grounds: tuple[Ground, ...]
    minutes: int | None  # between the two
    incident: Incident | None = None
    intake: Intake | None = None
    writer: str = ""


def likely(db: Session, intake: Intake, now: datetime, zone: ZoneInfo) -> list[Likely]:
    """What the form may be about already, the likeliest first. Exercise and real are never mixed."""
    mine = report_of_form(intake, zone)
    exercise = bool(intake.call and intake.call.exercise)
    found = []
    for incident in _incidents(db, now, exercise):
        common = grounds(mine, report_of_incident(incident))
        if is_likely(common):
            found.append(_likely(common, mine, report_of_incident(incident), incident=incident))
    for other, writer in _forms(db, now, intake.id):
        if bool(other.call and other.call.exercise) != exercise:
            continue
        theirs = report_of_form(other, zone)
        common = grounds(mine, theirs)
        if is_likely(common):
            found.append(_likely(common, mine, theirs, intake=other, writer=writer))
    return sorted(found, key=lambda one: -weight(one.grounds))[:MOST_SHOWN]


def report_of_form(intake: Intake, zone: ZoneInfo) -> Report:
    """What a form tells, for a comparison."""
    texts = texts_of(intake)
    values, _unread = read_elements(texts, zone)
    received = intake.call.arrived_at if intake.call else values.get("reported_at") or intake.created_at
    numbers = [texts.get("reporter_number", ""), texts.get("scene_number", "")]
    return Report(
        at=values.get("occurred_at") or received,
        place=texts.get("place", ""),
        district=texts.get("district_id", ""),
        incident_class=str(values.get("incident_class") or ""),
        subtype=texts.get("subtype", ""),
        numbers=_dialled(numbers + ([intake.call.caller_number] if intake.call else [])),
        words=_words(texts),
    )


def report_of_incident(incident: Incident) -> Report:
    """What an incident tells, for a comparison."""
    return Report(
        at=incident.occurred_at or incident.reported_at,
        place=incident.place,
        district=str(incident.district_id or ""),
        incident_class=str(incident.incident_class or ""),
        subtype=incident.subtype,
        numbers=_dialled([incident.reporter_number, incident.scene_number]),
        words=_words({"title": incident.title, "course": incident.course}),
    )


def _words(texts: Mapping[str, str]) -> str:
    # A title is often the beginning of the course: the longer one holds both.
    return max(texts.get("course", ""), texts.get("title", ""), key=len)


def _dialled(numbers: list[str]) -> frozenset[str]:
    return frozenset(dialled_form(number) for number in map(clean_number, numbers) if number)


def _likely(
    common: frozenset[Ground],
    one: Report,
    other: Report,
    *,
    incident: Incident | None = None,
    intake: Intake | None = None,
    writer: str = "",
) -> Likely:
    apart = int(abs(one.at - other.at).total_seconds() // 60) if one.at and other.at else None
    return Likely(tuple(ground for ground in ORDER if ground in common), apart, incident, intake, writer)


def _incidents(db: Session, now: datetime, exercise: bool) -> list[Incident]:
    return list(
        db.scalars(
            select(Incident)
            .where(Incident.reported_at > now - LOOKED_BACK, Incident.exercise == exercise)
            .order_by(Incident.reported_at.desc())
            .limit(MOST_COMPARED)
        )
    )


def _forms(db: Session, now: datetime, own_id: int) -> list[tuple[Intake, str]]:
    rows = db.execute(
        select(Intake, Account.name)
        .join(Account, Account.id == Intake.account_id)
        .where(Intake.incident_id.is_(None), Intake.id != own_id, Intake.saved_at > now - LOOKED_BACK)
        .options(joinedload(Intake.call))
        .order_by(Intake.saved_at.desc())
        .limit(MOST_COMPARED)
    )
    return [(row[0], row[1]) for row in rows]

"""Incidents by class, level, place, channel, status and hour; deadlines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from dutycenter.directory.models import District
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.vocabulary import IncidentStatus, Level, SourceChannel
from reports.facts import LOSSES, DeadlineFacts, Lapse, Notable
from reports.period import Span
from reports.queries.base import LISTED, counts, inside
from reports.sqltime import quarter

NOTABLE_LEVELS = (Level.I, Level.II, Level.III)


def incidents(span: Span, exercise: bool) -> ColumnElement[bool]:
    return and_(inside(Incident.reported_at, span), Incident.exercise.is_(exercise))


def incidents_by_kind(db: Session, span: Span, exercise: bool = False) -> dict[tuple[Any, Any], int]:
    """Incidents by class and level, as they are graded when the report is made."""
    query = (
        select(Incident.incident_class, Incident.level, func.count())
        .where(incidents(span, exercise))
        .group_by(Incident.incident_class, Incident.level)
    )
    return {(kind, level): int(count) for kind, level, count in db.execute(query)}


def incidents_by_district(db: Session, span: Span, exercise: bool = False) -> dict[str | None, int]:
    """Incidents by district, in the order of the division codes; not filled in comes last."""
    query = (
        select(District.name, func.count())
        .select_from(Incident)
        .outerjoin(District, Incident.district_id == District.id)
        .where(incidents(span, exercise))
        .group_by(District.id, District.code, District.name)
        .order_by(case((District.code.is_(None), 1), else_=0), District.code)
    )
    return {name: int(count) for name, count in db.execute(query)}


def incidents_by_channel(db: Session, span: Span, exercise: bool = False) -> dict[SourceChannel, int]:
    """Incidents by the way in which the report came in."""
    return counts(
        db, select(Incident.channel, func.count()).where(incidents(span, exercise)).group_by(Incident.channel)
    )


def incidents_by_status(db: Session, span: Span, exercise: bool = False) -> dict[IncidentStatus, int]:
    """Incidents by status, as it is when the report is made."""
    return counts(db, select(Incident.status, func.count()).where(incidents(span, exercise)).group_by(Incident.status))


def incident_losses(db: Session, span: Span, exercise: bool = False) -> dict[str, int]:
    """People dead, injured, missing, trapped, evacuated, as far as filled in."""
    columns = [func.coalesce(func.sum(getattr(Incident, name)), 0) for name in LOSSES]
    row = db.execute(select(*columns).where(incidents(span, exercise))).one()
    return {name: int(count) for name, count in zip(LOSSES, row, strict=True)}


def incidents_by_quarter(db: Session, span: Span) -> dict[int, int]:
    """Incidents in earnest by quarter of an hour of their report."""
    when = quarter(Incident.reported_at).label("quarter")
    return counts(db, select(when, func.count()).where(incidents(span, False)).group_by(when))


def notable_incidents(db: Session, span: Span) -> tuple[list[Notable], int]:
    """Incidents of level III and above, the first ``LISTED`` of them, and how many there are."""
    wanted = and_(incidents(span, False), Incident.level.in_(NOTABLE_LEVELS))
    query = (
        select(Incident, District.name)
        .outerjoin(District, Incident.district_id == District.id)
        .where(wanted)
        .order_by(Incident.reported_at, Incident.id)
        .limit(LISTED)
    )
    found = [
        Notable(i.number, i.title, i.incident_class, i.level, district, i.reported_at, i.status)
        for i, district in db.execute(query)
    ]
    return found, db.scalar(select(func.count()).select_from(Incident).where(wanted)) or 0


def standing(as_of: datetime) -> Any:
    """Of a deadline: met, late, missed or pending, as it stands at the data's end."""
    return case(
        (Deadline.met_at <= Deadline.due_at, "met"),
        (Deadline.met_at.is_not(None), "late"),
        (Deadline.due_at < as_of, "missed"),
        else_="pending",
    ).label("standing")


def deadlines(db: Session, span: Span, as_of: datetime) -> DeadlineFacts:
    """Reporting deadlines of incidents in earnest: met, late, missed, not yet due."""
    found = standing(as_of)
    query = (
        select(found, Deadline.report, func.count())
        .join(Incident, Deadline.incident_id == Incident.id)
        .where(inside(Deadline.due_at, span), Incident.exercise.is_(False))
        .group_by(found, Deadline.report)
    )
    parts: dict[str, dict[str, int]] = {"met": {}, "late": {}, "missed": {}, "pending": {}}
    for part, report, count in db.execute(query):
        parts[part][report] = int(count)
    return DeadlineFacts(**parts)


def lapses(db: Session, span: Span, as_of: datetime) -> list[Lapse]:
    """Reports in earnest that came late or never, the first ``LISTED`` by when they were due."""
    query = (
        select(Incident, Deadline)
        .join(Deadline, Deadline.incident_id == Incident.id)
        .where(inside(Deadline.due_at, span), Incident.exercise.is_(False))
        .where(standing(as_of).in_(("late", "missed")))
        .order_by(Deadline.due_at, Deadline.id)
        .limit(LISTED)
    )
    return [Lapse(i.number, i.title, d.report, d.due_at, d.met_at) for i, d in db.execute(query)]

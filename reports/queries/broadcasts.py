"""Who was called out, who answered, how soon, and why not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient
from dutycenter.incidents.models import Incident
from dutycenter.vocabulary import Outcome
from reports.facts import Launched, LeaderFacts, Seconds
from reports.period import Span
from reports.queries.base import LISTED, counts, histogram, inside
from reports.queries.incidents import incidents
from reports.sqltime import seconds_between

LEADING = 2  # weight in the directory from which on a person is one of the leaders


def broadcasts(span: Span, exercise: bool) -> ColumnElement[bool]:
    return and_(inside(Broadcast.launched_at, span), Broadcast.exercise.is_(exercise))


def broadcasts_launched(db: Session, span: Span, exercise: bool = False) -> int:
    """Broadcasts by their launch."""
    return db.scalar(select(func.count()).select_from(Broadcast).where(broadcasts(span, exercise))) or 0


def recipients_by_outcome(db: Session, span: Span, exercise: bool = False) -> dict[tuple[str, Outcome | None], int]:
    """Recipients by department as it was at launch, and outcome."""
    query = (
        select(Recipient.department, Recipient.outcome, func.count())
        .join(Broadcast, Recipient.broadcast_id == Broadcast.id)
        .where(broadcasts(span, exercise))
        .group_by(Recipient.department, Recipient.outcome)
    )
    return {(department, outcome): int(count) for department, outcome, count in db.execute(query)}


def time_to_acknowledge(db: Session, span: Span, exercise: bool = False) -> dict[tuple[str, int], int]:
    """Seconds from launch to acknowledgement by department, and how often."""
    took = seconds_between(Broadcast.launched_at, Recipient.acknowledged_at).label("took")
    query = (
        select(Recipient.department, took, func.count())
        .join(Broadcast, Recipient.broadcast_id == Broadcast.id)
        .where(broadcasts(span, exercise), Recipient.acknowledged_at.is_not(None))
        .group_by(Recipient.department, took)
    )
    found: dict[tuple[str, int], int] = {}
    for department, seconds, count in db.execute(query):
        key = (department, max(0, int(seconds)))
        found[key] = found.get(key, 0) + int(count)
    return found


def attempts_by_disposition(db: Session, span: Span, exercise: bool = False) -> dict[Any, int]:
    """Attempts by how they ended."""
    query = (
        select(Attempt.disposition, func.count())
        .join(Broadcast, Attempt.broadcast_id == Broadcast.id)
        .where(broadcasts(span, exercise))
        .group_by(Attempt.disposition)
    )
    return counts(db, query)


def time_to_launch(db: Session, span: Span, exercise: bool = False) -> Seconds:
    """Seconds from an incident's report to its first broadcast, and how often."""
    first = (
        select(Broadcast.incident_id, func.min(Broadcast.launched_at).label("launched_at"))
        .where(Broadcast.incident_id.is_not(None), Broadcast.launched_at.is_not(None))
        .where(Broadcast.exercise.is_(exercise))
        .group_by(Broadcast.incident_id)
        .subquery()
    )
    took = seconds_between(Incident.reported_at, first.c.launched_at).label("took")
    query = (
        select(took, func.count())
        .select_from(Incident)
        .join(first, first.c.incident_id == Incident.id)
        .where(incidents(span, exercise))
        .group_by(took)
    )
    return histogram(db.execute(query))


def launched_broadcasts(db: Session, span: Span, exercise: bool = False) -> list[Launched]:
    """The month's first ``LISTED`` broadcasts with their result."""
    chosen = (
        select(Broadcast.id)
        .where(broadcasts(span, exercise))
        .order_by(Broadcast.launched_at, Broadcast.id)
        .limit(LISTED)
        .subquery()
    )
    query = (
        select(Broadcast.title, Broadcast.launched_at, func.count(Recipient.id), func.count(Recipient.acknowledged_at))
        .join(chosen, chosen.c.id == Broadcast.id)
        .outerjoin(Recipient, Recipient.broadcast_id == Broadcast.id)
        .group_by(Broadcast.id, Broadcast.title, Broadcast.launched_at)
        .order_by(Broadcast.launched_at, Broadcast.id)
    )
    return [Launched(title, at, people, done) for title, at, people, done in db.execute(query) if at is not None]


def leaders(db: Session, span: Span) -> list[LeaderFacts]:
    """People of weight ``LEADING`` and more who were called in earnest: how often they acknowledged, how soon."""
    took = seconds_between(Broadcast.launched_at, Recipient.acknowledged_at).label("took")
    who = (Recipient.department, Recipient.name, Recipient.post)
    query = (
        select(*who, func.max(Recipient.weight), took, func.count(), func.count(Recipient.acknowledged_at))
        .join(Broadcast, Recipient.broadcast_id == Broadcast.id)
        .where(broadcasts(span, False), Recipient.weight >= LEADING)
        .where((Recipient.outcome != Outcome.NOT_CALLED) | Recipient.outcome.is_(None))
        .group_by(*who, took)
    )
    found: dict[tuple[str, str, str], LeaderFacts] = {}
    for department, name, post, weight, seconds, count, acknowledged in db.execute(query):
        known = found.get((department, name, post)) or LeaderFacts(department, name, post, 0, 0, {})
        waits = dict(known.waits)
        if acknowledged:
            waits[max(0, int(seconds))] = waits.get(max(0, int(seconds)), 0) + int(acknowledged)
        found[(department, name, post)] = LeaderFacts(
            department, name, post, max(known.weight, int(weight)), known.called + int(count), waits
        )
    return sorted(found.values(), key=lambda one: (-one.weight, one.department, one.name, one.post))

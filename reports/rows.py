"""The rows behind a number: of a kind, in a period, by filters; counted by the same rules as the queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Recording
from dutycenter.directory.models import District
from dutycenter.incidents.models import Deadline, Incident
from reports.paper import Rows
from reports.period import Period, Span, midnight
from reports.queries import data_end
from reports.queries.base import inside
from reports.queries.broadcasts import broadcasts
from reports.queries.calls import calls
from reports.queries.incidents import incidents, standing

PAGE = 100  # rows shown at once
UNSAID = "-"  # the filter for what wasn't filled in


@dataclass(frozen=True)
class Kind:
    """How rows of a kind are found.

    ``query`` takes span and exercise; ``filters`` are columns by the name of their filter.
    """

    query: Callable[[Span, bool], Any]
    filters: Mapping[str, Any]
    moment: Any  # by which day and hour go
    order: Sequence[Any]


@dataclass(frozen=True)
class Found:
    rows: Sequence[Any]
    total: int


def find(db: Session, wanted: Rows, zone: ZoneInfo, now: datetime, page: int = 1) -> Found:
    """A page of the rows that a number counts, and how many there are.

    Raises:
        ValueError: there is no such kind, filter or day.
    """
    kind = KINDS.get(wanted.kind)
    if kind is None:
        raise ValueError(f"there are no rows of {wanted.kind}")
    filters = dict(wanted.filters)
    span = wanted.period.span(zone)
    exercise = filters.pop("exercise", "") == "1"
    query = kind.query(span, exercise)
    for name, value in filters.items():
        query = query.where(_clause(db, kind, wanted.period, name, value, zone, now))
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    found = db.execute(query.order_by(*kind.order).limit(PAGE).offset((max(1, page) - 1) * PAGE)).all()
    return Found(found, total)


def _clause(
    db: Session, kind: Kind, period: Period, name: str, value: str, zone: ZoneInfo, now: datetime
) -> ColumnElement[bool]:
    if name == "day":
        day = date.fromisoformat(value)
        return inside(kind.moment, Span(midnight(day, zone), midnight(day + timedelta(days=1), zone)))
    if name == "hour":
        return or_(*(inside(kind.moment, span) for day in period.dates for span in _hours(day, int(value), zone)))
    if name == "standing":
        result: ColumnElement[bool] = standing(data_end(db, period.span(zone), now)) == value
        return result
    column = kind.filters.get(name)
    if column is None:
        raise ValueError(f"rows cannot be chosen by {name}")
    if name == "foundling":
        chosen: ColumnElement[bool] = column.is_(value == "1")
        return chosen
    if value == UNSAID:
        return or_(column.is_(None), column == "") if name == "department" else and_(column.is_(None))
    equal: ColumnElement[bool] = column == value
    return equal


def _hours(day: date, hour: int, zone: ZoneInfo) -> list[Span]:
    """When the clock on the wall shows this hour; twice, or never, on days when it is changed."""
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    steps = [start + n * timedelta(minutes=15) for n in range(int((end - start) / timedelta(minutes=15)))]
    return [Span(at, at + timedelta(minutes=15)) for at in steps if at.astimezone(zone).hour == hour]


def _incidents(span: Span, exercise: bool) -> Any:
    query = select(Incident, District.name).outerjoin(District, Incident.district_id == District.id)
    return query.where(incidents(span, exercise))


def _calls(span: Span, exercise: bool) -> Any:
    query = select(Call, Account.name).outerjoin(Account, Call.answered_by_id == Account.id)
    return query.where(calls(span, exercise))


def _recipients(span: Span, exercise: bool) -> Any:
    query = select(Recipient, Broadcast).join(Broadcast, Recipient.broadcast_id == Broadcast.id)
    return query.where(broadcasts(span, exercise))


def _attempts(span: Span, exercise: bool) -> Any:
    query = (
        select(Attempt, Recipient, RecipientNumber)
        .join(Broadcast, Attempt.broadcast_id == Broadcast.id)
        .join(Recipient, Attempt.recipient_id == Recipient.id)
        .join(RecipientNumber, Attempt.number_id == RecipientNumber.id)
    )
    return query.where(broadcasts(span, exercise))


def _deadlines(span: Span, exercise: bool) -> Any:
    query = select(Deadline, Incident).join(Incident, Deadline.incident_id == Incident.id)
    return query.where(inside(Deadline.due_at, span), Incident.exercise.is_(exercise))


def _recordings(span: Span, exercise: bool) -> Any:
    return select(Recording).where(inside(Recording.started_at, span), Recording.exercise.is_(exercise))


KINDS: Mapping[str, Kind] = {
    "incidents": Kind(
        _incidents,
        {
            "class": Incident.incident_class, "level": Incident.level, "district": District.name,
            "channel": Incident.channel, "status": Incident.status,
        },
        Incident.reported_at,
        (Incident.reported_at, Incident.id),
    ),
    "calls": Kind(_calls, {"result": Call.result}, Call.arrived_at, (Call.arrived_at, Call.id)),
    "recipients": Kind(
        _recipients,
        {"outcome": Recipient.outcome, "department": Recipient.department},
        Broadcast.launched_at,
        (Broadcast.launched_at, Recipient.id),
    ),
    "attempts": Kind(
        _attempts, {"disposition": Attempt.disposition}, Attempt.created_at, (Attempt.created_at, Attempt.id)
    ),
    "deadlines": Kind(_deadlines, {"report": Deadline.report}, Deadline.due_at, (Deadline.due_at, Deadline.id)),
    "recordings": Kind(
        _recordings,
        {"kind": Recording.kind, "state": Recording.state, "foundling": Recording.foundling},
        Recording.started_at,
        (Recording.started_at, Recording.id),
    ),
}  # fmt: skip

"""Calls by result, wait, hour and who answered."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call
from dutycenter.vocabulary import CallResult
from reports.facts import TAKEN, Seconds
from reports.period import Span
from reports.queries.base import counts, histogram, inside
from reports.sqltime import quarter, seconds_between


def calls(span: Span, exercise: bool) -> ColumnElement[bool]:
    return and_(inside(Call.arrived_at, span), Call.exercise.is_(exercise))


def calls_by_result(db: Session, span: Span, exercise: bool = False) -> dict[CallResult | None, int]:
    """Inbound calls by how they ended."""
    return counts(db, select(Call.result, func.count()).where(calls(span, exercise)).group_by(Call.result))


def time_to_answer(db: Session, span: Span, exercise: bool = False) -> Seconds:
    """Seconds from a call's arrival to a desk's answer, and how often."""
    waited = seconds_between(Call.arrived_at, Call.answered_at).label("waited")
    wanted = and_(calls(span, exercise), Call.result == CallResult.ANSWERED, Call.answered_at.is_not(None))
    return histogram(db.execute(select(waited, func.count()).where(wanted).group_by(waited)))


def calls_left(db: Session, span: Span, exercise: bool = False) -> tuple[int, int]:
    """Of the calls that nobody took: how many were dealt with, how many still wait."""
    missed = and_(calls(span, exercise), Call.result.is_not(None), Call.result.not_in(TAKEN))
    settled = func.count(Call.settled_at)
    waiting = func.coalesce(func.sum(case((and_(Call.open, Call.settled_at.is_(None)), 1), else_=0)), 0)
    row = db.execute(select(settled, waiting).where(missed)).one()
    return int(row[0]), int(row[1])


def calls_by_quarter(db: Session, span: Span) -> dict[tuple[int, bool], int]:
    """Calls in earnest by quarter of an hour of their arrival, those somebody or the system took and those not."""
    when = quarter(Call.arrived_at).label("quarter")
    answered = case((Call.result.in_(TAKEN), 1), else_=0).label("answered")
    query = select(when, answered, func.count()).where(calls(span, False)).group_by(when, answered)
    return {(int(at), bool(taken)): int(count) for at, taken, count in db.execute(query)}


def calls_by_officer(db: Session, span: Span) -> dict[str | None, int]:
    """Calls in earnest that were answered, by who answered."""
    query = (
        select(Account.name, func.count())
        .select_from(Call)
        .outerjoin(Account, Call.answered_by_id == Account.id)
        .where(calls(span, False), Call.result == CallResult.ANSWERED)
        .group_by(Account.id, Account.name)
        .order_by(func.count().desc(), Account.id)
    )
    found: dict[str | None, int] = {}
    for name, count in db.execute(query):
        found[name] = found.get(name, 0) + int(count)
    return found

"""What the record says about a month, counted by the database.

Every function counts in SQL and returns a few numbers, however many calls the
month had; nothing here writes. An incident belongs to the month in which it was
reported, a call to that in which it arrived, a broadcast with all its
recipients and attempts to that of its launch, a deadline to that in which it
fell due. Exercises are never counted together with what was in earnest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broadcast.models import Attempt, Broadcast, Recipient
from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Recording
from dutycenter.directory.models import Department, District, Person
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.ledger.models import LedgerEntry, LedgerHead, LedgerLeaf
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import CallResult, IncidentStatus, Level, Outcome, SourceChannel
from reports.facts import (
    LOSSES,
    DeadlineFacts,
    Head,
    Launched,
    LedgerFacts,
    Notable,
    RecordingFacts,
    Seconds,
    Served,
)
from reports.period import Span
from reports.sqltime import quarter, seconds_between

NOTABLE_LEVELS = (Level.I, Level.II, Level.III)
LISTED = 40  # rows of a list that names things one by one


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that sees the store as it is at one moment and never writes."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection, Session(connection) as db:
        yield db


def _in(column: InstrumentedAttribute[Any], span: Span) -> ColumnElement[bool]:
    return and_(column >= span.start, column < span.end)


def _counts(db: Session, query: Any) -> dict[Any, int]:
    """Rows of one key and a count."""
    return {key: int(count) for key, count in db.execute(query)}


def _histogram(rows: Any) -> Seconds:
    """Whole seconds and how often; clocks that were set back cannot make a wait negative."""
    found: dict[int, int] = {}
    for seconds, count in rows:
        found[max(0, int(seconds))] = found.get(max(0, int(seconds)), 0) + int(count)
    return found


# --- incidents --------------------------------------------------------------


def _incidents(span: Span, exercise: bool) -> ColumnElement[bool]:
    return and_(_in(Incident.reported_at, span), Incident.exercise.is_(exercise))


def incidents_by_kind(db: Session, span: Span, exercise: bool = False) -> dict[tuple[Any, Any], int]:
    """Incidents by class and level, as they are graded when the report is made."""
    query = (
        select(Incident.incident_class, Incident.level, func.count())
        .where(_incidents(span, exercise))
        .group_by(Incident.incident_class, Incident.level)
    )
    return {(kind, level): int(count) for kind, level, count in db.execute(query)}


def incidents_by_district(db: Session, span: Span, exercise: bool = False) -> dict[str | None, int]:
    """Incidents by district, in the order of the division codes; not filled in comes last."""
    query = (
        select(District.name, func.count())
        .select_from(Incident)
        .outerjoin(District, Incident.district_id == District.id)
        .where(_incidents(span, exercise))
        .group_by(District.id, District.code, District.name)
        .order_by(case((District.code.is_(None), 1), else_=0), District.code)
    )
    return {name: int(count) for name, count in db.execute(query)}


def incidents_by_channel(db: Session, span: Span, exercise: bool = False) -> dict[SourceChannel, int]:
    """Incidents by the way in which the report came in."""
    return _counts(
        db, select(Incident.channel, func.count()).where(_incidents(span, exercise)).group_by(Incident.channel)
    )


def incidents_by_status(db: Session, span: Span, exercise: bool = False) -> dict[IncidentStatus, int]:
    """Incidents by status, as it is when the report is made."""
    return _counts(
        db, select(Incident.status, func.count()).where(_incidents(span, exercise)).group_by(Incident.status)
    )


def incident_losses(db: Session, span: Span, exercise: bool = False) -> dict[str, int]:
    """People dead, injured, missing, trapped, evacuated, as far as filled in."""
    columns = [func.coalesce(func.sum(getattr(Incident, name)), 0) for name in LOSSES]
    row = db.execute(select(*columns).where(_incidents(span, exercise))).one()
    return {name: int(count) for name, count in zip(LOSSES, row, strict=True)}


def incidents_by_quarter(db: Session, span: Span) -> dict[int, int]:
    """Incidents in earnest by quarter of an hour of their report."""
    when = quarter(Incident.reported_at).label("quarter")
    return _counts(db, select(when, func.count()).where(_incidents(span, False)).group_by(when))


def notable_incidents(db: Session, span: Span) -> tuple[list[Notable], int]:
    """Incidents of level III and above, the first ``LISTED`` of them, and how many there are."""
    wanted = and_(_incidents(span, False), Incident.level.in_(NOTABLE_LEVELS))
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


def deadlines(db: Session, span: Span, as_of: datetime) -> DeadlineFacts:
    """Reporting deadlines of incidents in earnest: met, late, missed, not yet due."""
    standing = case(
        (Deadline.met_at <= Deadline.due_at, "met"),
        (Deadline.met_at.is_not(None), "late"),
        (Deadline.due_at < as_of, "missed"),
        else_="pending",
    ).label("standing")
    query = (
        select(standing, Deadline.report, func.count())
        .join(Incident, Deadline.incident_id == Incident.id)
        .where(_in(Deadline.due_at, span), Incident.exercise.is_(False))
        .group_by(standing, Deadline.report)
    )
    parts: dict[str, dict[str, int]] = {"met": {}, "late": {}, "missed": {}, "pending": {}}
    for part, report, count in db.execute(query):
        parts[part][report] = int(count)
    return DeadlineFacts(**parts)


# --- calls ------------------------------------------------------------------


def _calls(span: Span, exercise: bool) -> ColumnElement[bool]:
    return and_(_in(Call.arrived_at, span), Call.exercise.is_(exercise))


def calls_by_result(db: Session, span: Span, exercise: bool = False) -> dict[CallResult | None, int]:
    """Inbound calls by how they ended."""
    return _counts(db, select(Call.result, func.count()).where(_calls(span, exercise)).group_by(Call.result))


def time_to_answer(db: Session, span: Span, exercise: bool = False) -> Seconds:
    """Seconds from a call's arrival to a desk's answer, and how often."""
    waited = seconds_between(Call.arrived_at, Call.answered_at).label("waited")
    wanted = and_(_calls(span, exercise), Call.result == CallResult.ANSWERED, Call.answered_at.is_not(None))
    return _histogram(db.execute(select(waited, func.count()).where(wanted).group_by(waited)))


def calls_left(db: Session, span: Span, exercise: bool = False) -> tuple[int, int]:
    """Of the calls that nobody took: how many were dealt with, how many still wait."""
    taken = (CallResult.ANSWERED, CallResult.SERVED)
    missed = and_(_calls(span, exercise), Call.result.is_not(None), Call.result.not_in(taken))
    settled = func.count(Call.settled_at)
    waiting = func.coalesce(func.sum(case((and_(Call.open, Call.settled_at.is_(None)), 1), else_=0)), 0)
    row = db.execute(select(settled, waiting).where(missed)).one()
    return int(row[0]), int(row[1])


def calls_by_quarter(db: Session, span: Span) -> dict[tuple[int, bool], int]:
    """Calls in earnest by quarter of an hour of their arrival, answered and not."""
    when = quarter(Call.arrived_at).label("quarter")
    answered = case((Call.result == CallResult.ANSWERED, 1), else_=0).label("answered")
    query = select(when, answered, func.count()).where(_calls(span, False)).group_by(when, answered)
    return {(int(at), bool(taken)): int(count) for at, taken, count in db.execute(query)}


def calls_by_officer(db: Session, span: Span) -> dict[str | None, int]:
    """Calls in earnest that were answered, by who answered."""
    query = (
        select(Account.name, func.count())
        .select_from(Call)
        .outerjoin(Account, Call.answered_by_id == Account.id)
        .where(_calls(span, False), Call.result == CallResult.ANSWERED)
        .group_by(Account.id, Account.name)
        .order_by(func.count().desc(), Account.id)
    )
    found: dict[str | None, int] = {}
    for name, count in db.execute(query):
        found[name] = found.get(name, 0) + int(count)
    return found


# --- broadcasts -------------------------------------------------------------


def _broadcasts(span: Span, exercise: bool) -> ColumnElement[bool]:
    return and_(_in(Broadcast.launched_at, span), Broadcast.exercise.is_(exercise))


def broadcasts_launched(db: Session, span: Span, exercise: bool = False) -> int:
    """Broadcasts by their launch."""
    return db.scalar(select(func.count()).select_from(Broadcast).where(_broadcasts(span, exercise))) or 0


def recipients_by_outcome(db: Session, span: Span, exercise: bool = False) -> dict[tuple[str, Outcome | None], int]:
    """Recipients by department as it was at launch, and outcome."""
    query = (
        select(Recipient.department, Recipient.outcome, func.count())
        .join(Broadcast, Recipient.broadcast_id == Broadcast.id)
        .where(_broadcasts(span, exercise))
        .group_by(Recipient.department, Recipient.outcome)
    )
    return {(department, outcome): int(count) for department, outcome, count in db.execute(query)}


def time_to_acknowledge(db: Session, span: Span, exercise: bool = False) -> dict[tuple[str, int], int]:
    """Seconds from launch to acknowledgement by department, and how often."""
    took = seconds_between(Broadcast.launched_at, Recipient.acknowledged_at).label("took")
    query = (
        select(Recipient.department, took, func.count())
        .join(Broadcast, Recipient.broadcast_id == Broadcast.id)
        .where(_broadcasts(span, exercise), Recipient.acknowledged_at.is_not(None))
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
        .where(_broadcasts(span, exercise))
        .group_by(Attempt.disposition)
    )
    return _counts(db, query)


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
        .where(_incidents(span, exercise))
        .group_by(took)
    )
    return _histogram(db.execute(query))


def launched_broadcasts(db: Session, span: Span, exercise: bool = False) -> list[Launched]:
    """The month's first ``LISTED`` broadcasts with their result."""
    chosen = (
        select(Broadcast.id)
        .where(_broadcasts(span, exercise))
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


# --- duty -------------------------------------------------------------------


def shifts(db: Session, span: Span) -> list[Span]:
    """All shifts that touch the month and have somebody in them."""
    query = (
        select(Shift.starts_at, Shift.ends_at)
        .where(Shift.starts_at < span.end, Shift.ends_at > span.start)
        .where(select(ShiftMember.id).where(ShiftMember.shift_id == Shift.id).exists())
        .order_by(Shift.starts_at, Shift.id)
    )
    return [Span(start, end) for start, end in db.execute(query)]


def served(db: Session, span: Span) -> list[Served]:
    """Shifts and hours by person and duty, of shifts that began in the month."""
    query = (
        select(
            Person.name,
            Department.short_name,
            ShiftMember.duty,
            func.count(),
            func.sum(seconds_between(Shift.starts_at, Shift.ends_at)),
        )
        .select_from(ShiftMember)
        .join(Shift, ShiftMember.shift_id == Shift.id)
        .join(Person, ShiftMember.person_id == Person.id)
        .join(Department, Person.department_id == Department.id)
        .where(_in(Shift.starts_at, span))
        .group_by(Person.id, Person.name, Department.short_name, ShiftMember.duty)
        .order_by(func.count().desc(), Person.id, ShiftMember.duty)
    )
    return [Served(name, unit, duty, int(count), int(total)) for name, unit, duty, count, total in db.execute(query)]


# --- evidence ---------------------------------------------------------------


def recordings(db: Session, span: Span) -> list[RecordingFacts]:
    """Recordings by kind and state; in earnest, in exercises, and foundlings apart."""
    keys = (Recording.kind, Recording.state, Recording.foundling, Recording.exercise)
    query = (
        select(
            *keys,
            func.count(),
            func.coalesce(func.sum(Recording.seconds), 0),
            func.coalesce(func.sum(Recording.bytes), 0),
        )
        .where(_in(Recording.started_at, span))
        .group_by(*keys)
        .order_by(*keys)
    )
    return [
        RecordingFacts(kind, state, foundling, exercise, int(count), float(seconds or 0), int(size or 0))
        for kind, state, foundling, exercise, count, seconds, size in db.execute(query)
    ]


def _own(action: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Entries that reports leave themselves: counted, they would change the next report."""
    return action.startswith("report.")


def last_entry_at(db: Session, span: Span) -> datetime | None:
    """When the ledger last told of something in the month, the reports' own entries left out."""
    query = select(func.max(LedgerEntry.at)).where(_in(LedgerEntry.at, span), ~_own(LedgerEntry.action))
    return db.scalar(query)


def ledger(db: Session, span: Span) -> LedgerFacts:
    """The month's entries, and the first signed head that covers them all, or else the last there is."""
    wanted = and_(_in(LedgerEntry.at, span), ~_own(LedgerEntry.action))
    entries = db.scalar(select(func.count()).select_from(LedgerEntry).where(wanted)) or 0
    leaf = select(LedgerLeaf.position).join(LedgerEntry, LedgerLeaf.entry_id == LedgerEntry.id).where(wanted)
    positions = leaf.subquery()
    in_tree, last = db.execute(select(func.count(), func.max(positions.c.position)).select_from(positions)).one()
    head = _covering(db, last) if in_tree == entries and last is not None else None
    if head is None:
        known = select(LedgerHead).order_by(LedgerHead.size.desc()).limit(1)
        head = db.scalars(known if entries else known.where(LedgerHead.at < span.end)).first()
    covered = leaf.where(LedgerLeaf.position < (head.size if head else 0)).subquery()
    replay = and_(_in(LedgerEntry.at, span), LedgerEntry.action == "recording.replayed")
    counts = select(
        func.count(), func.count(LedgerEntry.subject.distinct()), func.count(LedgerEntry.actor.distinct())
    ).where(replay)
    replays, replayed, listeners = db.execute(counts).one()
    return LedgerFacts(
        entries=entries,
        sealed=db.scalar(select(func.count()).select_from(covered)) or 0,
        head=_head(head),
        replays=replays,
        replayed=replayed,
        listeners=listeners,
    )


def _covering(db: Session, position: int) -> LedgerHead | None:
    return db.scalars(select(LedgerHead).where(LedgerHead.size > position).order_by(LedgerHead.size).limit(1)).first()


def _head(head: LedgerHead | None) -> Head | None:
    if head is None:
        return None
    return Head(head.size, head.at, head.sha256.hex(), head.sm3.hex(), head.key_id)


# --- the record's age -------------------------------------------------------


def began_at(db: Session) -> datetime | None:
    """The first call, incident or broadcast that the record knows: before it, zero means nothing."""
    firsts = (func.min(Call.arrived_at), func.min(Incident.reported_at), func.min(Broadcast.launched_at))
    known: list[datetime] = [moment for first in firsts if (moment := db.scalar(select(first))) is not None]
    return min(known, default=None)

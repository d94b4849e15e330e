"""All the queries of one month, on one snapshot of the store."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from reports import queries
from reports.facts import Activity, BroadcastFacts, CallFacts, DutyFacts, Facts, IncidentFacts
from reports.period import Month, Span


def gather(engine: Engine, month: Month, zone: ZoneInfo, now: datetime) -> Facts:
    """What the record says about a month.

    Args:
        engine: of the store.
        month: which.
        zone: the duty room's.
        now: the moment; a month that still runs is told up to its last ledger entry.

    Raises:
        ValueError: the month lies in the future.
    """
    span = month.span(zone)
    if now < span.start:
        raise ValueError(f"{month} has not begun yet")
    complete = now >= span.end
    with queries.snapshot(engine) as db:
        as_of = span.end if complete else queries.last_entry_at(db, span) or span.start
        notable, notable_count = queries.notable_incidents(db, span)
        return Facts(
            month=month,
            span=span,
            as_of=as_of,
            complete=complete,
            began_at=queries.began_at(db),
            now=_activity(db, span),
            before=_activity(db, month.before.span(zone)),
            year_before=_activity(db, month.year_before.span(zone)),
            exercise=_activity(db, span, exercise=True),
            calls_by_quarter=queries.calls_by_quarter(db, span),
            incidents_by_quarter=queries.incidents_by_quarter(db, span),
            notable=notable,
            notable_count=notable_count,
            launched=queries.launched_broadcasts(db, span),
            drilled=queries.launched_broadcasts(db, span, exercise=True),
            deadlines=queries.deadlines(db, span, as_of),
            duty=DutyFacts(queries.served(db, span), queries.shifts(db, span), queries.calls_by_officer(db, span)),
            recordings=queries.recordings(db, span),
            ledger=queries.ledger(db, span),
        )


def _activity(db: Session, span: Span, exercise: bool = False) -> Activity:
    settled, left = queries.calls_left(db, span, exercise)
    return Activity(
        IncidentFacts(
            kinds=queries.incidents_by_kind(db, span, exercise),
            districts=queries.incidents_by_district(db, span, exercise),
            channels=queries.incidents_by_channel(db, span, exercise),
            statuses=queries.incidents_by_status(db, span, exercise),
            losses=queries.incident_losses(db, span, exercise),
        ),
        CallFacts(
            results=queries.calls_by_result(db, span, exercise),
            to_answer=queries.time_to_answer(db, span, exercise),
            settled=settled,
            open=left,
        ),
        BroadcastFacts(
            broadcasts=queries.broadcasts_launched(db, span, exercise),
            outcomes=queries.recipients_by_outcome(db, span, exercise),
            to_acknowledge=queries.time_to_acknowledge(db, span, exercise),
            attempts=queries.attempts_by_disposition(db, span, exercise),
            to_launch=queries.time_to_launch(db, span, exercise),
        ),
    )

"""All the queries of one period, on one snapshot of the store."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dutycenter.vocabulary import ReportKind
from reports import queries
from reports.facts import Activity, BroadcastFacts, CallFacts, DutyFacts, Facts, IncidentFacts, Past
from reports.figures import QUIET
from reports.period import Period, Span
from reports.progress import Progress, silent

EARLIER = {ReportKind.MONTH: 12, ReportKind.QUARTER: 8, ReportKind.YEAR: 5, ReportKind.RANGE: 12}


def gather(engine: Engine, period: Period, zone: ZoneInfo, now: datetime, progress: Progress = silent) -> Facts:
    """What the record says about a period.

    Args:
        engine: of the store.
        period: which.
        zone: the duty room's.
        now: the moment; a period that still runs is told up to its last ledger entry.
        progress: hears how far it is.

    Raises:
        ValueError: the period lies in the future.
    """
    span = period.span(zone)
    if now < span.start:
        raise ValueError(f"{period} has not begun yet")
    complete = now >= span.end
    with queries.snapshot(engine) as db:
        as_of = queries.data_end(db, span, now)
        began = queries.began_at(db)
        activities = []
        earlier = (period.before.span(zone), period.year_before.span(zone))
        for done, (of, exercise) in enumerate(((span, False), (earlier[0], False), (earlier[1], False), (span, True))):
            progress("counting", done / 8)
            activities.append(_activity(db, of, exercise))
        progress("counting", 0.5)
        notable, notable_count = queries.notable_incidents(db, span)
        by_quarter = queries.calls_by_quarter(db, span)
        progress("counting", 0.6)
        ledger = queries.ledger(db, span)
        progress("counting", 0.75)
        recordings = queries.recordings(db, span)
        progress("counting", 0.85)
        return Facts(
            period=period,
            span=span,
            as_of=as_of,
            complete=complete,
            began_at=began,
            now=activities[0],
            before=activities[1],
            year_before=activities[2],
            exercise=activities[3],
            calls_by_quarter=by_quarter,
            incidents_by_quarter=queries.incidents_by_quarter(db, span),
            notable=notable,
            notable_count=notable_count,
            launched=queries.launched_broadcasts(db, span),
            drilled=queries.launched_broadcasts(db, span, exercise=True),
            deadlines=queries.deadlines(db, span, as_of),
            duty=DutyFacts(queries.served(db, span), queries.shifts(db, span), queries.calls_by_officer(db, span)),
            recordings=recordings,
            ledger=ledger,
            lapses=queries.lapses(db, span, as_of),
            leaders=queries.leaders(db, span),
            history=_history(db, period, zone, began, as_of),
        )


def _history(
    db: Session, period: Period, zone: ZoneInfo, began: datetime | None, as_of: datetime
) -> list[tuple[Period, Past]]:
    """This period and those before that the record covers whole."""
    found = [(period, queries.past(db, period.span(zone), as_of))]
    for earlier in period.earlier(EARLIER[period.kind]):
        span = earlier.span(zone)
        if began is None or began > span.start + QUIET:
            break
        found.append((earlier, queries.past(db, span, span.end)))
    return found


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

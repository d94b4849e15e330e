"""The periods before, by the few figures that an anomaly is measured on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dutycenter.vocabulary import Outcome
from reports.facts import TAKEN, Past
from reports.period import Span
from reports.queries.broadcasts import recipients_by_outcome
from reports.queries.calls import calls_by_result
from reports.queries.incidents import deadlines, incidents_by_kind


def past(db: Session, span: Span, as_of: datetime) -> Past:
    """A period in earnest, in short; the period itself counts the same way as those before."""
    incidents: dict[object, int] = {}
    for (kind, _level), count in incidents_by_kind(db, span).items():
        incidents[kind] = incidents.get(kind, 0) + count
    results = calls_by_result(db, span)
    outcomes = recipients_by_outcome(db, span)
    called = sum(n for (_, outcome), n in outcomes.items() if outcome is not Outcome.NOT_CALLED)
    due = deadlines(db, span, as_of)
    return Past(
        incidents=incidents,
        calls=sum(results.values()),
        answered=sum(results.get(result, 0) for result in TAKEN),
        called=called,
        acknowledged=sum(n for (_, outcome), n in outcomes.items() if outcome is Outcome.ACKNOWLEDGED),
        lapses=sum(due.late.values()) + sum(due.missed.values()),
    )

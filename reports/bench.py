"""A month of a great city, to see how long its report takes: counted, drawn and set, each timed."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Recipient
from dutycenter.calls.models import Call, Recording
from dutycenter.incidents.models import Incident
from dutycenter.vocabulary import CallResult, Outcome, RecordingState
from reports.bulk import BLOCK, MONTH, Size
from reports.facts import Facts
from reports.gather import gather
from reports.house import House
from reports.periodic import periodic_paper
from reports.render import render_pdf
from reports.words import Words

ORDINARY = Size(calls=3000, attempts=3000, incidents=60)  # of a county


@dataclass(frozen=True)
class Figures:
    """What was measured. Seconds of the wall, and of this process's CPU; ``peak`` in MiB of this process."""

    counting: float
    setting: float
    cpu: float
    peak: float

    def __str__(self) -> str:
        return (
            f"counting {self.counting:.1f} s, drawing and setting {self.setting:.1f} s, "
            f"together {self.counting + self.setting:.1f} s ({self.cpu:.1f} s of this process's CPU), "
            f"peak {self.peak:,.0f} MiB"
        )


def measure(engine: Engine, zone: ZoneInfo) -> Figures:
    """Count the month, then draw and set it."""
    began, used = time.monotonic(), time.process_time()
    facts = counted(engine, zone)
    between = time.monotonic()
    render_pdf(periodic_paper(facts, Words("zh_CN", zone), House("云江市人民政府", "云江市人民政府总值班室")))
    ended = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(between - began, ended - between, time.process_time() - used, peak)


def counted(engine: Engine, zone: ZoneInfo) -> Facts:
    """The month's facts, as the report counts them."""
    return gather(engine, MONTH, zone, MONTH.following.following.span(zone).end)


def row_by_row(engine: Engine, zone: ZoneInfo) -> dict[str, int]:
    """The baseline: the chief totals, counted in Python over every row that the ORM loads."""
    span = MONTH.span(zone)
    totals: dict[str, int] = {"calls": 0, "answered": 0, "acknowledged": 0, "attempts": 0, "incidents": 0, "kept": 0}
    with Session(engine) as db:
        for call in db.scalars(select(Call).execution_options(yield_per=BLOCK)):
            totals["calls"] += span.holds(call.arrived_at)
            totals["answered"] += span.holds(call.arrived_at) and call.result is CallResult.ANSWERED
        for attempt in db.scalars(select(Attempt).execution_options(yield_per=BLOCK)):
            launched = attempt.recipient.broadcast.launched_at
            totals["attempts"] += launched is not None and span.holds(launched)
        for person in db.scalars(select(Recipient).execution_options(yield_per=BLOCK)):
            launched = person.broadcast.launched_at
            inside = launched is not None and span.holds(launched)
            totals["acknowledged"] += inside and person.outcome is Outcome.ACKNOWLEDGED
        for incident in db.scalars(select(Incident)):
            totals["incidents"] += span.holds(incident.reported_at)
        for recording in db.scalars(select(Recording).execution_options(yield_per=BLOCK)):
            totals["kept"] += span.holds(recording.started_at) and recording.state is RecordingState.KEPT
    return totals


def same_totals(facts: Facts) -> dict[str, int]:
    """The same totals from the facts."""
    outcomes = facts.now.broadcasts.outcomes
    return {
        "calls": facts.now.calls.total,
        "answered": facts.now.calls.results.get(CallResult.ANSWERED, 0),
        "acknowledged": sum(n for (_, outcome), n in outcomes.items() if outcome is Outcome.ACKNOWLEDGED),
        "attempts": sum(facts.now.broadcasts.attempts.values()),
        "incidents": facts.now.incidents.total,
        "kept": facts.recorded(RecordingState.KEPT),
    }


def warm() -> None:
    """Import and start what draws and sets, so that its first start is not measured with the month."""
    from reports.paper import Columns, Figure, Paper, Section

    chart = Figure("图 1", "x", Columns(["1"], [("x", [1])], "x", "x"), "x")
    paper = Paper("zh_CN", "list", "x", "x", "x", "x", "", "", (), "", [Section("x", [chart])])
    render_pdf(paper)

"""A month for the screen: the same facts as on paper, as tiles, tables and simple charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from dutycenter.vocabulary import CallResult, IncidentClass, Level, Outcome, RecordingState
from reports.chapters.broadcasts import SHOWN, by_department
from reports.facts import Facts
from reports.figures import Baselines, Change, by_day, by_hour, merged, only, percentile

WIDTH, HEIGHT = 620, 120  # units of the drawing


@dataclass(frozen=True)
class Column:
    """One column of a chart, in drawing units from the top left."""

    name: str
    answered: int
    missed: int
    x: float
    width: float
    answered_top: float
    answered_height: float
    missed_top: float
    missed_height: float


@dataclass(frozen=True)
class Chart:
    columns: Sequence[Column]
    width: int
    height: int
    top: int  # the value at the upper edge


def chart(names: Sequence[str], answered: Sequence[int], missed: Sequence[int]) -> Chart:
    """Two stacked series as columns."""
    top = max(1, *(a + b for a, b in zip(answered, missed, strict=True)))
    step = WIDTH / len(names)
    columns = []
    for place, (name, low, high) in enumerate(zip(names, answered, missed, strict=True)):
        low_height, high_height = HEIGHT * low / top, HEIGHT * high / top
        columns.append(
            Column(
                name=name,
                answered=low,
                missed=high,
                x=round((place + 0.15) * step, 2),
                width=round(0.7 * step, 2),
                answered_top=round(HEIGHT - low_height, 2),
                answered_height=round(low_height, 2),
                missed_top=round(HEIGHT - low_height - high_height, 2),
                missed_height=round(high_height, 2),
            )
        )
    return Chart(columns, WIDTH, HEIGHT, top)


@dataclass(frozen=True)
class Matrix:
    """Counts by two vocabularies; a name of None is what wasn't filled in."""

    columns: Sequence[StrEnum | None]
    rows: Sequence[tuple[StrEnum | None, Sequence[int], int]]
    totals: Sequence[int]
    total: int


def screen(facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    """What the page of a month shows."""
    now, baselines = facts.now, Baselines.of(facts, zone)
    called = now.broadcasts.recipients - _outcome(facts, Outcome.NOT_CALLED)
    taken, missed = only(facts.calls_by_quarter, answered=True), only(facts.calls_by_quarter, answered=False)
    return {
        "facts": facts,
        "incidents": _change(facts, baselines, "incidents"),
        "calls": _change(facts, baselines, "calls"),
        "answer_rate": _rate(now.calls.answered, now.calls.total),
        "to_answer": [percentile(now.calls.to_answer, percent) for percent in (50, 90)],
        "called": called,
        "acknowledge_rate": _rate(_outcome(facts, Outcome.ACKNOWLEDGED), called),
        "to_acknowledge": [percentile(merged(now.broadcasts.to_acknowledge), percent) for percent in (50, 90)],
        "kept": facts.recorded(RecordingState.KEPT),
        "missing": facts.recorded(RecordingState.MISSING),
        "matrix": _matrix(now.incidents.kinds),
        "results": [(result, now.calls.results.get(result, 0)) for result in CallResult],
        "ongoing": now.calls.results.get(None, 0),
        "departments": _departments(facts),
        "outcomes": SHOWN,
        "attempts": sorted(
            ((kind, count) for kind, count in now.broadcasts.attempts.items() if kind), key=lambda item: -item[1]
        ),
        "hours": chart([str(hour) for hour in range(24)], by_hour(taken, zone), by_hour(missed, zone)),
        "days": chart(
            [str(day.day) for day in facts.month.dates],
            by_day(taken, facts.month, zone),
            by_day(missed, facts.month, zone),
        ),
    }


def _outcome(facts: Facts, outcome: Outcome) -> int:
    return sum(count for (_, found), count in facts.now.broadcasts.outcomes.items() if found is outcome)


def _change(facts: Facts, baselines: Baselines, room: str) -> Change:
    now, before = (getattr(activity, room).total for activity in (facts.now, facts.before))
    return Change(now, before, baselines.before)


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def _matrix(kinds: Mapping[tuple[IncidentClass | None, Level | None], int]) -> Matrix:
    columns: list[Level | None] = [*Level, None]
    rows = []
    for kind in (*IncidentClass, None):
        counts = [kinds.get((kind, level), 0) for level in columns]
        total = sum(counts)
        if kind is not None or total:
            rows.append((kind, counts, total))
    totals = [sum(counts[place] for _, counts, _ in rows) for place in range(len(columns))]
    return Matrix(columns, rows, totals, sum(totals))


def _departments(facts: Facts) -> list[tuple[str, int, list[int], str]]:
    found = []
    for department, counts in by_department(facts.now.broadcasts).items():
        whole = sum(counts.values())
        called = whole - counts.get(Outcome.NOT_CALLED, 0)
        rate = _rate(counts.get(Outcome.ACKNOWLEDGED, 0), called)
        found.append((department, whole, [counts.get(outcome, 0) for outcome in SHOWN], rate))
    return found

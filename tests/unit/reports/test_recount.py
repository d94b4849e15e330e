"""The report's numbers against a second computation: every table exported whole, counted in plain Python.

The recount never sees SQL's idea of a month: it takes every row there is and
looks at the date that the calendar on the duty room's wall shows.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.calls.models import Call
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.vocabulary import (
    BroadcastState,
    CallResult,
    CallState,
    Disposition,
    IncidentClass,
    IncidentStatus,
    Level,
    NumberKind,
    Outcome,
    SourceChannel,
)
from dutycenter.work import Work
from reports.facts import Activity, Facts
from reports.figures import by_day, by_hour, only
from reports.gather import gather
from reports.period import Month, Period, Quarter, Range, Year

TABLES = (Call, Incident, Deadline, Broadcast, Recipient, RecipientNumber, Attempt)
generated = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
PERIODS: list[Period] = [
    Month(2024, 2), Month(2023, 2), Month(2026, 12), Month(2026, 10), Quarter(2026, 1), Year(2024),
    Range(datetime(2024, 2, 29).date(), datetime(2024, 3, 31).date()),
]  # fmt: skip
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns")]


def around(period: Period, zone: ZoneInfo) -> st.SearchStrategy[datetime]:
    """Moments in the period and its neighbours, most of all at midnight of its ends and of the days within."""
    span = period.span(zone)
    edges = [span.start, span.end, period.before.span(zone).start, *period.year_before.span(zone).__dict__.values()]
    days = [datetime(d.year, d.month, d.day, tzinfo=zone).astimezone(UTC) for d in period.dates[:40]]
    near = st.sampled_from([timedelta(microseconds=n) for n in (-1_000_000, -1, 0, 1, 999_999, 90_000_000)])
    return st.one_of(
        st.builds(lambda edge, off: edge + off, st.sampled_from([*edges, *days]), near),
        st.builds(lambda part: span.start + (span.end - span.start) * part / 10**6, st.integers(0, 10**6 - 1)),
    )


def export(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of the tables as JSON, read back: no more than what a file could carry."""
    with Session(engine) as db:
        rows = {
            model.__tablename__: [
                {column.name: _plain(getattr(row, column.name)) for column in model.__table__.columns}
                for row in db.scalars(select(model))
            ]
            for model in TABLES
        }
    return json.loads(json.dumps(rows))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


class Recount:
    """Counts an export by the wall's calendar."""

    def __init__(self, data: dict[str, list[dict[str, Any]]], zone: ZoneInfo) -> None:
        self.data = data
        self.zone = zone

    def local(self, text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(self.zone)

    def rows(self, table: str, moment: str, period: Period, exercise: bool) -> list[dict[str, Any]]:
        return [
            row for row in self.data[table]
            if row[moment] and row["exercise"] is exercise and period.first <= self.local(row[moment]).date() < period.end
        ]  # fmt: skip

    def seconds(self, start: str, end: str) -> int:
        return max(0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)) // timedelta(seconds=1))

    def check(self, activity: Activity, period: Period, exercise: bool) -> None:
        calls = self.rows("calls", "arrived_at", period, exercise)
        assert activity.calls.results == Counter(row["result"] for row in calls)
        taken = [row for row in calls if row["result"] == "answered"]
        assert activity.calls.to_answer == Counter(self.seconds(r["arrived_at"], r["answered_at"]) for r in taken)
        incidents = self.rows("incidents", "reported_at", period, exercise)
        kinds = Counter((row["incident_class"], row["level"]) for row in incidents)
        assert activity.incidents.kinds == kinds
        assert activity.incidents.statuses == Counter(row["status"] for row in incidents)
        assert activity.incidents.channels == Counter(row["channel"] for row in incidents)
        assert activity.incidents.losses["dead"] == sum(row["dead"] or 0 for row in incidents)
        broadcasts = {row["id"]: row for row in self.rows("broadcasts", "launched_at", period, exercise)}
        assert activity.broadcasts.broadcasts == len(broadcasts)
        people = [row for row in self.data["recipients"] if row["broadcast_id"] in broadcasts]
        assert activity.broadcasts.outcomes == Counter((row["department"], row["outcome"]) for row in people)
        assert activity.broadcasts.to_acknowledge == Counter(
            (r["department"], self.seconds(broadcasts[r["broadcast_id"]]["launched_at"], r["acknowledged_at"]))
            for r in people if r["acknowledged_at"]
        )  # fmt: skip
        tries = [row for row in self.data["attempts"] if row["broadcast_id"] in broadcasts]
        assert activity.broadcasts.attempts == Counter(row["disposition"] for row in tries)
        firsts: dict[int, str] = {}
        for row in self.data["broadcasts"]:
            if row["incident_id"] and row["launched_at"] and row["exercise"] is exercise:
                firsts[row["incident_id"]] = min(row["launched_at"], firsts.get(row["incident_id"], "9"))
        assert activity.broadcasts.to_launch == Counter(
            self.seconds(row["reported_at"], firsts[row["id"]]) for row in incidents if row["id"] in firsts
        )

    def check_all(self, facts: Facts) -> None:
        period = facts.period
        for activity, of, exercise in (
            (facts.now, period, False), (facts.before, period.before, False),
            (facts.year_before, period.year_before, False), (facts.exercise, period, True),
        ):  # fmt: skip
            self.check(activity, of, exercise)
        calls = [self.local(r["arrived_at"]) for r in self.rows("calls", "arrived_at", period, False)
                 if r["result"] in ("answered", "served")]  # fmt: skip
        quarters = only(facts.calls_by_quarter, True)
        assert by_hour(quarters, self.zone) == [sum(at.hour == hour for at in calls) for hour in range(24)]
        assert by_day(quarters, period, self.zone) == [sum(at.date() == day for at in calls) for day in period.dates]
        real = {row["id"] for row in self.data["incidents"] if not row["exercise"]}
        due = [row for row in self.data["deadlines"] if row["incident_id"] in real
               and period.first <= self.local(row["due_at"]).date() < period.end]  # fmt: skip
        late = [row for row in due if row["met_at"] and row["met_at"] > row["due_at"]]
        assert sum(facts.deadlines.late.values()) == len(late)
        assert sum(facts.deadlines.missed.values()) == sum(not row["met_at"] for row in due)
        assert sum(facts.deadlines.met.values()) == len(due) - len(late) - sum(not row["met_at"] for row in due)


class TestRecount:
    @generated
    @given(data=st.data(), period=st.sampled_from(PERIODS), zone=st.sampled_from(ZONES))
    def test_agrees_with_the_queries(self, work: Work, data: st.DataObject, period: Period, zone: ZoneInfo) -> None:
        engine = work.registry["dutycenter.engine"]
        draw, moments = data.draw, around(period, zone)
        with Session(engine) as db:
            for model in reversed(TABLES):
                db.execute(delete(model))
            for number in range(draw(st.integers(0, 15))):
                at, result = draw(moments), draw(st.sampled_from([*CallResult, None]))
                wait = timedelta(microseconds=draw(st.integers(0, 7200 * 10**6)))  # many go on past midnight
                db.add(Call(channel_uuid=f"c{number}", state=CallState.ENDED, arrived_at=at, result=result,
                            answered_at=at + wait if result is CallResult.ANSWERED else None, ended_at=at + 2 * wait,
                            exercise=draw(st.booleans())))  # fmt: skip
            for number in range(draw(st.integers(0, 10))):
                self._incident(db, draw, moments, number)
            db.commit()
        facts = gather(engine, period, zone, datetime(2030, 1, 1, tzinfo=UTC))
        Recount(export(engine), zone).check_all(facts)

    def _incident(self, db: Session, draw: st.DrawFn, moments: st.SearchStrategy[datetime], number: int) -> None:
        at, exercise = draw(moments), draw(st.booleans())
        incident = Incident(
            year=2020, sequence=number, incident_class=draw(st.sampled_from([*IncidentClass, None])),
            level=draw(st.sampled_from([*Level, None])), status=IncidentStatus.OPEN, exercise=exercise,
            channel=draw(st.sampled_from(list(SourceChannel))), reported_at=at, created_at=at,
            dead=draw(st.integers(0, 3) | st.none()),
        )  # fmt: skip
        due = draw(moments)
        met = draw(st.sampled_from([None, timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1)]))
        incident.deadlines = [Deadline(report="phone", due_at=due, met_at=None if met is None else due + met)]
        db.add(incident)
        db.flush()
        if draw(st.booleans()):  # closed, opened again, and found to be of another class
            incident.status, incident.closed_at = IncidentStatus.CLOSED, at + timedelta(days=40)
            db.flush()
            incident.incident_class = draw(st.sampled_from(list(IncidentClass)))
            if draw(st.booleans()):
                incident.status, incident.closed_at = IncidentStatus.OPEN, None
        for _ in range(draw(st.integers(0, 2))):
            launched = draw(moments | st.none())
            broadcast = Broadcast(title="t", message="m", state=BroadcastState.FINISHED, incident_id=incident.id,
                                  exercise=exercise, launched_at=launched, created_at=at)  # fmt: skip
            db.add(broadcast)
            db.flush()
            for _person in range(draw(st.integers(0, 3))):
                self._person(db, draw, broadcast)

    def _person(self, db: Session, draw: st.DrawFn, broadcast: Broadcast) -> None:
        outcome = draw(st.sampled_from([*Outcome, None]))
        took = timedelta(microseconds=draw(st.integers(0, 10**10)))
        done = broadcast.launched_at + took if broadcast.launched_at and outcome is Outcome.ACKNOWLEDGED else None
        person = Recipient(broadcast_id=broadcast.id, name="n", outcome=outcome, acknowledged_at=done,
                           department=draw(st.sampled_from(["应急局", "水利局", ""])))  # fmt: skip
        person.numbers = [RecipientNumber(number="1", kind=NumberKind.MOBILE)]
        db.add(person)
        db.flush()
        for end in draw(st.lists(st.sampled_from([*Disposition, None]), max_size=2)):
            db.add(Attempt(id=f"{person.id}-{draw(st.uuids())}"[:36], broadcast_id=broadcast.id, recipient_id=person.id,
                           number_id=person.numbers[0].id, gateway="g", created_at=broadcast.created_at,
                           disposition=end))  # fmt: skip

"""What the database counts, held against plain loops over generated months, on both databases."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.calls.models import Call
from dutycenter.directory.models import District
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
from reports import queries
from reports.facts import TAKEN
from reports.figures import by_day, by_hour, only
from reports.period import Month

generated = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
MONTHS = st.sampled_from([Month(2024, 2), Month(2026, 10), Month(2026, 12), Month(2027, 3)])
ZONES = st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")])
# Moments around a month: close to its ends most of all, to the microsecond.
OFFSETS = st.one_of(
    st.integers(-3, 3).map(lambda n: timedelta(microseconds=n)),
    st.integers(-3600 * 10**6, 3600 * 10**6).map(lambda n: timedelta(microseconds=n)),
    st.sampled_from([timedelta(microseconds=-400), timedelta(microseconds=999_600), timedelta(hours=8)]),
)


@st.composite
def moments(draw: st.DrawFn, month: Month, zone: ZoneInfo) -> datetime:
    span = month.span(zone)
    if draw(st.booleans()):
        return draw(st.sampled_from([span.start, span.end])) + draw(OFFSETS)
    return span.start + timedelta(
        microseconds=draw(st.integers(0, int((span.end - span.start) / timedelta(microseconds=1)) - 1))
    )


def inside(month: Month, zone: ZoneInfo, moment: datetime) -> bool:
    """By the calendar on the wall, not by bounds."""
    local = moment.astimezone(zone)
    return (local.year, local.month) == (month.year, month.month)


def rolled_back(work: Work) -> Session:
    """A session whose inserts vanish with it, so that every example finds an empty store."""
    return Session(work.registry["dutycenter.engine"], expire_on_commit=False)


class TestCalls:
    @generated
    @given(data=st.data(), month=MONTHS, zone=ZONES)
    def test_results_waits_hours_and_days(self, work: Work, data: st.DataObject, month: Month, zone: ZoneInfo) -> None:
        rows = data.draw(st.lists(st.tuples(
            moments(month, zone), st.sampled_from([*CallResult, None]), st.integers(-10**6, 4000 * 10**6), st.booleans(),
            st.booleans(), st.booleans(),
        ), max_size=25))  # fmt: skip
        calls = [
            {
                "channel_uuid": str(uuid.uuid4()), "state": CallState.ENDED, "result": result, "arrived_at": at,
                "answered_at": at + timedelta(microseconds=wait) if result is CallResult.ANSWERED else None,
                "ended_at": at + timedelta(days=1), "exercise": exercise, "open": left,
                "settled_at": at + timedelta(hours=1) if settled and result is not CallResult.ANSWERED else None,
            }
            for at, result, wait, exercise, left, settled in rows
        ]  # fmt: skip
        span = month.span(zone)
        with rolled_back(work) as db:
            if calls:
                db.execute(insert(Call), calls)
            for exercise in (False, True):
                mine = [c for c in calls if c["exercise"] is exercise and inside(month, zone, c["arrived_at"])]
                assert queries.calls_by_result(db, span, exercise) == Counter(c["result"] for c in mine)
                waits = Counter(
                    max(0, (c["answered_at"] - c["arrived_at"]) // timedelta(seconds=1))
                    for c in mine
                    if c["answered_at"]
                )
                assert queries.time_to_answer(db, span, exercise) == waits
                missed = [c for c in mine if c["result"] not in (None, *TAKEN)]
                assert queries.calls_left(db, span, exercise) == (
                    sum(c["settled_at"] is not None for c in missed),
                    sum(c["open"] and c["settled_at"] is None for c in missed),
                )
            quarters = queries.calls_by_quarter(db, span)
            real = [c for c in calls if not c["exercise"] and inside(month, zone, c["arrived_at"])]
            for answered in (True, False):
                local = [c["arrived_at"].astimezone(zone) for c in real
                         if (c["result"] in TAKEN) is answered]  # fmt: skip
                chosen = only(quarters, answered)
                assert by_hour(chosen, zone) == [sum(at.hour == hour for at in local) for hour in range(24)]
                assert by_day(chosen, month, zone) == [sum(at.day == day.day for at in local) for day in month.dates]


class TestIncidents:
    @generated
    @given(data=st.data(), month=MONTHS, zone=ZONES)
    def test_kinds_places_channels_and_deadlines(
        self, work: Work, data: st.DataObject, month: Month, zone: ZoneInfo
    ) -> None:
        rows = data.draw(st.lists(st.tuples(
            moments(month, zone), st.sampled_from([*IncidentClass, None]), st.sampled_from([*Level, None]),
            st.sampled_from(list(SourceChannel)), st.sampled_from([0, 1, None]), st.integers(0, 3) | st.none(),
            st.booleans(), moments(month, zone), st.sampled_from(["met", "late", "exactly", None]),
        ), max_size=20))  # fmt: skip
        span = month.span(zone)
        as_of = span.end - timedelta(days=3)
        with rolled_back(work) as db:
            districts = [District(code="430102", name="甲区"), District(code="430103", name="乙区")]
            db.add_all(districts)
            db.flush()
            reported: list[
                tuple[bool, datetime, IncidentClass | None, Level | None, SourceChannel, str | None, int]
            ] = []
            due: Counter[tuple[str, str]] = Counter()
            for n, (at, kind, level, channel, place, dead, exercise, due_at, met) in enumerate(rows, start=1):
                incident = Incident(
                    year=month.year, sequence=n, incident_class=kind, level=level, status=IncidentStatus.OPEN,
                    channel=channel, district_id=None if place is None else districts[place].id, dead=dead,
                    exercise=exercise, reported_at=at, created_at=at,
                )  # fmt: skip
                shift = {"met": -1, "exactly": 0, "late": 1}.get(met or "")
                met_at = None if shift is None else due_at + timedelta(microseconds=shift)
                incident.deadlines = [Deadline(report="phone", due_at=due_at, met_at=met_at)]
                db.add(incident)
                name = None if place is None else districts[place].name
                reported.append((exercise, at, kind, level, channel, name, dead or 0))
                if not exercise and inside(month, zone, due_at):
                    unmet = "missed" if due_at < as_of else "pending"
                    due[("met" if met in ("met", "exactly") else "late" if met else unmet, "phone")] += 1
            db.flush()
            for exercise in (False, True):
                mine = [row for row in reported if row[0] is exercise and inside(month, zone, row[1])]
                assert queries.incidents_by_kind(db, span, exercise) == Counter((row[2], row[3]) for row in mine)
                assert queries.incidents_by_channel(db, span, exercise) == Counter(row[4] for row in mine)
                assert queries.incidents_by_district(db, span, exercise) == Counter(row[5] for row in mine)
                assert queries.incident_losses(db, span, exercise)["dead"] == sum(row[6] for row in mine)
            found = queries.deadlines(db, span, as_of)
            assert {(part, report): count for part in ("met", "late", "missed", "pending")
                    for report, count in getattr(found, part).items()} == due  # fmt: skip
            grave = sum(1 for row in reported if not row[0] and inside(month, zone, row[1])
                        and row[3] in (Level.I, Level.II, Level.III))  # fmt: skip
            assert queries.notable_incidents(db, span)[1] == grave


class TestBroadcasts:
    @generated
    @given(data=st.data(), month=MONTHS, zone=ZONES)
    def test_outcomes_waits_and_dispositions(
        self, work: Work, data: st.DataObject, month: Month, zone: ZoneInfo
    ) -> None:
        people = st.tuples(
            st.sampled_from(["应急局", "水利局", ""]), st.sampled_from([*Outcome, None]), st.integers(0, 10**9),
            st.lists(st.sampled_from([*Disposition, None]), max_size=3),
        )  # fmt: skip
        drawn = data.draw(
            st.lists(
                st.tuples(moments(month, zone) | st.none(), st.booleans(), st.lists(people, max_size=5)), max_size=5
            )
        )
        span = month.span(zone)
        outcomes: dict[bool, Counter[object]] = {False: Counter(), True: Counter()}
        waits: dict[bool, Counter[object]] = {False: Counter(), True: Counter()}
        dispositions: dict[bool, Counter[object]] = {False: Counter(), True: Counter()}
        launched = Counter[bool]()
        with rolled_back(work) as db:
            for at, exercise, recipients in drawn:
                counts = at is not None and inside(month, zone, at)
                launched[exercise] += counts
                broadcast = Broadcast(
                    title="t", message="m", exercise=exercise, state=BroadcastState.RUNNING, launched_at=at,
                    created_at=datetime(2020, 1, 1, tzinfo=UTC),
                )  # fmt: skip
                db.add(broadcast)
                db.flush()
                for department, outcome, wait, ends in recipients:
                    took = timedelta(microseconds=wait)
                    acknowledged = at + took if at and outcome is Outcome.ACKNOWLEDGED else None
                    _recipient(db, broadcast.id, department, outcome, acknowledged, ends)
                    if not counts:
                        continue
                    outcomes[exercise][(department, outcome)] += 1
                    dispositions[exercise].update(ends)
                    if acknowledged:
                        waits[exercise][(department, took // timedelta(seconds=1))] += 1
            db.flush()
            for exercise in (False, True):
                assert queries.broadcasts_launched(db, span, exercise) == launched[exercise]
                assert queries.recipients_by_outcome(db, span, exercise) == outcomes[exercise]
                assert queries.time_to_acknowledge(db, span, exercise) == waits[exercise]
                assert queries.attempts_by_disposition(db, span, exercise) == dispositions[exercise]


def _recipient(db: Session, broadcast_id: int, department: str, outcome: Outcome | None,
               acknowledged_at: datetime | None, ends: list[Disposition | None]) -> None:  # fmt: skip
    recipient = Recipient(
        broadcast_id=broadcast_id, name="张伟", department=department, outcome=outcome, acknowledged_at=acknowledged_at
    )
    recipient.numbers = [RecipientNumber(number="13800000000", kind=NumberKind.MOBILE)]
    db.add(recipient)
    db.flush()
    for end in ends:
        db.add(Attempt(
            id=str(uuid.uuid4()), broadcast_id=broadcast_id, recipient_id=recipient.id,
            number_id=recipient.numbers[0].id, gateway="g", created_at=datetime(2020, 1, 1, tzinfo=UTC), disposition=end,
        ))  # fmt: skip


class TestTimeToLaunch:
    def test_only_the_first_broadcast_of_an_incident_counts_even_next_month(self, work: Work) -> None:
        zone = ZoneInfo("Asia/Shanghai")
        span = Month(2026, 10).span(zone)
        at = span.end - timedelta(seconds=10)
        with rolled_back(work) as db:
            incident = Incident(year=2026, sequence=1, status=IncidentStatus.OPEN, channel=SourceChannel.PHONE,
                                reported_at=at, created_at=at)  # fmt: skip
            db.add(incident)
            db.flush()
            for seconds in (95, 25):
                db.add(Broadcast(title="t", message="m", state=BroadcastState.FINISHED, incident_id=incident.id,
                                 launched_at=at + timedelta(seconds=seconds), created_at=at))  # fmt: skip
            db.flush()
            assert queries.time_to_launch(db, span) == {25: 1}
            assert queries.broadcasts_launched(db, span) == 0

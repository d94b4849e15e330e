"""A month filled in bulk, for measurements: its rows are random, and the same every time."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Table, func, insert, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.calls.models import Call, Recording
from dutycenter.db.base import Base
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.ledger.models import LedgerEntry, LedgerLeaf
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
    RecordingKind,
    RecordingState,
    SourceChannel,
)
from reports.period import Month, Span

MONTH = Month(2026, 10)
BLOCK = 20_000  # rows in one statement
SEED = 7
RESULTS = (CallResult.ANSWERED,) * 93 + (CallResult.ABANDONED,) * 5 + (CallResult.VOICEMAIL,) * 2
ENDS = (Disposition.ACKNOWLEDGED,) * 6 + (Disposition.NO_ANSWER,) * 2 + (Disposition.BUSY, Disposition.SWITCHED_OFF)
DEPARTMENTS = 40
PEOPLE = 100  # in one broadcast

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much happens in a month."""

    calls: int
    attempts: int
    incidents: int

    def __str__(self) -> str:
        return f"{self.calls:,} calls, {self.attempts:,} attempts, {self.incidents:,} incidents"


class NotEmpty(ValueError):
    """The store has calls already: the bench fills only an empty one."""


def fill(engine: Engine, size: Size, zone: ZoneInfo, say: Callable[[str], None]) -> None:
    """Fill an empty store with one month.

    Raises:
        NotEmpty: it isn't.
    """
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        if db.scalar(select(func.count()).select_from(Call)):
            raise NotEmpty("the store is not empty: give the address of a new one")
    span, rng = MONTH.span(zone), random.Random(SEED)  # noqa: S311 (figures, no secrets)
    calls, incidents, broadcasts = size.calls, size.incidents, max(1, size.attempts // (2 * PEOPLE))
    steps: Sequence[tuple[Any, Rows]] = (
        (Call, _calls(rng, span, calls)),
        (Recording, _recordings(rng, span, calls)),
        (Incident, _incidents(rng, span, incidents)),
        (Deadline, _deadlines(rng, span, incidents)),
        (Broadcast, _broadcasts(rng, span, broadcasts)),
        (Recipient, _recipients(rng, span, broadcasts)),
        (RecipientNumber, _numbers(broadcasts)),
        (Attempt, _attempts(rng, span, size.attempts, broadcasts)),
        (LedgerEntry, _entries(rng, span, calls)),
        (LedgerLeaf, _leaves(calls)),
    )
    for model, rows in steps:
        began = time.monotonic()
        count = _write(engine, model.__table__, rows)
        say(f"  {model.__tablename__}: {count:,} rows, {time.monotonic() - began:.1f} s")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _write(engine: Engine, table: Table, rows: Rows) -> int:
    """Rows in bulk: COPY where there is one."""
    count = 0
    plain = all(column.default is None or column.default.is_scalar for column in table.columns)
    if plain and engine.dialect.name == "postgresql":
        return _copy(engine, table, rows)
    with engine.begin() as connection:
        while block := list(islice(rows, BLOCK)):
            connection.execute(insert(table), block)
            count += len(block)
    return count


def _copy(engine: Engine, table: Table, rows: Rows) -> int:
    count = 0
    first = next(rows)
    names = [*first]
    known: dict[str, Any] = {column.name: column.default for column in table.columns if column.default is not None}
    defaults = {name: default.arg for name, default in known.items() if name not in first and default.is_scalar}
    columns = ", ".join([*names, *defaults])
    raw: Any = engine.raw_connection()
    try:
        with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in _and(first, rows):
                copy.write_row([*(row[name] for name in names), *defaults.values()])
                count += 1
        raw.commit()
    finally:
        raw.close()
    return count


def _and(first: dict[str, Any], rest: Rows) -> Rows:
    yield first
    yield from rest


def _at(rng: random.Random, span: Span) -> datetime:
    return span.start + timedelta(microseconds=rng.randrange(int((span.end - span.start) / timedelta(microseconds=1))))


def _id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _calls(rng: random.Random, span: Span, count: int) -> Rows:
    for number in range(1, count + 1):
        at, result = _at(rng, span), rng.choice(RESULTS)
        answered = at + timedelta(seconds=rng.expovariate(0.1)) if result is CallResult.ANSWERED else None
        yield {
            "id": number, "channel_uuid": _id(rng), "caller_number": "13800000000", "state": CallState.ENDED.value,
            "result": result.value, "arrived_at": at, "answered_at": answered, "ended_at": at + timedelta(minutes=3),
            "open": False, "exercise": False,
        }  # fmt: skip


def _recordings(rng: random.Random, span: Span, count: int) -> Rows:
    for number in range(1, count + 1):
        at = _at(rng, span)
        yield {
            "id": number, "channel_uuid": _id(rng), "file_name": f"{number}.wav", "kind": RecordingKind.CALL.value,
            "state": RecordingState.KEPT.value, "foundling": False, "exercise": False, "started_at": at,
            "stopped_at": at + timedelta(minutes=2), "seconds": 120.0, "bytes": 3_840_044,
        }  # fmt: skip


def _incidents(rng: random.Random, span: Span, count: int) -> Rows:
    for number in range(1, count + 1):
        at = _at(rng, span)
        yield {
            "id": number, "year": 2026, "sequence": number, "title": "测试事件",
            "incident_class": rng.choice(list(IncidentClass)).value, "level": rng.choice(list(Level)).value,
            "status": IncidentStatus.CLOSED.value, "channel": SourceChannel.PHONE.value, "exercise": False,
            "reported_at": at, "created_at": at, "version": 1,
        }  # fmt: skip


def _deadlines(rng: random.Random, span: Span, count: int) -> Rows:
    for number in range(1, count + 1):
        due = _at(rng, span)
        yield {"id": number, "incident_id": number, "report": "phone", "due_at": due, "met_at": due, "citation": ""}


def _broadcasts(rng: random.Random, span: Span, count: int) -> Rows:
    for number in range(1, count + 1):
        at = _at(rng, span)
        yield {
            "id": number, "title": f"通知{number}", "message": "请到位", "exercise": False, "state": BroadcastState.FINISHED.value,
            "created_at": at, "launched_at": at,
        }  # fmt: skip


def _recipients(rng: random.Random, span: Span, broadcasts: int) -> Rows:
    for number in range(broadcasts * PEOPLE):
        outcome = rng.choice((Outcome.ACKNOWLEDGED, Outcome.ACKNOWLEDGED, Outcome.NOT_REACHED))
        done = _at(rng, span) if outcome is Outcome.ACKNOWLEDGED else None
        yield {
            "id": number + 1, "broadcast_id": number // PEOPLE + 1, "name": f"人{number % PEOPLE}",
            "department": f"单位{number % DEPARTMENTS}", "outcome": outcome.value, "acknowledged_at": done,
            "weight": 1 + number % 4,
        }  # fmt: skip


def _numbers(broadcasts: int) -> Rows:
    for number in range(1, broadcasts * PEOPLE + 1):
        yield {"id": number, "recipient_id": number, "number": "13800000000", "kind": NumberKind.MOBILE.value}


def _attempts(rng: random.Random, span: Span, count: int, broadcasts: int) -> Rows:
    people = broadcasts * PEOPLE
    for number in range(count):
        at, person = _at(rng, span), number % people + 1
        yield {
            "id": _id(rng), "broadcast_id": (person - 1) // PEOPLE + 1, "recipient_id": person, "number_id": person,
            "gateway": "trunk", "created_at": at, "disposition": rng.choice(ENDS).value,
        }  # fmt: skip


def _entries(rng: random.Random, span: Span, count: int) -> Rows:
    for number in range(1, count + 1):
        yield {
            "id": number, "transaction_id": 1, "at": _at(rng, span), "actor": "ivr", "action": "call.arrived",
            "subject": f"call:{number}", "data": "{}",
        }  # fmt: skip


def _leaves(count: int) -> Rows:
    for number in range(count):
        yield {"position": number, "entry_id": number + 1, "sha256": b"x" * 32, "sm3": b"x" * 32}

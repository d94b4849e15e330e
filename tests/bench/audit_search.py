"""How long the audit desk's searches take among a million recordings, on both databases.

    python -m tests.bench.audit_search [--recordings 1000000] [--rounds 20] [--only postgresql]

Each line is one filter of the form, or several together, as the page asks for it: the count, the rows and what
stands beside them. Milliseconds: median, and the slowest but one in twenty (p95).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from broadcast.models import Broadcast
from dutycenter.audit.search import PAGE, Query, find
from dutycenter.calls.models import Call, Recording
from dutycenter.cli.seed import seed_city
from dutycenter.db import open_session
from dutycenter.db.base import Base
from dutycenter.directory.models import Person
from dutycenter.incidents.models import Incident, IncidentCall
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IBroadcasts
from dutycenter.settings import load
from dutycenter.vocabulary import BroadcastState, CallResult, CallState, Disposition, RecordingKind, RecordingState
from dutycenter.work import Work
from tests.conftest import make_tables, new_database, open_store, private_postgresql

PEOPLE = 10_000
NUMBERS = 200_000
BROADCASTS = 400
CALLERS = 4  # every fourth recording is of a caller, the others of a broadcast's leg
BEGAN = datetime(2023, 11, 27, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
WRITTEN = 10_000
SCATTER = 7919  # neighbours in time have nothing else in common


def number(i: int) -> str:
    """A caller's or an officer's number."""
    return f"13{i * SCATTER % NUMBERS:09}"


def rows(many: int, people: list[int], broadcasts: list[int]) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Recordings, each with the call that it is of, if it is of one. Two in a hundred are odd, one in 1,000 is missing."""
    for i in range(1, many + 1):
        at = BEGAN + YEARS * (i / many)
        called = i % CALLERS == 0
        recording = {
            "id": i, "channel_uuid": f"channel-{i}", "file_name": f"{i}.wav", "kind": RecordingKind.NOTICE,
            "state": RecordingState.KEPT if i % 1000 else RecordingState.MISSING, "call_id": None,
            "attempt_id": f"channel-{i}", "foundling": i % 500 == 0, "exercise": False, "started_at": at,
            "stopped_at": at, "seconds": i * SCATTER % 3600, "channels": 2, "bytes": 3_840_044,
            "findings": {} if i % 50 else {"missing_ms": 4000}, "number": number(i), "number_reversed": number(i)[::-1],
            "person_id": people[i * SCATTER % len(people)], "broadcast_id": broadcasts[i * len(broadcasts) // (many + 1)],
            "result": Disposition.NO_SUCH_NUMBER if i % 333 == 1 else Disposition.ACKNOWLEDGED,
        }  # fmt: skip
        if not called:
            yield recording, None
            continue
        recording |= {
            "kind": RecordingKind.CALL if i % 80 else RecordingKind.VOICEMAIL, "call_id": i, "attempt_id": None,
            "person_id": None, "broadcast_id": None,
            "result": CallResult.ANSWERED if i % 20 else CallResult.ABANDONED,
        }  # fmt: skip
        yield recording, {
            "id": i, "channel_uuid": f"channel-{i}", "caller_number": number(i), "state": CallState.ENDED,
            "arrived_at": at, "ended_at": at, "result": recording["result"],
        }  # fmt: skip


def fill(work: Work, many: int) -> str:
    """The store: people, an incident with callers and broadcasts, and so many recordings; the incident's number."""
    began = time.perf_counter()
    with work.write() as request:
        seed_city(request, PEOPLE)
        people = list(request.db.scalars(select(Person.id)))
        incident: Incident = request.find_service(Incidents).create({"title": "Bench"})
        for n in range(BROADCASTS):
            request.db.add(
                Broadcast(
                    incident_id=incident.id if n < 2 else None, title=f"Bench {n}", message="", created_at=BEGAN,
                    state=BroadcastState.FINISHED,
                )
            )  # fmt: skip
        request.db.flush()
        broadcasts = list(request.db.scalars(select(Broadcast.id)))
        name = incident.number
    engine: Engine = work.registry["dutycenter.engine"]
    made = rows(many, people, broadcasts)
    with open_session(engine, writes=True) as db:
        while batch := list(islice(made, WRITTEN)):
            write(db, Call, [call for _recording, call in batch if call])
            write(db, Recording, [recording for recording, _call in batch])
        write(db, IncidentCall, [{"incident_id": incident.id, "call_id": CALLERS * n} for n in range(1, 40)])
        db.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    print(f"  {many:,} recordings written in {time.perf_counter() - began:.0f} s", flush=True)
    return name


def write(db: Session, model: type[Base], made: list[dict[str, Any]]) -> None:
    """Write rows the quickest way that the database has."""
    if db.get_bind().dialect.name == "sqlite":
        db.execute(insert(model), made)
        return
    defaults = {c.name: c.default.arg for c in model.__table__.columns if c.default is not None and c.default.is_scalar}
    columns = [*{**defaults, **made[0]}]
    cursor = db.connection().connection.cursor()
    with cursor.copy(f"COPY {model.__tablename__} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in made:
            full = {**defaults, **row}
            copy.write_row([_plain(full[name]) for name in columns])


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return json.dumps(value) if isinstance(value, dict) else value


def asked(incident: str) -> dict[str, Query]:
    """What an auditor looks for."""
    middle = date(2025, 6, 1)
    odd = Query(odd=True)
    return {
        "nothing: the newest": Query(),
        "the same, a page far back": Query(after=(BEGAN + YEARS / 10, 0)),
        "one day": Query(since=middle, until=middle),
        "half of the time": Query(since=middle),
        "a number": Query(number=number(77)),
        "the end of a number": Query(number=number(77)[-4:]),
        "the beginning of a number": Query(number=number(77)[:6]),
        "the beginning of all": Query(number="13"),
        "a person's name": Query(person="张伟"),
        "one character of names": Query(person="张"),
        "nobody's name": Query(person="没有这个人"),
        "an incident": Query(incident=incident),
        "longer than 59 minutes": Query(longer=3540),
        "longer than a minute": Query(longer=60),
        "shorter than two seconds": Query(shorter=1),
        **{f"kind: {kind}": Query(kind=kind) for kind in RecordingKind},
        **{f"state: {state}": Query(state=state) for state in (RecordingState.KEPT, RecordingState.MISSING)},
        **{
            f"result: {result}": Query(result=result)
            for result in (CallResult.ABANDONED, Disposition.NO_SUCH_NUMBER, Disposition.BUSY)
        },
        "something odd": odd,
        "something odd, a page far back": replace(odd, after=(BEGAN + YEARS / 10, 0)),
        "something odd, of a voicemail": replace(odd, kind=RecordingKind.VOICEMAIL),
        "something odd, missing": replace(odd, state=RecordingState.MISSING),
        "something odd, that day": replace(odd, since=middle, until=middle),
        "abandoned, longer than 59 minutes": Query(result=CallResult.ABANDONED, longer=3540),
        "a person's legs that found nobody": Query(person="张", result=Disposition.NO_SUCH_NUMBER),
        "a name, half of the time": Query(person="张", until=middle),
    }


def measure(work: Work, query: Query, rounds: int) -> tuple[float, float, str]:
    """Median and p95 in milliseconds, and how many were found."""
    taken, count = [], ""
    for _round in range(rounds + 1):
        with work.read() as request:
            began = time.perf_counter()
            found = find(request.db, query, work.settings.time_zone, request.find_service(IBroadcasts))
            taken.append((time.perf_counter() - began) * 1000)
            count = f"{found.total}" if len(found.rows) < PAGE else f"{found.total}, a page of {PAGE}"
    return median(taken[1:]), quantiles(taken[1:], n=20)[-1], count


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="audit-search-")))
        stores = {}
        if chosen.only != "postgresql":
            stores["SQLite"] = f"sqlite:///{folder}/store.sqlite"
        if chosen.only != "sqlite":
            server = stack.enter_context(private_postgresql(durable=True))
            stores["PostgreSQL"] = stack.enter_context(new_database(server))
        for name, url in stores.items():
            print(name)
            make_tables(url)
            work = open_store(replace(load({"voice": "silent", "rehearsal": "true"}, here=folder), database_url=url))
            incident = fill(work, chosen.recordings)
            print(f"  {'filter':<36} median ms   p95 ms   found")
            for words, query in asked(incident).items():
                middle, slow, count = measure(work, query, chosen.rounds)
                print(f"  {words:<36} {middle:9.1f} {slow:8.1f}   {count}", flush=True)
            work.registry["dutycenter.engine"].dispose()


if __name__ == "__main__":
    main()

"""How fast the pages answer in a store that has grown: ``python -m tests.bench.pages``.

A town on a PostgreSQL server of its own, filled with years of calls and incidents. Every role is at work and
a broadcast is running while one officer goes from page to page. Printed are, for each page, the median and
the 95th percentile of milliseconds from sending the request to having the whole answer, and the slowest.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from sqlalchemy import func, select, text

from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.accounts.models import Account
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.cli.rehearse.town import Town
from dutycenter.cli.run import web_address
from dutycenter.directory.models import Person
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IClock, Wish
from dutycenter.vocabulary import Role
from dutycenter.work import Work
from tests.conftest import new_database, private_postgresql

NUMBERS = 200_000  # who has ever called
YEARS = "interval '3 years'"

# One statement for each table: the server itself makes the rows, a million in seconds.
CALLS = f"""
INSERT INTO calls (channel_uuid, caller_number, called_number, state, result, arrived_at, queued_at, ringing_at,
                   answered_at, ended_at, keys, hangup_cause, exercise, open, settled_how)
SELECT gen_random_uuid()::text, '13' || lpad((abs(hashint4(n)) % {NUMBERS})::text, 9, '0'), '12345', 'ended',
       CASE WHEN n % 20 = 0 THEN 'abandoned' ELSE 'answered' END, at, at, at + interval '3 s',
       CASE WHEN n % 20 <> 0 THEN at + interval '8 s' END, at + interval '2 min', '1', 'NORMAL_CLEARING',
       false, false, ''
FROM (SELECT n, now() - {YEARS} * (1 - n / :many ::float) AS at FROM generate_series(1, :many) AS n) AS drawn
"""
INCIDENTS = f"""
INSERT INTO incidents (year, sequence, title, incident_class, subtype, level, status, channel, exercise, district_id,
                       place, course, cause, measures, trend, losses, already_told, request, scene_contact,
                       scene_number, reporter_unit, reporter_name, reporter_post, reporter_number,
                       reported_at, created_at, closed_at, version)
SELECT extract(year FROM at)::int - 10, n,
       (ARRAY['沿江路居民楼火灾', '国道货车侧翻', '河道水位超警', '工地塌方', '校园食物中毒'])[1 + n % 5],
       (ARRAY['natural', 'accident', 'health', 'security'])[1 + n % 4], '',
       CASE WHEN n % 4 <> 3 THEN (ARRAY['IV', 'III', 'II'])[1 + n % 3] END, 'closed', 'phone', false,
       (SELECT min(id) FROM districts) + n % (SELECT count(*) FROM districts), '沿江路' || n % 900 || '号',
       '接报后已派员赶赴现场，人员正在疏散，原因待查。第 ' || n || ' 号记录。', '', '已组织救援', '', '', '', '', '', '', '', '', '',
       '13' || lpad((abs(hashint4(n * 10)) % {NUMBERS})::text, 9, '0'), at, at, at + interval '1 day', 1
FROM (SELECT n, now() - {YEARS} * (1 - n / :many ::float) AS at FROM generate_series(1, :many) AS n) AS drawn
"""
AFTERWARDS = """
INSERT INTO incident_calls (incident_id, call_id) SELECT id, id * 10 FROM incidents;
INSERT INTO incident_entries (incident_id, at, kind, text, data, actor)
SELECT id, reported_at + interval '1 min' * k, 'note', '现场来电，情况无变化', '{}', 'user:1'
FROM incidents, generate_series(1, 5) AS k;
INSERT INTO deadlines (incident_id, report, due_at, met_at, citation, ring_taken_by, ring_fault)
SELECT id, 'phone', reported_at + interval '15 min', reported_at + interval '10 min', '', '', '' FROM incidents;
INSERT INTO recordings (channel_uuid, file_name, kind, state, call_id, foundling, exercise, started_at, stopped_at,
                        seconds, channels, bytes, findings, number, number_reversed, result)
SELECT channel_uuid, id || '.wav', 'call', 'kept', id, false, false, arrived_at, ended_at, 120, 2, 3840044, '{}',
       caller_number, reverse(caller_number), result
FROM calls;
"""


def fill(work: Work, calls: int, incidents: int) -> None:
    """Years of calls and incidents, each incident from one of the calls."""
    engine = work.registry["dutycenter.engine"]
    began = time.monotonic()
    with engine.begin() as connection:
        connection.execute(text(CALLS), {"many": calls})
        connection.execute(text(INCIDENTS), {"many": incidents})
        for statement in AFTERWARDS.split(";\n"):
            connection.exec_driver_sql(statement)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    print(f"{calls:,} calls and {incidents:,} incidents written in {time.monotonic() - began:.0f} s", flush=True)


def session_of(work: Work, role: Role) -> str:
    """A log-in of one who has this role."""
    with work.write() as request:
        account = request.db.scalars(select(Account).where(Account.role == role).limit(1)).one()
        account.must_change, account.factor_secret = False, ""  # logged in by both factors
        return Sessions(request.db, work.settings, request.find_service(IClock).now()).open(account, "bench")


def launch(work: Work, people: int) -> int:
    """A broadcast to so many of the town."""
    with work.write() as request:
        chosen = list(request.db.scalars(select(Person.id).limit(people)))
        broadcasts = request.find_service(Broadcasts)
        made: int = broadcasts.draft(Wish("Bench", "请立即到岗到位。", chosen, channels=60, rounds=3, pause=60))
        broadcasts.launch(made)
    return made


def pages(work: Work, broadcast_id: int) -> list[str]:
    """What an officer opens in a shift."""
    with work.read() as request:
        incident = request.db.scalar(select(func.max(Incident.id)))
        recipient = request.db.scalar(select(Recipient.id).where(Recipient.broadcast_id == broadcast_id).limit(1))
        person = request.db.scalar(select(Person.id).limit(1))
    return [
        "/desk", "/desk/left", "/desk/right", "/desk/bar", "/strip",
        "/incidents", "/incidents?page=900", f"/incidents?q={quote('塌方')}", "/incidents?q=13000012345",
        *(f"/incidents?q={quote(words)}" for words in ("绝无此词", "99999", "第 1", "99999 号", "塌方 侧翻")),
        "/incidents?class=accident&level=III", f"/incidents/{incident}", f"/incidents/{incident}/timeline",
        "/broadcasts", "/broadcasts/new", f"/broadcasts/{broadcast_id}", f"/broadcasts/{broadcast_id}/state",
        f"/broadcasts/{broadcast_id}/people", f"/broadcasts/{broadcast_id}/people/{recipient}",
        "/directory", f"/directory/people/{person}", "/roster", "/roster/log", "/roster/handovers", "/plans", "/knocks",
        f"/find?q={quote('塌方')}", "/find?q=1300001", f"/find?q={quote('张')}",
        "/recordings", "/recordings?number=13000012345", "/evidence", "/reports",
    ]  # fmt: skip


@contextmanager
def browsing(town: Town, work: Work) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """An officer's browser and an auditor's."""
    host, port = web_address(town.ini)
    clients = [
        httpx.Client(base_url=f"http://{host}:{port}", cookies={COOKIE: session_of(work, role)}, timeout=60)
        for role in (Role.OFFICER, Role.AUDITOR)
    ]
    yield clients[0], clients[1]
    for client in clients:
        client.close()


def measure(town: Town, work: Work, broadcast_id: int, rounds: int) -> None:
    """Open every page so many times in turn; print what it took."""
    took: dict[str, list[float]] = {}
    with browsing(town, work) as (officer, auditor):
        for _round in range(rounds):
            for page in pages(work, broadcast_id):
                browser = auditor if page.startswith(("/recordings", "/evidence")) else officer
                began = time.perf_counter()
                answer = browser.get(page)
                took.setdefault(page, []).append(1000 * (time.perf_counter() - began))
                if answer.status_code != httpx.codes.OK:
                    raise SystemExit(f"{page}: {answer.status_code} {answer.headers.get('location', '')}")
    print(f"{'page':44} {'median':>8} {'p95':>8} {'most':>8}  ms")
    for page, times in sorted(took.items(), key=lambda item: -_p95(item[1])):
        print(f"{page[:44]:44} {statistics.median(times):8.1f} {_p95(times):8.1f} {max(times):8.1f}")
    every = [each for times in took.values() for each in times]
    print(f"{'all pages':44} {statistics.median(every):8.1f} {_p95(every):8.1f} {max(every):8.1f}")


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


def main() -> None:
    """Fill, start, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=10_000, help="in the directory; a twentieth is called")
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pages-") as folder,
        private_postgresql(durable=True) as server,
        new_database(server) as url,
    ):
        town = Town.found(Path(folder), people=given.people, speed=1, seed=1, database=url)
        with town.inhabited(without=()) as work:
            fill(work, given.calls, given.incidents)
            made = launch(work, given.people // 20)
            measure(town, work, made, given.rounds)
            with work.read() as request:
                state = request.db.get(Broadcast, made).state
            print(f"The broadcast is {state}.")
            work.registry["dutycenter.engine"].dispose()


if __name__ == "__main__":
    main()

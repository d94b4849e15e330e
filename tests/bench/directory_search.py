"""How long the directory takes with 10,000 people, on both databases.

    python -m tests.bench.directory_search [--people 10000] [--rounds 20]

Each search is what one key typed into the field asks for, up to the finished page
part; the lists are whole pages. Milliseconds: median, and the slowest but one in
twenty (p95). A page of people is read through the web application without a network.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

from webtest import TestApp

from dutycenter import configure
from dutycenter.accounts.models import Account
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.cli.seed import seed_city
from dutycenter.interfaces import IClock
from dutycenter.settings import Settings, load
from dutycenter.vocabulary import Role
from dutycenter.work import Work
from tests.conftest import make_tables, new_database, private_postgresql

PART = {"HX-Request": "true"}
ASKED = (
    ("search 张", "/directory?q=张", PART),
    ("search zhang", "/directory?q=zhang", PART),
    ("search zw", "/directory?q=zw", PART),
    ("search z", "/directory?q=z", PART),
    ("search 局长", "/directory?q=局长", PART),
    ("search 防汛", "/directory?q=防汛", PART),
    ("search 154", "/directory?q=154", PART),
    ("search 8866", "/directory?q=8866", PART),
    ("search nobody", "/directory?q=没有这个人", PART),
    ("choices zw", "/directory/choices?q=zw", {}),
    ("all departments", "/directory", {}),
    ("one department", "/directory?department=20", {}),
    ("one district", "/directory?district=1", {}),
    ("page 150", "/directory?page=150", {}),
    ("can't be called", "/directory?show=uncallable", {}),
)


@contextmanager
def browser(url: str, folder: Path, people: int) -> Iterator[TestApp]:
    """A logged-in browser of an installation with so many people."""
    settings: Settings = replace(load({"voice": "silent", "rehearsal": "true"}, here=folder), database_url=url)
    make_tables(url)
    config = configure(settings)
    work = Work(config.registry, "bench")
    with work.write() as request:
        seed_city(request, people)
        clock = request.find_service(IClock)
        account = Account(
            username="reader", name="Reader", role=Role.OFFICER, password_hash="", must_change=False,
            created_at=clock.now(),
        )  # fmt: skip
        request.db.add(account)
        request.db.flush()
        token = Sessions(request.db, settings, clock.now() + timedelta(seconds=1)).open(account, "")
    app = TestApp(config.make_wsgi_app())
    app.set_cookie(COOKIE, token)
    yield app
    work.registry["dutycenter.engine"].dispose()


def measure(app: TestApp, address: str, headers: dict[str, str], rounds: int) -> tuple[float, float, int]:
    """Median and p95 in milliseconds, and the size of the answer."""
    address = quote(address, safe="/?=&")
    app.get(address, headers=headers)
    taken = []
    for _round in range(rounds):
        began = time.perf_counter()
        answer = app.get(address, headers=headers)
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken), quantiles(taken, n=20)[-1], len(answer.body)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        private_postgresql(durable=True) as server,
        new_database(server) as pg,
    ):
        for name, url in (("SQLite", f"sqlite:///{folder}/store.sqlite"), ("PostgreSQL", pg)):
            with browser(url, Path(folder), chosen.people) as app:
                print(f"{name}, {chosen.people} people        median ms   p95 ms   bytes")
                for words, address, headers in ASKED:
                    middle, slow, size = measure(app, address, headers, chosen.rounds)
                    print(f"  {words:<28} {middle:9.1f} {slow:8.1f} {size:7}")


if __name__ == "__main__":
    main()

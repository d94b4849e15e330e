"""How long a launch takes, and how long somebody else who writes waits meanwhile: on SQLite, that is the same.

    python -m tests.bench.launch [--people 10000]

Beside it the same people written as one object each, as the few are who are taken in later.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select, update

from broadcast.aside import uncollected
from broadcast.people import enlist, recipient_of
from broadcast.services import Broadcasts
from dutycenter.directory.models import Department, Person
from dutycenter.interfaces import Wish
from dutycenter.work import Work
from tests.conftest import new_database, private_postgresql
from tests.support.seeded import seeded

MESSAGE = "请立即到岗到位。" * 10


@contextmanager
def another_writer(work: Work) -> Iterator[list[float]]:
    """Somebody who writes a row again and again; the seconds of each."""
    waits: list[float] = []
    enough = threading.Event()

    def write() -> None:
        while not enough.wait(0.01):
            began = time.perf_counter()
            with work.write() as request:
                request.db.execute(update(Department).where(Department.id == 1).values(position=Department.position))
            waits.append(time.perf_counter() - began)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield waits
    finally:
        enough.set()
        writer.join()


def measure(url: str, folder: Path, people: int) -> None:
    """Print the seconds on one store."""
    work = seeded(url, folder, people)
    with work.read() as request:
        everybody = list(request.db.scalars(select(Person.id).order_by(Person.id).limit(people)))
    with another_writer(work) as waits:
        began = time.perf_counter()
        with work.write() as request:
            broadcasts = request.find_service(Broadcasts)
            made = broadcasts.draft(Wish(people=everybody, title="bench", message=MESSAGE, channels=20))
            broadcasts.launch(made)
        took = time.perf_counter() - began
    print(f"  launched in {took:.2f} s; another writer waited {max(waits):.2f} s at most")
    seconds = {}
    for way in ("in bulk", "one by one"):
        with work.write() as request, uncollected():
            found = request.find_service(Broadcasts).candidates(everybody)
            began = time.perf_counter()
            if way == "in bulk":
                enlist(request.db, made, [(one, {}) for one in found])
            else:
                request.db.add_all(recipient_of(one, broadcast_id=made) for one in found)
                request.db.flush()
            seconds[way] = time.perf_counter() - began
    ratio = seconds["one by one"] / seconds["in bulk"]
    print(f"  written in bulk in {seconds['in bulk']:.2f} s, one by one in {seconds['one by one']:.2f} s: {ratio:.1f}")
    work.registry["dutycenter.engine"].dispose()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    people: int = parser.parse_args().people
    with tempfile.TemporaryDirectory() as folder, private_postgresql(durable=True) as server:
        print(f"{people} people, SQLite")
        measure(f"sqlite:///{folder}/bench.sqlite", Path(folder), people)
        with new_database(server) as url:
            print(f"{people} people, PostgreSQL")
            measure(url, Path(folder), people)


if __name__ == "__main__":
    main()

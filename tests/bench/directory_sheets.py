"""How long a sheet of 10,000 people takes: to be written out, looked at, taken in and undone, on both databases.

    python -m tests.bench.directory_sheets [--people 10000]

Every second row of the sheet changes a post. Seconds; the clerk does all but the first.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from dutycenter.directory.imports import jobs
from dutycenter.directory.imports.services import Imports
from dutycenter.directory.imports.writing import rows_of, write_xlsx
from dutycenter.directory.services import Directory
from dutycenter.vocabulary import RowVerdict
from tests.conftest import new_database, private_postgresql
from tests.support.seeded import seeded


def measure(url: str, folder: Path, people: int) -> None:
    """Print the seconds of each step."""
    work = seeded(url, folder, people)
    began = time.perf_counter()
    with work.read() as request:
        rows = list(rows_of(request.find_service(Directory).people_where(), str))
        for row in rows[::2]:
            row["post"] = f"{row['post']}（兼）"
        content = write_xlsx(rows, str)
    print(f"  written out   {time.perf_counter() - began:7.1f} s, {len(content) // 1024} kB")
    with work.write() as request:
        sheet_id = request.find_service(Imports).hand_in("people.xlsx", content).id
    for step, verb in (("looked at", ""), ("taken in", "confirm"), ("undone", "undo")):
        if verb:
            with work.write() as request:
                imports = request.find_service(Imports)
                getattr(imports, verb)(imports.find(sheet_id))
        began = time.perf_counter()
        jobs.work_on(work)
        print(f"  {step:<13} {time.perf_counter() - began:7.1f} s")
    with work.read() as request:
        imports = request.find_service(Imports)
        counts = imports.counts(imports.find(sheet_id))
        print("  rows:", ", ".join(f"{verdict.value} {counts[verdict]}" for verdict in RowVerdict))
    work.registry["dutycenter.engine"].dispose()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    people = parser.parse_args().people
    with (
        tempfile.TemporaryDirectory() as folder,
        private_postgresql(durable=True) as server,
        new_database(server) as pg,
    ):
        for name, url in (("SQLite", f"sqlite:///{folder}/store.sqlite"), ("PostgreSQL", pg)):
            print(f"{name}, {people} people")
            measure(url, Path(folder), people)


if __name__ == "__main__":
    main()

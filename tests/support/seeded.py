"""An installation with the seed's city in its store, for what is measured there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dutycenter import configure
from dutycenter.cli.seed import seed_city
from dutycenter.settings import load
from dutycenter.work import Work
from tests.conftest import make_tables


def seeded(url: str, folder: Path, people: int) -> Work:
    """The city with so many people in an empty database; what it says is silent."""
    settings = replace(load({"voice": "silent", "rehearsal": "true"}, here=folder), database_url=url)
    make_tables(url)
    work = Work(configure(settings).registry, "bench")
    with work.write() as request:
        seed_city(request, people)
    return work

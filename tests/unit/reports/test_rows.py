"""Behind every number stand the rows that it counts, as many as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dutycenter.settings import load
from dutycenter.work import Work
from reports import queries
from reports.gather import gather
from reports.house import House
from reports.paper import Columns, Figure, Paper, Rows, Table
from reports.period import Month, Range, parse
from reports.periodic import periodic_paper
from reports.rows import find
from reports.words import Words
from tests.conftest import make_tables, open_store
from tests.support import city

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    settings = load({"voice": "silent"}, here=tmp_path_factory.mktemp("rows"))
    make_tables(settings.database_url)
    work = open_store(settings)
    with work.write() as request:
        people = city.found(request.db)
        for month, busy in ((Month(2025, 10), 0.3), (Month(2026, 9), 0.4), (Month(2026, 10), 1.0)):
            city.live(request.db, people, month, busy=busy)
    yield work
    work.registry["dutycenter.engine"].dispose()


@pytest.fixture
def count(store: Work) -> Iterator[Callable[[Rows], int]]:
    with queries.snapshot(store.registry["dutycenter.engine"]) as db:
        yield lambda rows: find(db, rows, ZONE, NOW).total


def paper(store: Work, about: str) -> Paper:
    facts = gather(store.registry["dutycenter.engine"], parse(about), ZONE, NOW)
    return periodic_paper(facts, Words("en", ZONE), House("City", "Duty room"))


class TestEveryNumber:
    @pytest.mark.parametrize("about", ["2026-10", "2026-Q4", "2026-10-03..2026-10-17"])
    def test_counts_as_many_rows_as_it_says(self, store: Work, count: Callable[[Rows], int], about: str) -> None:
        tables = [b for s in paper(store, about).sections for b in s.all_blocks if isinstance(b, Table)]
        traced = [(t.title, c) for t in tables for line in t.rows for c in line if c.rows]
        assert len(traced) > 100
        for title, cell in traced:
            assert cell.rows is not None
            assert count(cell.rows) == cell.value, (title, cell)

    def test_columns_of_figures_too(self, store: Work, count: Callable[[Rows], int]) -> None:
        figures = [b for s in paper(store, "2026-10").sections for b in s.all_blocks if isinstance(b, Figure)]
        seen = 0
        for figure in figures:
            if not isinstance(figure.chart, Columns):
                continue
            for place, rows in enumerate(figure.chart.rows):
                assert count(rows) == sum(values[place] for _, values in figure.chart.series), (figure.title, place)
                seen += 1
        assert seen > 70


class TestFind:
    @pytest.mark.parametrize(
        ("kind", "filters"),
        [("accounts", ()), ("calls", (("password_hash", "x"),)), ("calls", (("day", "2026-13-01"),)),
         ("calls", (("hour", "x"),))],
    )  # fmt: skip
    def test_it_refuses_what_it_does_not_know(
        self, count: Callable[[Rows], int], kind: str, filters: tuple[tuple[str, str], ...]
    ) -> None:
        with pytest.raises(ValueError):
            count(Rows(kind, Month(2026, 10), filters))

    def test_an_hour_that_comes_twice_counts_both_times(self, store: Work) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        night = Range(datetime(2026, 10, 25).date(), datetime(2026, 10, 25).date())
        with queries.snapshot(store.registry["dutycenter.engine"]) as db:
            hours = [find(db, Rows("calls", night, (("hour", str(hour)),)), berlin, NOW).total for hour in range(24)]
            assert sum(hours) == find(db, Rows("calls", night), berlin, NOW).total > 0

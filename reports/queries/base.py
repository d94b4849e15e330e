"""What every query needs: one snapshot, bounds, counts, waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_
from sqlalchemy.orm import InstrumentedAttribute, Session

from reports.facts import Seconds
from reports.period import Span

LISTED = 40  # rows of a list that names things one by one


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that sees the store as it is at one moment and never writes."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection, Session(connection) as db:
        yield db


def inside(column: InstrumentedAttribute[Any], span: Span) -> ColumnElement[bool]:
    """Is the moment within the span?"""
    return and_(column >= span.start, column < span.end)


def counts(db: Session, query: Any) -> dict[Any, int]:
    """Rows of one key and a count."""
    return {key: int(count) for key, count in db.execute(query)}


def histogram(rows: Any) -> Seconds:
    """Whole seconds and how often; clocks that were set back cannot make a wait negative."""
    found: dict[int, int] = {}
    for seconds, count in rows:
        found[max(0, int(seconds))] = found.get(max(0, int(seconds)), 0) + int(count)
    return found

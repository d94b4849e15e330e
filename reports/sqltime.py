"""Moments as whole numbers in SQL, exactly and alike on both databases.

SQLite keeps moments as text and rounds to milliseconds when it reads them
itself; a call at 23:59:59.9996 would slip into the next month. So seconds and
microseconds are taken from the text apart.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

SECOND = 1_000_000
QUARTER = 900 * SECOND  # every zone in use is a multiple of 15 minutes away from UTC


class micros(FunctionElement[int]):  # noqa: N801  (SQL functions are lower case)
    """Microseconds since 1970 of a moment."""

    type = BigInteger()
    name = "micros"
    inherit_cache = True


@compiles(micros, "postgresql")
def _postgresql(element: micros, compiler: SQLCompiler, **kw: Any) -> str:
    moment = compiler.process(element.clauses, **kw)
    return f"CAST(extract(epoch FROM {moment}) * {SECOND} AS BIGINT)"


@compiles(micros, "sqlite")
def _sqlite(element: micros, compiler: SQLCompiler, **kw: Any) -> str:
    moment = compiler.process(element.clauses, **kw)
    return (
        f"(CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER) * {SECOND}"
        f" + CAST(substr({moment}, 21, 6) AS INTEGER))"
    )


def seconds_between(start: Any, end: Any) -> ColumnElement[int]:
    """Whole seconds from one moment to another, the rest cut off."""
    return (micros(end) - micros(start)) // SECOND


def quarter(moment: Any) -> ColumnElement[int]:
    """Which quarter of an hour since 1970: groups of it can be read in any zone."""
    return micros(moment) // QUARTER

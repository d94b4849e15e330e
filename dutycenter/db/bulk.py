"""Many rows in one statement.

SQLAlchemy and the driver send a message for each row of an ``executemany``; where
hundreds of rows a second are written that is most of the cost. To PostgreSQL all
rows go as one JSON value, which the server itself turns into rows of the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Insert,
    TableValuedAlias,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    inspect,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from dutycenter.db.base import Base

Row = Mapping[str, Any]


def insert_all(db: Session, model: type[Base], rows: Sequence[Row], **given: str) -> None:
    """Insert rows, all with the same columns. What they don't name gets the model's default.

    Args:
        rows: columns by name; none of a JSON type.
        given: columns whose value is an SQL expression of PostgreSQL, the same for every row; SQLite takes
            the rows' own.
    """
    if not rows:
        return
    if _is_sqlite(db):
        db.execute(insert(model), list(rows))
        return
    names = tuple(name for name in rows[0] if name not in given)
    db.execute(
        _insertion(model, names, tuple(given.items())), {"rows": _packed(db, model, names, rows)},
        execution_options={"dml_strategy": "raw"},
    )  # fmt: skip


def update_all(db: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Update rows by primary key, all with the same columns; the session's own copies are not touched."""
    if not rows:
        return
    if _is_sqlite(db):
        db.execute(update(model), list(rows))
        return
    names = tuple(rows[0])
    db.execute(
        _change(model, names), {"rows": _packed(db, model, names, rows)},
        execution_options={"dml_strategy": "orm", "synchronize_session": False},
    )  # fmt: skip


def _is_sqlite(db: Session) -> bool:
    return db.get_bind().dialect.name == "sqlite"


@lru_cache(maxsize=64)
def _insertion(model: type[Base], names: tuple[str, ...], given: tuple[tuple[str, str], ...]) -> Insert:
    rows = _unpacked(model, names)
    values: dict[str, ColumnElement[Any]] = {name: rows.c[name] for name in names}
    values |= {name: literal_column(expression) for name, expression in given}
    for missing in model.__table__.columns:
        if missing.name not in values and missing.default is not None and missing.default.is_scalar:
            values[missing.name] = literal(missing.default.arg, missing.type)
    chosen = [getattr(model, name) for name in values]
    return insert(model).from_select(chosen, select(*values.values()), include_defaults=False)


@lru_cache(maxsize=64)
def _change(model: type[Base], names: tuple[str, ...]) -> Update:
    rows = _unpacked(model, names)
    key = [part.name for part in inspect(model).primary_key]
    changed = {getattr(model, name): rows.c[name] for name in names if name not in key}
    return update(model).where(*(getattr(model, name) == rows.c[name] for name in key)).values(changed)


def _unpacked(model: type[Base], names: Sequence[str]) -> TableValuedAlias:
    like: ColumnElement[Any] = literal_column(f"CAST(NULL AS {model.__tablename__})")
    packed = cast(bindparam("rows", type_=Text), JSONB)
    columns = [column(name, model.__table__.columns[name].type) for name in names]
    return func.jsonb_populate_recordset(like, packed).table_valued(*columns, name="packed")


def _packed(db: Session, model: type[Base], names: Sequence[str], rows: Sequence[Row]) -> str:
    writers = {name: _writer(model.__table__.columns[name], db.get_bind().dialect) for name in names}
    return json.dumps(
        [{name: writer(row[name]) for name, writer in writers.items()} for row in rows],
        ensure_ascii=False, default=_plain,
    )  # fmt: skip


def _writer(column: ColumnElement[Any], dialect: Dialect) -> Callable[[Any], Any]:
    found = column.type.dialect_impl(dialect).bind_processor(dialect)
    return found or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written in bulk")

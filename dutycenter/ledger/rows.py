"""Entries as the bytes that are hashed, read from either database without making objects of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, literal, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE

from dutycenter.ledger.canonical import written
from dutycenter.ledger.merkle import LEAF, sha256, sm3
from dutycenter.ledger.models import ENTRIES, LEAVES

POSTGRESQL_INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def entry_columns(db: Session) -> tuple[ColumnElement[Any], ...]:
    """What ``bytes_of`` takes, in its order; the moment as the ledger writes it."""
    return (
        ENTRIES.c.id,
        _instant_text(db),
        ENTRIES.c.actor,
        ENTRIES.c.action,
        ENTRIES.c.subject,
        ENTRIES.c.data,
    )


def select_entries(db: Session) -> Select[Any]:
    """Entries as ``bytes_of`` takes them, in no order yet."""
    return select(*entry_columns(db))


def bytes_of(id: int, at: str, actor: str, action: str, subject: str, data: str) -> bytes:
    """The bytes of an entry as read; a row that holds no text where text belongs gives bytes that no seal covers."""
    try:
        return written(id, at, actor, action, subject, data)
    except (TypeError, UnicodeEncodeError):
        return b""


def leaves_of(entry: bytes) -> tuple[bytes, bytes]:
    """An entry's leaf under SHA-256 and SM3."""
    leaf = LEAF + entry
    return sha256(leaf), sm3(leaf)


def leaf_columns() -> tuple[ColumnElement[Any], ...]:
    """Place, entry's id and both hashes of a leaf, as the driver gives them."""
    return (
        LEAVES.c.position,
        LEAVES.c.entry_id,
        type_coerce(LEAVES.c.sha256, NULLTYPE),
        type_coerce(LEAVES.c.sm3, NULLTYPE),
    )


def add_leaves(db: Session, leaves: Sequence[tuple[int, int, bytes, bytes]]) -> None:
    """Add leaves (place, entry's id, both hashes) by the driver itself: half a seal's time would go into wrapping them."""
    mark = "?" if db.get_bind().dialect.name == "sqlite" else "%s"
    columns = ", ".join(LEAVES.c.keys())
    statement = f"INSERT INTO {LEAVES.name} ({columns}) VALUES ({', '.join([mark] * 4)})"  # noqa: S608 – our own names
    db.connection().exec_driver_sql(statement, list(leaves))


def _instant_text(db: Session) -> ColumnElement[str]:
    at = ENTRIES.c.at
    if db.get_bind().dialect.name == "sqlite":
        text = type_coerce(at, String)
        return func.substr(text, 1, 10) + literal("T") + func.substr(text, 12) + literal("Z")
    return func.to_char(func.timezone("UTC", at), POSTGRESQL_INSTANT)

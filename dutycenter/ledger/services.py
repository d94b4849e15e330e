"""Append to the ledger, and follow it without skipping what commits late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from socket import gethostname
from typing import Any

from pyramid.request import Request
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from dutycenter.db.bulk import insert_all
from dutycenter.interfaces import Entry, IClock
from dutycenter.ledger.canonical import canonical
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.steps import SET_BACK, StepWatch, untold_step

MILLISECOND = timedelta(milliseconds=1)
SUBJECT = 96  # characters
_OWN_TRANSACTION = "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"  # PostgreSQL's


@dataclass(frozen=True, order=True)
class Cursor:
    """A place in the order in which entries become visible."""

    transaction_id: int = 0
    id: int = 0

    def __str__(self) -> str:
        return f"{self.transaction_id}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what ``str()`` wrote.

        Raises:
            ValueError: it is something else.
        """
        transaction_id, _, entry_id = text.rpartition("-")
        return cls(int(transaction_id), int(entry_id))


@dataclass(frozen=True)
class Seen:
    """An entry as followers read it."""

    cursor: Cursor
    at: datetime
    actor: str
    action: str
    subject: str
    data: str  # canonical JSON


class Ledger:
    """``ILedger`` on the request's session.

    Args:
        db: the session of the change that the entries tell of.
        clock: gives each entry its moment.
        actor: who acts, unless an entry says otherwise.
        watch: notices that the clock was set back; who only reads needs none.
    """

    def __init__(self, db: Session, clock: IClock, actor: str, watch: StepWatch | None = None) -> None:
        self.db = db
        self.clock = clock
        self.actor = actor
        self.watch = watch

    def append(
        self, action: str, subject: str, data: Mapping[str, Any] | None = None, *, actor: str | None = None
    ) -> int:
        """See ``ILedger.append``."""
        self._tell_of_step()
        return self._add(action, subject, data or {}, actor or self.actor)

    def _add(self, action: str, subject: str, data: Mapping[str, Any], actor: str) -> int:
        statement = (
            insert(LedgerEntry)
            .values(
                transaction_id=_own_transaction(self.db),
                at=self.clock.now(),
                actor=actor,
                action=action,
                subject=subject,
                data=canonical(data),
            )
            .returning(LedgerEntry.id)
        )
        return self.db.execute(statement).scalar_one()

    def append_all(self, entries: Iterable[Entry]) -> None:
        """See ``ILedger.append_all``."""
        self._tell_of_step()
        at = self.clock.now()
        rows = [
            {
                "transaction_id": 0, "at": at, "actor": self.actor,
                "action": action, "subject": subject, "data": canonical(data),
            }
            for action, subject, data in entries
        ]  # fmt: skip
        insert_all(self.db, LedgerEntry, rows, transaction_id=_OWN_TRANSACTION)

    def _tell_of_step(self) -> None:
        step = untold_step(self.db, self.watch) if self.watch is not None else None
        if step is not None:
            self._add(SET_BACK, f"clock:{gethostname()}"[:SUBJECT], {"ms": step // MILLISECOND}, "clock")

    def end(self) -> Cursor:
        """The place after everything that can be followed now."""
        last = self.db.execute(
            _in_order(select(LedgerEntry.transaction_id, LedgerEntry.id), self.db, descending=True).limit(1)
        ).first()
        return Cursor(*last) if last else Cursor()

    def follow(self, after: Cursor, limit: int = 500) -> list[Seen]:
        """Committed entries after a place, oldest first; none is ever skipped.

        In PostgreSQL an entry may commit later than one with a higher id, so only
        entries of transactions older than the oldest one still open are given.
        """
        place = entries_behind(self.db, after.transaction_id, after.id)
        rows = self.db.scalars(_in_order(select(LedgerEntry).where(place), self.db).limit(limit))
        return [
            Seen(Cursor(row.transaction_id, row.id), row.at, row.actor, row.action, row.subject, row.data)
            for row in rows
        ]


def settled_entries(db: Session) -> ColumnElement[bool]:
    """Condition: no entry that sorts before this one can still appear."""
    if db.get_bind().dialect.name == "sqlite":
        return true()
    oldest_open = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    return LedgerEntry.transaction_id < oldest_open


def entries_behind(db: Session, transaction_id: int, id: int) -> ColumnElement[bool]:
    """Condition: entries that come after this place.

    In SQLite, where the ids alone are the order, it is said of the id alone: SQLite has no index for a pair that
    holds the row's own number, and would read the ledger from its beginning.
    """
    if db.get_bind().dialect.name == "sqlite":
        return LedgerEntry.id > id
    return tuple_(LedgerEntry.transaction_id, LedgerEntry.id) > tuple_(literal(transaction_id), literal(id))


def order_of_entries(db: Session) -> tuple[Any, ...]:
    """The columns in whose order entries settle."""
    if db.get_bind().dialect.name == "sqlite":
        return (LedgerEntry.id,)
    return LedgerEntry.transaction_id, LedgerEntry.id


def _own_transaction(db: Session) -> Any:
    if db.get_bind().dialect.name == "sqlite":
        return 0
    return literal_column(_OWN_TRANSACTION)


def _in_order(query: Any, db: Session, *, descending: bool = False) -> Any:
    order = (column.desc() if descending else column for column in order_of_entries(db))
    return query.where(settled_entries(db)).order_by(*order)


def factory(context: object, request: Request) -> Ledger:
    """The request's ledger."""
    return Ledger(request.db, request.find_service(IClock), request.actor, request.find_service(StepWatch))

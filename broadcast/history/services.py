"""Counting what calls showed, and reading it: incremental, idempotent, and to be done again from the rows at will."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, delete, func, select, text, update
from sqlalchemy.orm import Session, aliased

from broadcast.history.counting import NEUTRAL, Seen, Sums, add_up
from broadcast.history.models import KindHistory, NumberHistory, Prior
from broadcast.models import UNCOUNTED, Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.vocabulary import Disposition

MOST_NAMED = 5000  # values that one statement names; databases have a limit
LONG = timedelta(seconds=60)  # a call that is longer hides none of those after it
BATCH = 500  # attempts counted in one transaction


def count_some(db: Session, zone: ZoneInfo, now: datetime) -> Sequence[str]:
    """Count settled attempts that are not counted yet, up to BATCH; which these were.

    The sums and the marks are one transaction: an attempt is counted once, however
    often and by whomever this is called.
    """
    ids = db.scalars(_countable(now).order_by(Attempt.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    if not ids:
        return ()
    _keep(db, add_up(_seen(db, ids), zone), now)
    db.execute(
        update(Attempt).where(Attempt.id.in_(ids)).values(counted=True).execution_options(synchronize_session=False)
    )
    return ids


def forget(db: Session) -> None:
    """Begin anew: empty sums, and no attempt counted."""
    for table in (NumberHistory, KindHistory, Prior):
        db.execute(delete(table))
    db.execute(
        update(Attempt)
        .where(Attempt.counted, Attempt.disposition.is_not(None))
        .values(counted=False)
        .execution_options(synchronize_session=False)
    )


def counted_in(db: Session, broadcast_id: int, zone: ZoneInfo) -> Sums:
    """What of the sums comes from this broadcast's own calls."""
    ids = db.scalars(select(Attempt.id).where(Attempt.broadcast_id == broadcast_id, Attempt.counted)).all()
    chunks = (ids[at : at + MOST_NAMED] for at in range(0, len(ids), MOST_NAMED))
    return add_up((one for chunk in chunks for one in _seen(db, chunk)), zone)


def is_uncounted(db: Session, now: datetime) -> bool:
    """Is there an attempt to count? Costs nothing: the index holds few other rows."""
    return db.scalar(_countable(now).limit(1)) is not None


def _countable(now: datetime) -> Select[str]:
    """Settled attempts of which nothing that began with them or shortly before is still up.

    A busy line is known at once, an acknowledgement after half a minute: counted as
    they end, the calls of a broadcast's first minute would say that nobody answers.
    Who listens for longer than that is waited for no more.
    """
    earlier = aliased(Attempt)
    still_up = select(earlier.id).where(
        earlier.broadcast_id == Attempt.broadcast_id,
        earlier.disposition.is_(None),
        earlier.created_at <= Attempt.created_at,
        earlier.created_at > now - LONG,
    )
    return select(Attempt.id).where(text(UNCOUNTED), ~still_up.exists())


def _seen(db: Session, ids: Sequence[str]) -> list[Seen]:
    """These attempts, each with its place among the tries of the same number in its broadcast."""
    earlier = aliased(Attempt)
    nth = (
        select(func.count())
        .where(
            earlier.number_id == Attempt.number_id,
            earlier.disposition.not_in([d.value for d in NEUTRAL]),
            (earlier.created_at < Attempt.created_at)
            | ((earlier.created_at == Attempt.created_at) & (earlier.id < Attempt.id)),
        )
        .correlate(Attempt)
        .scalar_subquery()
    )
    rows = db.execute(
        select(
            RecipientNumber.number,
            RecipientNumber.kind,
            Broadcast.rehearsed,
            Broadcast.reached_rule,
            Attempt.disposition,
            nth,
            Attempt.created_at,
            Attempt.answered_at,
            Attempt.ended_at,
            Recipient.acknowledged_at,
            Broadcast.prompt_seconds,
            Broadcast.ring_timeout,
        )
        .join(RecipientNumber, RecipientNumber.id == Attempt.number_id)
        .join(Recipient, Recipient.id == Attempt.recipient_id)
        .join(Broadcast, Broadcast.id == Attempt.broadcast_id)
        .where(Attempt.id.in_(ids))
        .order_by(Attempt.id)
    )
    return [Seen(*_own_acknowledgement(row)) for row in rows]


def _own_acknowledgement(row: Any) -> list[Any]:
    """The person's acknowledgement counts as this call's only if this call brought it."""
    values = list(row)
    if values[4] is not Disposition.ACKNOWLEDGED:
        values[9] = None
    return values


def _keep(db: Session, sums: Sums, now: datetime) -> None:
    # Locked in one order, so that two who count cannot wait for each other.
    numbers = {number for _, number, _ in sums.numbers}
    kept = db.scalars(
        select(NumberHistory).where(NumberHistory.number.in_(numbers)).order_by(NumberHistory.id).with_for_update()
    )
    known = {(row.rehearsed, row.number, row.band): row for row in kept}
    for (rehearsed, number, band), add in sums.numbers.items():
        row = known.get((rehearsed, number, band))
        if row is None:
            row = NumberHistory(
                rehearsed=rehearsed, number=number, band=band, calls=0, acknowledged=0, trials=0.0, successes=0.0
            )
            db.add(row)
        row.kind, row.counted_at = add.kind, now
        row.calls += add.calls
        row.acknowledged += add.acknowledged
        row.trials += add.trials
        row.successes += add.successes
    _keep_times(db, sums)
    db.flush()


def _keep_times(db: Session, sums: Sums) -> None:
    kept = db.scalars(select(KindHistory).order_by(KindHistory.id).with_for_update())
    known = {(row.rehearsed, row.kind, row.disposition): row for row in kept}
    for (rehearsed, kind, disposition), times in sums.kinds.items():
        row = known.get((rehearsed, kind, disposition))
        if row is None:
            row = KindHistory(
                rehearsed=rehearsed,
                kind=kind,
                disposition=disposition,
                calls=0.0,
                held=0.0,
                rang=0.0,
                beyond=0.0,
                after=0.0,
            )
            db.add(row)
        row.calls += times.calls
        row.held += times.held
        row.rang += times.rang
        row.beyond += times.beyond
        row.after += times.after


def numbers_of(
    db: Session, numbers: Sequence[str] | Select[Any], rehearsed: bool
) -> Iterator[Row[str, int, int, int, float, float]]:
    """What is kept of these numbers (or of those that a query gives): number, band and the counts.

    Read so many at a time, that whoever else is in this process may go on in between.
    """
    columns = (
        NumberHistory.number, NumberHistory.band, NumberHistory.calls, NumberHistory.acknowledged,
        NumberHistory.trials, NumberHistory.successes,
    )  # fmt: skip
    rows = select(*columns).where(NumberHistory.rehearsed == rehearsed)
    if isinstance(numbers, Select):
        queries = iter([rows.where(NumberHistory.number.in_(numbers))])
    else:
        chunks = (numbers[at : at + MOST_NAMED] for at in range(0, len(numbers), MOST_NAMED))
        queries = (rows.where(NumberHistory.number.in_(chunk)) for chunk in chunks)
    for query in queries:
        for page in db.execute(query, execution_options={"yield_per": MOST_NAMED}).partitions():
            yield from page
            time.sleep(0)

"""What is known of a number: its chance by hour band, the calls behind it, how the last ones ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.history.chances import Chances, chances
from broadcast.history.counting import BANDS
from broadcast.history.services import numbers_of
from broadcast.models import Attempt, Broadcast, RecipientNumber
from dutycenter.directory.models import PhoneNumber
from dutycenter.vocabulary import NumberKind

LAST = 8  # calls whose end is told


def known_of_numbers(
    db: Session, numbers: Sequence[str], *, rehearsed: bool, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """By number: kind, whether it was ever called, bands with chance and interval, and the last calls."""
    known = chances(db, numbers, rehearsed=rehearsed, now=now, zone=zone)
    counts = {(row.number, row.band): (row.calls, row.acknowledged) for row in numbers_of(db, numbers, rehearsed)}
    return {
        "band": known.band,
        "history": known.priors is not None,
        "numbers": [
            {
                "number": number,
                "kind": kind.value,
                "calls": sum(counts.get((number, band), (0, 0))[0] for band in range(len(BANDS))),
                "bands": [_band(known, number, kind, band, counts) for band in range(len(BANDS))],
                "last": _last(db, number, rehearsed),
            }
            for number, kind in _kinds(db, numbers)
        ],
    }


def _kinds(db: Session, numbers: Sequence[str]) -> list[tuple[str, NumberKind]]:
    """The kind of line of each number: as the directory says it, else as it was called last."""
    listed = db.execute(
        select(PhoneNumber.number, PhoneNumber.kind).where(PhoneNumber.number.in_(numbers)).order_by(PhoneNumber.id)
    ).all()
    called = db.execute(
        select(RecipientNumber.number, RecipientNumber.kind)
        .where(RecipientNumber.number.in_(numbers))
        .order_by(RecipientNumber.id)
    ).all()
    kinds = {number: kind for number, kind in (*called, *listed)}  # noqa: C416 (rows are no tuples to mypy)
    return [(number, kinds.get(number, NumberKind.MOBILE)) for number in dict.fromkeys(numbers)]


def _band(
    known: Chances, number: str, kind: NumberKind, band: int, counts: dict[tuple[str, int], tuple[int, int]]
) -> dict[str, Any]:
    belief = known.belief(number, kind, band)
    low, high = belief.interval()
    calls, acknowledged = counts.get((number, band), (0, 0))
    return {
        "from": BANDS[band],
        "to": BANDS[band + 1] if band + 1 < len(BANDS) else 24,
        "chance": belief.mean,
        "low": low,
        "high": high,
        "calls": calls,
        "acknowledged": acknowledged,
    }


def _last(db: Session, number: str, rehearsed: bool) -> list[dict[str, Any]]:
    rows = db.execute(
        select(Attempt.created_at, Attempt.disposition, Attempt.broadcast_id)
        .join(RecipientNumber, RecipientNumber.id == Attempt.number_id)
        .join(Broadcast, Broadcast.id == Attempt.broadcast_id)
        .where(RecipientNumber.number == number, Attempt.disposition.is_not(None), Broadcast.rehearsed.is_(rehearsed))
        .order_by(Attempt.created_at.desc())
        .limit(LAST)
    )
    return [
        {"at": at.isoformat(), "disposition": disposition.value, "broadcast": broadcast}
        for at, disposition, broadcast in rows
        if disposition is not None
    ]

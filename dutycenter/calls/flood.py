"""A flood of calls from one number or one block of numbers goes last in the queue; nobody is turned away.

Two token buckets, one for the number and one for its block of 10,000, are filled
again with time. They are worked out from the calls on record, so that every
process says the same and nothing is lost with one. A slowed call waits behind the
others, however long those have waited: where nobody else waits it is as quick as any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Call
from dutycenter.calls.numbers import clean_number, dialled_form

LOOK_BACK = timedelta(hours=1)
MOST_READ = 500  # calls; more would not change the verdict
BLOCK_DIGITS = 4


@dataclass(frozen=True)
class Bucket:
    """So many calls at once, and one more every ``refill`` seconds."""

    burst: int
    refill: float


NUMBER = Bucket(burst=3, refill=120.0)
BLOCK = Bucket(burst=12, refill=20.0)


def tokens(arrivals: Sequence[float], bucket: Bucket, now: float) -> float:
    """What is in the bucket after these calls, of which each took one as long as there was one.

    Args:
        arrivals: seconds, in order, none after ``now``.
    """
    level, last = float(bucket.burst), arrivals[0] if arrivals else now
    for at in arrivals:
        level = max(0.0, min(bucket.burst, level + (at - last) / bucket.refill) - 1)
        last = at
    return min(bucket.burst, level + (now - last) / bucket.refill)


def slowed(of_number: Sequence[float], of_block: Sequence[float], now: float) -> bool:
    """Does a call go last? By the earlier calls of its number and of its block, and nobody else's."""
    return tokens(of_number, NUMBER, now) < 1 or tokens(of_block, BLOCK, now) < 1


def block_of(number: str) -> str:
    """The beginning that 10,000 numbers share; empty for what is too short to belong to a block."""
    return number[:-BLOCK_DIGITS] if len(number) > BLOCK_DIGITS + 2 else ""


def is_slowed(db: Session, caller_number: str, channel_uuid: str, now: datetime) -> bool:
    """The same from the record; ``channel_uuid`` is this call's own."""
    number = dialled_form(clean_number(caller_number))
    block = block_of(number)
    if not block:
        return False
    rows = db.execute(
        select(Call.caller_number, Call.arrived_at)
        .where(
            Call.caller_number.startswith(block),
            Call.arrived_at > now - LOOK_BACK,
            Call.arrived_at <= now,
            Call.channel_uuid != channel_uuid,
        )
        .order_by(Call.arrived_at.desc())
        .limit(MOST_READ)
    ).all()
    earlier = [(caller, at.timestamp()) for caller, at in reversed(rows) if block_of(caller) == block]
    return slowed([at for caller, at in earlier if caller == number], [at for _, at in earlier], now.timestamp())

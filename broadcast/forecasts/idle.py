"""How long a line stands idle between two calls: measured, because no plan says it.

Between the end of one call and the next lie the switch's word, the conversation's,
a transaction, the pace of the line and whatever else the machine has to do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.kernel.doubt import Seconds
from broadcast.models import Attempt, Broadcast
from dutycenter.vocabulary import AttemptKind

USUAL = Seconds(0.7, 0.5)
LEAST_CALLS = 15  # that begin while all lines have work
FULL = 0.9  # of the lines: then lines are what calls wait for
REMEMBERED = 1500  # calls of an earlier broadcast that are looked at


class Up(NamedTuple):
    """One call: whom, and from when to when in seconds since the launch; an end of None is still to come."""

    recipient: int
    began: float
    ended: float | None


def idle_of_calls(calls: Sequence[Up], lines: int, until: float, usual: Seconds = USUAL) -> Seconds:
    """What the calls of a broadcast show, where lines are what it waits for.

    Args:
        calls: so far.
        lines: that the broadcast may use.
        until: a moment until which there was somebody to call at once.
        usual: what is believed while they show too little.
    """
    ends = [(one.began, until if one.ended is None else min(one.ended, until)) for one in calls if one.began < until]
    up = most = 0
    full = math.inf  # when all lines had work for the first time
    for at, step in sorted([(began, 1) for began, _ in ends] + [(ended, -1) for _, ended in ends]):
        up += step
        most = max(most, up)
        if up >= FULL * lines:
            full = min(full, at)
    counted = sum(began >= full for began, _ in ends)
    if counted < LEAST_CALLS:
        return usual
    used = sum(max(0.0, ended - max(began, full)) for began, ended in ends)
    mean = max(0.0, ((until - full) * min(most, lines) - used) / counted)
    return Seconds(mean, max(0.2, mean * counted**-0.5))


def last_newcomer(calls: Sequence[Up]) -> float:
    """When somebody was called for the first time that nobody had called before: until then nobody had to wait."""
    first: dict[int, float] = {}
    for one in calls:
        first[one.recipient] = min(first.get(one.recipient, one.began), one.began)
    return max(first.values(), default=0.0)


def idle_before(db: Session, rehearsed: bool, lines: int, other_than: int = 0) -> Seconds:
    """What the latest broadcast showed."""
    latest = db.scalar(
        select(Broadcast)
        .where(Broadcast.rehearsed.is_(rehearsed), Broadcast.finished_at.is_not(None), Broadcast.id != other_than)
        .order_by(Broadcast.launched_at.desc())
        .limit(1)
    )
    if latest is None or latest.launched_at is None:
        return USUAL
    rows = db.execute(
        select(Attempt.recipient_id, Attempt.created_at, Attempt.ended_at)
        .where(Attempt.broadcast_id == latest.id, Attempt.kind == AttemptKind.NOTICE)
        .order_by(Attempt.created_at)
        .limit(REMEMBERED)
    )
    calls = [_since(latest.launched_at, *row) for row in rows]
    return idle_of_calls(calls, min(lines, latest.channels), last_newcomer(calls))


def _since(launched: datetime, recipient: int, began: datetime, ended: datetime | None) -> Up:
    return Up(
        recipient, (began - launched).total_seconds(), None if ended is None else (ended - launched).total_seconds()
    )

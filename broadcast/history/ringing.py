"""How soon those who answer do, and so for how long it is worth to let a number ring.

Nearly all who will answer do so within half a minute; a line that rings on for the others is
not there for the next person. Where few answers tell, what is usual stands in, counted as so
many answers of its own.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, RecipientNumber
from dutycenter.vocabulary import Disposition, NumberKind

LONG = 30.0  # seconds: a chance is one of being answered within these, and only calls that may ring so long tell when
USUAL = 9.0  # seconds until the answer, in the mean, before any call was seen
UNTOLD = 30.0  # answers that the usual law counts for
RECENT = 12  # broadcasts, the newest ones
MOST, PAGE = 4_000, 200  # answers, in all and read at a time
OFFERED = (12, 15, 18, 20, 25, 30)  # seconds that somebody would type
NEARLY = 0.95  # of all who answer: whoever is lost for a shorter ring must be an exception


def usual(seconds: float) -> float:
    """The usual share of all answers that come within so many seconds: three steps of equal mean (Erlang 1917)."""
    x = 3.0 * max(0.0, seconds) / USUAL
    return max(0.0, 1.0 - math.exp(-x) * (1.0 + x + x * x / 2.0))


@dataclass(frozen=True)
class Ringing:
    """When calls to one kind of line were answered: seconds of ringing, sorted."""

    answered: tuple[float, ...] = ()

    def share(self, timeout: float) -> float:
        """Of all who answer within LONG, how many do within ``timeout`` seconds; 1 from LONG on."""
        if timeout >= LONG:
            return 1.0
        return self._within(timeout) / self._within(LONG)

    def _within(self, seconds: float) -> float:
        seen = bisect_right(self.answered, seconds)
        return (UNTOLD * usual(seconds) + seen) / (UNTOLD + len(self.answered))


NOT_SEEN = Ringing()


def ringing(db: Session, rehearsed: bool) -> dict[NumberKind, Ringing]:
    """When the people of the newest broadcasts answered, by kind of line.

    Read so many at a time, that whoever else is in this process may go on in between.
    """
    newest = db.scalars(
        select(Broadcast.id)
        .where(Broadcast.rehearsed == rehearsed, Broadcast.launched_at.is_not(None), Broadcast.ring_timeout >= LONG)
        .order_by(Broadcast.id.desc())
        .limit(RECENT)
    ).all()
    answers = (
        select(RecipientNumber.kind, Attempt.created_at, Attempt.answered_at)
        .join(RecipientNumber, RecipientNumber.id == Attempt.number_id)
        .where(
            Attempt.broadcast_id.in_(newest),
            Attempt.disposition == Disposition.ACKNOWLEDGED,
            Attempt.answered_at.is_not(None),
        )
        .order_by(Attempt.broadcast_id.desc())
        .limit(MOST)
    )
    by_kind: dict[NumberKind, list[float]] = {}
    for page in db.execute(answers, execution_options={"yield_per": PAGE}).partitions():
        for kind, created, answered in page:
            if answered is not None:
                by_kind.setdefault(kind, []).append(max(0.0, (answered - created).total_seconds()))
        time.sleep(0)
    return {kind: Ringing(tuple(sorted(found))) for kind, found in by_kind.items()}

"""How calls to a kind of line go: how long they take, how they fail, and how well that is known. Pure but for reading.

Where few calls tell, what is usual stands in, counted as so many calls of its own; so
the first call is no more than one call, and what a forecast does not know shrinks
with every further one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.history.counting import NEUTRAL
from broadcast.history.models import KindHistory
from broadcast.kernel import Code, Ending
from broadcast.kernel.doubt import Seconds
from dutycenter.vocabulary import Disposition, NumberKind


@dataclass(frozen=True)
class Usual:
    """A mean time before any call was seen: seconds, how far off it may be, and how much single calls differ."""

    mean: float
    sd: float
    spread: float

    def known(self, calls: float, total: float) -> Seconds:
        """After so many calls that took so long together."""
        precision = self.sd**-2 + calls * self.spread**-2
        return Seconds((self.mean * self.sd**-2 + total * self.spread**-2) / precision, precision**-0.5)


RANG = Usual(9.0, 3.0, 5.0)  # until the answer
BEYOND = Usual(10.0, 6.0, 6.0)  # from answer to key besides the message: who is calling, the keys
AFTER = Usual(7.0, 3.0, 4.0)  # from key to the line's end: what is said back, the goodbye
REFUSED = (1.0, 30.0)  # of calls answered by a person: pseudo-calls that said no, and yes
SET_UP = 2.0  # before it rings, and until the line is free
NO_FAILURE = NEUTRAL | {Disposition.ACKNOWLEDGED}
FAILED: Mapping[Disposition, tuple[float, float | None]] = {
    Disposition.NO_ANSWER: (3.0, None),  # as long as it rings
    Disposition.BUSY: (0.8, 3.0),
    Disposition.SWITCHED_OFF: (0.8, 3.0),
    Disposition.HUNG_UP_EARLY: (0.8, 12.0),
    Disposition.VOICEMAIL: (0.3, 40.0),
    Disposition.REJECTED: (0.3, 8.0),
}
"""Calls that the usual ways to fail count for, and the seconds for which they hold a line."""


@dataclass(frozen=True)
class Manner:
    """How calls to one kind of line went: plain numbers as of today, by disposition."""

    calls: Mapping[Disposition, float]
    held: Mapping[Disposition, float]  # seconds of the channel, together
    rang: Seconds
    beyond: Seconds
    after: Seconds

    @property
    def refused(self) -> tuple[float, float]:
        """Parameters of the Beta of those who answer and say that they cannot come."""
        return (
            REFUSED[0] + self.calls.get(Disposition.DECLINED, 0.0),
            REFUSED[1] + self.calls.get(Disposition.ACKNOWLEDGED, 0.0),
        )

    def failures(self, ring_timeout: float) -> tuple[tuple[Ending, float], ...]:
        """The ways to fail, and for how many calls each counts."""
        failed: dict[Disposition, float] = {d: n for d, n in self.calls.items() if d not in NO_FAILURE}
        found = []
        ways: set[Disposition] = {*failed, *FAILED}
        for disposition in sorted(ways):
            usual, held = FAILED.get(disposition, (0.0, 0.0))
            seen = failed.get(disposition, 0.0)
            total = usual * (ring_timeout if held is None else held) + self.held.get(disposition, 0.0)
            mean = total / (usual + seen)
            if disposition is Disposition.NO_ANSWER:
                mean = min(mean, ring_timeout + SET_UP)
            # Whoever does not answer lets it ring to the end, and not about as long.
            low, high = (mean, mean) if disposition is Disposition.NO_ANSWER else (0.8 * mean, 1.2 * mean + 0.1)
            found.append((Ending(Code[disposition.name], usual + seen, low, high), usual + seen))
        return tuple(found)


NOTHING = Manner({}, {}, RANG.known(0.0, 0.0), BEYOND.known(0.0, 0.0), AFTER.known(0.0, 0.0))


def manners(db: Session, rehearsed: bool, today: float) -> dict[NumberKind, Manner]:
    """How calls to each kind of line went; ``today`` is the weight of a call of now."""
    by_kind: dict[NumberKind, list[KindHistory]] = {}
    for row in db.scalars(select(KindHistory).where(KindHistory.rehearsed == rehearsed)):
        if row.calls > 0.0:
            by_kind.setdefault(row.kind, []).append(row)
    return {kind: manner_of(rows, today) for kind, rows in by_kind.items()}


def manner_of(rows: Sequence[KindHistory], today: float) -> Manner:
    """What the rows of one kind say; ``today`` as for ``manners``."""
    reached = [row for row in rows if row.disposition is Disposition.ACKNOWLEDGED]
    seen = sum(row.calls for row in reached) / today
    return Manner(
        calls={row.disposition: row.calls / today for row in rows},
        held={row.disposition: row.held / today for row in rows},
        rang=RANG.known(seen, sum(row.rang for row in reached) / today),
        beyond=BEYOND.known(seen, sum(row.beyond for row in reached) / today),
        after=AFTER.known(seen, sum(row.after for row in reached) / today),
    )

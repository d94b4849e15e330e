"""What history says to the scheduler: how likely a number is, how its calls end, how long they hold a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Select
from sqlalchemy.orm import Session

from broadcast.history.alike import OTHER_HOURS, Alike
from broadcast.history.counting import Sums, band_of, weight_of
from broadcast.history.manners import NOTHING, Manner, manners
from broadcast.history.priors import hierarchy
from broadcast.history.ringing import LONG, NEARLY, NOT_SEEN, OFFERED, Ringing, ringing
from broadcast.history.services import numbers_of
from broadcast.kernel import Code, Rules
from broadcast.kernel.doubt import Line, Seconds
from broadcast.kernel.posterior import Beta, Hierarchy, Record
from broadcast.pauses import SHARES
from dutycenter.vocabulary import NumberKind

LIKELY = {NumberKind.MOBILE: 0.6, NumberKind.OFFICE: 0.35, NumberKind.HOME: 0.3, NumberKind.DUTY: 0.3}
"""How likely a call to such a line is acknowledged, where no history tells."""

UNTOLD = 3.0  # calls that such a guess counts for


@dataclass(frozen=True)
class Chances:
    """Beliefs about numbers at one time of day. Without rows: what is believed without history."""

    band: int
    priors: Hierarchy | None = None
    records: Mapping[str, Mapping[int, Record]] = field(default_factory=dict)
    manners: Mapping[NumberKind, Manner] = field(default_factory=dict)
    ringing: Mapping[NumberKind, Ringing] = field(default_factory=dict)

    def prior(self, kind: NumberKind, band: int | None = None) -> Beta:
        """What a number of this kind that was never called is believed to be."""
        if self.priors is None:
            return Beta(UNTOLD * LIKELY[kind], UNTOLD * (1.0 - LIKELY[kind]))
        return self.priors.prior(kind.value, self.band if band is None else band)

    def belief(self, number: str, kind: NumberKind, band: int | None = None) -> Beta:
        """The posterior of a number's first call in a broadcast, in this hour band or another."""
        return self.record(number, band).belief(self.prior(kind, band))

    def record(self, number: str, band: int | None = None) -> Record:
        """What the calls of a number say of it in this hour band or another."""
        band = self.band if band is None else band
        successes = trials = 0.0
        for hours, record in self.records.get(number, {}).items():
            share = 1.0 if hours == band else OTHER_HOURS
            successes += share * record.successes
            trials += share * record.trials
        return Record(successes, trials)

    def answered_within(self, kind: NumberKind, ring_timeout: float) -> float:
        """What is left of a number's chance when it may ring for so many seconds only."""
        return self.ringing.get(kind, NOT_SEEN).share(ring_timeout)

    def knows(self, number: str) -> bool:
        """Was it ever called, so that the call says something?"""
        return any(record.trials > 0.0 for record in self.records.get(number, {}).values())

    def rules(
        self, kind: NumberKind, *, pause: float, ring_timeout: float, message: float, known: bool = False
    ) -> Rules:
        """What the endings of calls to this kind of line mean, and how often they come.

        Args:
            pause: seconds after a call that nobody answered.
            ring_timeout: seconds.
            message: seconds of the message as it was made.
            known: of numbers with a history; who can't come says so the first time, and is not counted.
        """
        manner = self.manners.get(kind, NOTHING)
        rang = min(max(manner.rang.mean, 1.0), ring_timeout * 0.9)
        return Rules(
            pause={Code[d.name]: share * pause for d, share in SHARES.items()},
            ring=(rang * 0.5, min(rang * 1.5, ring_timeout)),
            message=max(1.0, message + manner.beyond.mean),
            after=max(0.0, manner.after.mean),
            refused=0.0 if known else manner.refused[0] / sum(manner.refused),
            endings=tuple(ending for ending, _ in manner.failures(ring_timeout)),
        )

    def best_ring(self, called: Mapping[NumberKind, tuple[int, float]], *, pause: float, message: float) -> int:
        """For how many seconds of OFFERED to let numbers ring, where lines are scarce.

        Of those that nearly all answers come within, the one that brings most acknowledgements for the time that
        lines are held: the index of a call with the ring as its choice (Weitzman 1979).

        Args:
            called: by kind of line, how many numbers, and their mean chance when they ring for long.
        """

        def rate(timeout: float) -> float:
            held = 0.0
            for kind, (count, chance) in called.items():
                rules = self.rules(kind, pause=pause, ring_timeout=timeout, message=message)
                p = chance * self.answered_within(kind, timeout)
                held += count * (p * rules.ack_hold + (1.0 - p) * rules.fail_hold)
            return won(timeout) / held if held else 0.0

        def won(timeout: float) -> float:
            return sum(n * chance * self.answered_within(kind, timeout) for kind, (n, chance) in called.items())

        return max((s for s in OFFERED if won(s) >= NEARLY * won(LONG)), key=rate)

    def line(self, kind: NumberKind, alike: Alike, *, ring_timeout: float, message: float) -> Line:
        """What is not known of this kind of line, beside ``rules``; ``alike``: what its numbers showed."""
        manner = self.manners.get(kind, NOTHING)
        return Line(
            guess=LIKELY[kind],
            successes=alike.successes,
            trials=alike.trials,
            count=alike.count,
            ring=manner.rang,
            message=Seconds(message + manner.beyond.mean, manner.beyond.sd),
            after=manner.after,
            calls=np.array([calls for _, calls in manner.failures(ring_timeout)]),
            refused=manner.refused,
        )


def chances(
    db: Session,
    numbers: Sequence[str] | Select[Any],
    *,
    rehearsed: bool,
    now: datetime,
    zone: ZoneInfo,
    without: Sums | None = None,
) -> Chances:
    """What is known of these numbers (or of those that a query gives) at this time of day.

    ``without``: calls that the chooser is told itself, so that none counts twice.
    """
    today = weight_of(now)
    records: dict[str, dict[int, Record]] = {}
    own = {} if without is None else without.numbers
    for row in numbers_of(db, numbers, rehearsed):
        less = own.get((rehearsed, row.number, row.band))
        successes = row.successes - (0.0 if less is None else less.successes)
        trials = row.trials - (0.0 if less is None else less.trials)
        records.setdefault(row.number, {})[row.band] = Record(max(0.0, successes) / today, max(0.0, trials) / today)
    return Chances(
        band_of(now, zone),
        hierarchy(db, rehearsed),
        records,
        manners(db, rehearsed, today),
        ringing(db, rehearsed),
    )

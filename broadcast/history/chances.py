"""What history says to the scheduler: how likely a number is, how its calls end, how long they hold a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from broadcast.history.counting import NEUTRAL, Sums, band_of, weight_of
from broadcast.history.models import KindHistory
from broadcast.history.priors import hierarchy
from broadcast.history.services import numbers_of
from broadcast.kernel import Code, Ending, Rules
from broadcast.kernel.plan import RULES
from broadcast.kernel.posterior import Beta, Hierarchy, Record
from broadcast.pauses import SHARES
from dutycenter.vocabulary import Disposition, NumberKind

LIKELY = {NumberKind.MOBILE: 0.6, NumberKind.OFFICE: 0.35, NumberKind.HOME: 0.3, NumberKind.DUTY: 0.3}
"""How likely a call to such a line is acknowledged, where no history tells."""

UNTOLD = 3.0  # calls that such a guess counts for
OTHER_HOURS = 0.5  # what a call at another time of day counts beside one at this
AROUND = 10.0  # seconds from answer to key besides the message, where no history tells: who is calling, the keys
LEAST_CALLS = 20.0  # weighted calls of a kind from which its own ways to fail are believed


@dataclass(frozen=True)
class Manner:
    """How calls to one kind of line went: plain numbers as of today, by disposition."""

    calls: Mapping[Disposition, float]
    held: Mapping[Disposition, float]  # mean seconds of the channel
    rang: float | None = None  # mean seconds until a call that was acknowledged is answered
    beyond: float | None = None  # mean seconds from answer to key, less the message


@dataclass(frozen=True)
class Chances:
    """Beliefs about numbers at one time of day. Without rows: what is believed without history."""

    band: int
    priors: Hierarchy | None = None
    records: Mapping[str, Mapping[int, Record]] = field(default_factory=dict)
    manners: Mapping[NumberKind, Manner] = field(default_factory=dict)

    def prior(self, kind: NumberKind, band: int | None = None) -> Beta:
        """What a number of this kind that was never called is believed to be."""
        if self.priors is None:
            return Beta(UNTOLD * LIKELY[kind], UNTOLD * (1.0 - LIKELY[kind]))
        return self.priors.prior(kind.value, self.band if band is None else band)

    def belief(self, number: str, kind: NumberKind, band: int | None = None) -> Beta:
        """The posterior of a number's first call in a broadcast, in this hour band or another."""
        band = self.band if band is None else band
        known = self.records.get(number, {})
        successes = trials = 0.0
        for hours, record in known.items():
            share = 1.0 if hours == band else OTHER_HOURS
            successes += share * record.successes
            trials += share * record.trials
        return Record(successes, trials).belief(self.prior(kind, band))

    def rules(self, kind: NumberKind, *, pause: float, ring_timeout: float, message: float) -> Rules:
        """What the endings of calls to this kind of line mean, and how often they come.

        Args:
            pause: seconds after a call that nobody answered.
            ring_timeout: seconds.
            message: seconds of the message as it was made.
        """
        manner = self.manners.get(kind, Manner({}, {}))
        rang = 9.0 if manner.rang is None else manner.rang
        rang = min(max(rang, 1.0), ring_timeout * 0.9)
        beyond = AROUND if manner.beyond is None else manner.beyond
        return Rules(
            pause={Code[d.name]: share * pause for d, share in SHARES.items()},
            ring=(rang * 0.5, rang * 1.5),
            message=max(1.0, message + beyond),
            endings=_endings(manner, ring_timeout),
        )


def _endings(manner: Manner, ring_timeout: float) -> tuple[Ending, ...]:
    """The commonest ways to fail; where there is little history, the usual ones."""
    failed = {d: n for d, n in manner.calls.items() if d not in NEUTRAL and d is not Disposition.ACKNOWLEDGED}
    total = sum(failed.values())
    if total < LEAST_CALLS:
        busy, unanswered = RULES.endings
        return busy, Ending(unanswered.code, unanswered.share, ring_timeout, ring_timeout)
    commonest = sorted(failed, key=lambda d: -failed[d])[:8]
    return tuple(
        Ending(Code[d.name], failed[d] / total, 0.8 * manner.held[d], 1.2 * manner.held[d] + 0.1) for d in commonest
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
    return Chances(band_of(now, zone), hierarchy(db, rehearsed), records, manners(db, rehearsed, today))


def manners(db: Session, rehearsed: bool, today: float) -> dict[NumberKind, Manner]:
    """How calls to each kind of line went; ``today`` is the weight of a call of now."""
    by_kind: dict[NumberKind, list[KindHistory]] = {}
    for row in db.scalars(select(KindHistory).where(KindHistory.rehearsed == rehearsed)):
        if row.calls > 0.0:
            by_kind.setdefault(row.kind, []).append(row)
    return {kind: _manner(rows, today) for kind, rows in by_kind.items()}


def _manner(rows: Sequence[KindHistory], today: float) -> Manner:
    reached = next((row for row in rows if row.disposition is Disposition.ACKNOWLEDGED), None)
    return Manner(
        calls={row.disposition: row.calls / today for row in rows},
        held={row.disposition: row.held / row.calls for row in rows},
        rang=None if reached is None else reached.rang / reached.calls,
        beyond=None if reached is None else reached.beyond / reached.calls,
    )

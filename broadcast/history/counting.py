"""From attempts to sums: what one call adds, and what sums mean today. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from broadcast.history.ringing import NOT_SEEN
from broadcast.kernel.posterior import failed_trial
from broadcast.settle import UNTRIED
from dutycenter.vocabulary import Disposition, NumberKind, ReachedRule

HALF_LIFE = 180.0  # days after which a call counts half, as in kernel.posterior
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
REPEAT = 0.8  # attempt n (0-based) in one broadcast has REPEAT ** n of the first one's chance
BANDS = (0, 6, 9, 12, 14, 18, 22)  # hours at which a band begins, as in kernel.posterior

NEUTRAL = UNTRIED | {Disposition.DROPPED, Disposition.FAILED, Disposition.DECLINED, Disposition.TRANSFERRED}
"""Says nothing about how likely the number is answered and acknowledged the next time: the
telephone may not have rung, we took it down ourselves, or the person answered and said no."""


def day_of(at: datetime) -> float:
    """Days since the epoch of the sums."""
    return (at - EPOCH).total_seconds() / 86_400.0


def weight_of(at: datetime) -> float:
    """What a call of this moment adds to a sum; divided by today's it is what the call counts today."""
    return float(2.0 ** (day_of(at) / HALF_LIFE))


def band_of(at: datetime, zone: ZoneInfo) -> int:
    """The hour band of a moment in the duty room, 0-based."""
    hour = at.astimezone(zone).hour
    return sum(hour >= start for start in BANDS) - 1


@dataclass(frozen=True)
class Seen:
    """A settled attempt with what its counting needs. ``nth`` is its place among the tries of its number."""

    number: str
    kind: NumberKind
    rehearsed: bool
    rule: ReachedRule
    disposition: Disposition
    nth: int
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    acknowledged_at: datetime | None
    message_seconds: float
    ring_timeout: float

    @property
    def acknowledged(self) -> bool:
        heard = self.disposition is Disposition.HEARD and self.rule is ReachedRule.HEARD
        return heard or self.disposition is Disposition.ACKNOWLEDGED

    @property
    def telling(self) -> bool:
        """Does it say something about the number?"""
        return self.disposition not in NEUTRAL

    @property
    def trial(self) -> float:
        """How much of a trial of its number it is: who was not let ring for long has not failed as surely."""
        if self.acknowledged:
            return 1.0
        rang_out = self.disposition is Disposition.NO_ANSWER
        return failed_trial(self.nth, REPEAT, NOT_SEEN.share(self.ring_timeout) if rang_out else 1.0)


@dataclass
class NumberSum:
    """What calls add to one number in one band."""

    kind: NumberKind
    calls: int = 0
    acknowledged: int = 0
    trials: float = 0.0
    successes: float = 0.0


@dataclass
class KindSum:
    """What calls that ended alike add to their kind of line."""

    calls: float = 0.0
    held: float = 0.0
    rang: float = 0.0
    beyond: float = 0.0
    after: float = 0.0


@dataclass
class Sums:
    """What some attempts add; adding is commutative, so their order does not matter."""

    numbers: dict[tuple[bool, str, int], NumberSum] = field(default_factory=dict)
    kinds: dict[tuple[bool, NumberKind, Disposition], KindSum] = field(default_factory=dict)


def add_up(attempts: Iterable[Seen], zone: ZoneInfo) -> Sums:
    """The sums of these attempts."""
    sums = Sums()
    for one in attempts:
        weight = weight_of(one.created_at)
        if one.telling:
            key = (one.rehearsed, one.number, band_of(one.created_at, zone))
            of_number = sums.numbers.setdefault(key, NumberSum(one.kind))
            of_number.kind = one.kind
            of_number.calls += 1
            of_number.acknowledged += one.acknowledged
            of_number.trials += weight * one.trial
            of_number.successes += weight * one.acknowledged
        if one.ended_at is not None and one.disposition not in UNTRIED:
            kind = (one.rehearsed, one.kind, one.disposition)
            _add_times(sums.kinds.setdefault(kind, KindSum()), one, weight)
    return sums


def _add_times(of_kind: KindSum, one: Seen, weight: float) -> None:
    assert one.ended_at is not None
    rang = (one.answered_at or one.ended_at) - one.created_at
    of_kind.calls += weight
    of_kind.held += weight * max(0.0, (one.ended_at - one.created_at).total_seconds())
    of_kind.rang += weight * max(0.0, rang.total_seconds())
    if one.answered_at is not None:
        spoken = ((one.acknowledged_at or one.ended_at) - one.answered_at).total_seconds()
        of_kind.beyond += weight * (max(0.0, spoken) - one.message_seconds)
    if one.acknowledged_at is not None:
        of_kind.after += weight * max(0.0, (one.ended_at - one.acknowledged_at).total_seconds())

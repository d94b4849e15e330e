"""A plan for the kernel: who, on which numbers, over which gateways.

People, numbers and gateways in the words of the product's plan;
:mod:`broadcast.kernel.tables` makes arrays of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from broadcast.kernel.codes import Code
from broadcast.kernel.index import Rank
from broadcast.kernel.layout import MAX_GATEWAYS


class PlanError(ValueError):
    """A plan that cannot be carried out; the message says what is wrong with it."""


@dataclass(frozen=True)
class Ending:
    """One way for a call to fail: its share of the failures and the seconds it holds."""

    code: Code
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Rules:
    """What the endings of a call on one kind of line mean.

    ``pause`` in seconds before the same number may be called again and
    ``factor`` on its next probability (0: never again), both by code, with
    defaults for codes that are not named. ``endings`` are how calls fail on this
    kind of line; with ``ring`` (seconds, low and high), ``message`` (seconds from the
    answer until the acknowledgement) and ``after`` (seconds that the line is held
    then) they are the model that forecasts draw from and that expected holds follow
    from. ``refused``: the share of calls in which the person says that they cannot
    come, and is called no more; probabilities of acknowledgement are of the others.
    """

    pause: dict[Code, float] = field(default_factory=dict)
    factor: dict[Code, float] = field(default_factory=dict)
    ring: tuple[float, float] = (4.0, 18.0)
    message: float = 12.0
    after: float = 0.0
    refused: float = 0.0
    endings: tuple[Ending, ...] = (
        Ending(Code.BUSY, 0.15, 2.0, 4.0),
        Ending(Code.NO_ANSWER, 0.85, 30.0, 30.0),
    )

    @property
    def ack_hold(self) -> float:
        """Expected seconds of a call that is acknowledged."""
        return sum(self.ring) / 2.0 + self.message + self.after

    @property
    def fail_hold(self) -> float:
        """Expected seconds of a call that is not."""
        total = sum(e.share for e in self.endings)
        return sum(e.share * (e.low + e.high) / 2.0 for e in self.endings) / total


DEFAULT_PAUSE = {
    Code.HEARD: 60.0,
    Code.HUNG_UP_EARLY: 30.0,
    Code.VOICEMAIL: 300.0,
    Code.BUSY: 60.0,
    Code.NO_ANSWER: 180.0,
    Code.REJECTED: 120.0,
    Code.SWITCHED_OFF: 600.0,
    Code.NO_SUCH_NUMBER: 0.0,
    Code.CONGESTION: 10.0,
    Code.GATEWAY_DOWN: 5.0,
    Code.FAILED: 60.0,
    Code.DROPPED: 5.0,
    Code.LOST: 5.0,
}
DEFAULT_FACTOR = {
    Code.HEARD: 0.8,
    Code.HUNG_UP_EARLY: 0.8,
    Code.VOICEMAIL: 0.5,
    Code.BUSY: 0.8,
    Code.NO_ANSWER: 0.8,
    Code.REJECTED: 0.6,
    Code.SWITCHED_OFF: 0.4,
    Code.NO_SUCH_NUMBER: 0.0,
    Code.FAILED: 0.6,
}
RULES = Rules()


@dataclass(frozen=True)
class Number:
    """A number of a person.

    ``p``: probability that the next call is acknowledged; ``evidence``: how many
    calls that is worth (the sum of the Beta posterior's parameters), so that a
    forecast knows how far to trust it. ``hold``: seconds that it is expected to
    hold a channel; None: what its rules say. ``gateways``: bits of those that may
    carry it. ``tries``: calls allowed in this broadcast.
    """

    p: float
    hold: float | None = None
    gateways: int = (1 << MAX_GATEWAYS) - 1
    rules: Rules = RULES
    tries: int = 4
    evidence: float = math.inf


@dataclass(frozen=True)
class Person:
    """A recipient; all times in seconds after the start of the broadcast.

    ``tier`` 0 is called before 1 whatever the weights. ``ordered``: numbers in
    the person's order, each once before any twice. ``legs`` 2 lets two of the
    numbers ring at once. ``since``: when the person's wave begins.
    """

    numbers: Sequence[Number]
    weight: float = 1.0
    tier: int = 0
    ordered: bool = False
    legs: int = 1
    since: float = 0.0
    deadline: float = math.inf


@dataclass(frozen=True)
class Gateway:
    """A trunk: channels, calls a second, burst (calls), and those kept for the hotline."""

    channels: int
    rate: float
    burst: float = 1.0
    cost: float = 0.0
    reserved: int = 0

    @property
    def usable(self) -> int:
        return max(0, self.channels - self.reserved)


@dataclass(frozen=True)
class Plan:
    """Everything that decides who is called when.

    ``fairness``: seconds after which anybody who may be called is called, however
    low the weight. ``deadline``: seconds by which the goal should be met; only
    forecasts use it. ``rank``: the product's policy is Rank.INDEX.
    """

    people: Sequence[Person]
    gateways: Sequence[Gateway]
    fairness: float = math.inf
    deadline: float = math.inf
    rank: Rank = Rank.INDEX

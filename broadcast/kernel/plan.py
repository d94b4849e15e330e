"""A plan for the kernel: who, on which numbers, over which gateways.

Input: people, numbers and gateways in the words of the product's plan. Output:
the arrays of :mod:`broadcast.kernel.layout`, ready to decide on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from broadcast.kernel.codes import CODES, Code, Status
from broadcast.kernel.decide import queue_all
from broadcast.kernel.index import Rank, prices, scale
from broadcast.kernel.layout import (
    ARM,
    BOARD,
    FOREVER,
    GATEWAY,
    LEVELS,
    MAX_CHANNELS,
    MAX_FAILURES,
    MAX_GATEWAYS,
    MAX_NUMBERS,
    MAX_TIERS,
    MICRO,
    PERSON,
    RULE,
    TICK_BITS,
    WORLD,
    State,
)
from broadcast.kernel.urgency import CROWD, aim, table

MAX_TICKS = 1 << 15
AGAIN_WHEN_FLAT = 1.5
"""Where all probabilities are alike they say nothing about the order; then it is better
to call on than to begin with others, because the pauses of the last set the end."""


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


@dataclass
class Tables:
    """A plan as arrays, one entry per person or number; what :func:`assemble` takes.

    ``first`` (people + 1,) are offsets into the numbers. Times in seconds.
    """

    first: np.ndarray
    weight: np.ndarray
    p: np.ndarray
    rules: Sequence[Rules]
    gateways: Sequence[Gateway]
    tier: np.ndarray | None = None
    ordered: np.ndarray | None = None
    legs: np.ndarray | None = None
    since: np.ndarray | None = None
    deadline: np.ndarray | None = None
    hold: np.ndarray | None = None  # NaN: what the rules say
    kind: np.ndarray | None = None  # row of ``rules``
    mask: np.ndarray | None = None  # uint64 bits of gateways
    tries: np.ndarray | None = None
    evidence: np.ndarray | None = None
    fairness: float = math.inf
    rank: Rank = Rank.INDEX


def micros(seconds: float) -> int:
    """Whole microseconds, at most FOREVER.

    Rounded, so that a time that was given in seconds comes back as the same.
    """
    return int(min(float(FOREVER), seconds * MICRO + 0.5))


def tabulate(plan: Plan) -> Tables:
    """The tables of a plan.

    Raises :class:`PlanError` for what a table cannot say.
    """
    rules: list[Rules] = []
    seen: dict[int, int] = {}
    first = [0]
    p: list[float] = []
    hold: list[float] = []
    kind: list[int] = []
    mask: list[int] = []
    tries: list[int] = []
    evidence: list[float] = []
    for person in plan.people:
        for number in person.numbers:
            row = seen.get(id(number.rules))
            if row is None:
                row = seen[id(number.rules)] = len(rules)
                rules.append(number.rules)
            p.append(number.p)
            hold.append(math.nan if number.hold is None else number.hold)
            kind.append(row)
            mask.append(number.gateways)
            tries.append(number.tries)
            evidence.append(number.evidence)
        first.append(len(p))
    if len(rules) > 255:
        raise PlanError(f"{len(rules)} different rules; at most 255 kinds of line fit")
    people = plan.people
    return Tables(
        first=np.array(first, np.int64),
        weight=np.array([x.weight for x in people], np.float64),
        p=np.array(p, np.float64),
        rules=rules or [RULES],
        gateways=plan.gateways,
        tier=np.array([x.tier for x in people], np.int64),
        ordered=np.array([x.ordered for x in people], bool),
        legs=np.array([x.legs for x in people], np.int64),
        since=np.array([x.since for x in people], np.float64),
        deadline=np.array([x.deadline for x in people], np.float64),
        hold=np.array(hold, np.float64),
        kind=np.array(kind, np.int64),
        mask=np.array(mask, np.uint64),
        tries=np.array(tries, np.int64),
        evidence=np.array(evidence, np.float64),
        fairness=plan.fairness,
        rank=plan.rank,
    )


def _check(tables: Tables) -> None:  # noqa: C901
    n, arms = len(tables.weight), len(tables.p)
    gateways = tables.gateways
    if not 0 < len(gateways) <= MAX_GATEWAYS:
        raise PlanError(f"{len(gateways)} gateways; between 1 and {MAX_GATEWAYS} are needed")
    if sum(g.usable for g in gateways) <= 0:
        raise PlanError("no channel: every line of every gateway is reserved or absent")
    if sum(g.usable for g in gateways) > MAX_CHANNELS:
        raise PlanError(f"more than {MAX_CHANNELS} channels")
    for g in gateways:
        if not (g.rate > 0.0 and math.isfinite(g.rate)):
            raise PlanError(f"a gateway's rate is {g.rate}; calls per second must be above 0")
        if not g.burst >= 1.0:
            raise PlanError(f"a gateway's burst is {g.burst}; at least 1 call")
    if len(tables.first) != n + 1 or tables.first[-1] != arms or np.any(np.diff(tables.first) < 0):
        raise PlanError("the offsets of the numbers do not fit the people")
    if n and np.max(np.diff(tables.first)) > MAX_NUMBERS:
        raise PlanError(f"a person has more than {MAX_NUMBERS} numbers")
    if not np.all((tables.p >= 0.0) & (tables.p <= 1.0)):
        raise PlanError("a probability is not between 0 and 1")
    if not np.all((tables.weight >= 0.0) & np.isfinite(tables.weight)):
        raise PlanError("a weight is negative or not finite")
    for name, low, high in (("tier", 0, MAX_TIERS - 1), ("legs", 1, 8), ("tries", 0, 60)):
        values = getattr(tables, name)
        if values is not None and values.size and not (low <= values.min() <= values.max() <= high):
            raise PlanError(f"{name}: between {low} and {high}")
    if tables.hold is not None and np.any(tables.hold <= 0.0):
        raise PlanError("an expected hold is not above 0 seconds")
    if not tables.fairness >= 0.0:
        raise PlanError("the fairness bound is negative")


def _rules(rules: Sequence[Rules]) -> np.ndarray:
    table = np.zeros(len(rules), RULE)
    for row, rule in zip(table, rules, strict=True):
        row["ack_hold"], row["fail_hold"] = rule.ack_hold, rule.fail_hold
        for code in Code:
            row["pause"][code] = micros(rule.pause.get(code, DEFAULT_PAUSE.get(code, 0.0)))
            row["factor"][code] = rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))
    return table


def worlds(rules: Sequence[Rules]) -> np.ndarray:
    """What forecasts and rehearsals draw endings and holds from, a row per rule."""
    table = np.zeros(len(rules), WORLD)
    for row, rule in zip(table, rules, strict=True):
        if not 0 < len(rule.endings) <= MAX_FAILURES:
            raise PlanError(f"between 1 and {MAX_FAILURES} ways to fail")
        row["ring_low"], row["ring_high"] = rule.ring
        row["message"], row["after"], row["refused"] = rule.message, rule.after, rule.refused
        row["failures"] = len(rule.endings)
        shares = np.cumsum([e.share for e in rule.endings])
        for k, ending in enumerate(rule.endings):
            row["code"][k] = ending.code
            row["share"][k] = shares[k] / shares[-1]
            row["low"][k], row["high"][k] = ending.low, ending.high
        for code in Code:
            row["factor"][code] = rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))
    return table


def gateway_table(gateways: Sequence[Gateway]) -> np.ndarray:
    table = np.zeros(len(gateways), GATEWAY)
    for row, g in zip(table, gateways, strict=True):
        row["channels"] = g.usable
        row["interval"] = MICRO / g.rate
        row["slack"] = (g.burst - 1.0) * row["interval"]
        row["cost"] = g.cost
    return table


def _usual_failure(rule: Rules) -> Code:
    return max(rule.endings, key=lambda e: e.share).code


def _usual_pause(rule: Rules) -> float:
    """Seconds for which a number rests after the commonest way to fail."""
    code = _usual_failure(rule)
    return rule.pause.get(code, DEFAULT_PAUSE.get(code, 0.0))


def _usual_factor(rule: Rules) -> float:
    """On the next probability, after the commonest way to fail."""
    code = _usual_failure(rule)
    return rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))


def _horizon(tables: Tables, hold: np.ndarray, channels: float, board: np.ndarray) -> None:
    """Write into the board how long the broadcast will take, and a round of it."""
    owner = np.repeat(np.arange(len(tables.weight)), np.diff(tables.first))
    fewest = np.full(len(tables.weight), np.inf)
    np.minimum.at(fewest, owner, hold / np.maximum(tables.p, 1e-3))
    board["work"] = float(fewest[np.isfinite(fewest)].sum())
    board["round"] = max(_usual_pause(rule) + rule.fail_hold for rule in tables.rules) * MICRO
    usual = float(np.median(tables.weight)) or float(tables.weight.mean())
    board["usual"] = usual / (float(tables.weight.max()) or 1.0) or 1.0
    aim(board[0], channels)


def assemble(tables: Tables) -> State:
    """A state in which everybody waits.

    Raises :class:`PlanError` if the plan cannot be carried out (no channel, a
    probability outside 0..1, ...).
    """
    _check(tables)
    n, m = len(tables.weight), len(tables.p)
    people, arms = np.zeros(n, PERSON), np.zeros(m, ARM)
    counts = np.diff(tables.first)
    heaviest = float(tables.weight.max()) if n else 0.0
    people["weight"] = tables.weight / heaviest if heaviest > 0.0 else 1.0
    people["first"], people["count"] = tables.first[:-1], counts
    people["tier"] = 0 if tables.tier is None else tables.tier
    people["ordered"] = False if tables.ordered is None else tables.ordered
    if tables.rank != Rank.INDEX:
        people["ordered"] = True
    people["max_legs"] = 1 if tables.legs is None else tables.legs
    people["deadline"] = FOREVER
    if tables.deadline is not None:
        people["deadline"] = np.minimum(tables.deadline * MICRO, float(FOREVER))
    if tables.since is not None:
        people["since"] = np.minimum(tables.since * MICRO, float(FOREVER))
    people["status"] = np.where(people["since"] > 0, Status.FUTURE, Status.OPEN)

    rules = _rules(tables.rules)
    arms["person"] = np.repeat(np.arange(n), counts)
    arms["p"] = tables.p
    arms["bucket"] = -1
    arms["kind"] = 0 if tables.kind is None else tables.kind
    arms["max_tries"] = 4 if tables.tries is None else tables.tries
    arms["state"] = np.where(arms["max_tries"] > 0, 0, 3)
    usual = arms["p"] * rules["ack_hold"][arms["kind"]]
    usual += (1.0 - arms["p"]) * rules["fail_hold"][arms["kind"]]
    hold = usual if tables.hold is None else np.where(np.isnan(tables.hold), usual, tables.hold)
    arms["stretch"] = hold / np.maximum(usual, 1e-9)
    all_gateways = np.uint64((1 << len(tables.gateways)) - 1)
    mask = np.full(m, all_gateways) if tables.mask is None else tables.mask & all_gateways
    masks, group = np.unique(mask, return_inverse=True)
    if len(masks) > 63:
        raise PlanError(f"{len(masks)} different sets of gateways; at most 63 fit")
    arms["group"] = group
    arms["state"][mask == 0] = 3
    if not m:
        masks = np.array([all_gateways])

    gateways = gateway_table(tables.gateways)
    channels = float(gateways["channels"].sum())
    board = np.zeros(1, BOARD)
    board["round"] = 1.0
    if tables.rank == Rank.INDEX and m and n >= CROWD:
        _horizon(tables, hold, channels, board)
    tiers = int(people["tier"].max()) + 1 if n else 1
    board["tiers"], board["groups"] = tiers, len(masks)
    board["rule"] = int(tables.rank)
    board["sweep"] = -1
    flat = bool(m) and float(tables.p.std()) < 0.1 * float(tables.p.mean())
    board["again"] = AGAIN_WHEN_FLAT if flat else 1.0
    mean_hold = float(hold.mean()) if m else 20.0
    channel, token = prices(channels, sum(g.rate for g in tables.gateways), mean_hold)
    board["channel_price"], board["token_price"] = channel, token
    if m:
        value = people["weight"][arms["person"]]
        best = float(value.max())
        if tables.rank == Rank.INDEX:
            price = channel * hold + token
            best = float(((value + board["strength"]) / price).max())
            value = value * arms["p"] / price
        positive = value[value > 0.0]
        # A number that failed a few times must still be told apart from one that did not,
        # and there must be room above for one that turns out to be certain.
        low = positive.min() / 8.0 if positive.size else 0.0
        top, shift = scale(best, float(low))
        board["top_bits"], board["shift"] = top, shift

    longest = int(rules["pause"].max()) >> TICK_BITS
    ticks = 64
    while ticks < min(longest + 2, MAX_TICKS):
        ticks *= 2
    empty4, empty8 = np.zeros(0, np.int32), np.zeros(0, np.int64)
    due_order, due_time = empty4, empty8
    due = people["since"] + micros(tables.fairness)
    # A person with a deadline is due while there is still time for each number once.
    slack = np.zeros(n)
    np.add.at(slack, arms["person"], hold)
    due = np.minimum(due, people["deadline"] - (2.0 * slack * MICRO).astype(np.int64))
    if n and due.min() < FOREVER - 1_000_000 * MICRO:
        due_order = np.argsort(due, kind="stable").astype(np.int32)
        due_time = due[due_order]
    wave_order = np.flatnonzero(people["since"] > 0)
    wave_order = wave_order[np.argsort(people["since"][wave_order], kind="stable")]
    buckets = len(masks) * tiers * LEVELS
    state = State(
        people=people,
        arms=arms,
        gateways=gateways,
        rules=rules,
        board=board,
        masks=masks.astype(np.uint64),
        head=np.full(buckets, -1, np.int32),
        tail=np.full(buckets, -1, np.int32),
        bits=np.zeros(buckets // 64, np.uint64),
        slot_head=np.full(ticks, -1, np.int32),
        slot_tail=np.full(ticks, -1, np.int32),
        due_order=due_order,
        due_time=due_time,
        wave_order=wave_order.astype(np.int32),
        urgency=table(_usual_factor(tables.rules[0]) if tables.rules else 1.0),
    )
    queue_all(state)
    return state


assert CODES == 16

"""What no policy can beat: lower bounds for an instance with known probabilities.

Three bounds, all derived in docs/scheduling.md, each for every policy that does
not know the future, may call several numbers of one person at once and makes the
same attempts in the end:

* *priced work*: both resources pooled at prices (theta, 1 - theta), people served
  in Gittins order on one fast server (for T95 and for the weighted mean);
* *price path*: the weighted mean's Lagrangian with a price of channel time that
  falls over the broadcast, in which a call pays for its whole hold before it is
  answered, and a person is no faster than with unlimited lines;
* *unlimited lines*: only rings, messages and pauses hold anybody up (T95).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadcast.kernel.plan import DEFAULT_FACTOR, DEFAULT_PAUSE, Rules, Tables

Floats = npt.NDArray[np.float64]
THETAS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
STEP = 0.5  # seconds, of the price path


@dataclass(frozen=True)
class Bound:
    """Seconds; ``by`` names the bound that was the best for each."""

    t95: float
    weighted_mean: float
    t95_by: str
    weighted_mean_by: str


@dataclass(frozen=True)
class _Pieces:
    """Attempts (people, attempts), each person's in the best order; see docs."""

    p: Floats
    survive: Floats  # probability that all before it failed
    hold: Floats
    weight: Floats  # (people,)
    number: npt.NDArray[np.int64]  # position of the number, for each attempt
    attempt: npt.NDArray[np.int64]


class BoundError(ValueError):
    """An instance of a shape that the bounds are not derived for."""


def _rule(tables: Tables) -> Rules:
    if len(tables.rules) != 1:
        raise BoundError("bounds are derived for one kind of line")
    rule = tables.rules[0]
    factors = {rule.factor.get(e.code, DEFAULT_FACTOR.get(e.code, 1.0)) for e in rule.endings}
    if len(factors) != 1:
        raise BoundError("bounds are derived for one factor on the next probability")
    return rule


def _factor(rule: Rules) -> float:
    code = rule.endings[0].code
    return rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))


def _pieces(tables: Tables) -> _Pieces:
    rule = _rule(tables)
    counts = np.diff(tables.first)
    n, width = len(counts), int(counts.max(initial=0))
    tries = np.full(len(tables.p), 4) if tables.tries is None else tables.tries
    most = int(tries.max(initial=0))
    if n == 0 or width == 0 or most == 0:
        nothing = np.zeros((n, 0))
        none = np.zeros((n, 0), np.int64)
        return _Pieces(nothing, nothing, nothing, tables.weight, none, none)
    column = np.arange(len(tables.p)) - np.repeat(tables.first[:-1], counts)
    row = np.repeat(np.arange(n), counts)
    p = np.zeros((n, width, most))
    power = _factor(rule) ** np.arange(most)
    p[row, column] = tables.p[:, None] * power * (np.arange(most) < tries[:, None])
    number = np.broadcast_to(np.arange(width)[:, None], (width, most)).ravel()
    attempt = np.broadcast_to(np.arange(most), (width, most)).ravel()
    flat = p.reshape(n, -1)
    # Fewest seconds per success first; with one kind of line that is the highest p.
    order = np.argsort(-flat, axis=1, kind="stable")
    flat = np.take_along_axis(flat, order, axis=1)
    survive = np.cumprod(np.concatenate([np.ones((n, 1)), 1.0 - flat[:, :-1]], axis=1), axis=1)
    hold = flat * rule.ack_hold + (1.0 - flat) * rule.fail_hold
    return _Pieces(flat, survive, hold, tables.weight, number[order], attempt[order])


def _resources(tables: Tables) -> tuple[float, float, float]:
    """Pooled channels, calls a second and burst: a relaxation of several gateways."""
    channels = float(sum(g.usable for g in tables.gateways))
    rate = sum(g.rate for g in tables.gateways)
    return channels, rate, sum(g.burst for g in tables.gateways)


def priced_work(tables: Tables, theta: float) -> tuple[float, float]:
    """T95 and weighted mean at least, at prices theta / channels and (1 - theta) / rate.

    T95 is NaN if less than 95 % are expected to be reached by all attempts.
    """
    pieces = _pieces(tables)
    if not pieces.p.size:
        return 0.0, 0.0
    channels, rate, burst = _resources(tables)
    value = (pieces.p * pieces.survive).ravel()
    cost = pieces.survive * (theta * pieces.hold / channels + (1.0 - theta) / rate)
    cost = cost.ravel()
    free = (1.0 - theta) * burst / rate
    keep = value > 0.0
    value, cost = value[keep], cost[keep]
    weight = np.repeat(pieces.weight, pieces.p.shape[1])[keep]
    order = np.argsort(-value / cost, kind="stable")
    reach = np.cumsum(value[order])
    target = 0.95 * len(pieces.weight)
    t95 = np.nan
    if value.size and reach[-1] >= target:
        work = np.cumsum(cost[order])
        t95 = max(0.0, float(np.interp(target, np.r_[0.0, reach], np.r_[0.0, work])) - free)
    order = np.argsort(-weight * value / cost, kind="stable")
    work = np.cumsum(cost[order])
    middle = np.maximum(0.0, work - cost[order] / 2.0 - free)
    total = float((weight * value).sum())
    mean = float((weight[order] * value[order] * middle).sum()) / total if total else 0.0
    return t95, mean


def _chains(tables: Tables, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Beginnings and ends of success, ``shape`` (..., tries), of numbers with lines to spare.

    Attempt m of a number begins after its failures before and their pauses, and
    succeeds after a ring and a message. All kinds of number are alike here.
    """
    rule = _rule(tables)
    shares = np.array([e.share for e in rule.endings])
    kind = rng.choice(len(shares), size=shape, p=shares / shares.sum())
    low = np.array([e.low for e in rule.endings])[kind]
    high = np.array([e.high for e in rule.endings])[kind]
    pause = np.array([rule.pause.get(e.code, DEFAULT_PAUSE.get(e.code, 0.0)) for e in rule.endings])
    lost = low + rng.random(shape) * (high - low) + pause[kind]
    begin = np.cumsum(lost, axis=-1) - lost
    ring = rule.ring[0] + rng.random(shape) * (rule.ring[1] - rule.ring[0])
    return begin, begin + ring + rule.message


def _by_number(pieces: _Pieces) -> Floats:
    """(people, numbers, tries) probabilities, 0 where there is no such attempt."""
    n = len(pieces.weight)
    table = np.zeros((n, int(pieces.number.max()) + 1, int(pieces.attempt.max()) + 1))
    table[np.arange(n)[:, None], pieces.number, pieces.attempt] = pieces.p
    return table


def unlimited_t95(tables: Tables, samples: int, seed: int = 0) -> float:
    """Expected T95 if all numbers of everybody ring at once, again after their pauses.

    On the same draws nobody can acknowledge earlier under any policy, so this holds
    draw by draw. Whether 95 % are reached at all depends on the draw alone, so the
    mean is over the draws in which they are; infinite if there is none.
    """
    pieces = _pieces(tables)
    n = len(pieces.weight)
    if not pieces.p.size:
        return 0.0 if n == 0 else np.inf
    p = _by_number(pieces)
    rng = np.random.default_rng([seed, 3])
    rank = int(np.ceil(0.95 * n)) - 1
    found = []
    for _ in range(samples):
        _, end = _chains(tables, p.shape, rng)
        end[rng.random(p.shape) >= p] = np.inf
        found.append(float(np.partition(end.min(axis=(1, 2)), rank)[rank]))
    reached = [t for t in found if t < np.inf]
    return float(np.mean(reached)) if reached else np.inf


def unlimited_times(tables: Tables, samples: int = 1200, seed: int = 0) -> Floats:
    """``E[T_i; i is reached]`` (people,) in seconds with unlimited lines.

    Over ``samples`` draws of how calls fail, the same for every number: only means
    over people are used.
    """
    pieces = _pieces(tables)
    n = len(pieces.weight)
    if not pieces.p.size:
        return np.zeros(n)
    p = _by_number(pieces)
    _, end = _chains(tables, (samples, p.shape[2]), np.random.default_rng([seed, 2]))
    step = 1.0
    top = int(np.ceil(end.max() / step)) + 1
    # done[m, t]: probability that attempt m, if it succeeds, has ended by t.
    done = np.zeros((end.shape[1], top))
    for m in range(end.shape[1]):
        # Rounding down moves every end to an earlier time, which a lower bound may.
        counts = np.bincount((end[:, m] / step).astype(np.int64), minlength=top)
        done[m] = np.cumsum(counts)[:top] / len(end)
    ones = np.ones((*p.shape[:2], 1))
    chain = p * np.cumprod(np.concatenate([ones, 1.0 - p[:, :, :-1]], axis=2), axis=2)
    times = np.zeros(n)
    for block in range(0, n, 1000):
        part = slice(block, min(n, block + 1000))
        reached = 1.0 - np.prod(1.0 - chain[part] @ done, axis=1)
        times[part] = (reached[:, -1:] - reached).sum(axis=1) * step
    return times


def price_path(tables: Tables, alone: Floats, scale: float = 1.0) -> float:
    """Weighted mean at least, by a falling price of channel time.

    ``alone`` (people,) are the times with unlimited lines. For any prices
    ``lambda(t) >= 0`` the weighted sum is at least ``sum_i J_i - M * integral of
    lambda``, with J_i a person's cheapest way to make all attempts at these prices.
    ``lambda`` is the fluid optimum's, times ``scale``.
    """
    rule, pieces = _rule(tables), _pieces(tables)
    value = pieces.p * pieces.survive
    total = float((pieces.weight[:, None] * value).sum())
    if total <= 0.0:
        return 0.0
    channels, _, _ = _resources(tables)
    density = (pieces.weight[:, None] * pieces.p / pieces.hold).ravel()
    work = (pieces.survive * pieces.hold).ravel() / channels
    order = np.argsort(-density, kind="stable")
    finish = np.cumsum(work[order])
    longest = max(rule.ring[1] + rule.message, max(e.high for e in rule.endings))
    grid = np.arange(0.0, finish[-1] + longest + 2.0 * STEP, STEP)
    # The fluid optimum serves density(t) at t; its dual price falls by just that.
    gained = np.interp(grid, np.r_[0.0, finish], np.r_[0.0, np.cumsum(density[order] * work[order])])
    price = scale * (gained[-1] - gained)
    paid = np.concatenate([[0.0], np.cumsum((price[1:] + price[:-1]) / 2.0 * STEP)])
    acked = _spread(paid, *(x + rule.message for x in rule.ring))
    share = np.array([e.share for e in rule.endings])
    failed = sum(s * _spread(paid, e.low, e.high) for s, e in zip(share / share.sum(), rule.endings, strict=True))
    last = len(acked) - 1
    p, weight = pieces.p, np.broadcast_to(pieces.weight[:, None], pieces.p.shape)

    def cost(at: npt.NDArray[np.int64]) -> Floats:
        paid_for = p * acked[at] + (1.0 - p) * failed[at]
        return p * weight * (grid[at] + rule.ack_hold) + paid_for

    # Convex in the time of the call: halve the interval that holds the cheapest.
    low, high = np.zeros(p.shape, np.int64), np.full(p.shape, last)
    while np.any(low < high):
        middle = (low + high) // 2
        rising = cost(np.minimum(middle + 1, last)) >= cost(middle)
        high = np.where(rising, middle, high)
        low = np.where(rising, low, np.minimum(middle + 1, high))
    # The cheapest may lie between two points of the grid, never by more than this.
    between = p * weight * STEP
    together = (pieces.survive * np.maximum(0.0, cost(low) - between / 2.0)).sum(axis=1)
    each = np.maximum(together, pieces.weight * alone)
    return float(each.sum() - channels * paid[-1]) / total


def _spread(paid: Floats, low: float, high: float) -> Floats:
    """Expected payment of a call begun at each point that holds uniformly low..high."""
    grid = np.arange(len(paid)) * STEP
    holds = np.linspace(low, high, 9) if high > low else np.array([low])
    ends = np.mean([np.interp(grid + h, grid, paid) for h in holds], axis=0)
    return ends - paid


def lower_bound(instance: Tables, seed: int = 0) -> Bound:
    """The best of all bounds for T95 and for the weighted mean of those reached.

    Raises :class:`BoundError` for instances with several kinds of line.
    """
    t95, mean = {}, {}
    for theta in THETAS:
        t95[f"priced work, theta {theta}"], mean[f"priced work, theta {theta}"] = priced_work(instance, theta)
    people = max(1, len(instance.weight))
    t95["unlimited lines"] = unlimited_t95(instance, max(4, min(200, 200_000 // people)), seed)
    alone = unlimited_times(instance, seed=seed)
    for scale in (0.9, 1.0, 1.1):
        mean[f"price path, {scale}"] = price_path(instance, alone, scale)
    best_t95 = max(t95, key=lambda k: -1.0 if np.isnan(t95[k]) else t95[k])
    best_mean = max(mean, key=lambda k: mean[k])
    return Bound(t95[best_t95], mean[best_mean], best_t95, best_mean)

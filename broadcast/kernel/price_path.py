"""The weighted mean from below, by a price of channel time that falls over the broadcast.

As at most M channels are held at any time, the weighted sum of times is at least
``sum_i J_i - M * integral of the price``, J_i being what a person alone costs at least:
weight times time, plus the price of all channel time that their calls hold. That is
true for any price; docs/scheduling.md derives it and the one that is taken here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadcast.kernel.one_leg import cheapest
from broadcast.kernel.pieces import Floats, Pieces, by_number, only_rule, pieces_of, shares_of
from broadcast.kernel.plan import Rules
from broadcast.kernel.tables import Tables

STEP = 0.5  # seconds
ONE_BY_ONE = 1_000  # people, the heaviest: a millisecond each


@dataclass(frozen=True)
class PricePath:
    """Prices on a grid of times (points,), which begin at 0 and end when a line costs nothing."""

    grid: Floats
    acked: Floats  # of an acknowledged call that begins then
    lost: Floats  # (endings, points) of a call that fails so
    whole: float  # the integral of the price

    @classmethod
    def of(cls, pieces: Pieces, rule: Rules, channels: float, scale: float) -> PricePath:
        """The fluid optimum's price, times ``scale``: it falls by the index that is served at each time."""
        density = (pieces.weight[:, None] * pieces.p / pieces.hold).ravel()
        work = (pieces.survive * pieces.hold).ravel() / channels
        order = np.argsort(-density, kind="stable")
        finish = np.cumsum(work[order])
        longest = max(rule.ring[1] + rule.message, max(e.high for e in rule.endings))
        grid = np.arange(0.0, finish[-1] + longest + 2.0 * STEP, STEP)
        gained = np.interp(grid, np.r_[0.0, finish], np.r_[0.0, np.cumsum(density[order] * work[order])])
        price = scale * (gained[-1] - gained)
        paid = np.concatenate([[0.0], np.cumsum((price[1:] + price[:-1]) / 2.0 * STEP)])
        acked = _spread(paid, *(x + rule.message for x in rule.ring))
        lost = np.array([_spread(paid, e.low, e.high) for e in rule.endings])
        return cls(grid, acked, lost, float(paid[-1]))


def channels_of(tables: Tables) -> float:
    """All channels together: a relaxation of several gateways."""
    return float(sum(g.usable for g in tables.gateways))


def _spread(paid: Floats, low: float, high: float) -> Floats:
    """Expected payment of a call begun at each point that holds uniformly low..high."""
    grid = np.arange(len(paid)) * STEP
    holds = np.linspace(low, high, 9) if high > low else np.array([low])
    ends = np.mean([np.interp(grid + h, grid, paid) for h in holds], axis=0)
    return ends - paid


def price_path(tables: Tables, alone: Floats, scale: float = 1.0, *, one_leg: bool = False) -> float:
    """Weighted mean at least, in seconds.

    Args:
        alone: (people,), ``E[T_i; i is reached]`` with all lines to oneself.
        one_leg: for policies that ring one number of a person at a time, except whom the
            plan gives more legs. Looked at for the heaviest people alone.
    """
    pieces = pieces_of(tables)
    total = float((pieces.weight[:, None] * pieces.p * pieces.survive).sum())
    if total <= 0.0:
        return 0.0
    rule, channels = only_rule(tables), channels_of(tables)
    path = PricePath.of(pieces, rule, channels, scale)
    each = np.maximum(_apart(pieces, rule, path), pieces.weight * alone)
    if one_leg:
        some = _heaviest(tables)
        each[some] = np.maximum(each[some], _in_turn(pieces, some, rule, path))
    return float(each.sum() - channels * path.whole) / total


def _apart(pieces: Pieces, rule: Rules, path: PricePath) -> Floats:
    """J_i (people,) if each attempt chose its own best time, whatever the others do."""
    failed = shares_of(rule) @ path.lost
    last = len(path.grid) - 1
    p, weight = pieces.p, np.broadcast_to(pieces.weight[:, None], pieces.p.shape)

    def cost(at: npt.NDArray[np.int64]) -> Floats:
        return p * (weight * (path.grid[at] + rule.ack_hold) + path.acked[at]) + (1.0 - p) * failed[at]

    # Convex in the time of the call: halve the interval that holds the cheapest.
    low, high = np.zeros(p.shape, np.int64), np.full(p.shape, last)
    while np.any(low < high):
        middle = (low + high) // 2
        rising = cost(np.minimum(middle + 1, last)) >= cost(middle)
        high = np.where(rising, middle, high)
        low = np.where(rising, low, np.minimum(middle + 1, high))
    # The cheapest may lie between two points of the grid, never by more than this.
    between = p * weight * STEP
    return (pieces.survive * np.maximum(0.0, cost(low) - between / 2.0)).sum(axis=1)


def _heaviest(tables: Tables) -> npt.NDArray[np.bool_]:
    """Who has one leg at a time and weighs the most, (people,).

    With many people the others wait for lines, and the order of their numbers matters little.
    """
    chosen = np.zeros(len(tables.weight), bool)
    chosen[np.argsort(-tables.weight, kind="stable")[:ONE_BY_ONE]] = True
    return chosen if tables.legs is None else chosen & (tables.legs == 1)


def _in_turn(pieces: Pieces, some: npt.NDArray[np.bool_], rule: Rules, path: PricePath) -> Floats:
    """J_i of ``some`` people, one leg at a time and with all pauses."""

    def at(times: Floats) -> Floats:
        return np.array([np.interp(times, path.grid, pay, right=0.0) for pay in (path.acked, *path.lost)])

    return cheapest(by_number(pieces)[some], pieces.weight[some], rule, at, float(path.grid[-1]))

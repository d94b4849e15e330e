"""The cheapest way to reach one person with one leg at a time, at given prices of a line.

The product rings one number of a person after the other, except where a plan hedges.
The best order, with pauses and a price of channel time that falls, is found by dynamic
programming over everything that can have happened to three numbers. It bounds the
weighted mean from below: docs/scheduling.md, "Lower bounds".
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import numpy as np
import numpy.typing as npt
from numba import njit

from broadcast.kernel.pieces import Floats, pauses_of, shares_of
from broadcast.kernel.plan import Rules

Ints = npt.NDArray[np.int64]
NUMBERS, TRIES = 3, 4  # the most that are looked at: what can happen grows with their power
SLOTS = 6  # of the longest pause
FINE = 61  # points in a slot

Number = tuple[int, int]  # tries made, slots that it still rests
Prices = Callable[[Floats], Floats]
"""What calls that begin at ``times`` cost in channel time: (1 + endings, *times.shape),
of an acknowledged call first, then of a call with each ending."""


@dataclass(frozen=True)
class Course:
    """All that can have happened, earlier nodes before later ones: the first is the beginning.

    A node is a slot of time and the state of three numbers. Its moves: which number is
    called next, as soon as it has rested.
    """

    tried: Ints  # (nodes, 3)
    begin: Ints  # (nodes, 3): the slot in which that number can be called
    failed: Ints  # (nodes, 3, endings): the node after that; -1 if the number is used up


@lru_cache(maxsize=8)
def course(tries: int, holds: tuple[int, ...], rests: tuple[int, ...]) -> Course:
    """The graph for so many tries a number; ``holds`` and ``rests`` of each ending in slots."""
    start = (0, ((0, 0),) * NUMBERS)
    place: dict[tuple[int, tuple[Number, ...]], int] = {start: 0}
    nodes, moves = [start], []
    for at, numbers in nodes:
        row = []
        for k, (tried, wait) in enumerate(numbers):
            after = []
            for hold, rest in zip(holds, rests, strict=True):
                if tried == tries:
                    after.append(-1)
                    continue
                later = [(m, max(0, r - wait - hold)) for m, r in numbers]
                later[k] = (tried + 1, rest if tried + 1 < tries else 0)
                node = (at + wait + hold, tuple(later))
                if node not in place:
                    place[node] = len(nodes)
                    nodes.append(node)
                after.append(place[node])
            row.append(after)
        moves.append(row)
    # A call that takes no slot leads to more tries in the same slot.
    order = sorted(range(len(nodes)), key=lambda n: (nodes[n][0], sum(m for m, _ in nodes[n][1])))
    rank = np.empty(len(nodes) + 1, np.int64)
    rank[order] = np.arange(len(nodes))
    rank[-1] = -1
    slot = np.array([nodes[n][0] for n in order])
    state = np.array([nodes[n][1] for n in order])
    return Course(state[:, :, 0], slot[:, None] + state[:, :, 1], rank[np.array(moves)[order]])


def cheapest(p: Floats, weight: Floats, rule: Rules, prices: Prices, end: float) -> Floats:
    """What each of these people costs at least, (people,): weight times time, plus the price.

    Args:
        p: (people, numbers, tries) probabilities.
        end: seconds after which a line costs nothing.

    Failed holds and pauses are rounded down to slots, a sixth of the longest pause:
    whoever may call sooner may also wait. Between two slots a price is replaced by the
    line through its ends, less the most that it lies under it; so times on slots are as
    good as any. A call that waits for a better price delays none of those after it.
    0, which bounds nothing, for people with more than three numbers or four tries.
    """
    people, numbers, tries = p.shape
    if numbers > NUMBERS or tries > TRIES:
        return np.zeros(people)
    pauses = pauses_of(rule)
    slot = float(pauses.max()) / SLOTS or 1.0
    holds = tuple(floor(e.low / slot) for e in rule.endings)
    rests = tuple(floor((e.low + r) / slot) - h for e, r, h in zip(rule.endings, pauses, holds, strict=True))
    graph = course(tries, holds, rests)
    slots = max(int(graph.begin.max()) + 1, ceil(end / slot) + 2)
    priced = _on_slots(prices, slot, slots)
    shares = shares_of(rule)
    padded = np.pad(p, ((0, 0), (0, NUMBERS - numbers), (0, 0)))
    time = np.arange(slots) * slot + rule.ack_hold
    return _cheapest(
        padded, weight, shares, time, priced[0], shares @ priced[1:], graph.tried, graph.begin, graph.failed
    )


def _on_slots(prices: Prices, slot: float, slots: int) -> Floats:
    """Prices at each slot, (1 + endings, slots), so low that the lines between lie nowhere over them."""
    inside = np.linspace(0.0, 1.0, FINE)
    fine = prices((np.arange(slots)[:, None] + inside) * slot)
    first, last = fine[..., :1], fine[..., -1:]
    gap = (first + (last - first) * inside - fine).max(axis=-1)
    return fine[..., 0] - np.maximum(gap, np.pad(gap[:, :-1], ((0, 0), (1, 0))))


@njit(cache=True, nogil=True)
def _cheapest(p, weight, shares, time, acked, lost, tried, begin, failed):
    people, numbers, tries = p.shape
    kinds, slots = len(shares), len(time)
    cost = np.zeros(len(tried) + 1)  # the last: nothing is left
    call = np.zeros((numbers, tries, slots))  # made in that slot or later
    result = np.zeros(people)
    for i in range(people):
        for k in range(numbers):
            for m in range(tries):
                chance, least = p[i, k, m], np.inf
                for t in range(slots - 1, -1, -1):
                    least = min(least, chance * (weight[i] * time[t] + acked[t]) + (1.0 - chance) * lost[t])
                    call[k, m, t] = least
        for n in range(len(tried) - 1, -1, -1):
            best = np.inf
            for k in range(numbers):
                m = tried[n, k]
                if m == tries or p[i, k, m] <= 0.0:
                    continue
                after = 0.0
                for e in range(kinds):
                    after += shares[e] * cost[failed[n, k, e]]
                best = min(best, call[k, m, begin[n, k]] + (1.0 - p[i, k, m]) * after)
            cost[n] = best if best < np.inf else 0.0
        result[i] = cost[0]
    return result

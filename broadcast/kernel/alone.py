"""How soon anybody could be reached if there were a line for each of their numbers at once.

Only rings, messages and pauses hold them up then, and no decision is left: whatever a
policy does, on the same draws it is not earlier. docs/scheduling.md, "Lower bounds".
"""

from __future__ import annotations

import numpy as np

from broadcast.kernel.pieces import Floats, by_number, only_rule, pauses_of, pieces_of
from broadcast.kernel.tables import Tables


def _chains(tables: Tables, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Ends of success, ``shape`` (..., tries), of numbers with lines to spare.

    Attempt m of a number begins after its failures before and their pauses, and
    succeeds after a ring and a message. All kinds of number are alike here.
    """
    rule = only_rule(tables)
    shares = np.array([e.share for e in rule.endings])
    kind = rng.choice(len(shares), size=shape, p=shares / shares.sum())
    low = np.array([e.low for e in rule.endings])[kind]
    high = np.array([e.high for e in rule.endings])[kind]
    lost = low + rng.random(shape) * (high - low) + pauses_of(rule)[kind]
    ring = rule.ring[0] + rng.random(shape) * (rule.ring[1] - rule.ring[0])
    return np.cumsum(lost, axis=-1) - lost + ring + rule.message


def unlimited_t95(tables: Tables, samples: int, seed: int = 0) -> float:
    """Expected T95 if all numbers of everybody ring at once, again after their pauses.

    On the same draws nobody can acknowledge earlier under any policy, so this holds
    draw by draw. Whether 95 % are reached at all depends on the draw alone, so the
    mean is over the draws in which they are; infinite if there is none.
    """
    pieces = pieces_of(tables)
    n = len(pieces.weight)
    if not pieces.p.size:
        return 0.0 if n == 0 else np.inf
    p = by_number(pieces)
    rng = np.random.default_rng([seed, 3])
    rank = int(np.ceil(0.95 * n)) - 1
    found = []
    for _ in range(samples):
        end = _chains(tables, p.shape, rng)
        end[rng.random(p.shape) >= p] = np.inf
        found.append(float(np.partition(end.min(axis=(1, 2)), rank)[rank]))
    reached = [t for t in found if t < np.inf]
    return float(np.mean(reached)) if reached else np.inf


def unlimited_times(tables: Tables, samples: int = 1200, seed: int = 0) -> Floats:
    """``E[T_i; i is reached]`` (people,) in seconds, all numbers at once.

    Over ``samples`` draws of how calls fail, the same for every number: only means
    over people are used.
    """
    pieces = pieces_of(tables)
    n = len(pieces.weight)
    if not pieces.p.size:
        return np.zeros(n)
    p = by_number(pieces)
    end = _chains(tables, (samples, p.shape[2]), np.random.default_rng([seed, 2]))
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

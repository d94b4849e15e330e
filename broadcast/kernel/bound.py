"""What no policy can beat: lower bounds for an instance with known probabilities.

Three bounds, all derived in docs/scheduling.md, each for every policy that does
not know the future and makes the same attempts in the end:

* *priced work*: both resources pooled at prices (theta, 1 - theta), people served
  in Gittins order on one fast server (for T95 and for the weighted mean);
* *price path*: the weighted mean's Lagrangian with a price of channel time that
  falls over the broadcast, in which a call pays for its whole hold before it is
  answered, and a person's calls come one after the other, with their pauses;
* *unlimited lines*: only rings, messages and pauses hold anybody up (T95).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broadcast.kernel.alone import unlimited_t95, unlimited_times
from broadcast.kernel.pieces import pieces_of
from broadcast.kernel.price_path import channels_of, price_path
from broadcast.kernel.tables import Tables

THETAS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
SCALES = (0.9, 1.0, 1.1)


@dataclass(frozen=True)
class Bound:
    """Seconds; ``by`` names the bound that was the best for each."""

    t95: float
    weighted_mean: float  # of policies that ring one number of a person at a time
    weighted_mean_any_legs: float  # of those too that ring several at once
    t95_by: str
    weighted_mean_by: str


def priced_work(tables: Tables, theta: float) -> tuple[float, float]:
    """T95 and weighted mean at least, at prices theta / channels and (1 - theta) / rate.

    T95 is NaN if less than 95 % are expected to be reached by all attempts.
    """
    pieces = pieces_of(tables)
    if not pieces.p.size:
        return 0.0, 0.0
    channels, rate = channels_of(tables), sum(g.rate for g in tables.gateways)
    value = (pieces.p * pieces.survive).ravel()
    cost = pieces.survive * (theta * pieces.hold / channels + (1.0 - theta) / rate)
    cost = cost.ravel()
    free = (1.0 - theta) * sum(g.burst for g in tables.gateways) / rate
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
    paths = {scale: price_path(instance, alone, scale) for scale in SCALES}
    best = max(paths, key=lambda scale: paths[scale])
    any_legs = max(*mean.values(), paths[best])
    mean[f"price path, {best}"] = price_path(instance, alone, best, one_leg=True)
    best_t95 = max(t95, key=lambda k: -1.0 if np.isnan(t95[k]) else t95[k])
    best_mean = max(mean, key=lambda k: mean[k])
    return Bound(t95[best_t95], mean[best_mean], any_legs, best_t95, best_mean)

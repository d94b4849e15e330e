"""All policies on the same drawn people, held against the lower bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

import numpy as np

from broadcast.bench.contenders import HEDGED, Floats, Policy, draw, policies
from broadcast.kernel import lower_bound
from broadcast.kernel.people import Instance, draw_people
from broadcast.kernel.policies import t95_of

INSTANCES = (
    (Instance(506, 200, 50.0), 24),
    (Instance(1_000, 60, 10.0), 24),
    (Instance(1_000, 240, 30.0), 24),
    (Instance(20_000, 240, 30.0), 4),
)
SEEDS = 5


@dataclass
class Row:
    """One policy on one instance: means over the draws; times in seconds."""

    instance: str
    seed: int
    policy: str
    t95_s: float
    weighted_mean_s: float
    important_mean_s: float
    reached: float
    attempts: float


@dataclass
class BoundRow:
    """The bounds of one instance, and where they come from.

    ``weighted_mean_s`` is for policies with one leg at a time, as all but the hedged have.
    """

    instance: str
    seed: int
    t95_s: float
    weighted_mean_s: float
    weighted_mean_any_legs_s: float
    t95_by: str
    weighted_mean_by: str


@dataclass
class Draws:
    """One policy over the draws of one instance: (draws,) each."""

    t95: Floats
    weighted_mean: Floats
    important: Floats
    reached: Floats
    attempts: Floats


def mean_time(weight: Floats, times: Floats) -> float:
    """Weighted mean of the times of those reached, seconds."""
    got = np.isfinite(times)
    total = float(weight[got].sum())
    return float((weight[got] * times[got]).sum()) / total if total > 0.0 else math.nan


def measure(policy: Policy, weight: Floats, seeds: Sequence[int]) -> Draws:
    """Run a policy over the draws."""
    top = weight == weight.max()
    rows = []
    for seed in seeds:
        outcome = policy(seed)
        when = outcome.when
        rows.append(
            (
                t95_of(when),
                mean_time(weight, when),
                mean_time(np.ones(int(top.sum())), when[top]),
                float(np.isfinite(when).sum()),
                float(outcome.calls),
            )
        )
    return Draws(*np.array(rows).T)


def side_by_side(
    instances: Sequence[tuple[Instance, int]], seeds: int, out: TextIO
) -> tuple[list[Row], list[BoundRow], list[str]]:
    """All policies on all instances: rows, bounds, and bounds that were beaten."""
    rows: list[Row] = []
    bounds: list[BoundRow] = []
    beaten: list[str] = []
    for instance, draws in instances:
        gaps: dict[tuple[str, str], list[Floats]] = {}
        for seed in range(seeds):
            tables = draw_people(instance, seed)
            bound = lower_bound(tables, seed)
            bounds.append(
                BoundRow(
                    str(instance), seed, bound.t95, bound.weighted_mean, bound.weighted_mean_any_legs,
                    bound.t95_by, bound.weighted_mean_by,
                )
            )  # fmt: skip
            keys = [draw(seed, k) for k in range(draws)]
            for name, policy in policies(tables, seed).items():
                found = measure(policy, tables.weight, keys)
                rows.append(_row(instance, seed, name, found))
                gaps.setdefault((name, "T95"), []).append(found.t95 - bound.t95)
                limit = bound.weighted_mean_any_legs if name == HEDGED else bound.weighted_mean
                gaps.setdefault((name, "weighted mean"), []).append(found.weighted_mean - limit)
        beaten += [
            f"{instance}: {name} beats the bound of {what} by {-mean:.2f} s, standard error {error:.2f} s"
            for (name, what), each in gaps.items()
            for mean, error in [_gap(np.concatenate(each))]
            if mean < -3.0 * error
        ]
        _table(instance, rows, bounds, out)
    return rows, bounds, beaten


def _gap(gaps: Floats) -> tuple[float, float]:
    """Mean and standard error of policy minus bound; a missed 95 % beats nothing."""
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps) < 2:
        return 0.0, 1.0
    return float(gaps.mean()), float(gaps.std(ddof=1) / math.sqrt(len(gaps)))


def _row(instance: Instance, seed: int, name: str, found: Draws) -> Row:
    return Row(
        str(instance), seed, name,
        float(found.t95.mean()), float(found.weighted_mean.mean()), float(found.important.mean()),
        float(found.reached.mean()), float(found.attempts.mean()),
    )  # fmt: skip


def _table(instance: Instance, rows: Sequence[Row], bounds: Sequence[BoundRow], out: TextIO) -> None:
    mine = [r for r in rows if r.instance == str(instance)]
    limit = [b for b in bounds if b.instance == str(instance)]
    t95 = float(np.mean([b.t95_s for b in limit]))
    mean = float(np.mean([b.weighted_mean_s for b in limit]))
    any_legs = float(np.mean([b.weighted_mean_any_legs_s for b in limit]))
    ours = [r for r in mine if r.policy == "dutycenter"]
    our_t95 = float(np.mean([r.t95_s for r in ours]))
    our_mean = float(np.mean([r.weighted_mean_s for r in ours]))
    print(f"\n{instance.people:,} people, {instance.channels} channels, {instance.rate:g} calls/s", file=out)
    print(
        f"{'policy':<20}{'T95 s':>11}{'/bound':>8}{'lead':>8}{'w.mean s':>12}{'/bound':>9}{'lead':>8}"
        f"{'leaders s':>11}{'reached':>9}{'calls':>10}",
        file=out,
    )
    print(f"{'bound':<20}{t95:>11.1f}{1:>8.3f}{'':>8}{mean:>12.1f}{1:>9.3f}", file=out)
    print(f"{'bound, any legs':<20}{'':>27}{any_legs:>12.1f}{1:>9.3f}", file=out)
    for name in dict.fromkeys(r.policy for r in mine):
        group = [r for r in mine if r.policy == name]
        a = float(np.mean([r.t95_s for r in group]))
        b = float(np.mean([r.weighted_mean_s for r in group]))
        reached = float(np.mean([r.reached for r in group])) / instance.people
        over = b / (any_legs if name == HEDGED else mean)
        print(
            f"{name:<20}{a:>11.1f}{a / t95:>8.3f}{a / our_t95:>8.2f}{b:>12.1f}{over:>9.3f}{b / our_mean:>8.2f}"
            f"{np.mean([r.important_mean_s for r in group]):>11.1f}{reached:>9.1%}"
            f"{np.mean([r.attempts for r in group]):>10.0f}",
            file=out,
        )

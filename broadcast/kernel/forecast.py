"""What will happen: many runs of the decision code over drawn outcomes.

Input: a plan before launch, or the snapshot of a running chooser. Each run draws
first what is not known (the probabilities from their posteriors, and with a
:class:`~broadcast.kernel.doubt.Doubt` what all calls share) and then how every call
ends; so the spread of a forecast holds both what chance does and what is not known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadcast.kernel.assembly import assemble
from broadcast.kernel.chooser import Snapshot
from broadcast.kernel.codes import Status
from broadcast.kernel.doubt import Doubt
from broadcast.kernel.goal import Goal
from broadcast.kernel.layout import MICRO, State, micros
from broadcast.kernel.plan import Plan, Rules
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run
from broadcast.kernel.tables import Tables, tabulate

Floats = npt.NDArray[np.float64]
BELIEFS = 64  # different draws of the probabilities, used in turn
POINTS = 240  # of the curve
MOST_TIMES = 50_000_000  # acknowledgements remembered: 200 MB


@dataclass(frozen=True)
class Estimate:
    """Seconds since the start: the median and an 80 % interval; infinite: never."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """What is expected.

    ``t50``, ``t80``, ``t95``: when that share of all people has acknowledged.
    ``goal``: when the goal is met; ``goal_chance``: the probability that it is met
    in time (the goal's own limit, else the plan's deadline, else ever). The curve
    is the share acknowledged at ``times`` (seconds): mean and 80 % band.
    ``reached`` (people,) is each person's probability of acknowledging at all.
    """

    t50: Estimate
    t80: Estimate
    t95: Estimate
    goal: Estimate | None
    goal_chance: float | None
    times: Floats
    share: Floats
    share_low: Floats
    share_high: Floats
    reached: Floats
    calls: float
    runs: int

    def least_likely(self, count: int = 10) -> list[tuple[int, float]]:
        """The people most likely not to be reached, and their probability of it."""
        order = np.argsort(self.reached, kind="stable")[:count]
        return [(int(i), 1.0 - float(self.reached[i])) for i in order]


def estimate(values: Floats) -> Estimate:
    """Median and 80 % interval of drawn times; no interpolation towards infinity."""
    low, median, high = np.quantile(values, (0.1, 0.5, 0.9), method="inverted_cdf")
    return Estimate(float(median), float(low), float(high))


@dataclass
class _Start:
    """What all runs of a forecast begin with."""

    state: State
    rules: tuple[Rules, ...]
    people: int
    now: int
    leg_arm: npt.NDArray[np.int32]
    leg_gateway: npt.NDArray[np.int32]
    leg_started: npt.NDArray[np.int64]
    done: npt.NDArray[np.int32]
    evidence: Floats | None


def _start(source: Plan | Tables | Snapshot) -> _Start:
    none4, none8 = np.zeros(0, np.int32), np.zeros(0, np.int64)
    if not isinstance(source, Snapshot):
        tables = tabulate(source) if isinstance(source, Plan) else source
        state = assemble(tables)
        people = len(tables.weight)
        return _Start(state, tuple(tables.rules), people, 0, none4, none4, none8, none4, tables.evidence)
    state = source.state
    first = state.people["first"]
    legs = source.legs
    now = max(micros(source.now), int(state.board[0]["now"]))
    return _Start(
        state,
        source.rules,
        source.recipients,
        now,
        np.array([first[leg.recipient] + leg.number for leg in legs], np.int32),
        np.array([leg.gateway for leg in legs], np.int32),
        np.array([micros(leg.started) for leg in legs], np.int64),
        np.flatnonzero(state.people["status"] == Status.DONE).astype(np.int32),
        source.evidence,
    )


def _beliefs(p: Floats, evidence: Floats | None, runs: int, seed: int) -> Floats:
    """``(draws, numbers)`` probabilities that could be the true ones."""
    if evidence is None or not np.isfinite(evidence).any() or not p.size:
        return p[None, :].copy()
    rng = np.random.default_rng([seed, 1])
    unsure = np.isfinite(evidence) & (p > 0.0) & (p < 1.0)
    draws = np.repeat(p[None, :], min(runs, BELIEFS), axis=0)
    a = p[unsure] * evidence[unsure]
    b = (1.0 - p[unsure]) * evidence[unsure]
    draws[:, unsure] = rng.beta(a, b, (len(draws), int(unsure.sum())))
    return draws


def forecast(
    source: Plan | Tables | Snapshot,
    runs: int = 200,
    seed: int = 0,
    goal: Goal | None = None,
    deadline: float = math.inf,
    counted: npt.NDArray[np.bool_] | None = None,
    doubt: Doubt | None = None,
) -> Forecast:
    """Forecast from the start (a plan) or from the present (a snapshot).

    ``doubt``: what is not known and shared; without it the plan's probabilities with
    their evidence, each for itself, and its rules as they are.

    ``counted`` (people,): whose acknowledgements make up the shares; the others only
    take lines. None: everybody's.
    ``deadline`` in seconds, for the goal's chance, where neither goal nor plan has
    one. With more than 250,000 people fewer runs are made (50 for a million), which
    their number makes up for. The same arguments give the same forecast. Raises
    PlanError.
    """
    if runs < 1:
        raise ValueError("at least one run")
    if isinstance(source, Plan):
        deadline = min(deadline, source.deadline)
    start = _start(source)
    n, state = start.people, start.state
    runs = min(runs, max(1, MOST_TIMES // max(n, 1)))
    if doubt is None:
        tables = worlds(start.rules)[None, :]
        beliefs = _beliefs(state.arms["p"].copy(), start.evidence, runs, seed)
    else:
        beliefs, tables = doubt.worlds(start.rules, runs, seed)
    legs = len(start.leg_arm)
    run = Run(state, tables[0].copy(), beliefs[0], int(state.gateways["channels"].sum()) + legs)
    counted = np.ones(n, bool) if counted is None else counted
    of_all = int(counted.sum())
    already = int(counted[start.done].sum())
    times = np.full((runs, of_all), math.inf, np.float32)
    times[:, :already] = 0.0
    reached = np.zeros(n)
    reached[start.done] = runs
    known = np.zeros(n, bool)
    known[start.done] = True
    goals = np.full(runs, math.inf)
    calls = 0
    for r in range(runs):
        run.chance = beliefs[r % len(beliefs)]
        run.draw.worlds[...] = tables[r % len(tables)]
        run.reset()
        key = ((seed * 1_000_003 + r) * 0x9E3779B97F4A7C15 + 0x2545F491) % 2**64
        run.resume(start.leg_arm, start.leg_gateway, start.leg_started, key, start.now)
        order, when = run.go(key, start.now, running=legs)
        if len(start.done) and legs:
            # Who acknowledged while the call still runs is not to be counted at its end again.
            new = ~known[order]
            order, when = order[new], when[new]
        if len(start.rules) > 1:
            # Each kind holds its line for a time of its own after the acknowledgement.
            sooner = np.argsort(when, kind="stable")
            order, when = order[sooner], when[sooner]
        shown = when[counted[order]]
        times[r, already : already + len(shown)] = shown / MICRO
        reached[order] += 1
        calls += run.calls
        if goal is not None:
            order = np.concatenate([start.done, order])
            when = np.concatenate([np.zeros(len(start.done), np.int64), when])
            goals[r] = goal.time(order, when)
    limit = deadline
    if goal is not None and math.isfinite(goal.within):
        limit = goal.within
    t50, t80, t95 = (_share_time(times, of_all, share) for share in (0.5, 0.8, 0.95))
    grid, mean, low, high = _curve(times, of_all, [t50, t80, t95], start.now / MICRO)
    return Forecast(
        t50=t50,
        t80=t80,
        t95=t95,
        goal=None if goal is None else estimate(goals),
        goal_chance=None if goal is None else float(np.mean(_met(goals, limit))),
        times=grid,
        share=mean,
        share_low=low,
        share_high=high,
        reached=reached / runs,
        calls=calls / runs,
        runs=runs,
    )


def _met(goals: Floats, limit: float) -> npt.NDArray[np.bool_]:
    return np.isfinite(goals) & (goals <= limit)


def _share_time(times: npt.NDArray[np.float32], people: int, share: float) -> Estimate:
    if people == 0:
        return Estimate(0.0, 0.0, 0.0)
    return estimate(times[:, math.ceil(share * people) - 1].astype(np.float64))


def _curve(
    times: npt.NDArray[np.float32], people: int, quantiles: list[Estimate], now: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Grid, mean and 80 % band of the share acknowledged."""
    finite = times[np.isfinite(times)]
    end = max((x for q in quantiles for x in (q.median, q.high) if math.isfinite(x)), default=0.0)
    if finite.size and end == 0.0:
        end = float(finite.max())
    grid = np.linspace(0.0, max(end * 1.15, now, 1.0), POINTS)
    if people == 0:
        nothing = np.zeros(POINTS)
        return grid, nothing, nothing, nothing
    counts = np.stack([np.searchsorted(row, grid, side="right") for row in times]) / people
    return grid, counts.mean(axis=0), np.quantile(counts, 0.1, axis=0), np.quantile(counts, 0.9, axis=0)

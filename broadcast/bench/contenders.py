"""The bench's policies: the product's engine as it is and in other moods, and what people use today."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from broadcast.kernel import Code, Rank, Tables
from broadcast.kernel.assembly import assemble
from broadcast.kernel.layout import MICRO
from broadcast.kernel.people import TRIES
from broadcast.kernel.policies import Outcome, batches, by_hand, cycles, fixed_rate, goalert, tuned_rate
from broadcast.kernel.posterior import failed_trial, fit_prior, posterior_means
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run

Floats = npt.NDArray[np.float64]
REHEARSALS = 30
FACTOR = 0.8
HEDGED = "dutycenter-hedged"
OURS = ("dutycenter", HEDGED, "dutycenter-learned", "dutycenter-unknown")

Policy = Callable[[int], Outcome]


def engine(tables: Tables, truth: Floats) -> Policy:
    """The product's own engine on ``tables``, in a world with probabilities ``truth``."""
    run = Run(assemble(tables), worlds(tables.rules), truth)
    people = len(tables.weight)

    def once(seed: int) -> Outcome:
        order, when = run.go(seed)
        times = np.full(people, math.inf)
        times[order] = when / MICRO
        return Outcome(times, run.calls)

    return once


def learn(tables: Tables, rehearsals: int, seed: int) -> tuple[Floats, Floats]:
    """Means and evidence after so many rehearsed broadcasts to the same people.

    Begins with no history. A rehearsal is there to learn: it calls the promising numbers
    first of which the least is known.
    """
    numbers = len(tables.p)
    successes, trials = np.zeros(numbers), np.zeros(numbers)
    prior = fit_prior(successes, trials)
    failed = np.concatenate([[0.0], np.cumsum([failed_trial(n, FACTOR) for n in range(TRIES)])])
    mean, evidence = posterior_means(successes, trials, prior)
    for r in range(rehearsals):
        run = Run(assemble(replace(tables, p=np.sqrt(mean) / (1.0 + evidence))), worlds(tables.rules), tables.p)
        run.go(draw(seed, 10_000 + r))
        arms = run.state.arms
        acknowledged = (arms["tries"] > 0) & (arms["last"] == Code.ACKNOWLEDGED)
        successes += acknowledged
        trials += acknowledged + failed[arms["tries"] - acknowledged]
        if r % 5 == 0 or r == rehearsals - 1:
            prior = fit_prior(successes, trials)
        mean, evidence = posterior_means(successes, trials, prior)
    return mean, evidence


def by_place(tables: Tables) -> Tables:
    """The same engine, by place in the list."""
    return replace(tables, rank=Rank.FIFO)


def draw(seed: int, number: int) -> int:
    """The seed of one draw of an instance."""
    return (seed * 1_000_003 + number) * 0x9E3779B97F4A7C15 % 2**64


def policies(tables: Tables, seed: int) -> dict[str, Policy]:
    """Every policy of the bench on one instance, by name."""
    truth = tables.p
    important = tables.weight > tables.weight.min()
    hedged = replace(tables, legs=np.where(important, 2, 1))
    learned, _ = learn(tables, REHEARSALS, seed)
    tuned = tuned_rate(tables, [draw(seed, 20_000 + k) for k in range(20 if len(truth) < 10_000 else 3)])
    return {
        "dutycenter": engine(tables, truth),
        HEDGED: engine(hedged, truth),
        "dutycenter-learned": engine(replace(tables, p=learned), truth),
        "dutycenter-unknown": engine(replace(tables, p=np.full_like(truth, 0.4)), truth),
        "fifo": engine(by_place(tables), truth),
        "weight": engine(replace(tables, rank=Rank.WEIGHT), truth),
        "fixed-rate": lambda s: fixed_rate(tables, s),
        "fixed-rate-tuned": lambda s: fixed_rate(tables, s, tuned),
        "goalert": lambda s: goalert(tables, s),
        "batches": lambda s: batches(tables, s),
        "cycles": lambda s: cycles(tables, s),
        "by-hand": lambda s: by_hand(tables, s),
    }

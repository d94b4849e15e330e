"""What is left of the lead when the plan is wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, TextIO

import numpy as np

from broadcast.bench.contenders import Floats, Policy, by_place, draw
from broadcast.bench.quality import SEEDS, mean_time
from broadcast.kernel import Gateway, Tables
from broadcast.kernel.assembly import assemble
from broadcast.kernel.layout import MICRO
from broadcast.kernel.people import Instance, draw_people
from broadcast.kernel.policies import Outcome
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run


def when_wrong(out: TextIO, seeds: int = SEEDS, draws: int = 12) -> list[dict[str, Any]]:
    """What is left of the lead when the plan is wrong. T95: of those who can be reached."""
    instance = Instance(1_000, 60, 10.0)
    found: list[dict[str, Any]] = []
    print("\nwhen the plan is wrong (1,000 people, 60 channels): T95 of the reachable, weighted mean, s", file=out)
    for case in ("every p wrong by two", "half the numbers dead", "one of two gateways gone"):
        result: dict[str, list[tuple[float, float]]] = {"dutycenter": [], "fifo": []}
        for seed in range(seeds):
            tables = draw_people(instance, seed)
            rng = np.random.default_rng([seed, 9])
            truth, believed = tables.p, tables.p
            if case.startswith("every"):
                believed = np.clip(truth * np.where(rng.random(len(truth)) < 0.5, 0.5, 2.0), 0.0, 1.0)
            elif case.startswith("half"):
                truth = truth * (rng.random(len(truth)) < 0.5)
            tables = replace(tables, p=believed)
            if case.startswith("one"):
                tables = replace(tables, gateways=[Gateway(30, 5.0), Gateway(30, 5.0)])
            for name, plan in (("dutycenter", tables), ("fifo", by_place(tables))):
                lost = 300.0 if case.startswith("one") else math.inf
                policy = _losing(plan, truth, lost)
                for k in range(draws):
                    when = policy(draw(seed, k)).when
                    reached = np.sort(when[np.isfinite(when)])
                    t95 = float(reached[math.ceil(0.95 * len(reached)) - 1])
                    result[name].append((t95, mean_time(tables.weight, when)))
        for name, values in result.items():
            t95, mean = np.mean(values, axis=0)
            found.append({"case": case, "policy": name, "t95_s": float(t95), "weighted_mean_s": float(mean)})
            print(f"  {case:<28}{name:<14}{t95:>9.1f}{mean:>9.1f}", file=out)
    return found


def _losing(tables: Tables, truth: Floats, at: float) -> Policy:
    """The engine, with the first gateway gone from ``at`` on."""
    run = Run(assemble(tables), worlds(tables.rules), truth)

    def once(seed: int) -> Outcome:
        times = np.full(len(tables.weight), math.inf)
        run.reset()
        stop = int(min(at, 1e6) * MICRO)
        order, when = run.go(seed, 0, stop, running=0)
        times[order] = when / MICRO
        if math.isfinite(at):
            run.state.gateways["channels"][0] = 0
            order, when = run.go(seed, stop, running=int(run.state.gateways["busy"].sum()))
            times[order] = when / MICRO
        return Outcome(times, run.calls)

    return once

"""The bench of the scheduler: all policies side by side on the same drawn people.

``dutycenter broadcast bench`` prints tables and fails if anything beats a lower
bound by more than three standard errors, which would mean that the bound or the
simulation is wrong. docs/scheduling.md explains every column.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import click
import numpy as np
import numpy.typing as npt

from broadcast.kernel import Chooser, Code, Decision, Gateway, Rank, Tables, forecast, lower_bound
from broadcast.kernel.layout import MICRO
from broadcast.kernel.people import TRIES, Instance, draw_people
from broadcast.kernel.plan import assemble, worlds
from broadcast.kernel.policies import (
    Outcome,
    batches,
    by_hand,
    cycles,
    fixed_rate,
    goalert,
    t95_of,
    tuned_rate,
)
from broadcast.kernel.posterior import failed_trial, fit_prior, posterior_means
from broadcast.kernel.reference import Reference, draw_all
from broadcast.kernel.simulate import Run

Floats = npt.NDArray[np.float64]
INSTANCES = (
    (Instance(506, 200, 50.0), 24),
    (Instance(1_000, 60, 10.0), 24),
    (Instance(1_000, 240, 30.0), 24),
    (Instance(20_000, 240, 30.0), 4),
)
LARGE = Instance(100_000, 240, 30.0)
HUGE = Instance(1_000_000, 2_000, 300.0)
SEEDS = 5
REHEARSALS = 30
FACTOR = 0.8
HEDGED = "dutycenter-hedged"
OURS = ("dutycenter", HEDGED, "dutycenter-learned", "dutycenter-unknown")


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
        run.go(_draw(seed, 10_000 + r))
        arms = run.state.arms
        acknowledged = (arms["tries"] > 0) & (arms["last"] == Code.ACKNOWLEDGED)
        successes += acknowledged
        trials += acknowledged + failed[arms["tries"] - acknowledged]
        if r % 5 == 0 or r == rehearsals - 1:
            prior = fit_prior(successes, trials)
        mean, evidence = posterior_means(successes, trials, prior)
    return mean, evidence


def by_place(tables: Tables) -> Tables:
    return replace(tables, rank=Rank.FIFO)


def _draw(seed: int, number: int) -> int:
    return (seed * 1_000_003 + number) * 0x9E3779B97F4A7C15 % 2**64


def policies(tables: Tables, seed: int) -> dict[str, Policy]:
    """Every policy of the bench on one instance, by name."""
    truth = tables.p
    important = tables.weight > tables.weight.min()
    hedged = replace(tables, legs=np.where(important, 2, 1))
    learned, _ = learn(tables, REHEARSALS, seed)
    tuned = tuned_rate(tables, [_draw(seed, 20_000 + k) for k in range(20 if len(truth) < 10_000 else 3)])
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


def _mean(weight: Floats, times: Floats) -> float:
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
                _mean(weight, when),
                _mean(np.ones(int(top.sum())), when[top]),
                float(np.isfinite(when).sum()),
                float(outcome.calls),
            )
        )
    return Draws(*np.array(rows).T)


def quality(
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
            keys = [_draw(seed, k) for k in range(draws)]
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


def robustness(out: TextIO, seeds: int = SEEDS, draws: int = 12) -> list[dict[str, Any]]:
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
                    when = policy(_draw(seed, k)).when
                    reached = np.sort(when[np.isfinite(when)])
                    t95 = float(reached[math.ceil(0.95 * len(reached)) - 1])
                    result[name].append((t95, _mean(tables.weight, when)))
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


def _events(instance: Instance, repeats: int, inner: int) -> tuple[float, float]:
    """Events a second, and seconds of one run: medians over ``repeats``."""
    tables = draw_people(instance, 0)
    run = Run(assemble(tables), worlds(tables.rules), tables.p)
    run.go(1)
    seconds = []
    for _ in range(repeats):
        spent = 0.0
        for _ in range(inner):
            run.reset()
            begin = time.thread_time()
            run.go(1, running=0)
            spent += time.thread_time() - begin
        seconds.append(spent / inner)
    median = float(np.median(seconds))
    return run.events / median, median


def _python_seconds(instance: Instance, repeats: int) -> float:
    """Seconds of the plain Python twin: median. Also checks that it gives the same."""
    tables = draw_people(instance, 0)
    draws = draw_all(len(tables.p), TRIES, 1)
    seconds = []
    for _ in range(repeats):
        twin = Reference(tables, tables.p, draws)
        begin = time.thread_time()
        order, when, _ = twin.run()
        seconds.append(time.thread_time() - begin)
    run = Run(assemble(tables), worlds(tables.rules), tables.p)
    kernel_order, kernel_when = run.go(1)
    if order != kernel_order.tolist() or when != kernel_when.tolist():
        raise AssertionError(f"{instance}: the kernel and its twin in Python differ")
    return float(np.median(seconds))


def _decisions(instance: Instance, decisions: int) -> tuple[float, float, float]:
    """Microseconds of a live decision (median, 99.9 %), and bytes per recipient."""
    tables = draw_people(instance, 0)
    chooser = Chooser(tables)
    state = chooser.snapshot(0.0).state
    size = sum(array.nbytes for array in state) / len(tables.weight)
    del state
    spent = np.zeros(decisions)
    calls: list[tuple[float, Decision]] = []
    now = 0.0
    step = 1.0 / instance.rate
    done = 0
    while done < decisions:
        begin = time.thread_time_ns()
        decision = chooser.next(now)
        took = time.thread_time_ns() - begin
        if decision is None:
            now += step
            while calls and (len(calls) >= instance.channels or calls[0][0] <= now):
                _, old = calls.pop(0)
                chooser.ended(old.recipient, old.number, Code.NO_ANSWER, now)
            continue
        spent[done] = took / 1000.0
        done += 1
        calls.append((now + 30.0, decision))
    median, high = np.quantile(spent, (0.5, 0.999))
    return float(median), float(high), size


def kernel_figures(out: TextIO, quick: bool) -> dict[str, float]:
    """Speed of the kernel on one core, in processor time: what else runs does not count."""
    small, large = Instance(1_000, 60, 10.0), LARGE
    events_small, seconds_small = _events(small, 9, 40)
    events_large, seconds_large = _events(large, 3 if quick else 7, 1)
    python_small = _python_seconds(small, 3 if quick else 9)
    python_large = _python_seconds(large, 1 if quick else 3)
    tables = draw_people(Instance(506, 200, 50.0), 0)
    forecasts = []
    for _ in range(3 if quick else 7):
        begin = time.thread_time()
        forecast(tables, runs=1000, seed=1)
        forecasts.append(time.thread_time() - begin)
    median, high, size = _decisions(HUGE, 20_000 if quick else 60_000)
    figures = {
        "events_per_s_1k": events_small,
        "events_per_s_100k": events_large,
        "python_ratio_1k": python_small / seconds_small,
        "python_ratio_100k": python_large / seconds_large,
        "forecast_s": float(np.median(forecasts)),
        "decision_us_median": median,
        "decision_us_p999": high,
        "bytes_per_recipient": size,
    }
    if not quick:
        figures["events_per_s_1m"], _ = _events(HUGE, 3, 1)
    print("\nkernel, one core", file=out)
    for name, value in figures.items():
        print(f"  {name:<22}{value:>16,.2f}", file=out)
    return figures


def _plain(value: Any) -> Any:
    """For JSON, which has neither infinity nor NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def run(quick: bool, out: TextIO, json_path: Path | None) -> int:
    """Measure, print, and write JSON; 1 if anything beats a bound, else 0.

    ``quick`` takes the 1,000 people and the kernel figures alone.
    """
    instances = [(i, 8) for i, _ in INSTANCES if i.people == 1_000] if quick else list(INSTANCES)
    kernel = kernel_figures(out, quick)
    rows, bounds, beaten = quality(instances, SEEDS, out)
    robust = [] if quick else robustness(out)
    if json_path is not None:
        report = {
            "rows": [asdict(r) for r in rows],
            "bounds": [asdict(b) for b in bounds],
            "kernel": kernel,
            "robustness": robust,
        }
        json_path.write_text(json.dumps(_plain(report), indent=1) + "\n", encoding="utf-8")
    for line in beaten:
        print(f"IMPOSSIBLE  {line}", file=out)
    return 1 if beaten else 0


@click.command()
@click.option("--quick", is_flag=True, help="1,000 people and the kernel's speed alone, under 45 s.")
@click.option(
    "--json", "json_path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def bench(quick: bool, json_path: Path | None) -> None:
    """Measure the broadcast scheduler against today's policies and its bounds."""
    sys.exit(run(quick, sys.stdout, json_path))

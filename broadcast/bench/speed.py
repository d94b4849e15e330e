"""Speed of the kernel on one core, in processor time: what else runs does not count."""

from __future__ import annotations

import time
from typing import TextIO

import numpy as np

from broadcast.kernel import Chooser, Code, Decision, forecast
from broadcast.kernel.assembly import assemble
from broadcast.kernel.people import TRIES, Instance, draw_people
from broadcast.kernel.reference import Reference, draw_all
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run

LARGE = Instance(100_000, 240, 30.0)
HUGE = Instance(1_000_000, 2_000, 300.0)


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

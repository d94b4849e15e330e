"""Every edge: nobody, one, no numbers, strange weights and probabilities, no lines."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broadcast.kernel import Chooser, Gateway, Number, Person, Plan, PlanError, forecast, warm
from broadcast.kernel.cache import discard_stale
from broadcast.kernel.people import Instance, draw_people

LINE = [Gateway(2, 10.0)]


def test_nobody() -> None:
    chooser = Chooser(Plan([], LINE))
    assert chooser.next(0.0) is None
    assert chooser.wake_at is None
    assert chooser.finished
    found = forecast(Plan([], LINE), runs=3)
    assert found.t95.median == 0.0
    assert found.reached.size == 0


def test_one_without_numbers() -> None:
    chooser = Chooser(Plan([Person([])], LINE))
    assert chooser.next(0.0) is None
    assert chooser.finished
    assert chooser.why(0, 0.0).ground == "no_number"


@pytest.mark.parametrize("weight", [0.0, 1.0, 1e300])
def test_equal_weights_of_any_size(weight: float) -> None:
    plan = Plan([Person([Number(0.5)], weight=weight) for _ in range(20)], LINE)
    base = forecast(Plan([Person([Number(0.5)]) for _ in range(20)], LINE), runs=5, seed=2)
    found = forecast(plan, runs=5, seed=2)
    assert found.t50 == base.t50
    assert np.array_equal(found.reached, base.reached)


def test_weights_that_differ_beyond_all_measure() -> None:
    plan = Plan([Person([Number(0.5)], weight=w) for w in (1e-300, 0.0, 1e300, 1.0)], LINE)
    chooser = Chooser(plan)
    decision = chooser.next(0.0)
    assert decision is not None
    assert decision.recipient == 2
    assert forecast(plan, runs=3).calls > 0


def test_certain_and_impossible_numbers() -> None:
    found = forecast(Plan([Person([Number(1.0)]), Person([Number(0.0)])], LINE), runs=50)
    assert found.reached.tolist() == [1.0, 0.0]
    assert math.isfinite(found.t50.median)
    assert found.t95.median == math.inf


@pytest.mark.parametrize(
    ("gateways", "message"),
    [
        ([], "0 gateways"),
        ([Gateway(0, 1.0)], "no channel"),
        ([Gateway(3, 1.0, reserved=3)], "no channel"),
        ([Gateway(1, 0.0)], "calls per second"),
        ([Gateway(1, math.inf)], "calls per second"),
        ([Gateway(1, 1.0, burst=0.5)], "burst"),
        ([Gateway(2**20, 1.0)], "more than"),
    ],
)
def test_impossible_gateways_are_refused(gateways: list[Gateway], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        Chooser(Plan([Person([Number(0.5)])], gateways))


@pytest.mark.parametrize(
    "person",
    [
        Person([Number(1.5)]),
        Person([Number(math.nan)]),
        Person([Number(0.5)], weight=-1.0),
        Person([Number(0.5)], weight=math.inf),
        Person([Number(0.5)], tier=16),
        Person([Number(0.5, hold=0.0)]),
        Person([Number(0.5, tries=99)]),
        Person([Number(0.5)] * 65),
    ],
)
def test_impossible_people_are_refused(person: Person) -> None:
    with pytest.raises(PlanError):
        Chooser(Plan([person], LINE))


def test_a_number_that_no_gateway_carries_is_not_called() -> None:
    chooser = Chooser(Plan([Person([Number(0.9, gateways=0b100)])], LINE))
    assert chooser.next(0.0) is None
    assert chooser.finished


def test_a_million_people() -> None:
    tables = draw_people(Instance(1_000_000, 2_000, 300.0), 0)
    chooser = Chooser(replace(tables, fairness=600.0))
    called = {chooser.next(step * 0.004) for step in range(300)}
    assert None not in called
    assert len({d.recipient for d in called if d}) == 300


def test_a_gateway_that_goes_and_comes() -> None:
    chooser = Chooser(Plan([Person([Number(0.5)])], LINE))
    chooser.set_gateway(0, 0, 0.0)
    assert chooser.next(0.0) is None
    assert not chooser.finished
    chooser.set_gateway(0, 2, 10.0)
    assert chooser.next(0.0) is not None
    with pytest.raises(PlanError):
        chooser.set_gateway(0, 1, 0.0)


def test_the_first_call_of_a_process_waits_for_no_compiler() -> None:
    """Nothing is compiled after the import: every function was compiled with it."""
    warm()
    program = (
        "import broadcast.kernel as k\n"
        "from numba.core import event\n"
        "with event.install_recorder('numba:compile') as seen:\n"
        "    k.warm()\n"
        "    k.compile_goal('a', {'a': [0]}.get).met({0})\n"
        "print(len(seen.buffer))\n"
    )
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.strip() == "0"


def test_stale_compiled_code_is_thrown_away(tmp_path: Path) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    (tmp_path / "a.py").write_text("")
    old, new = cache / "old.nbi", cache / "new.nbc"
    old.write_text("")
    new.write_text("")
    import os

    past, future = time.time() - 100.0, time.time() + 100.0
    os.utime(old, (past, past))
    os.utime(new, (future, future))
    assert discard_stale(tmp_path) == 1
    assert not old.exists()
    assert new.exists()

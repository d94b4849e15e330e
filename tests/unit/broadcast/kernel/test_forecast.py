"""Forecasts: right about chance, right about what is not known, the same on repeat."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from broadcast.bench.contenders import learn
from broadcast.kernel import (
    Chooser,
    Code,
    Gateway,
    Number,
    Person,
    Plan,
    compile_goal,
    forecast,
)
from broadcast.kernel.assembly import assemble
from broadcast.kernel.layout import MICRO
from broadcast.kernel.people import Instance, draw_people
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run

SMALL = Instance(120, 12, 5.0)


def t80(times: np.ndarray, people: int) -> float:
    return float(times[math.ceil(0.8 * people) - 1])


def test_the_interval_holds_the_truth_of_four_in_five_rehearsals() -> None:
    """Probabilities learned from thirty earlier rehearsals, with their doubt; other draws."""
    held, rehearsals = 0, 0
    for seed in range(40):
        tables = draw_people(SMALL, seed)
        mean, evidence = learn(tables, 30, seed)
        believed = replace(tables, p=mean, evidence=evidence)
        expected = forecast(believed, runs=150, seed=seed).t80
        run = Run(assemble(believed), worlds(tables.rules), tables.p)
        for k in range(6):
            _, when = run.go(777_000 + 1_000 * seed + k)
            held += expected.low <= t80(when / MICRO, 120) <= expected.high
            rehearsals += 1
    assert 0.75 <= held / rehearsals <= 0.85


def test_it_stays_right_from_the_middle() -> None:
    """From snapshots of chooser runs at 20 s, the interval of T80 holds the truth about as often."""
    held = 0
    for seed in range(60):
        tables = draw_people(SMALL, seed)
        chooser, rng = Chooser(tables), np.random.default_rng(seed)
        ends: list[tuple[float, int, int, Code]] = []
        acknowledged: list[float] = []
        expected = None
        now, need = 0.0, math.ceil(0.8 * 120)
        while len(acknowledged) < need:
            if expected is None and now >= 40.0:
                expected = forecast(chooser.snapshot(now), runs=60, seed=seed).t80
            decision = chooser.next(now)
            if decision is not None:
                arm = int(tables.first[decision.recipient]) + decision.number
                tries = next(
                    v.tries for v in chooser.why(decision.recipient, now).numbers if v.number == decision.number
                )
                if rng.random() < tables.p[arm] * 0.8 ** (tries - 1):
                    end = (now + rng.uniform(4, 18) + 12, *decision[:2], Code.ACKNOWLEDGED)
                elif rng.random() < 0.1:
                    end = (now + rng.uniform(1, 5), *decision[:2], Code.BUSY)
                else:
                    end = (now + 30.0, *decision[:2], Code.NO_ANSWER)
                ends.append(end)
                ends.sort()
                continue
            wake = math.inf if chooser.wake_at is None else chooser.wake_at
            now = min(wake, ends[0][0] if ends else math.inf)
            assert now < math.inf
            if ends and ends[0][0] <= now:
                _, recipient, number, code = ends.pop(0)
                chooser.ended(recipient, number, code, now)
                if code is Code.ACKNOWLEDGED:
                    acknowledged.append(now)
        assert expected is not None
        held += expected.low <= now <= expected.high
    assert 38 <= held <= 57  # 48 of 60 expected, three standard errors


def test_it_is_the_same_on_repeat_and_differs_by_seed() -> None:
    tables = draw_people(SMALL, 1)
    one, two, other = (forecast(tables, runs=30, seed=s) for s in (5, 5, 6))
    assert one.t95 == two.t95
    assert np.array_equal(one.share, two.share)
    assert np.array_equal(one.reached, two.reached)
    assert one.t95 != other.t95


def test_more_channels_are_faster_and_a_longer_message_is_slower() -> None:
    tables = draw_people(SMALL, 1)
    base = forecast(tables, runs=40).t80.median
    assert forecast(replace(tables, gateways=[Gateway(24, 5.0)]), runs=40).t80.median < base
    longer = replace(tables, rules=[replace(tables.rules[0], message=40.0)])
    assert forecast(longer, runs=40).t80.median > base


def test_doubt_widens_the_interval() -> None:
    tables = draw_people(SMALL, 1)
    sure = forecast(tables, runs=150).t80
    unsure = forecast(replace(tables, evidence=np.full(360, 2.0)), runs=150).t80
    assert unsure.high - unsure.low > sure.high - sure.low


def test_it_knows_who_is_hard_to_reach() -> None:
    people = [Person([Number(p, tries=1)]) for p in (1.0, 0.7, 0.0, 0.3)]
    found = forecast(Plan([*people, Person([])], [Gateway(5, 10.0)]), runs=2000)
    assert found.reached == pytest.approx([1.0, 0.7, 0.0, 0.3, 0.0], abs=0.04)
    assert [i for i, _ in found.least_likely(2)] == [2, 4]
    assert found.t95.median == math.inf
    assert np.isfinite(found.times).all()
    assert np.isfinite(found.share).all()
    assert np.all(np.diff(found.share) >= 0.0)


def test_the_chance_of_a_goal() -> None:
    people = [Person([Number(0.5, tries=1)]), Person([Number(0.5, tries=1)])]
    plan = Plan(people, [Gateway(2, 100.0)], deadline=3600.0)
    names = {"甲": [0], "乙": [1]}
    both = forecast(plan, runs=3000, goal=compile_goal("甲 且 乙", names.get))
    assert both.goal_chance == pytest.approx(0.25, abs=0.03)
    either = forecast(plan, runs=3000, goal=compile_goal("甲 或 乙", names.get))
    assert either.goal_chance == pytest.approx(0.75, abs=0.03)
    soon = forecast(plan, runs=300, goal=compile_goal("甲 within 10 s", names.get))
    assert soon.goal_chance == 0.0  # a ring and a message take 16 s at least


def test_a_goal_counts_those_who_have_acknowledged_already() -> None:
    chooser = Chooser(Plan([Person([Number(0.5)]), Person([Number(0.0)])], [Gateway(2, 100.0)]))
    chooser.acknowledged(1, 5.0)
    goal = compile_goal("乙", {"乙": [1]}.get)
    assert forecast(chooser.snapshot(6.0), runs=5, goal=goal).goal_chance == 1.0


def test_it_wants_a_run() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        forecast(draw_people(SMALL, 0), runs=0)


def test_who_acknowledged_while_the_call_still_runs_is_counted_once() -> None:
    chooser = Chooser(Plan([Person([Number(0.9)]) for _ in range(4)], [Gateway(4, 100.0)]))
    for second in range(4):
        assert chooser.next(float(second)) is not None
    for person in range(4):
        chooser.acknowledged(person, 6.0)
    found = forecast(chooser.snapshot(6.0), runs=50)
    assert found.reached.tolist() == [1.0] * 4
    assert found.t95.median == 0.0

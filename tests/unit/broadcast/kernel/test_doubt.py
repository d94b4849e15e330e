"""What all calls of a broadcast share is drawn once for each run, and learned as it runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from broadcast.forecasts.idle import USUAL, Up, idle_of_calls, last_newcomer
from broadcast.kernel import Gateway, Number, Person, Plan, Rules, forecast
from broadcast.kernel.doubt import HABIT, Doubt, Line, Seconds, draw_day, draw_means
from tests.support.worlds import Book, Telling, World, people_of

SHARES = (0.0, 0.25, 0.5)  # acknowledged when the forecast is asked for


def line(guess: float, cells: Sequence[tuple[float, float, float]] = ()) -> Line:
    successes, trials, count = np.array(cells, float).reshape(-1, 3).T
    sure = Seconds(10.0, 0.0)
    return Line(guess, successes, trials, count, sure, sure, Seconds(0.0, 0.0), np.array([1.0, 9.0]), (1e-9, 1.0))


def doubt(of_line: Line, numbers: int) -> Doubt:
    nothing = np.zeros(numbers)
    return Doubt(
        [of_line], Seconds(0.0, 0.0), np.zeros(numbers, np.int64), nothing, nothing, np.ones(numbers),
        np.zeros(0), np.zeros(0, bool), np.zeros(0, bool),
    )  # fmt: skip


def test_nothing_known_and_from_the_middle_the_interval_holds_the_truth_of_four_in_five() -> None:
    """Whole worlds are drawn, not only dice: see ``tests.support.worlds``."""
    held = []
    for seed in range(50, 150):
        told = Telling(World(seed), Book(), people_of(120), 10, 10.0).carry_out(SHARES, 100)
        for done, said in told.said.items():
            for share, expected in ((0.5, said.t50), (0.8, said.t80)):
                # An interval without an end holds more than four fifths.
                if share > done and math.isfinite(expected.high):
                    held.append(expected.low <= told.truth(share) <= expected.high)
    assert len(held) > 200
    assert 0.75 <= np.mean(held) <= 0.85


def test_after_a_broadcast_to_the_same_people_it_is_narrower_and_right() -> None:
    held, widths = [], []
    for seed in range(100, 120):
        world, book, people = World(seed), Book(), people_of(120)
        first, second = (Telling(world, book, people, 10, 10.0).carry_out((0.0,), 100) for _ in range(2))
        if math.isfinite(first.said[0.0].t50.high):
            widths.append([t.said[0.0].t50.high / t.said[0.0].t50.low for t in (first, second)])
        expected = second.said[0.0].t50
        held.append(expected.low <= second.truth(0.5) <= expected.high)
    assert np.all(np.median(widths, axis=0)[1] < 0.7 * np.median(widths, axis=0)[0])
    assert np.mean(held) >= 0.6


def test_runs_differ_as_worlds_do() -> None:
    people = [Person([Number(0.4, rules=Rules())]) for _ in range(200)]
    plan = Plan(people, [Gateway(20, 10.0)])
    dice = forecast(plan, runs=100).t50
    worlds = forecast(plan, runs=100, doubt=doubt(line(0.4), 200)).t50
    assert worlds.high - worlds.low > 3.0 * (dice.high - dice.low)


def test_calls_tell_the_mean_of_their_kind_and_a_little_of_the_others() -> None:
    rng = np.random.default_rng(1)
    cells = [(1.0, 1.0, 70.0), (0.0, 1.0, 30.0)]
    alone, _ = draw_means([line(0.4), line(0.4)], 2000, rng)
    beside, _ = draw_means([line(0.4, cells), line(0.4)], 2000, rng)
    assert beside[:, 0].mean() == pytest.approx(0.69, abs=0.03)
    assert beside[:, 0].std() < 0.4 * alone[:, 0].std()
    assert alone[:, 1].mean() + 0.05 < beside[:, 1].mean() < 0.69


def test_a_day_on_which_people_answer_less_is_seen() -> None:
    rng = np.random.default_rng(1)
    nothing = draw_day(np.zeros(0), np.zeros(0, bool), 2000, rng, HABIT)
    assert float(np.median(nothing)) == pytest.approx(HABIT, abs=0.05)
    bad = draw_day(np.full(40, 0.8), np.arange(40) < 16, 2000, rng, HABIT)
    assert np.quantile(bad, 0.9) < -0.8
    assert bad.std() < nothing.std()


def test_time_that_lines_stand_idle_is_measured_where_lines_are_scarce() -> None:
    calls = [Up(3 * turn + k, 12.0 * turn + k, 12.0 * turn + k + 10.0) for turn in range(10) for k in range(3)]
    found = idle_of_calls(calls, 3, last_newcomer(calls))
    assert found.mean == pytest.approx(2.0, abs=0.5)
    assert idle_of_calls(calls, 30, last_newcomer(calls)) == USUAL  # with lines to spare they idle for want of people
    assert idle_of_calls(calls[:9], 3, 40.0) == USUAL
    assert idle_of_calls([], 3, 0.0) == USUAL

"""The cheapest course with one person, held against a plain search and against any other course."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.kernel import Code, Ending, Rules
from broadcast.kernel.one_leg import cheapest

# A sixth of the longest pause is 30 s, and every hold and pause a multiple of it.
EVEN = Rules(
    pause={Code.BUSY: 60.0, Code.NO_ANSWER: 180.0},
    ring=(8.0, 8.0),
    message=12.0,
    endings=(Ending(Code.BUSY, 0.3, 30.0, 30.0), Ending(Code.NO_ANSWER, 0.7, 60.0, 60.0)),
)
UNEVEN = Rules(
    pause={Code.BUSY: 50.0, Code.NO_ANSWER: 190.0},
    ring=(8.0, 8.0),
    message=12.0,
    endings=(Ending(Code.BUSY, 0.3, 4.0, 4.0), Ending(Code.NO_ANSWER, 0.7, 41.0, 41.0)),
)
FADES = 200.0  # seconds in which a line becomes cheaper by e
END = 3_000.0

Chances = tuple[tuple[float, ...], ...]  # by number, then by try
Held = Callable[[float, float], float]  # what a hold costs that begins and lasts so long
chances = st.lists(
    st.lists(st.floats(0.05, 0.95), min_size=2, max_size=2).map(tuple), min_size=2, max_size=3
).map(tuple)  # fmt: skip


def fading(top: float, begin: float, hold: float) -> float:
    return top * FADES * (exp(-begin / FADES) - exp(-(begin + hold) / FADES))


def least(p: Chances, weight: float, rule: Rules, top: float) -> float:
    def prices(times: np.ndarray) -> np.ndarray:
        holds = (rule.ack_hold, *(e.low for e in rule.endings))
        return np.array([top * FADES * np.exp(-times / FADES) * (1.0 - exp(-h / FADES)) for h in holds])

    return float(cheapest(np.array([p]), np.array([weight]), rule, prices, END)[0])


def spent(
    p: Chances, weight: float, rule: Rules, held: Held,
    now: float, tried: tuple[int, ...], ready: tuple[float, ...],
    choose: Callable[[list[tuple[float, int]]], list[tuple[float, int]]],
) -> float:  # fmt: skip
    """Expected weight times time plus price from here on; ``choose`` leaves the moves to be looked at."""
    moves = [(max(now, ready[k]), k) for k in range(len(p)) if tried[k] < len(p[k])]
    best = [0.0] if not moves else []
    for begin, k in choose(moves):
        chance = p[k][tried[k]]
        cost = chance * (weight * (begin + rule.ack_hold) + held(begin, rule.ack_hold))
        for ending in rule.endings:
            more = tuple(m + (j == k) for j, m in enumerate(tried))
            end = begin + ending.low
            rested = tuple(end + rule.pause[ending.code] if j == k else r for j, r in enumerate(ready))
            later = spent(p, weight, rule, held, end, more, rested, choose)
            cost += (1.0 - chance) * ending.share * (held(begin, ending.low) + later)
        best.append(cost)
    return min(best)


def beginning(p: Chances) -> tuple[float, tuple[int, ...], tuple[float, ...]]:
    return 0.0, (0,) * len(p), (0.0,) * len(p)


@given(chances)
def test_with_free_lines_it_is_the_best_of_all_orders(p: Chances) -> None:
    p = p[:2]  # all orders of four calls, each with two ways to fail
    found = spent(p, 3.0, EVEN, lambda begin, hold: 0.0, *beginning(p), choose=list)
    assert least(p, 3.0, EVEN, 0.0) == pytest.approx(found)


@given(
    chances,
    st.sampled_from([EVEN, UNEVEN]),
    st.floats(0.1, 50.0),
    st.floats(0.0, 20.0),
    st.randoms(use_true_random=False),
)
def test_no_order_and_no_waiting_costs_less(p: Chances, rule: Rules, weight: float, top: float, chance) -> None:
    def some(moves: list[tuple[float, int]]) -> list[tuple[float, int]]:
        return (
            [(begin + chance.choice((0.0, 0.0, 17.0, 300.0)), k) for begin, k in chance.sample(moves, 1)]
            if moves
            else []
        )

    found = spent(p, weight, rule, partial(fading, top), *beginning(p), choose=some)
    assert least(p, weight, rule, top) <= found + 1e-9


def test_more_than_it_knows_bounds_nothing() -> None:
    assert least(((0.5,),) * 4, 1.0, EVEN, 1.0) == 0.0
    assert least(((0.5,) * 5,), 1.0, EVEN, 1.0) == 0.0

"""Lower bounds, held against cases that can be solved by hand, and against the policies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from broadcast.bench.contenders import HEDGED, OURS, policies
from broadcast.bench.quality import measure
from broadcast.kernel import BoundError, Code, Ending, Gateway, Rules, Tables, lower_bound
from broadcast.kernel.alone import unlimited_t95, unlimited_times
from broadcast.kernel.bound import priced_work
from broadcast.kernel.people import RULES, Instance, draw_people
from broadcast.kernel.price_path import price_path

SURE = Rules(
    pause={Code.NO_ANSWER: 100.0},
    factor={Code.NO_ANSWER: 1.0},
    ring=(6.0, 6.0),
    message=4.0,
    endings=(Ending(Code.NO_ANSWER, 1.0, 20.0, 20.0),),
)


def certain(people: int, channels: int, rate: float, p: float = 1.0, tries: int = 1) -> Tables:
    return Tables(
        first=np.arange(people + 1),
        weight=np.ones(people),
        p=np.full(people, p),
        rules=[SURE],
        gateways=[Gateway(channels, rate)],
        tries=np.full(people, tries),
    )


def test_certain_people_on_channels() -> None:
    # 100 calls of 10 s on 5 lines: the 95th ends at 190 s, on the mean after 100.
    t95, mean = priced_work(certain(100, 5, 100.0), 1.0)
    assert t95 == pytest.approx(190.0)
    assert mean == pytest.approx(100.0)


def test_certain_people_on_tokens() -> None:
    t95, _ = priced_work(certain(100, 1000, 2.0), 0.0)
    assert t95 == pytest.approx((95 - 1) / 2.0)


def test_the_price_path_sees_the_whole_hold() -> None:
    # On five lines the calls end at 10, 20, ..., 200: the mean is 105, not the fluid's 100.
    tables = certain(100, 5, 100.0)
    found = price_path(tables, unlimited_times(tables))
    assert 103.0 < found <= 105.0


def test_giving_a_call_up_half_way_gains_nothing() -> None:
    """What the stop at T95 in the priced-work bound rests on, for the people of the bench."""
    shares = sum(e.share for e in RULES.endings)
    low, high = (ring + RULES.message for ring in RULES.ring)
    for p in np.linspace(0.02, 0.98, 25):
        full = (p * RULES.ack_hold + (1.0 - p) * RULES.fail_hold) / p
        for age in np.linspace(low + 0.1, high - 0.1, 40):
            answered = (age - low) / (high - low)
            held = answered * (low + age) / 2.0 + (1.0 - answered) * age
            failed = sum(e.share / shares * min(age, (e.low + e.high) / 2.0) for e in RULES.endings)
            assert (p * held + (1.0 - p) * failed) / (p * answered) >= full - 1e-9


def test_with_unlimited_lines_only_rings_and_pauses_count() -> None:
    assert unlimited_t95(certain(20, 1, 1.0), 3) == pytest.approx(10.0)
    tables = certain(1, 1, 1.0, p=0.5, tries=2)
    # At 10 s with one half, at 20 + 100 + 10 s with one quarter; rounding down costs 1 s at most.
    exact = 0.5 * 10.0 + 0.25 * 130.0
    assert exact - 1.0 <= unlimited_times(tables)[0] <= exact


@pytest.mark.parametrize("instance", [Instance(200, 12, 3.0), Instance(150, 100, 2.0), Instance(60, 60, 60.0)])
def test_no_policy_beats_them(instance: Instance) -> None:
    gaps: dict[str, list[np.ndarray]] = {}
    for seed in range(3):
        tables = draw_people(instance, seed)
        bound = lower_bound(tables, seed)
        for name, policy in policies(tables, seed).items():
            found = measure(policy, tables.weight, range(30))
            # Paired in one array, so that both are held against their bound at once.
            mean = bound.weighted_mean_any_legs if name == HEDGED else bound.weighted_mean
            for value, limit in ((found.t95, bound.t95), (found.weighted_mean, mean)):
                gaps.setdefault(name, []).append((value - limit) / limit)
    for name, each in gaps.items():
        both = np.concatenate(each)
        both = both[np.isfinite(both)]
        assert both.mean() > -3.0 * both.std() / np.sqrt(len(both)), name


def test_the_bounds_are_near_on_many_people() -> None:
    tables = draw_people(Instance(8000, 240, 30.0), 0)
    bound = lower_bound(tables)
    found = measure(policies(tables, 0)[OURS[0]], tables.weight, range(3))
    assert found.t95.mean() < 1.06 * bound.t95
    assert found.weighted_mean.mean() < 1.04 * bound.weighted_mean


def test_several_kinds_of_line_are_refused() -> None:
    tables = replace(certain(2, 1, 1.0), rules=[SURE, Rules()])
    with pytest.raises(BoundError, match="one kind"):
        lower_bound(tables)


def test_nobody_and_nothing() -> None:
    assert lower_bound(certain(0, 1, 1.0)).t95 == 0.0
    assert lower_bound(certain(5, 1, 1.0, p=0.0)).weighted_mean == 0.0

"""The kernel and its twin in plain Python make the same calls at the same microseconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast.kernel import Code, Ending, Gateway, Rank, Rules, Tables
from broadcast.kernel.assembly import assemble
from broadcast.kernel.people import Instance, draw_people
from broadcast.kernel.reference import Reference, draw_all
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run

KINDS = [
    Rules(),
    Rules(
        pause={Code.BUSY: 0.0, Code.REJECTED: 700.0},
        factor={Code.REJECTED: 0.0},
        ring=(2.0, 2.0),
        message=0.5,
        endings=(Ending(Code.BUSY, 2.0, 0.5, 1.0), Ending(Code.REJECTED, 1.0, 1.0, 9.0)),
    ),
]


@st.composite
def plans(draw: st.DrawFn) -> Tables:
    counts = draw(st.lists(st.integers(0, 4), min_size=1, max_size=25))
    numbers = sum(counts)
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    n = len(counts)
    return Tables(
        first=np.concatenate([[0], np.cumsum(counts)]),
        weight=rng.choice([0.0, 1.0, 1.0, 3.0, 50.0], n),
        p=rng.choice([0.0, 0.05, 0.3, 0.3, 0.7, 1.0], numbers),
        rules=KINDS,
        gateways=[Gateway(draw(st.integers(1, 6)), draw(st.sampled_from([0.2, 1.0, 7.0])), burst=2.0)],
        tier=rng.integers(0, 3, n),
        ordered=rng.random(n) < 0.3,
        kind=rng.integers(0, 2, numbers),
        tries=rng.integers(0, 5, numbers),
    )


def both(tables: Tables, seed: int) -> tuple[Run, Reference, tuple[list[int], list[int], list[tuple[int, int]]]]:
    truth = np.clip(tables.p + 0.1, 0.0, 1.0)
    twin = Reference(tables, truth, draw_all(len(tables.p), 8, seed))
    expected = twin.run()
    run = Run(assemble(tables), worlds(tables.rules), truth, trace=len(expected[2]) + 1)
    run.go(seed)
    return run, twin, expected


@settings(max_examples=60)
@given(plans(), st.integers(0, 2**31))
def test_it_gives_the_same_events_as_the_twin(tables: Tables, seed: int) -> None:
    run, twin, (order, when, trace) = both(tables, seed)
    assert run.log.order[: len(order)].tolist() == order
    assert run.log.when[: len(when)].tolist() == when
    # One pair more than the twin's events was room for; it must not have been used.
    assert [tuple(pair) for pair in run.log.trace.reshape(-1, 2).tolist()] == [*trace, (0, 0)]
    assert run.events == twin.events


def test_it_gives_the_same_on_a_bench_instance() -> None:
    run, twin, (order, when, _) = both(draw_people(Instance(1000, 60, 10.0), 3), 11)
    assert run.log.order[: len(order)].tolist() == order
    assert run.log.when[: len(when)].tolist() == when
    assert run.events == twin.events


def test_it_refuses_plans_that_the_twin_does_not_know() -> None:
    tables = draw_people(Instance(10, 2, 1.0), 0)
    with pytest.raises(ValueError, match="one gateway"):
        Reference(replace(tables, fairness=10.0), tables.p, draw_all(30, 4, 0))
    with pytest.raises(ValueError, match="product's policy"):
        Reference(replace(tables, rank=Rank.FIFO), tables.p, draw_all(30, 4, 0))

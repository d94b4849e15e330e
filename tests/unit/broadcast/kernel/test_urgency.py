"""Urgency: whoever needs several rounds begins early, and only where rounds matter."""

from __future__ import annotations

import math

import numpy as np
import pytest

from broadcast.kernel import Chooser
from broadcast.kernel.assembly import assemble
from broadcast.kernel.layout import FOREVER, MICRO
from broadcast.kernel.people import TRIES, Instance, draw_people
from broadcast.kernel.policies import t95_of
from broadcast.kernel.reference import Reference, draw_all
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import Run
from broadcast.kernel.urgency import CLASSES, LAST_POWER, MISS_POWER, MOST_TRIES, ROWS, STEPS, table

CROWDED = Instance(400, 24, 4.0)


def test_the_last_round_is_what_one_round_less_would_lose() -> None:
    made = table(0.8).reshape(ROWS, MOST_TRIES + 1, CLASSES, 2)
    row = 2 * STEPS + 1
    lost = np.log(made[row - STEPS, MOST_TRIES, :, 0] / made[row, MOST_TRIES, :, 0]) / MISS_POWER
    last = made[row, MOST_TRIES, :, 1] ** (1.0 / LAST_POWER)
    # The table interpolates between whole rounds: one linearly, one in the exponent.
    assert np.allclose(lost, last, rtol=0.15)


def test_nothing_is_lost_by_waiting_while_there_is_time_for_every_try() -> None:
    made = table(0.8).reshape(ROWS, MOST_TRIES + 1, CLASSES, 2)
    assert np.all(made[4 * STEPS, 2, :, 1] == 0.0)
    assert np.all(made[2 * STEPS, 2, :, 1] > 0.0)


@pytest.mark.parametrize(
    ("instance", "urgent"),
    [(CROWDED, True), (Instance(1000, 6, 10.0), False), (Instance(20, 2, 1.0), False)],
)
def test_only_short_broadcasts_to_many_know_urgency(instance: Instance, urgent: bool) -> None:
    board = assemble(draw_people(instance, 50)).board[0]
    assert (board["strength"] > 0.0) == urgent
    assert (board["refresh"] < FOREVER) == urgent


def test_95_per_cent_know_sooner_with_it() -> None:
    with_it, without = [], []
    for seed in range(50, 54):
        tables = draw_people(CROWDED, seed)
        for found, strong in ((with_it, True), (without, False)):
            state = assemble(tables)
            if not strong:
                state.board["strength"], state.board["pull"], state.board["refresh"] = 0.0, 0.0, FOREVER
            run = Run(state, worlds(tables.rules), tables.p)
            for draw in range(25):
                when = np.full(len(tables.weight), math.inf)
                order, at = run.go(draw)
                when[order] = at / MICRO
                found.append(t95_of(when))
    assert np.mean(with_it) < 0.985 * np.mean(without)


def test_kernel_and_twin_agree_while_the_row_changes() -> None:
    tables = draw_people(CROWDED, 51)
    twin = Reference(tables, tables.p, draw_all(len(tables.p), TRIES, 7))
    order, when, _ = twin.run()
    run = Run(assemble(tables), worlds(tables.rules), tables.p)
    found, at = run.go(7)
    assert found.tolist() == order
    assert at.tolist() == when
    assert twin.refresh == FOREVER  # it went through every row to the end


def test_fewer_lines_move_the_goal_away() -> None:
    chooser = Chooser(draw_people(CROWDED, 50))
    before = int(chooser.snapshot(0.0).state.board[0]["goal"])
    chooser.set_gateway(0, 12, 4.0)
    assert int(chooser.snapshot(0.0).state.board[0]["goal"]) > 1.5 * before
    chooser.set_gateway(0, 24, 4.0)
    assert int(chooser.snapshot(0.0).state.board[0]["goal"]) == before

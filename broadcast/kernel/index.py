"""The index of a number, the prices in it, and its level in the queue.

The index of number ``k`` of person ``i`` is

    (weight_i * p_k + urgency_ik) / (channel_price * hold_k + token_price),

what one more call is expected to bring over what it is expected to use
(Weitzman 1979 for one person, Gittins 1979 and Smith 1956 across people; the
derivation is in docs/scheduling.md; urgency in :mod:`.urgency`). Only its order
matters, and differences of a few per mille do not, so it is mapped to one of
LEVELS levels by a piecewise linear logarithm: the bits of a float64 read as an
integer.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

from broadcast.kernel.layout import LEVELS
from broadcast.kernel.urgency import place

WORST = LEVELS - 1
DEAD = 3  # a state of a number, see codes.ArmState


class Rank(IntEnum):
    """What people are queued by."""

    INDEX = 0
    FIFO = 1  # by place in the list, which people keep; numbers in order
    WEIGHT = 2  # by weight alone; numbers in order


@njit(forceinline=True)
def expected_hold(p, stretch, rule):
    """Seconds that the next attempt is expected to hold a channel."""
    return stretch * (p * rule.ack_hold + (1.0 - p) * rule.fail_hold)


@njit(forceinline=True)
def pressing(state, i):
    """What urgency weighs for person ``i``: the pull, less the likelier they are reached anyway."""
    board = state.board[0]
    if board.pull == 0.0:
        return 0.0
    person, row = state.people[i], board.row
    missed = 1.0
    for arm in range(person.first, person.first + person.count):
        a = state.arms[arm]
        # Chosen, not jumped over: nobody can foresee which numbers are dead, and a wrong guess costs more.
        alone = state.urgency[place(row, a.max_tries - a.tries, a.p)]
        missed *= alone if a.state != DEAD else 1.0
    return board.pull * missed


@njit(forceinline=True)
def index_of(state, arm, weight, pressed):
    """The index of one number; ``pressed`` is what :func:`pressing` gives for its person."""
    board = state.board[0]
    return _index(state, arm, weight, pressed, board.row, board.channel_price, board.token_price, board.again)


@njit(forceinline=True, error_model="numpy")
def _index(state, arm, weight, pressed, row, channel_price, token_price, again):
    a = state.arms[arm]
    gain = weight * a.p
    if pressed > 0.0:
        gain += pressed * state.urgency[place(row, a.max_tries - a.tries, a.p) + 1]
    value = gain / (channel_price * expected_hold(a.p, a.stretch, state.rules[a.kind]) + token_price)
    if a.tries > 0:
        value *= again
    return value


@njit(forceinline=True)
def bits_of(x):
    """The bits of a positive float64, which grow with it like its logarithm."""
    return np.float64(x).view(np.int64)


@njit(forceinline=True)
def level_of(x, top_bits, shift):
    """0 for the best index, WORST for one that is zero."""
    if not x > 0.0:
        return WORST
    level = (top_bits - bits_of(x)) >> shift
    if level < 0:
        return 0
    if level > WORST - 1:
        return WORST - 1
    return level


@njit(forceinline=True)
def arm_level(state, arm, pressed):
    """The level of one number at the board's prices."""
    board = state.board[0]
    i = state.arms[arm].person
    if board.rule == 1:
        return np.int64(i) * LEVELS // state.people.size
    weight = state.people[i].weight
    if board.rule == 2:
        return level_of(weight, board.top_bits, board.shift)
    return level_of(index_of(state, arm, weight, pressed), board.top_bits, board.shift)


@njit(forceinline=True)
def relevel(state, i):
    """Recompute the levels of a person's numbers.

    Dead ones too: nobody reads those, and a jump over them cannot be foreseen. What the
    board says is read once: the compiler cannot know that levels are not on it.
    """
    board = state.board[0]
    person = state.people[i]
    first, last = person.first, person.first + person.count
    if board.rule != 0:
        for arm in range(first, last):
            state.arms[arm].level = arm_level(state, arm, 0.0)
        return
    pressed, weight = pressing(state, i), person.weight
    row, channel_price, token_price, again = board.row, board.channel_price, board.token_price, board.again
    top_bits, shift = board.top_bits, board.shift
    for arm in range(first, last):
        value = _index(state, arm, weight, pressed, row, channel_price, token_price, again)
        state.arms[arm].level = level_of(value, top_bits, shift)


def prices(channels: float, rate: float, mean_hold: float) -> tuple[float, float]:
    """The price of a channel-second and of a token, whichever binds.

    ``channels`` are usable, ``rate`` is in calls per second, ``mean_hold`` in
    seconds. The dual prices of the fluid problem: a resource that is not used
    up costs nothing. Within five per cent of balance both are paid, in
    proportion, so that the order does not jump with every closing line.
    """
    channel, token = 1.0 / max(channels, 1e-9), 1.0 / max(rate, 1e-9)
    load = rate * mean_hold / max(channels, 1e-9)
    theta = min(1.0, max(0.0, (load - 0.95) / 0.1))
    return theta * channel, (1.0 - theta) * token


def scale(best: float, worst: float) -> tuple[int, int]:
    """``(top_bits, shift)`` that spread ``worst``..``best`` over the levels."""
    if not best > 0.0:
        return 0, 52
    top = int(np.float64(best).view(np.int64))
    low = int(np.float64(min(max(worst, 1e-300), best)).view(np.int64))
    shift = 40
    while (top - low) >> shift >= LEVELS - 1:
        shift += 1
    return top, shift

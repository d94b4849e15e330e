"""The decision code behind single calls from Python, for the live chooser.

Unpacking fourteen arrays on every call costs more than the decision itself, so
these functions take one array of addresses instead. Whoever holds the addresses
must hold the arrays too: :class:`broadcast.kernel.chooser.Chooser` does.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

from broadcast.kernel.decide import (
    GATEWAY_BITS,
    advance,
    decide,
    settle,
    take,
)
from broadcast.kernel.layout import (
    ARM,
    BOARD,
    GATEWAY,
    I8,
    MAX_GATEWAYS,
    PERSON,
    RULE,
    Int64s,
    State,
)
from broadcast.kernel.queues import COOLING, enter, relevel, wake_early, withdraw

_I8 = types.int64


def addresses(state: State) -> Int64s:
    """``(28,)`` address and length of each array of ``state``."""
    pairs = [(array.ctypes.data, array.size) for array in state]
    return np.array(pairs, np.int64).ravel()


@intrinsic
def _pointer(typingctx, address):
    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), codegen


@njit(forceinline=True)
def _state(at):
    return State(
        carray(_pointer(at[0]), (at[1],), PERSON),
        carray(_pointer(at[2]), (at[3],), ARM),
        carray(_pointer(at[4]), (at[5],), GATEWAY),
        carray(_pointer(at[6]), (at[7],), RULE),
        carray(_pointer(at[8]), (at[9],), BOARD),
        carray(_pointer(at[10]), (at[11],), np.uint64),
        carray(_pointer(at[12]), (at[13],), np.int32),
        carray(_pointer(at[14]), (at[15],), np.int32),
        carray(_pointer(at[16]), (at[17],), np.uint64),
        carray(_pointer(at[18]), (at[19],), np.int32),
        carray(_pointer(at[20]), (at[21],), np.int32),
        carray(_pointer(at[22]), (at[23],), np.int32),
        carray(_pointer(at[24]), (at[25],), np.int64),
        carray(_pointer(at[26]), (at[27],), np.int32),
    )


@njit(_I8(I8, _I8), cache=True)
def live_next(at, now):
    """Decide and take in one step."""
    state = _state(at)
    packed = decide(state, now)
    if packed >= 0:
        take(state, packed >> GATEWAY_BITS, packed & (MAX_GATEWAYS - 1), now)
    return packed


@njit(types.void(I8, _I8, _I8, _I8), cache=True)
def live_take(at, arm, g, now):
    """A call that this chooser did not decide is running (found after a restart)."""
    state = _state(at)
    advance(state, now)
    if state.arms[arm].state == COOLING:
        wake_early(state, arm)
    take(state, arm, g, now)


@njit(types.void(I8, _I8, _I8, _I8, _I8), cache=True)
def live_settle(at, arm, g, code, now):
    """A running call has ended."""
    state = _state(at)
    advance(state, now)
    settle(state, arm, g, code, now)


@njit(types.void(I8, _I8, _I8), cache=True)
def live_status(at, i, status):
    """Give person ``i`` a status; OPEN queues the numbers that are ready."""
    state = _state(at)
    withdraw(state, i)
    state.people[i].status = status
    enter(state, i)


@njit(types.void(I8, _I8), cache=True)
def live_refresh(at, i):
    """Level the numbers of person ``i`` anew and queue the best."""
    state = _state(at)
    withdraw(state, i)
    person = state.people[i]
    for arm in range(person.first, person.first + person.count):
        relevel(state, arm)
    enter(state, i)


@njit(_I8(I8, _I8), cache=True)
def live_ahead(at, arm):
    """How many numbers of the queue stand before a queued one, over all groups."""
    state = _state(at)
    width = state.head.size // state.masks.size
    mine = state.arms[arm].bucket % width
    ahead = 0
    for other in range(state.arms.size):
        bucket = state.arms[other].bucket
        if bucket >= 0 and bucket % width < mine:
            ahead += 1
    before = state.arms[arm].prev
    while before >= 0:
        ahead += 1
        before = state.arms[before].prev
    return ahead

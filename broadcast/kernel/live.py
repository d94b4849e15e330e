"""The decision code behind single calls from Python, for the live chooser.

Each takes the addresses of a state's arrays; see :mod:`broadcast.kernel.views`.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

from numba import njit, types

from broadcast.kernel.decide import GATEWAY_BITS, advance, decide, settle, take
from broadcast.kernel.index import index_of, pressing, relevel
from broadcast.kernel.layout import F8, I8, MAX_GATEWAYS
from broadcast.kernel.queues import COOLING, enter, wake_early, withdraw
from broadcast.kernel.views import state_at

_I8 = types.int64


@njit(_I8(I8, _I8), cache=True)
def live_next(at, now):
    """Decide and take in one step."""
    state = state_at(at)
    packed = decide(state, now)
    if packed >= 0:
        take(state, packed >> GATEWAY_BITS, packed & (MAX_GATEWAYS - 1), now)
    return packed


@njit(types.void(I8, _I8, _I8, _I8), cache=True)
def live_take(at, arm, g, now):
    """A call that this chooser did not decide is running (found after a restart)."""
    state = state_at(at)
    advance(state, now)
    if state.arms[arm].state == COOLING:
        wake_early(state, arm)
    take(state, arm, g, now)


@njit(types.void(I8, _I8, _I8, _I8, _I8), cache=True)
def live_settle(at, arm, g, code, now):
    """A running call has ended."""
    state = state_at(at)
    advance(state, now)
    settle(state, arm, g, code, now)


@njit(types.void(I8, _I8, _I8), cache=True)
def live_status(at, i, status):
    """Give person ``i`` a status; OPEN queues the numbers that are ready."""
    state = state_at(at)
    withdraw(state, i)
    state.people[i].status = status
    enter(state, i)


@njit(types.void(I8, _I8), cache=True)
def live_refresh(at, i):
    """Level the numbers of person ``i`` anew and queue the best."""
    state = state_at(at)
    withdraw(state, i)
    relevel(state, i)
    enter(state, i)


@njit(types.void(I8, _I8, F8), cache=True)
def live_indices(at, i, out):
    """Write the indices of person ``i``'s numbers, at present, into ``out``."""
    state = state_at(at)
    person = state.people[i]
    pressed = pressing(state, i)
    for k in range(person.count):
        out[k] = index_of(state, person.first + k, person.weight, pressed)


@njit(_I8(I8, _I8), cache=True)
def live_ahead(at, arm):
    """How many numbers of the queue stand before a queued one, over all groups."""
    state = state_at(at)
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

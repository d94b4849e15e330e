"""Event simulation of the decision code on a world of drawn people.

Outcomes are drawn by hashing (seed, number, attempt), so that every policy and
every repeat meets the same world whatever its order of calls, and nothing has to
be stored (counter-based generation: Salmon et al., SC 2011; the mixing function
is SplitMix64's, Steele et al., OOPSLA 2014).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import from_dtype, njit, types

from broadcast.kernel.decide import (
    ACKNOWLEDGED,
    DONE,
    GATEWAY_BITS,
    decide,
    settle,
    take,
)
from broadcast.kernel.layout import (
    F8,
    FOREVER,
    I4,
    I8,
    MAX_GATEWAYS,
    SLOT_BITS,
    STATE_T,
    Int32s,
    Int64s,
)

DROPPED = 14
MAX_FAILURES = 8

WORLD = np.dtype(
    [
        ("ring_low", "f8"),  # seconds, uniform, of a call that is acknowledged
        ("ring_high", "f8"),
        ("message", "f8"),  # seconds from answer to acknowledgement
        ("failures", "i4"),
        ("code", "i4", (MAX_FAILURES,)),
        ("share", "f8", (MAX_FAILURES,)),  # cumulated, of the calls that fail
        ("low", "f8", (MAX_FAILURES,)),  # seconds held, uniform
        ("high", "f8", (MAX_FAILURES,)),
        ("factor", "f8", (16,)),  # on the true probability, by code
    ],
    align=True,
)
WORLD_T = types.Array(from_dtype(WORLD), 1, "C")


class Lines(NamedTuple):
    """Running calls: a heap of ``time << 20 | slot`` and what each slot carries."""

    heap: Int64s
    slot_arm: Int32s
    slot_gateway: Int32s
    slot_code: Int32s
    vacant: Int32s  # stack of free slots


LINES_T = types.NamedTuple((I8, I4, I4, I4, I4), Lines)


class Log(NamedTuple):
    """What a run leaves behind."""

    order: Int32s  # people in order of their acknowledgement
    when: Int64s  # microseconds, same order
    trace: Int64s  # (2 * n,) pairs (time, what) of the first n events, or empty


LOG_T = types.NamedTuple((I4, I8, I8), Log)


def make_lines(channels: int) -> Lines:
    """Lines for at most ``channels`` running calls."""
    n = max(1, channels)
    return Lines(
        np.zeros(n + 1, np.int64),
        np.zeros(n + 1, np.int32),
        np.zeros(n + 1, np.int32),
        np.zeros(n + 1, np.int32),
        np.arange(n, -1, -1, dtype=np.int32),
    )


def make_log(people: int, trace: int = 0) -> Log:
    return Log(
        np.zeros(people, np.int32), np.zeros(people, np.int64), np.zeros(2 * trace, np.int64)
    )


@njit(forceinline=True)
def mix(seed, arm, attempt):
    """64 random bits that depend on nothing but the three arguments."""
    z = np.uint64(seed) + np.uint64(arm * 64 + attempt + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(forceinline=True)
def draw(world, chance, bits):
    """``(code, microseconds held)`` of one attempt with true probability ``chance``."""
    u = np.float64(np.int64(bits >> np.uint64(32))) * (1.0 / 4294967296.0)
    v = np.float64(np.int64(bits & np.uint64(0xFFFFFFFF))) * (1.0 / 4294967296.0)
    if u < chance:
        held = world.ring_low + v * (world.ring_high - world.ring_low) + world.message
        return ACKNOWLEDGED, np.int64(held * 1e6)
    rest = (u - chance) / (1.0 - chance)
    k = 0
    while k < world.failures - 1 and rest >= world.share[k]:
        k += 1
    held = world.low[k] + v * (world.high[k] - world.low[k])
    return np.int64(world.code[k]), np.int64(held * 1e6)


@njit(forceinline=True)
def sift_down(heap, n, key):
    """Place ``key`` into the hole at the root of a heap of ``n``."""
    at = 0
    child = 1
    while child < n:
        if child + 1 < n and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = key


@njit(forceinline=True)
def sift_up(heap, at, key):
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@njit
def hang_up_others(state, lines, n, person, now):
    """Somebody acknowledged on one leg: let the others end now, as dropped."""
    p = state.people[person]
    for at in range(n):
        slot = lines.heap[at] & ((1 << SLOT_BITS) - 1)
        arm = lines.slot_arm[slot]
        if p.first <= arm < p.first + p.count:
            lines.slot_code[slot] = DROPPED
            sift_up(lines.heap, at, now << SLOT_BITS | slot)


@njit(forceinline=True)
def run(state, worlds, chance, lines, running, log, seed, start, until):
    """Simulate from ``start`` to ``until`` (microseconds) or to the end of all work.

    ``chance`` (numbers,) are the true probabilities of the next attempt and are
    changed as attempts fail; ``running`` calls are in ``lines`` already. Returns
    (acknowledgements logged, events): an event is a decision that starts a call,
    the end of a call, or a number that may be called again.
    """
    n = running
    acknowledged = 0
    traced = 0
    board = state.board[0]
    before = board.calls + board.ended + board.released
    now = start
    root_open = False
    while True:
        packed = decide(state, now)
        if packed >= 0:
            arm, g = packed >> GATEWAY_BITS, packed & (MAX_GATEWAYS - 1)
            attempt = state.arms[arm].tries
            take(state, arm, g, now)
            kind = state.arms[arm].kind
            code, held = draw(worlds[kind], chance[arm], mix(seed, arm, attempt))
            if root_open:
                slot = lines.heap[0] & ((1 << SLOT_BITS) - 1)
                sift_down(lines.heap, n, (now + held) << SLOT_BITS | slot)
                root_open = False
            else:
                slot = np.int64(lines.vacant[lines.vacant.size - 1 - n])
                sift_up(lines.heap, n, (now + held) << SLOT_BITS | slot)
                n += 1
            lines.slot_arm[slot] = arm
            lines.slot_gateway[slot] = g
            lines.slot_code[slot] = code
            if traced < log.trace.size:
                log.trace[traced] = now
                log.trace[traced + 1] = np.int64(arm) << 8 | g
                traced += 2
            continue
        if root_open:
            n -= 1
            lines.vacant[lines.vacant.size - 1 - n] = lines.heap[0] & ((1 << SLOT_BITS) - 1)
            if n > 0:
                sift_down(lines.heap, n, lines.heap[n])
            root_open = False
        ends = lines.heap[0] >> SLOT_BITS if n > 0 else FOREVER
        now = min(ends, board.wake)
        if now >= until:
            break
        if ends > now:
            continue
        slot = lines.heap[0] & ((1 << SLOT_BITS) - 1)
        arm = np.int64(lines.slot_arm[slot])
        code = np.int64(lines.slot_code[slot])
        root_open = True
        if traced < log.trace.size:
            log.trace[traced] = now
            log.trace[traced + 1] = np.int64(arm) << 8 | (128 + code)
            traced += 2
        a = state.arms[arm]
        chance[arm] *= worlds[a.kind].factor[code]
        settle(state, arm, np.int64(lines.slot_gateway[slot]), code, now)
        person = state.people[a.person]
        if code == ACKNOWLEDGED and person.status == DONE:
            log.order[acknowledged] = a.person
            log.when[acknowledged] = now
            acknowledged += 1
            if person.legs > 0:
                n -= 1
                lines.vacant[lines.vacant.size - 1 - n] = slot
                if n > 0:
                    sift_down(lines.heap, n, lines.heap[n])
                root_open = False
                hang_up_others(state, lines, n, a.person, now)
    return acknowledged, board.calls + board.ended + board.released - before


RUN_SIGNATURE = types.UniTuple(types.int64, 2)(
    STATE_T, WORLD_T, F8, LINES_T, types.int64, LOG_T, types.uint64, types.int64, types.int64
)


@njit(RUN_SIGNATURE, cache=True)
def simulate(state, worlds, chance, lines, running, log, seed, start, until):
    """One run; see :func:`run`. ``state``, ``chance`` and ``lines`` are used up."""
    return run(state, worlds, chance, lines, running, log, seed, start, until)


@njit(
    types.void(
        STATE_T, WORLD_T, F8, LINES_T, I4, I4, I8, types.uint64, types.int64
    ),
    cache=True,
)
def resume(state, worlds, chance, lines, arms, gateways, started, seed, now):
    """Put calls that run at ``now`` into ``lines``, drawing how each will end.

    An end that lies in the past is drawn again: the call is known to have outlived
    it. One that never draws a later end (it has outlived its model) ends at once.
    """
    for k in range(arms.size):
        arm = np.int64(arms[k])
        a = state.arms[arm]
        code, end = DROPPED, now + 1
        for redraw in range(64):
            bits = mix(seed + np.uint64(redraw), arm, a.tries - 1)
            drawn, held = draw(worlds[a.kind], chance[arm], bits)
            if started[k] + held > now:
                code, end = drawn, started[k] + held
                break
        slot = np.int64(lines.vacant[lines.vacant.size - 1 - k])
        lines.slot_arm[slot] = arm
        lines.slot_gateway[slot] = gateways[k]
        lines.slot_code[slot] = code
        sift_up(lines.heap, k, end << SLOT_BITS | slot)

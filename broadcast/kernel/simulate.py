"""Event simulation of the decision code on a world of drawn people.

Outcomes are drawn by hashing (seed, number, attempt), so that every policy and
every repeat meets the same world whatever its order of calls, and nothing has to
be stored (counter-based generation: Salmon et al., SC 2011; the mixing function
is SplitMix64's, Steele et al., OOPSLA 2014).
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

import numpy as np
from numba import njit, types

from broadcast.kernel.decide import (
    ACKNOWLEDGED,
    DECLINED,
    DONE,
    GATEWAY_BITS,
    TRANSFERRED,
    decide,
    settle,
    take,
)
from broadcast.kernel.layout import (
    FOREVER,
    I4,
    I8,
    MAX_GATEWAYS,
    SLOT_BITS,
    Float64s,
    Int32s,
    Int64s,
    Records,
    State,
    clone,
    refill,
)
from broadcast.kernel.views import (
    Draw,
    Lines,
    Log,
    addresses,
    draw_at,
    lines_at,
    log_at,
    state_at,
)

_I8 = types.int64
DROPPED = 14


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
        held = world.ring_low + v * (world.ring_high - world.ring_low) + world.message + world.after
        return (DECLINED if u < chance * world.refused else ACKNOWLEDGED), np.int64(held * 1e6)
    rest = (u - chance) / (1.0 - chance)
    k = 0
    while k < world.failures - 1 and rest >= world.share[k]:
        k += 1
    held = world.low[k] + v * (world.high[k] - world.low[k])
    return np.int64(world.code[k]), np.int64(held * 1e6)


@njit(forceinline=True)
def sift_up(heap, at, key):
    """Place ``key`` into the hole at ``at``, or above it."""
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@njit(forceinline=True)
def sift_down(heap, n, key):
    """Place ``key`` into the hole at the root of a heap of ``n``.

    The hole sinks to the bottom and the key rises from there: a call that begins now
    mostly ends last. Which child is the lesser is computed, as it cannot be foreseen.
    """
    at, child = np.int64(0), np.int64(1)
    while child < n - 1:
        child += np.int64(heap[child + 1] < heap[child])
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    if child == n - 1:
        heap[at] = heap[child]
        at = child
    sift_up(heap, at, key)


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
def run(state, worlds, chance, lines, running, log, seed, start, until):  # noqa: C901
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
            log.when[acknowledged] = now - np.int64(worlds[a.kind].after * 1e6)
            acknowledged += 1
            if person.legs > 0:
                n -= 1
                lines.vacant[lines.vacant.size - 1 - n] = slot
                if n > 0:
                    sift_down(lines.heap, n, lines.heap[n])
                root_open = False
                hang_up_others(state, lines, n, a.person, now)
    return acknowledged, board.calls + board.ended + board.released - before


@njit(types.UniTuple(types.int64, 2)(I8, types.int64, types.uint64, _I8, _I8), cache=True)
def simulate(at, running, seed, start, until):
    """One run on arrays by address; see :func:`run`, and :class:`Run` for the arrays."""
    draws = draw_at(at)
    return run(
        state_at(at), draws.worlds, draws.chance, lines_at(at), running, log_at(at),
        seed, start, until,
    )  # fmt: skip


@njit(types.void(I8, I4, I4, I8, types.uint64, _I8), cache=True)
def resume(at, arms, gateways, started, seed, now):
    """Put calls that run at ``now`` into ``lines``, drawing how each will end.

    What lies in the past is drawn again: the call is known to have outlived it. One
    that never draws a later end (it has outlived its model) ends at once. Whoever has
    acknowledged on a running call holds its line for what is said then.
    """
    state, lines = state_at(at), lines_at(at)
    worlds, chance = draw_at(at)
    for k in range(arms.size):
        arm = np.int64(arms[k])
        a = state.arms[arm]
        world = worlds[a.kind]
        done = state.people[a.person].status == DONE
        after = np.int64(world.after * 1e6)
        code, end = DROPPED, now + 1
        for redraw in range(64):
            bits = mix(seed + np.uint64(redraw), arm, a.tries - 1)
            drawn, held = draw(world, 1.0 if done else chance[arm], bits)
            known = now + after if drawn <= TRANSFERRED and not done else now
            if started[k] + held > known:
                code, end = drawn, started[k] + held
                break
        slot = np.int64(lines.vacant[lines.vacant.size - 1 - k])
        lines.slot_arm[slot] = arm
        lines.slot_gateway[slot] = gateways[k]
        lines.slot_code[slot] = code
        sift_up(lines.heap, k, end << SLOT_BITS | slot)


class Run:
    """The arrays of one simulation, used again and again.

    ``state`` is the template of every run; ``chance`` (numbers,) are the true
    probabilities and may be changed between runs; ``trace`` is how many events
    to write down.
    """

    def __init__(self, state: State, worlds: Records, chance: Float64s, channels: int = 0, trace: int = 0) -> None:
        self.template, self.chance = state, chance
        self.state = clone(state)
        usable = int(state.gateways["channels"].sum())
        self._vacant = make_lines(max(usable, channels))
        self.lines = Lines._make(a.copy() for a in self._vacant)
        self.log = Log(
            np.zeros(state.people.size, np.int32),
            np.zeros(state.people.size, np.int64),
            np.zeros(2 * trace, np.int64),
        )
        self.draw = Draw(worlds, chance.copy())
        self._at = addresses(self.state, self.draw, self.lines, self.log)
        self.events = 0

    def reset(self) -> None:
        """Back to the template; :meth:`go` does it by itself unless told not to."""
        refill(self.state, self.template)
        self.draw.chance[...] = self.chance
        self.lines.vacant[...] = self._vacant.vacant

    def resume(self, arms: Int32s, gateways: Int32s, started: Int64s, seed: int, now: int) -> None:
        """Put running calls on the lines; call after :meth:`reset`."""
        resume(self._at, arms, gateways, started, np.uint64(seed), now)

    def go(self, seed: int, start: int = 0, until: int = int(FOREVER), running: int = -1) -> tuple[Int32s, Int64s]:
        """People in order of acknowledgement, and when (microseconds). Views, not copies.

        ``running`` calls are on the lines already; -1 resets first.
        """
        if running < 0:
            self.reset()
        acknowledged, self.events = simulate(self._at, max(0, running), np.uint64(seed), start, until)
        return self.log.order[:acknowledged], self.log.when[:acknowledged]

    @property
    def calls(self) -> int:
        """Attempts since the start of the broadcast."""
        return int(self.state.board[0]["calls"])

"""Who next, on which number, over which gateway: the one decision code.

The live chooser and every simulation of the product's own policy call these
functions and no others. A decision is taken when a channel and a token are free
on one gateway at least:

1. people whose fairness bound or whose deadline is near and who were never
   called, unless somebody of a more important tier waits;
2. else the head of the best bucket over all groups of gateways with a free one.

The gateway is the cheapest that may carry the number, then the least loaded.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

import numpy as np
from numba import njit, types

from broadcast.kernel.index import DEAD, relevel
from broadcast.kernel.layout import FOREVER, LEVELS, MAX_GATEWAYS, STATE_T, TICK_BITS
from broadcast.kernel.queues import (
    COOLING,
    FUTURE,
    LIVE,
    OPEN,
    READY,
    best_bucket,
    enter,
    foresee,
    offer,
    relevel_called,
    requeue,
    rest,
    unlink,
    withdraw,
)
from broadcast.kernel.urgency import set_row

DONE, CLOSED, STOPPED = 1, 2, 3
ACKNOWLEDGED, DECLINED, TRANSFERRED = 0, 1, 2
FIRST_UNCOUNTED, LAST_UNCOUNTED = 11, 15  # the person's telephone was not tried
FAILED = 13
GATEWAY_BITS = 5
CHUNK = 250  # people admitted, repriced or dropped in one decision, at most

assert 1 << GATEWAY_BITS == MAX_GATEWAYS


@njit(forceinline=True)
def gateway_wake(gateway):
    """The first microsecond at which the bucket of a gateway gives a token."""
    return np.int64(np.ceil(gateway.due - gateway.slack))


@njit(forceinline=True)
def advance(state, now):
    """Turn the wheel to ``now``; numbers whose rest is over may be called again."""
    board = state.board[0]
    target = now >> TICK_BITS
    mask = state.slot_head.size - 1
    tick = board.tick
    while tick < target:
        if board.resting == 0:
            tick = target
            break
        tick += 1
        arm = state.slot_head[tick & mask]
        if arm < 0:
            continue
        board.tick = tick  # whatever is let rest again comes after it
        state.slot_head[tick & mask] = -1
        state.slot_tail[tick & mask] = -1
        while arm >= 0:
            a = state.arms[arm]
            after = a.next
            board.resting -= 1
            if a.ready > tick:
                rest(state, arm, np.int64(a.ready) << TICK_BITS)
            elif a.state == COOLING:
                a.state = READY
                board.released += 1
                offer(state, arm)
            arm = after
    board.tick = tick


@njit(forceinline=True)
def next_release(state):
    """When the wheel gives back the next number, or FOREVER."""
    board = state.board[0]
    if board.resting == 0:
        return FOREVER
    mask = state.slot_head.size - 1
    tick = board.tick + 1
    while state.slot_head[tick & mask] < 0:
        tick += 1
    return np.int64(tick) << TICK_BITS


@njit
def admit(state, now):
    """Let people of a wave that has begun into the queue, CHUNK at most."""
    board = state.board[0]
    stop = min(board.wave_at + CHUNK, state.wave_order.size)
    while board.wave_at < stop:
        i = state.wave_order[board.wave_at]
        if state.people[i].since > now:
            break
        board.wave_at += 1
        if state.people[i].status == FUTURE:
            state.people[i].status = OPEN
            enter(state, i)


@njit
def reprice(state, stop):
    """Carry new prices or a new urgency to the next people up to ``stop``, CHUNK at most."""
    board = state.board[0]
    last = min(board.sweep + CHUNK, stop)
    for i in range(board.sweep, last):
        status = state.people[i].status
        if status in (OPEN, FUTURE):
            requeue(state, i)
    board.sweep = last if last < state.people.size else -1


@njit
def pick_due(state, now, open_groups, best_tier):
    """A number of somebody who must be called now, or -1."""
    board = state.board[0]
    while board.due_at < state.due_order.size:
        if state.due_time[board.due_at] > now:
            return -1
        person = state.people[state.due_order[board.due_at]]
        if person.status != OPEN or person.calls > 0 or person.deadline < now:
            board.due_at += 1
            continue
        if person.tier > best_tier:
            return -1
        for arm in range(person.first, person.first + person.count):
            a = state.arms[arm]
            if a.bucket >= 0 and open_groups >> np.uint64(a.group) & np.uint64(1):
                return arm
        return -1
    return -1


@njit(forceinline=True)
def choose_gateway(state, group, free):
    """The cheapest gateway of ``free`` that may carry ``group``; ties: least loaded."""
    allowed = free & state.masks[group]
    best = -1
    for g in range(state.gateways.size):
        if not allowed >> np.uint64(g) & np.uint64(1):
            continue
        if best >= 0:
            a, b = state.gateways[g], state.gateways[best]
            if a.cost > b.cost:
                continue
            if a.cost == b.cost and a.busy * b.channels >= b.busy * a.channels:
                continue
        best = g
    return best


@njit(forceinline=True)
def drop_late(state, i):
    """Take a person whose deadline has passed out of the queue for good."""
    withdraw(state, i)
    state.people[i].status = STOPPED


@njit(forceinline=True)
def decide(state, now):  # noqa: C901
    """``number << 5 | gateway``, or -1; then the board's ``wake`` says when to ask again.

    ``now`` in microseconds, never earlier than at the call before.
    """
    board = state.board[0]
    board.now = now
    advance(state, now)
    if board.wave_at < state.wave_order.size:
        admit(state, now)
    if now >= board.refresh:
        set_row(board, now)
        board.sweep = 0
    if board.sweep >= 0:
        reprice(state, state.people.size)
    board.wake = FOREVER
    free = np.uint64(0)
    for g in range(state.gateways.size):
        gateway = state.gateways[g]
        if gateway.busy < gateway.channels:
            wake = gateway_wake(gateway)
            if wake <= now:
                free |= np.uint64(1) << np.uint64(g)
            elif wake < board.wake:
                board.wake = wake
    if free == 0:
        return -1
    for _ in range(CHUNK):
        bucket, best_tier = -1, 1 << 20
        open_groups = np.uint64(0)
        width = board.tiers * LEVELS
        for group in range(board.groups):
            if free & state.masks[group]:
                open_groups |= np.uint64(1) << np.uint64(group)
                found = best_bucket(state, group)
                if found >= 0 and (bucket < 0 or found % width < bucket % width):
                    bucket = found
        if bucket < 0:
            wake = next_release(state)
            if board.wave_at < state.wave_order.size:
                wake = min(wake, max(now + 1, state.people[state.wave_order[board.wave_at]].since))
            if board.sweep >= 0:
                wake = now + 1
            board.wake = min(board.wake, wake)
            return -1
        arm = -1
        if board.due_at < state.due_order.size:
            best_tier = bucket % width // LEVELS
            arm = pick_due(state, now, open_groups, best_tier)
        if arm < 0:
            arm = state.head[bucket]
        a = state.arms[arm]
        if state.people[a.person].deadline < now:
            drop_late(state, a.person)
            continue
        if state.gateways.size == 1:
            return np.int64(arm) << GATEWAY_BITS
        return np.int64(arm) << GATEWAY_BITS | choose_gateway(state, a.group, free)
    board.wake = now + 1
    return -1


@njit(forceinline=True)
def take(state, arm, g, now):
    """A call on ``arm`` over gateway ``g`` begins: channel, token and person are taken."""
    a = state.arms[arm]
    person = state.people[a.person]
    bucket = a.bucket
    if bucket >= 0:
        unlink(state, arm)
        foresee(state, bucket)
    # With one leg and one group of gateways it was the only one of its person in the queue.
    if bucket < 0 or person.max_legs > 1 or state.board[0].groups > 1:
        withdraw(state, a.person)
    a.state = LIVE
    a.tries += 1
    person.legs += 1
    person.calls += 1
    gateway = state.gateways[g]
    gateway.busy += 1
    gateway.due = max(gateway.due, np.float64(now)) + gateway.interval
    state.board[0].calls += 1
    if person.legs < person.max_legs:
        enter(state, a.person)


@njit(forceinline=True)
def settle(state, arm, g, code, now):
    """A call has ended: free its channel, learn from it, let the number rest.

    The person's next number is queued at once; only the number rests.
    """
    a = state.arms[arm]
    person = state.people[a.person]
    rule = state.rules[a.kind]
    state.gateways[g].busy -= 1
    person.legs -= 1
    a.last = code
    state.board[0].ended += 1
    if person.status != OPEN:
        a.state = DEAD
        return
    if code <= TRANSFERRED:
        person.status = DONE if code == ACKNOWLEDGED else CLOSED
        a.state = DEAD
        withdraw(state, a.person)
        return
    pause = rule.pause[code]
    if code >= FIRST_UNCOUNTED and code != FAILED:
        a.tries -= 1
    else:
        a.p *= rule.factor[code]
    if a.tries >= a.max_tries or rule.factor[code] == 0.0:
        a.state = DEAD
    elif pause > 0:
        relevel_called(state, arm)
        rest(state, arm, now + pause)
    else:
        relevel_called(state, arm)
        a.state = READY
    enter(state, a.person)


@njit(types.void(STATE_T), cache=True, nogil=True)
def queue_all(state):
    """Level all numbers and queue all open people, in their order."""
    set_row(state.board[0], 0)
    for i in range(state.people.size):
        relevel(state, i)
        enter(state, i)

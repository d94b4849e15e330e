"""The two queues of numbers: those that wait for a channel, and those that rest.

Waiting: buckets by (group of gateways, tier, level), each a doubly linked list
in order of arrival, with a bitmap over them, so that adding, taking out and
finding the best are all of constant cost, however many wait. Resting: a timing
wheel of singly linked slots. Both link through the records themselves.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from broadcast.kernel.index import arm_level, relevel
from broadcast.kernel.layout import ARM, LEVELS, PERSON, TICK_BITS

PERSON_SIZE, ARM_SIZE = PERSON.itemsize, ARM.itemsize

OPEN = 0
FUTURE = 4
READY, COOLING, LIVE = 0, 1, 2
WORDS = LEVELS // 64  # of the bitmap, per tier
NEVER = 1 << 32  # above every standing


@intrinsic
def lowest_bit(typingctx, word):
    """Position of the lowest set bit of a non-zero word (LLVM cttz)."""

    def codegen(context, builder, signature, arguments):
        i64 = ir.IntType(64)
        function = get_or_insert_function(builder.module, ir.FunctionType(i64, [i64, ir.IntType(1)]), "llvm.cttz.i64")
        return builder.call(function, [arguments[0], ir.Constant(ir.IntType(1), 1)])

    return types.int64(types.uint64), codegen


@intrinsic
def _prefetch(typingctx, address):
    """Begin to load a cache line (LLVM prefetch: for reading, to all levels, data)."""

    def codegen(context, builder, signature, arguments):
        i8 = ir.IntType(8).as_pointer()
        i32 = ir.IntType(32)
        function = get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32]),
            "llvm.prefetch.p0i8",
        )
        pointer = builder.inttoptr(arguments[0], i8)
        builder.call(function, [pointer] + [ir.Constant(i32, k) for k in (1, 3, 1)])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@njit(forceinline=True)
def foresee(state, bucket):
    """Begin to load the person at the head of a bucket: the next decision wants it."""
    arm = state.head[bucket]
    if arm >= 0:
        i = state.arms[arm].person
        _prefetch(state.people.ctypes.data + i * PERSON_SIZE)
        at = state.arms.ctypes.data + arm * ARM_SIZE
        _prefetch(at - 2 * ARM_SIZE)
        _prefetch(at + 2 * ARM_SIZE)


@njit(forceinline=True)
def link(state, arm, bucket):
    """Put a number at the end of a bucket."""
    last = state.tail[bucket]
    a = state.arms[arm]
    a.bucket = bucket
    a.prev = last
    a.next = -1
    if last < 0:
        state.head[bucket] = arm
        state.bits[bucket >> 6] |= np.uint64(1) << np.uint64(bucket & 63)
    else:
        state.arms[last].next = arm
    state.tail[bucket] = arm
    state.board[0].queued += 1


@njit(forceinline=True)
def link_first(state, arm, bucket):
    """Put a number at the beginning of a bucket."""
    after = state.head[bucket]
    a = state.arms[arm]
    a.bucket = bucket
    a.prev = -1
    a.next = after
    if after < 0:
        state.tail[bucket] = arm
        state.bits[bucket >> 6] |= np.uint64(1) << np.uint64(bucket & 63)
    else:
        state.arms[after].prev = arm
    state.head[bucket] = arm
    state.board[0].queued += 1


@njit(forceinline=True)
def unlink(state, arm):
    """Take a queued number out of its bucket."""
    a = state.arms[arm]
    bucket, before, after = a.bucket, a.prev, a.next
    if before < 0:
        state.head[bucket] = after
    else:
        state.arms[before].next = after
    if after < 0:
        state.tail[bucket] = before
        if before < 0:
            state.bits[bucket >> 6] &= ~(np.uint64(1) << np.uint64(bucket & 63))
    else:
        state.arms[after].prev = before
    a.bucket = -1
    state.board[0].queued -= 1


@njit(forceinline=True)
def best_bucket(state, group):
    """The best bucket of a group that holds anybody, or -1."""
    tiers = state.board[0].tiers
    for tier in range(group * tiers, (group + 1) * tiers):
        # All words of a tier at once: which of them is the first cannot be foreseen.
        held = np.uint64(0)
        for k in range(WORDS):
            held |= np.uint64(state.bits[tier * WORDS + k] != 0) << np.uint64(k)
        if held:
            word = tier * WORDS + lowest_bit(held)
            return word * 64 + lowest_bit(state.bits[word])
    return -1


@njit(forceinline=True)
def rest(state, arm, ready):
    """Let a number rest until the first tick not before ``ready`` (microseconds)."""
    tick = (ready + (1 << TICK_BITS) - 1) >> TICK_BITS
    board = state.board[0]
    if tick <= board.tick:
        tick = board.tick + 1
    a = state.arms[arm]
    a.state = COOLING
    a.ready = tick
    a.next = -1
    slot = tick & (state.slot_head.size - 1)
    last = state.slot_tail[slot]
    if last < 0:
        state.slot_head[slot] = arm
    else:
        state.arms[last].next = arm
    state.slot_tail[slot] = arm
    board.resting += 1


@njit
def wake_early(state, arm):
    """End the rest of a number before its time."""
    slot = state.arms[arm].ready & (state.slot_head.size - 1)
    before, here = -1, state.slot_head[slot]
    while here != arm:
        before, here = here, state.arms[here].next
    after = state.arms[arm].next
    if before < 0:
        state.slot_head[slot] = after
    else:
        state.arms[before].next = after
    if after < 0:
        state.slot_tail[slot] = before
    state.board[0].resting -= 1
    state.arms[arm].state = READY


@njit(forceinline=True)
def standing(a, ordered):
    """Which of a person's numbers goes first: the one with the least; of equals the first."""
    return (np.int64(0) if ordered else np.int64(a.level) << 8) + np.int64(a.tries)


@njit(forceinline=True)
def better(state, arm, other, ordered):
    """Whether ``arm`` goes before ``other``, both of one person and ready."""
    mine, theirs = standing(state.arms[arm], ordered), standing(state.arms[other], ordered)
    return mine < theirs or (mine == theirs and arm < other)


@njit(forceinline=True)
def best_ready(state, person):
    """The ready number of a person that goes first, or -1; and the one that is queued (the last, if several).

    Everything is chosen and nothing jumped over, as neither can be foreseen.
    """
    best, queued = -1, -1
    least = NEVER
    for arm in range(person.first, person.first + person.count):
        a = state.arms[arm]
        queued = arm if a.bucket >= 0 else queued
        mine = standing(a, person.ordered) if a.state == READY else NEVER
        best = arm if mine < least else best
        least = min(least, mine)
    return best, queued


@njit(forceinline=True)
def put(state, arm):
    """Queue a ready number at its present level.

    People who were called already keep their place: their next number goes before
    its equals. It must be called at once, so that the first can rest meanwhile.
    """
    a = state.arms[arm]
    board = state.board[0]
    person = state.people[a.person]
    bucket = (a.group * board.tiers + person.tier) * LEVELS + a.level
    if person.calls > 0:
        link_first(state, arm, bucket)
    else:
        link(state, arm, bucket)


@njit(forceinline=True)
def offer(state, arm):
    """A number has become ready: queue it, unless a better one stands for its person."""
    a = state.arms[arm]
    person = state.people[a.person]
    if person.status != OPEN or person.legs >= person.max_legs or person.held:
        return
    for other in range(person.first, person.first + person.count):
        b = state.arms[other]
        if b.bucket >= 0 and (b.group == a.group or person.ordered):
            if not better(state, arm, other, person.ordered):
                return
            unlink(state, other)
            break
    put(state, arm)


@njit(forceinline=True)
def withdraw(state, i):
    """Take all numbers of a person out of the queue."""
    person = state.people[i]
    for arm in range(person.first, person.first + person.count):
        if state.arms[arm].bucket >= 0:
            unlink(state, arm)


@njit(forceinline=True)
def enter(state, i):
    """Queue the best ready number of a person, one for each group of gateways."""
    person = state.people[i]
    if person.status != OPEN or person.legs >= person.max_legs or person.held:
        return
    if state.board[0].groups == 1:
        best, _ = best_ready(state, person)
        if best >= 0 and state.arms[best].bucket < 0:
            put(state, best)
        return
    for arm in range(person.first, person.first + person.count):
        if state.arms[arm].state == READY and state.arms[arm].bucket < 0:
            offer(state, arm)


@njit(forceinline=True)
def relevel_called(state, arm):
    """Recompute the level of a number that failed, and what follows for the person's others."""
    i = state.arms[arm].person
    if state.board[0].pull > 0.0:
        relevel(state, i)
    else:
        state.arms[arm].level = arm_level(state, arm, 0.0)


@njit(forceinline=True)
def requeue(state, i):
    """Put a person's numbers into the order of new prices or of a new urgency.

    Whoever keeps their level keeps their place.
    """
    relevel(state, i)
    person = state.people[i]
    best, queued = best_ready(state, person)
    if queued < 0:
        return
    if state.board[0].groups > 1:
        withdraw(state, i)
        enter(state, i)
    elif best != queued or state.arms[queued].bucket & (LEVELS - 1) != state.arms[queued].level:
        unlink(state, queued)
        put(state, best)

"""The memory of the kernel: one record per person, per number, per gateway.

Arrays of records rather than records of arrays: a decision touches all of one
person and little of any other, so a person should be one or two cache lines.
Times are integer microseconds since the start of the broadcast; a time and a
channel fit in one int64, which makes the heap of running calls a heap of plain
integers. Moments at which a number may be called again are rounded up to ticks
of 2**17 microseconds (0.131 s), which makes the queue of resting numbers a
timing wheel instead of a heap (Varghese and Lauck, SOSP 1987).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

TICK_BITS = 17  # a tick is 2**17 microseconds
SLOT_BITS = 20  # of a packed event: at most 2**20 channels
MAX_CHANNELS = (1 << SLOT_BITS) - 1
MAX_GATEWAYS = 32
MAX_TIERS = 16
MAX_NUMBERS = 64  # per person
MAX_FAILURES = 8  # ways for a call to fail, per rule
LEVELS = 1024  # priority levels per tier
FOREVER = np.int64(1 << 42)  # microseconds: 50 days, leaves room for a slot
MICRO = 1_000_000

PERSON = np.dtype(
    [
        ("weight", "f8"),  # times the largest weight's inverse
        ("since", "i8"),  # may be called from here on (its wave)
        ("deadline", "i8"),  # no call is started after this
        ("first", "i4"),  # its first number in the table of numbers
        ("calls", "i4"),  # started so far
        ("count", "u1"),  # how many numbers
        ("legs", "u1"),  # running now
        ("max_legs", "u1"),  # 1, or 2 when hedged
        ("status", "u1"),
        ("tier", "u1"),
        ("ordered", "u1"),  # numbers strictly in the person's order
        ("held", "u1"),  # drawn from the queue, not to be queued
        ("spare", "u1"),
    ],
    align=True,
)
ARM = np.dtype(
    [
        ("p", "f8"),  # believed probability of acknowledgement, next attempt
        ("stretch", "f4"),  # expected hold over the rule's
        ("ready", "i4"),  # tick from which it may be called again
        ("person", "i4"),
        ("prev", "i4"),  # in its bucket
        ("next", "i4"),  # in its bucket, or in its slot of the wheel
        ("bucket", "i4"),  # -1: not queued
        ("kind", "u1"),  # row of the rule table
        ("group", "u1"),  # which set of gateways may carry it
        ("tries", "u1"),
        ("max_tries", "u1"),
        ("state", "u1"),
        ("last", "u1"),  # code of the last ending
        ("level", "u2"),  # of its index, 0 the best
    ],
    align=True,
)
GATEWAY = np.dtype(
    [
        ("interval", "f8"),  # microseconds per token
        ("slack", "f8"),  # (burst - 1) * interval
        ("due", "f8"),  # theoretical arrival time of the bucket (GCRA)
        ("cost", "f8"),
        ("channels", "i4"),  # usable: reserved ones are already taken off
        ("busy", "i4"),
    ],
    align=True,
)
RULE = np.dtype(
    [
        ("ack_hold", "f8"),  # expected seconds of an acknowledged call
        ("fail_hold", "f8"),  # expected seconds of any other
        ("pause", "i8", (16,)),  # microseconds, by code
        ("factor", "f8", (16,)),  # on the next probability, by code
    ],
    align=True,
)
WORLD = np.dtype(
    [
        ("ring_low", "f8"),  # seconds, uniform, of a call that is acknowledged
        ("ring_high", "f8"),
        ("message", "f8"),  # seconds from answer to acknowledgement
        ("after", "f8"),  # seconds that the line is held then
        ("refused", "f8"),  # share of calls whose person cannot come and is called no more
        ("failures", "i4"),
        ("code", "i4", (MAX_FAILURES,)),
        ("share", "f8", (MAX_FAILURES,)),  # cumulated, of the calls that fail
        ("low", "f8", (MAX_FAILURES,)),  # seconds held, uniform
        ("high", "f8", (MAX_FAILURES,)),
        ("factor", "f8", (16,)),  # on the true probability, by code
    ],
    align=True,
)
BOARD = np.dtype(
    [
        ("now", "i8"),
        ("tick", "i8"),  # the wheel stands here: everything up to it is released
        ("top_bits", "i8"),  # float64 bits of the highest index
        ("channel_price", "f8"),  # per second held
        ("token_price", "f8"),  # per call
        ("again", "f8"),  # factor on the index of a number that was tried before
        ("strength", "f8"),  # of urgency, see urgency.py; 0: none
        ("pull", "f8"),  # of urgency at present
        ("usual", "f8"),  # weight, as in people
        ("work", "f8"),  # channel-seconds of one success each
        ("round", "f8"),  # microseconds from one call of a number to its next
        ("goal", "i8"),  # when most should be reached
        ("refresh", "i8"),  # when urgency is computed anew
        ("row", "i4"),  # of the urgency table
        ("shift", "i4"),
        ("tiers", "i4"),
        ("groups", "i4"),
        ("rule", "i4"),  # what is queued by: see index.Rank
        ("due_at", "i4"),  # cursor in the order of people by due time
        ("wave_at", "i4"),  # cursor in the order of people by wave
        ("sweep", "i4"),  # cursor of a running repricing; -1: none
        ("queued", "i4"),
        ("resting", "i4"),
        ("calls", "i8"),
        ("released", "i8"),
        ("ended", "i8"),
        ("wake", "i8"),  # after a refusal: earliest time at which one may be granted
    ],
    align=True,
)

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Float64s = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]


class State(NamedTuple):
    """Everything that a decision reads or writes."""

    people: Records
    arms: Records
    gateways: Records
    rules: Records
    board: Records  # one record
    masks: UInt64s  # (groups,) gateways that may carry a group, as bits
    head: Int32s  # (groups * tiers * LEVELS,) first of each bucket
    tail: Int32s
    bits: UInt64s  # which buckets hold anybody
    slot_head: Int32s  # (ticks,) the wheel
    slot_tail: Int32s
    due_order: Int32s  # people by due time, or empty
    due_time: Int64s
    wave_order: Int32s  # people of later waves by their beginning, or empty
    urgency: Float64s  # see urgency.table


def _array(dtype: np.dtype[np.void]) -> types.Array:
    return types.Array(from_dtype(dtype), 1, "C")


PEOPLE_T = _array(PERSON)
ARMS_T = _array(ARM)
BOARD_T = _array(BOARD)
I4 = types.Array(types.int32, 1, "C")
I8 = types.Array(types.int64, 1, "C")
U8 = types.Array(types.uint64, 1, "C")
F8 = types.Array(types.float64, 1, "C")
STATE_T = types.NamedTuple(
    (
        PEOPLE_T,
        ARMS_T,
        _array(GATEWAY),
        _array(RULE),
        BOARD_T,
        U8,
        I4,
        I4,
        U8,
        I4,
        I4,
        I4,
        I8,
        I4,
        F8,
    ),
    State,
)


def micros(seconds: float) -> int:
    """Whole microseconds, at most FOREVER.

    Rounded, so that a time that was given in seconds comes back as the same.
    """
    return int(min(float(FOREVER), seconds * MICRO + 0.5))


def clone(state: State) -> State:
    """A deep copy that shares nothing with ``state`` but the urgency table, which never changes."""
    return State._make(array.copy() for array in state)._replace(urgency=state.urgency)


def refill(work: State, template: State) -> None:
    """Copy ``template`` into ``work``, which :func:`clone` made of it."""
    pairs: Iterable[tuple[Any, Any]] = zip(work, template, strict=True)
    for target, source in pairs:
        if target is not source:
            target[...] = source

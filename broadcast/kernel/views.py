"""Arrays by address: how compiled code gets at many arrays without paying for them.

Passing a tuple of arrays costs Python some 4 microseconds a call to unpack, and
costs compiled loops a pair of reference counts for each use of each array, which
together took two thirds of a simulation's time. So the entry points take one
array of addresses and build views that own nothing. Whoever hands out addresses
must hold the arrays for as long: Chooser and Run do.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

from broadcast.kernel.layout import (
    ARM,
    BOARD,
    GATEWAY,
    PERSON,
    RULE,
    WORLD,
    Float64s,
    Int32s,
    Int64s,
    Records,
    State,
)


class Lines(NamedTuple):
    """Running calls: a heap of ``time << 20 | slot`` and what each slot carries."""

    heap: Int64s
    slot_arm: Int32s
    slot_gateway: Int32s
    slot_code: Int32s
    vacant: Int32s  # stack of free slots


class Log(NamedTuple):
    """What a run leaves behind."""

    order: Int32s  # people in order of their acknowledgement
    when: Int64s  # microseconds, same order
    trace: Int64s  # pairs (time, what) of the first events, or empty


class Draw(NamedTuple):
    """What a run draws from: a row per rule, and the true chance of each number."""

    worlds: Records
    chance: Float64s


def addresses(*groups: Iterable[np.ndarray]) -> Int64s:
    """Address and length of each array, in order."""
    pairs = [(array.ctypes.data, array.size) for group in groups for array in group]
    return np.array(pairs, np.int64).ravel()


@intrinsic
def _pointer(typingctx, address):
    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), codegen


@njit(forceinline=True)
def state_at(at):
    """The state whose arrays come first in ``at``."""
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
        carray(_pointer(at[28]), (at[29],), np.float64),
    )


@njit(forceinline=True)
def draw_at(at):
    """The draw whose arrays come next."""
    return Draw(
        carray(_pointer(at[30]), (at[31],), WORLD),
        carray(_pointer(at[32]), (at[33],), np.float64),
    )


@njit(forceinline=True)
def lines_at(at):
    """The lines whose arrays come next."""
    return Lines(
        carray(_pointer(at[34]), (at[35],), np.int64),
        carray(_pointer(at[36]), (at[37],), np.int32),
        carray(_pointer(at[38]), (at[39],), np.int32),
        carray(_pointer(at[40]), (at[41],), np.int32),
        carray(_pointer(at[42]), (at[43],), np.int32),
    )


@njit(forceinline=True)
def log_at(at):
    """The log whose arrays come last."""
    return Log(
        carray(_pointer(at[44]), (at[45],), np.int32),
        carray(_pointer(at[46]), (at[47],), np.int64),
        carray(_pointer(at[48]), (at[49],), np.int64),
    )

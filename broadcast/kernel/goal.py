"""When is it enough? Goals as programs that the kernel evaluates over acknowledgements.

The language stands in :mod:`broadcast.goal_grammar`.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numba import njit, types

from broadcast.goal_grammar import AND, GoalError, Reading, Resolver, read_goal
from broadcast.kernel.layout import FOREVER, I4, I8, MICRO, Int32s, Int64s

__all__ = ["Goal", "GoalError", "arrange", "compile_goal", "goal_time"]


@dataclass(frozen=True)
class Goal:
    """A compiled goal. ``within`` in seconds, infinite if the text has no limit.

    ``first`` (leaves + 1,) are offsets into ``members``; ``need`` (leaves,) counts;
    ``program`` is postfix over the leaves.
    """

    text: str
    need: Int32s
    first: Int32s
    members: Int32s
    program: Int32s
    within: float
    names: tuple[str, ...]

    def met(self, acknowledged: Collection[int]) -> bool:
        """Whether these people are enough, whenever they acknowledged."""
        order = np.array(sorted(acknowledged), np.int32)
        when = np.zeros(len(order), np.int64)
        return self.time(order, when) < math.inf

    def time(self, order: Int32s, when: Int64s) -> float:
        """Seconds until it was met, for people in order of acknowledgement.

        ``when`` in microseconds; infinite if it never was. ``within`` is not looked at.
        """
        micros = goal_time(self.need, self.first, self.members, self.program, order, when)
        return math.inf if micros >= FOREVER else micros / MICRO

    def people(self) -> frozenset[int]:
        """Everybody whom the goal names."""
        return frozenset(int(i) for i in self.members)


def compile_goal(text: str, resolver: Resolver) -> Goal:
    """Read a goal over positions in the plan; see :func:`broadcast.goal_grammar.read_goal`."""
    return arrange(read_goal(text, resolver))


def arrange(reading: Reading) -> Goal:
    """A goal that was read, over positions in the plan, as the kernel takes it."""
    first = np.cumsum([0, *(len(m) for m in reading.members)])
    return Goal(
        text=reading.text,
        need=np.array(reading.need, np.int32),
        first=first.astype(np.int32),
        members=np.array([i for leaf in reading.members for i in leaf], np.int32),
        program=np.array(reading.program, np.int32),
        within=reading.within,
        names=reading.names,
    )


@njit(types.int64(I4, I4, I4, I4, I4, I8), cache=True)
def goal_time(need, first, members, program, order, when):
    """When a goal was met, in microseconds, or FOREVER.

    Each leaf is met when the ``need``-th of its members acknowledged; AND is the
    later of two times and OR the earlier, as both only ever become true.
    """
    people = 0
    for i in members:
        people = max(people, i + 1)
    at = np.full(people, FOREVER, np.int64)
    for k in range(order.size):
        if order[k] < people:
            at[order[k]] = when[k]
    stack = np.zeros(program.size + 1, np.int64)
    top = 0
    for step in program:
        if step >= 0:
            times = np.sort(at[members[first[step] : first[step + 1]]])
            stack[top] = times[need[step] - 1]
            top += 1
        else:
            top -= 1
            a, b = stack[top - 1], stack[top]
            stack[top - 1] = max(a, b) if step == AND else min(a, b)
    return stack[0] if top else FOREVER

"""Somebody comes into a broadcast that runs: the arrays grow, and all others keep their places in the queue.

Records of people and numbers are rows in arrays with room to spare; a new person
takes the next row of each. What must grow is copied, so whoever holds addresses
of the state's arrays must ask for them anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from broadcast.kernel.assembly import assemble
from broadcast.kernel.codes import ArmState, Status
from broadcast.kernel.layout import ARM, FOREVER, LEVELS, MICRO, PERSON, State, micros
from broadcast.kernel.plan import Person, Plan, PlanError, Rules
from broadcast.kernel.tables import Tables, tabulate


def join(state: State, tables: Tables, person: Person, i: int, first: int, clock: int, heaviest: float) -> State:
    """The state with one person more, who is not queued yet.

    Args:
        tables: of the plan that runs.
        i: the person's row.
        first: the row of their first number.
        clock: now, in microseconds.
        heaviest: the weight that is 1 in the state.

    Raises:
        PlanError: a tier, rules or a set of gateways that the plan cannot take in.
    """
    lone = tabulate(Plan([person], tables.gateways, rank=tables.rank))
    extra = assemble(lone)
    tiers = int(state.board[0]["tiers"])
    if person.tier >= tiers:
        raise PlanError(f"tier {person.tier}: the plan has {tiers}")
    kinds = [_kind(tables.rules, rule) for rule in lone.rules]
    groups = []
    for mask in extra.masks:
        state, group = _with_group(state, int(mask))
        groups.append(group)
    count = len(extra.arms)
    state = _with_room(state, i, first, count)
    state.people[i] = extra.people[0]
    row = state.people[i]
    row["first"] = first
    row["weight"] = person.weight / heaviest
    row["status"] = Status.STOPPED
    row["since"] = max(int(row["since"]), clock)
    arms = state.arms[first : first + count]
    arms[...] = extra.arms
    arms["person"] = i
    arms["kind"] = np.array(kinds, np.uint8)[extra.arms["kind"]]
    arms["group"] = np.array(groups, np.uint8)[extra.arms["group"]]
    arms["bucket"] = -1
    state = _in_wave(_in_due(state, i, micros(tables.fairness)), i, clock)
    state.board[0]["groups"] = len(state.masks)
    return state


def _kind(rules: Sequence[Rules], rule: Rules) -> int:
    for row, known in enumerate(rules):
        if known is rule or known == rule:
            return row
    raise PlanError("rules that no number of the plan has")


def _with_group(state: State, mask: int) -> tuple[State, int]:
    """The state in which a set of gateways has a queue, and which it is."""
    mask &= (1 << state.gateways.size) - 1
    for group, known in enumerate(state.masks):
        if int(known) == mask:
            return state, group
    tiers = int(state.board[0]["tiers"])
    unused = np.full(tiers * LEVELS, -1, np.int32)
    state = state._replace(
        masks=np.append(state.masks, np.uint64(mask)),
        head=np.concatenate([state.head, unused]),
        tail=np.concatenate([state.tail, unused]),
        bits=np.concatenate([state.bits, np.zeros(tiers * LEVELS // 64, np.uint64)]),
    )
    return state, len(state.masks) - 1


def _with_room(state: State, i: int, first: int, count: int) -> State:
    """The state that has a row for person ``i`` and for so many numbers from ``first`` on."""
    if i >= state.people.size:
        more = np.zeros(max(64, state.people.size // 2) + 1, PERSON)
        more["status"] = Status.STOPPED
        state = state._replace(people=np.concatenate([state.people, more]))
    if first + count > state.arms.size:
        spare = np.zeros(max(192, state.arms.size // 2) + count, ARM)
        spare["bucket"], spare["state"] = -1, ArmState.DEAD
        state = state._replace(arms=np.concatenate([state.arms, spare]))
    return state


def _in_due(state: State, i: int, fairness: int) -> State:
    """The state in which person ``i`` stands among those whom the fairness bound watches over."""
    due = int(state.people[i]["since"]) + fairness
    if due >= FOREVER - 1_000_000 * MICRO:
        return state
    at = int(np.searchsorted(state.due_time, due, side="right"))
    at = max(at, int(state.board[0]["due_at"]))
    return state._replace(
        due_order=np.insert(state.due_order, at, i),
        due_time=np.insert(state.due_time, at, due),
    )


def _in_wave(state: State, i: int, clock: int) -> State:
    """The state in which person ``i`` waits for their wave, if it is still to come."""
    row = state.people[i]
    since = int(row["since"])
    if since <= clock:
        return state
    rest = state.wave_order[int(state.board[0]["wave_at"]) :]
    at = int(np.searchsorted(state.people["since"][rest], since, side="right"))
    state = state._replace(wave_order=np.insert(rest, at, i).astype(np.int32))
    state.board[0]["wave_at"] = 0
    row["status"] = Status.FUTURE
    return state

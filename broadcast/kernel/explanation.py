"""Why a person was called, or not yet: read from the state, which stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from broadcast.kernel.codes import ArmState, Code, Status
from broadcast.kernel.layout import MICRO, TICK_BITS, Int64s, State, micros
from broadcast.kernel.live import live_ahead, live_indices

COUNTED = 300_000  # numbers up to which a place in the queue is counted in < 1 ms


class Ground(StrEnum):
    """Why a person is not being called at this moment, or why they are."""

    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"  # declined, or speaks to the desk
    STOPPED = "stopped"  # by hand
    LATE = "late"  # the person's deadline has passed
    LIVE = "live"  # a call is running
    WAVE = "wave"  # the wave begins at ``until``
    NO_NUMBER = "no_number"
    EXHAUSTED = "exhausted"  # every number has used up its tries, or is dead
    RESTING = "resting"  # every number rests; the first until ``until``
    NO_LINE = "no_line"  # no gateway that may carry the person has a free channel
    WAITING = "waiting"  # ``ahead`` others bring more for the lines they take


@dataclass(frozen=True)
class NumberView:
    """One number as the chooser sees it now; times in seconds."""

    number: int
    p: float
    hold: float
    index: float
    state: ArmState
    tries: int
    max_tries: int
    ready_at: float | None
    last: Code | None


@dataclass(frozen=True)
class Explanation:
    """Why a person was called or not yet called.

    ``next_number`` is the one that is called next; ``ahead`` how many stand before
    it in the queue (None where that was not counted); ``overdue`` tells that the
    fairness bound or the deadline puts the person before everybody.
    """

    ground: Ground
    until: float | None
    calls: int
    next_number: int | None
    ahead: int | None
    overdue: bool
    weight: float
    tier: int
    channel_price: float
    token_price: float
    numbers: tuple[NumberView, ...]


def explain(
    state: State, at: Int64s, i: int, now: float, *, fairness: float, weight: float, heaviest: float
) -> Explanation:
    """Why person ``i`` was called, or not yet.

    Args:
        at: the addresses of the state's arrays.
        fairness: the plan's bound, in seconds.
        weight: the person's, as it was given.
        heaviest: the weight that is 1 in the state.
    """
    person = state.people[i]
    first, count = int(person["first"]), int(person["count"])
    indices = np.zeros(count)
    live_indices(at, i, indices)
    views = tuple(_view(state, first + k, k, float(indices[k]) * heaviest) for k in range(count))
    ground, until, number = _ground(state, person, views, now)
    ahead = None
    if ground in (Ground.WAITING, Ground.NO_LINE) and state.arms.size <= COUNTED:
        assert number is not None
        ahead = int(live_ahead(at, first + number))
    board = state.board[0]
    due = int(person["since"]) + micros(fairness)
    return Explanation(
        ground=ground,
        until=until,
        calls=int(person["calls"]),
        next_number=number,
        ahead=ahead,
        overdue=int(person["calls"]) == 0 and due <= micros(now),
        weight=weight,
        tier=int(person["tier"]),
        channel_price=float(board["channel_price"]),
        token_price=float(board["token_price"]),
        numbers=views,
    )


def _view(state: State, arm: int, number: int, index: float) -> NumberView:
    a = state.arms[arm]
    rule = state.rules[int(a["kind"])]
    p = float(a["p"])
    usual = p * float(rule["ack_hold"]) + (1.0 - p) * float(rule["fail_hold"])
    hold = float(a["stretch"]) * usual
    condition = ArmState(int(a["state"]))
    resting = condition == ArmState.COOLING
    return NumberView(
        number=number,
        p=p,
        hold=hold,
        index=index,
        state=condition,
        tries=int(a["tries"]),
        max_tries=int(a["max_tries"]),
        ready_at=(int(a["ready"]) << TICK_BITS) / MICRO if resting else None,
        last=Code(int(a["last"])) if a["tries"] and condition != ArmState.LIVE else None,
    )


def _ground(
    state: State, person: np.void, views: tuple[NumberView, ...], now: float
) -> tuple[Ground, float | None, int | None]:
    """Ground, until when, and the number that comes next."""
    status = Status(int(person["status"]))
    late = int(person["deadline"]) < micros(now)
    if status == Status.DONE:
        return Ground.ACKNOWLEDGED, None, None
    if status == Status.CLOSED:
        return Ground.CLOSED, None, None
    if status == Status.STOPPED:
        return (Ground.LATE if late else Ground.STOPPED), None, None
    if not views:
        return Ground.NO_NUMBER, None, None
    if status == Status.FUTURE:
        return Ground.WAVE, int(person["since"]) / MICRO, None
    live = [v.number for v in views if v.state == ArmState.LIVE]
    if live:
        return Ground.LIVE, None, live[0]
    if late:
        return Ground.LATE, None, None
    ready = [v for v in views if v.state == ArmState.READY]
    resting = [(v.ready_at, v.number) for v in views if v.ready_at is not None]
    if ready:
        first = int(person["first"])
        queued = [v for v in ready if state.arms[first + v.number]["bucket"] >= 0]
        number = max(queued or ready, key=lambda v: v.index).number
        group = int(state.arms[first + number]["group"])
        return (Ground.WAITING if _open(state, group) else Ground.NO_LINE), None, number
    if resting:
        at, number = min(resting)
        return Ground.RESTING, at, number
    return Ground.EXHAUSTED, None, None


def _open(state: State, group: int) -> bool:
    mask = int(state.masks[group])
    table = state.gateways
    return any(mask >> g & 1 and row["busy"] < row["channels"] for g, row in enumerate(table))

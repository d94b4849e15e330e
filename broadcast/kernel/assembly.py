"""Tables become the state that is decided on: records of people and numbers, priced lines, a queue in which all wait."""

from __future__ import annotations

import numpy as np

from broadcast.kernel.codes import ArmState, Code, Status
from broadcast.kernel.decide import queue_all
from broadcast.kernel.gateways import gateway_table
from broadcast.kernel.index import Rank, prices, scale
from broadcast.kernel.layout import (
    ARM,
    BOARD,
    FOREVER,
    LEVELS,
    MICRO,
    PERSON,
    TICK_BITS,
    Float64s,
    Int32s,
    Int64s,
    Records,
    State,
    UInt64s,
    micros,
)
from broadcast.kernel.plan import DEFAULT_FACTOR, DEFAULT_PAUSE, PlanError, Rules
from broadcast.kernel.rule_tables import rule_table
from broadcast.kernel.tables import Tables, check
from broadcast.kernel.urgency import CROWD, aim, table

MAX_GROUPS = 63  # sets of gateways
MAX_TICKS = 1 << 15  # of the wheel
AGAIN_WHEN_FLAT = 1.5
"""Where all probabilities are alike they say nothing about the order; then it is better
to call on than to begin with others, because the pauses of the last set the end."""


def assemble(tables: Tables) -> State:
    """A state in which everybody waits.

    Raises :class:`PlanError` if the plan cannot be carried out (no channel, a
    probability outside 0..1, ...).
    """
    check(tables)
    rules = rule_table(tables.rules)
    people = _people(tables)
    arms, hold, masks = _arms(tables, rules)
    gateways = gateway_table(tables.gateways)
    board = _board(tables, people, arms, hold, gateways)
    board["groups"] = len(masks)
    ticks = _ticks(rules)
    due_order, due_time = _due(tables, people, arms, hold)
    buckets = len(masks) * int(board["tiers"][0]) * LEVELS
    state = State(
        people=people,
        arms=arms,
        gateways=gateways,
        rules=rules,
        board=board,
        masks=masks,
        head=np.full(buckets, -1, np.int32),
        tail=np.full(buckets, -1, np.int32),
        bits=np.zeros(buckets // 64, np.uint64),
        slot_head=np.full(ticks, -1, np.int32),
        slot_tail=np.full(ticks, -1, np.int32),
        due_order=due_order,
        due_time=due_time,
        wave_order=_waves(people),
        urgency=table(_usual_factor(tables.rules[0]) if tables.rules else 1.0),
    )
    queue_all(state)
    return state


def _people(tables: Tables) -> Records:
    people = np.zeros(len(tables.weight), PERSON)
    heaviest = float(tables.weight.max()) if people.size else 0.0
    people["weight"] = tables.weight / heaviest if heaviest > 0.0 else 1.0
    people["first"], people["count"] = tables.first[:-1], np.diff(tables.first)
    people["tier"] = 0 if tables.tier is None else tables.tier
    people["ordered"] = False if tables.ordered is None else tables.ordered
    if tables.rank != Rank.INDEX:
        people["ordered"] = True
    people["max_legs"] = 1 if tables.legs is None else tables.legs
    people["deadline"] = FOREVER
    if tables.deadline is not None:
        people["deadline"] = np.minimum(tables.deadline * MICRO, float(FOREVER))
    if tables.since is not None:
        people["since"] = np.minimum(tables.since * MICRO, float(FOREVER))
    people["status"] = np.where(people["since"] > 0, Status.FUTURE, Status.OPEN)
    return people


def _arms(tables: Tables, rules: Records) -> tuple[Records, Float64s, UInt64s]:
    """The numbers, the seconds that each is expected to hold a channel, and the sets of gateways that carry them."""
    arms = np.zeros(len(tables.p), ARM)
    arms["person"] = np.repeat(np.arange(len(tables.weight)), np.diff(tables.first))
    arms["p"] = tables.p
    arms["bucket"] = -1
    arms["kind"] = 0 if tables.kind is None else tables.kind
    arms["max_tries"] = 4 if tables.tries is None else tables.tries
    arms["state"] = np.where(arms["max_tries"] > 0, ArmState.READY, ArmState.DEAD)
    usual = arms["p"] * rules["ack_hold"][arms["kind"]]
    usual += (1.0 - arms["p"]) * rules["fail_hold"][arms["kind"]]
    hold = usual if tables.hold is None else np.where(np.isnan(tables.hold), usual, tables.hold)
    arms["stretch"] = hold / np.maximum(usual, 1e-9)
    all_gateways = np.uint64((1 << len(tables.gateways)) - 1)
    mask = np.full(arms.size, all_gateways) if tables.mask is None else tables.mask & all_gateways
    masks, group = np.unique(mask, return_inverse=True)
    if len(masks) > MAX_GROUPS:
        raise PlanError(f"{len(masks)} different sets of gateways; at most {MAX_GROUPS} fit")
    arms["group"] = group
    arms["state"][mask == 0] = ArmState.DEAD
    if not arms.size:
        masks = np.array([all_gateways])
    return arms, hold, masks.astype(np.uint64)


def _board(tables: Tables, people: Records, arms: Records, hold: Float64s, gateways: Records) -> Records:
    """What a decision keeps in mind at the start: urgency, prices, and the levels that indices are mapped to."""
    n, m = people.size, arms.size
    channels = float(gateways["channels"].sum())
    board = np.zeros(1, BOARD)
    board["round"] = 1.0
    if tables.rank == Rank.INDEX and m and n >= CROWD:
        _horizon(tables, hold, channels, board)
    board["tiers"] = int(people["tier"].max()) + 1 if n else 1
    board["rule"] = int(tables.rank)
    board["sweep"] = -1
    flat = bool(m) and float(tables.p.std()) < 0.1 * float(tables.p.mean())
    board["again"] = AGAIN_WHEN_FLAT if flat else 1.0
    mean_hold = float(hold.mean()) if m else 20.0
    channel, token = prices(channels, sum(g.rate for g in tables.gateways), mean_hold)
    board["channel_price"], board["token_price"] = channel, token
    if m:
        value = people["weight"][arms["person"]]
        best = float(value.max())
        if tables.rank == Rank.INDEX:
            price = channel * hold + token
            best = float(((value + board["strength"]) / price).max())
            value = value * arms["p"] / price
        positive = value[value > 0.0]
        # A number that failed a few times must still be told apart from one that did not,
        # and there must be room above for one that turns out to be certain.
        low = positive.min() / 8.0 if positive.size else 0.0
        board["top_bits"], board["shift"] = scale(best, float(low))
    return board


def _horizon(tables: Tables, hold: np.ndarray, channels: float, board: np.ndarray) -> None:
    """Write into the board how long the broadcast will take, and a round of it."""
    owner = np.repeat(np.arange(len(tables.weight)), np.diff(tables.first))
    fewest = np.full(len(tables.weight), np.inf)
    np.minimum.at(fewest, owner, hold / np.maximum(tables.p, 1e-3))
    board["work"] = float(fewest[np.isfinite(fewest)].sum())
    board["round"] = max(_usual_pause(rule) + rule.fail_hold for rule in tables.rules) * MICRO
    usual = float(np.median(tables.weight)) or float(tables.weight.mean())
    board["usual"] = usual / (float(tables.weight.max()) or 1.0) or 1.0
    aim(board[0], channels)


def _usual_failure(rule: Rules) -> Code:
    return max(rule.endings, key=lambda e: e.share).code


def _usual_pause(rule: Rules) -> float:
    """Seconds for which a number rests after the commonest way to fail."""
    code = _usual_failure(rule)
    return rule.pause.get(code, DEFAULT_PAUSE.get(code, 0.0))


def _usual_factor(rule: Rules) -> float:
    """On the next probability, after the commonest way to fail."""
    code = _usual_failure(rule)
    return rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))


def _ticks(rules: Records) -> int:
    """The size of the wheel: a power of two that holds the longest pause, if that is not too long."""
    longest = int(rules["pause"].max()) >> TICK_BITS
    ticks = 64
    while ticks < min(longest + 2, MAX_TICKS):
        ticks *= 2
    return ticks


def _due(tables: Tables, people: Records, arms: Records, hold: Float64s) -> tuple[Int32s, Int64s]:
    """People by the time at which they are due whatever their index, and those times; empty if nobody ever is."""
    due = people["since"] + micros(tables.fairness)
    # A person with a deadline is due while there is still time for each number once.
    slack = np.zeros(people.size)
    np.add.at(slack, arms["person"], hold)
    due = np.minimum(due, people["deadline"] - (2.0 * slack * MICRO).astype(np.int64))
    if not people.size or due.min() >= FOREVER - 1_000_000 * MICRO:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    order = np.argsort(due, kind="stable").astype(np.int32)
    return order, due[order]


def _waves(people: Records) -> Int32s:
    """People of later waves by their beginning."""
    later = np.flatnonzero(people["since"] > 0)
    return later[np.argsort(people["since"][later], kind="stable")].astype(np.int32)

"""The same rules in plain Python with ``heapq``: the oracle of the kernel.

For plans with one gateway, one leg per person and neither waves, deadlines nor a
fairness bound, which is what the bench measures. Given the same draws it makes
the same calls at the same microseconds; the tests compare the two event by event
and the bench compares their speed. It is written to be fast for Python: lists,
heaps of tuples and local names only.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from broadcast.kernel.assembly import assemble
from broadcast.kernel.decide import CHUNK
from broadcast.kernel.index import DEAD, WORST
from broadcast.kernel.layout import FOREVER, LEVELS, MICRO, TICK_BITS, State
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.tables import Tables
from broadcast.kernel.urgency import (
    CLASSES,
    MOST_ROUNDS,
    MOST_TRIES,
    REFRESH,
    STEPS,
)

MAX_DRAWS = 64  # per number; as in the kernel's mixing function


@dataclass
class Draws:
    """All random numbers of a run, drawn before: two uniforms per number and attempt."""

    u: list[float]
    v: list[float]
    tries: int


def draw_all(numbers: int, tries: int, seed: int) -> Draws:
    """The uniforms that the kernel computes as it goes, for attempts 0..tries - 1."""
    arm = np.repeat(np.arange(numbers, dtype=np.uint64), tries)
    attempt = np.tile(np.arange(tries, dtype=np.uint64), numbers)
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (arm * np.uint64(64) + attempt + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(32)).astype(np.float64) / 4294967296.0
    v = (z & np.uint64(0xFFFFFFFF)).astype(np.float64) / 4294967296.0
    return Draws(u.tolist(), v.tolist(), tries)


class Reference:
    """One simulation in plain Python; :meth:`run` once."""

    def __init__(self, tables: Tables, chance: np.ndarray, draws: Draws) -> None:
        """``chance`` (numbers,): true probabilities. Raises ValueError for other plans."""
        state: State = assemble(tables)
        board = state.board[0]
        if len(state.gateways) != 1 or state.due_order.size or state.wave_order.size:
            raise ValueError("one gateway, no waves, no deadlines, no fairness bound")
        if int(board["rule"]) != 0 or int(state.people["max_legs"].max(initial=1)) != 1:
            raise ValueError("the product's policy with one leg per person")
        self.weight = state.people["weight"].tolist()
        self.tier = state.people["tier"].tolist()
        self.ordered = state.people["ordered"].tolist()
        self.first = [*state.people["first"].tolist(), len(state.arms)]
        self.p = state.arms["p"].tolist()
        self.stretch = [float(x) for x in state.arms["stretch"]]
        self.person = state.arms["person"].tolist()
        self.kind = state.arms["kind"].tolist()
        self.max_tries = state.arms["max_tries"].tolist()
        self.rules = [
            (float(r["ack_hold"]), float(r["fail_hold"]), r["pause"].tolist(), r["factor"].tolist())
            for r in state.rules
        ]
        self.worlds = [
            (
                float(w["ring_low"]),
                float(w["ring_high"]),
                float(w["message"]),
                [
                    (float(w["share"][k]), int(w["code"][k]), float(w["low"][k]), float(w["high"][k]))
                    for k in range(int(w["failures"]))
                ],
                w["factor"].tolist(),
            )
            for w in worlds(tables.rules)
        ]  # fmt: skip
        self.chance, self.draws = chance.tolist(), draws
        gateway = state.gateways[0]
        self.channels = int(gateway["channels"])
        self.interval, self.slack = float(gateway["interval"]), float(gateway["slack"])
        self.prices = float(board["channel_price"]), float(board["token_price"])
        self.again = float(board["again"])
        self.strength, self.round, self.goal = float(board["strength"]), float(board["round"]), int(board["goal"])
        self.urgency = state.urgency.tolist()
        self.row, self.pull, self.refresh = 0, 0.0, 0
        self.top_bits, self.shift = int(board["top_bits"]), int(board["shift"])
        self.state = [int(s) for s in state.arms["state"]]
        self.tries = [0] * len(state.arms)
        self.events = 0

    def set_row(self, now: int) -> None:
        """As :func:`broadcast.kernel.urgency.set_row`."""
        rounds = 1.0 + (self.goal - now) / self.round
        self.pull = 0.0
        if rounds <= 0.0 or self.strength == 0.0:
            self.refresh = int(FOREVER)
        elif rounds >= MOST_ROUNDS + 1:
            self.refresh = int(self.goal - MOST_ROUNDS * self.round) + 1
        else:
            self.row = int(rounds * STEPS)
            self.pull = self.strength * min(1.0, (now + self.round) / max(self.goal, 1.0))
            self.refresh = now + int(REFRESH * self.round)

    def place(self, arm: int) -> int:
        """As :func:`broadcast.kernel.urgency.place`."""
        left = min(self.max_tries[arm] - self.tries[arm], MOST_TRIES)
        at = min(int(self.p[arm] * CLASSES), CLASSES - 1)
        return ((self.row * (MOST_TRIES + 1) + left) * CLASSES + at) * 2

    def pressing(self, i: int) -> float:
        """As :func:`broadcast.kernel.index.pressing`."""
        if self.pull == 0.0:
            return 0.0
        missed = 1.0
        for arm in range(self.first[i], self.first[i + 1]):
            if self.state[arm] != DEAD:
                missed *= self.urgency[self.place(arm)]
        return self.pull * missed

    def level(self, arm: int, pressed: float) -> int:
        """As :func:`broadcast.kernel.index.arm_level`."""
        ack_hold, fail_hold, _, _ = self.rules[self.kind[arm]]
        p = self.p[arm]
        hold = self.stretch[arm] * (p * ack_hold + (1.0 - p) * fail_hold)
        gain = self.weight[self.person[arm]] * p
        if pressed > 0.0:
            gain += pressed * self.urgency[self.place(arm) + 1]
        value = gain / (self.prices[0] * hold + self.prices[1])
        if self.tries[arm] > 0:
            value *= self.again
        if not value > 0.0:
            return WORST
        bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
        return min(max((self.top_bits - bits) >> self.shift, 0), WORST - 1)

    def run(self) -> tuple[list[int], list[int], list[tuple[int, int]]]:  # noqa: C901
        """People in order, times (microseconds), and the trace of (time, what)."""
        first, person, state = self.first, self.person, self.state
        ordered, tier, max_tries = self.ordered, self.tier, self.max_tries
        chance, p, kind = self.chance, self.p, self.kind
        u, v, width = self.draws.u, self.draws.v, self.draws.tries
        people, arms = len(first) - 1, len(person)
        tries, open_ = self.tries, [True] * people
        self.set_row(0)
        levels = [0] * arms
        sweep = -1
        called = [False] * people
        live = [False] * people
        queued = [-1] * people  # the number that stands for each person
        stamp = [0] * arms  # which entry of the queue counts
        queue: list[tuple[int, int, int]] = []
        resting: list[tuple[int, int, int]] = []
        running: list[tuple[int, int]] = []
        vacant = list(range(self.channels, -1, -1))
        slot_arm, slot_code = [0] * (self.channels + 1), [0] * (self.channels + 1)
        order: list[int] = []
        when: list[int] = []
        trace: list[tuple[int, int]] = []
        serial = calls = ended = released = 0
        interval, slack, due, now = self.interval, self.slack, 0.0, 0

        def goes_before(a: int, b: int) -> bool:
            if not ordered[person[a]] and levels[a] != levels[b]:
                return levels[a] < levels[b]
            if tries[a] != tries[b]:
                return tries[a] < tries[b]
            return a < b

        def put(i: int, arm: int) -> None:
            nonlocal serial
            serial += 1
            mark = -serial if called[i] else serial
            stamp[arm] = mark
            queued[i] = arm
            heappush(queue, (tier[i] * LEVELS + levels[arm], mark, arm))

        def enter(i: int) -> None:
            best = -1
            for arm in range(first[i], first[i + 1]):
                if state[arm] == 0 and (best < 0 or goes_before(arm, best)):
                    best = arm
            if best >= 0 and queued[i] != best:
                put(i, best)

        def relevel(i: int) -> None:
            pressed = self.pressing(i)
            for arm in range(first[i], first[i + 1]):
                if state[arm] != DEAD:
                    levels[arm] = self.level(arm, pressed)

        def requeue(i: int) -> None:
            arm = queued[i]
            before = levels[arm] if arm >= 0 else -1
            relevel(i)
            if arm < 0:
                return
            best = arm
            for other in range(first[i], first[i + 1]):
                if state[other] == 0 and goes_before(other, best):
                    best = other
            if best != arm or levels[arm] != before:
                put(i, best)

        for i in range(people):
            relevel(i)
            enter(i)
        while True:
            target = now >> TICK_BITS
            while resting and resting[0][0] <= target:
                _, _, arm = heappop(resting)
                state[arm] = 0
                released += 1
                i = person[arm]
                if not open_[i] or live[i]:
                    continue
                if queued[i] < 0 or goes_before(arm, queued[i]):
                    put(i, arm)
            if now >= self.refresh:
                self.set_row(now)
                sweep = 0
            if sweep >= 0:
                stop = min(sweep + CHUNK, people)
                for i in range(sweep, stop):
                    if open_[i]:
                        requeue(i)
                sweep = stop if stop < people else -1
            wake = math.inf
            arm = -1
            if len(running) < self.channels:
                token = math.ceil(due - slack)
                if token > now:
                    wake = token
                else:
                    while queue:
                        _, mark, arm = queue[0]
                        if stamp[arm] == mark and queued[person[arm]] == arm:
                            break
                        heappop(queue)
                        arm = -1
                    if arm < 0 and resting:
                        wake = resting[0][0] << TICK_BITS
                    if arm < 0 and sweep >= 0:
                        wake = now + 1
            if arm >= 0:
                heappop(queue)
                i = person[arm]
                queued[i] = -1
                live[i] = called[i] = True
                state[arm] = 2
                due = max(due, float(now)) + interval
                attempt = tries[arm]
                tries[arm] += 1
                calls += 1
                ring_low, ring_high, message, failures, _ = self.worlds[kind[arm]]
                x, y, c = u[arm * width + attempt], v[arm * width + attempt], chance[arm]
                if x < c:
                    code = 0
                    held = ring_low + y * (ring_high - ring_low) + message
                else:
                    rest = (x - c) / (1.0 - c)
                    k = 0
                    while k < len(failures) - 1 and rest >= failures[k][0]:
                        k += 1
                    _, code, low, high = failures[k]
                    held = low + y * (high - low)
                slot = vacant.pop()
                slot_arm[slot], slot_code[slot] = arm, code
                heappush(running, (now + int(held * 1e6), slot))
                trace.append((now, arm << 8))
                continue
            if running and running[0][0] <= wake:
                now, slot = heappop(running)
            elif wake < math.inf:
                now = int(wake)
                continue
            else:
                break
            vacant.append(slot)
            arm, code = slot_arm[slot], slot_code[slot]
            trace.append((now, arm << 8 | 128 + code))
            i = person[arm]
            live[i] = False
            ended += 1
            _, _, pauses, factors = self.rules[kind[arm]]
            chance[arm] *= self.worlds[kind[arm]][4][code]
            if code == 0:
                open_[i] = False
                state[arm] = 3
                order.append(i)
                when.append(now)
                continue
            p[arm] *= factors[code]
            if tries[arm] >= max_tries[arm] or factors[code] == 0.0:
                state[arm] = 3
            else:
                if self.pull > 0.0:
                    relevel(i)
                else:
                    levels[arm] = self.level(arm, 0.0)
                if pauses[code] > 0:
                    ready = (now + pauses[code] + (1 << TICK_BITS) - 1) >> TICK_BITS
                    serial += 1
                    state[arm] = 1
                    heappush(resting, (max(ready, (now >> TICK_BITS) + 1), serial, arm))
                else:
                    state[arm] = 0
            enter(i)
        self.events = calls + ended + released
        return order, when, trace


def seconds(micros: list[int]) -> np.ndarray:
    return np.array(micros, np.float64) / MICRO

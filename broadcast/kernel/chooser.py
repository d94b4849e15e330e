"""The live chooser: asked for the next call whenever something has changed.

Single-threaded and never blocking: every method is a handful of array accesses
in compiled code (a decision takes a few microseconds whatever the number of
people) and does no input or output. Times are seconds on a monotonic clock since
the start of the broadcast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from broadcast.kernel.codes import ArmState, Code, Status
from broadcast.kernel.index import prices
from broadcast.kernel.layout import (
    ARM,
    FOREVER,
    LEVELS,
    MICRO,
    PERSON,
    TICK_BITS,
    Int64s,
    State,
    clone,
)
from broadcast.kernel.live import (
    live_ahead,
    live_indices,
    live_next,
    live_refresh,
    live_settle,
    live_status,
    live_take,
)
from broadcast.kernel.plan import (
    Person,
    Plan,
    PlanError,
    Rules,
    Tables,
    assemble,
    micros,
    tabulate,
)
from broadcast.kernel.urgency import aim
from broadcast.kernel.views import addresses

COUNTED = 300_000  # numbers up to which a place in the queue is counted in < 1 ms


class Decision(NamedTuple):
    """Call ``number`` (position in the person's list) of ``recipient`` over ``gateway``."""

    recipient: int
    number: int
    gateway: int


class Leg(NamedTuple):
    """A running call."""

    recipient: int
    number: int
    gateway: int
    started: float


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


class Snapshot(NamedTuple):
    """The present state for a forecast in another thread or process. Picklable."""

    state: State
    legs: tuple[Leg, ...]
    rules: tuple[Rules, ...]
    now: float
    recipients: int
    evidence: npt.NDArray[np.float64] | None


class Chooser:
    """Chooses calls for one broadcast.

    A decision takes its channel and token at once; whoever does not carry it out
    must report it as ended (Code.LOST frees the line and costs the person no
    try). After a restart, tell a new chooser the attempts so far, in order of
    time, with ``started`` and ``ended``: it comes to the same state.
    """

    def __init__(self, plan: Plan | Tables) -> None:
        """Raises PlanError if the plan cannot be carried out."""
        self._tables = tabulate(plan) if isinstance(plan, Plan) else plan
        self._state = assemble(self._tables)
        self._rules = list(self._tables.rules)
        self._recipients = len(self._tables.weight)
        self._arms = len(self._tables.p)
        self._heaviest = float(self._tables.weight.max()) if self._recipients else 0.0
        self._heaviest = self._heaviest or 1.0
        self._weights = self._tables.weight.tolist()
        self._rates = [g.rate for g in self._tables.gateways]
        self._legs: dict[tuple[int, int], Leg] = {}
        self._bind()

    def _bind(self) -> None:
        self._at: Int64s = addresses(self._state)
        self._people, self._numbers = self._state.people, self._state.arms
        self._board = self._state.board
        self._wake = self._board["wake"]
        self._first = self._people["first"]
        self._owner = self._numbers["person"]

    def __len__(self) -> int:
        return self._recipients

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The running calls."""
        return tuple(self._legs.values())

    @property
    def wake_at(self) -> float | None:
        """After ``next`` gave None: when something may change without any event.

        None: only an event can (a call ends, a line opens, somebody is added).
        """
        wake = int(self._wake[0])
        return None if wake >= FOREVER else wake / MICRO

    @property
    def finished(self) -> bool:
        """Nobody is being called and nobody ever will be, unless somebody is added."""
        board = self._board[0]
        return (
            not self._legs
            and int(board["queued"]) == 0
            and not self._resting()
            and int(board["wave_at"]) >= self._state.wave_order.size
        )

    def _resting(self) -> bool:
        if int(self._board[0]["resting"]) == 0:
            return False
        cooling = self._numbers["state"] == ArmState.COOLING
        return bool(np.any(self._people["status"][self._owner[cooling]] == Status.OPEN))

    def _clock(self, now: float) -> int:
        return max(micros(now), int(self._board[0]["now"]))

    def _arm(self, recipient: int, number: int) -> int:
        if not 0 <= recipient < self._recipients:
            raise IndexError(f"no recipient {recipient}")
        person = self._people[recipient]
        if not 0 <= number < person["count"]:
            raise IndexError(f"recipient {recipient} has no number {number}")
        return int(person["first"]) + number

    def next(self, now: float) -> Decision | None:
        """The next call to start now, or None; then see :attr:`wake_at`.

        Call it until it gives None. The channel, the token and the person are
        taken when it returns.
        """
        packed = live_next(self._at, micros(now))
        if packed < 0:
            return None
        arm = packed >> 5
        recipient = int(self._owner[arm])
        decision = Decision(recipient, arm - int(self._first[recipient]), packed & 31)
        self._legs[decision[:2]] = Leg(*decision, now)
        return decision

    def started(self, recipient: int, number: int, gateway: int, now: float) -> None:
        """A call runs. New to the chooser only if it did not decide it itself."""
        arm = self._arm(recipient, number)
        key = (recipient, number)
        if key not in self._legs:
            clock = self._clock(now)
            self._board[0]["now"] = clock
            live_take(self._at, arm, gateway, clock)
        self._legs[key] = Leg(recipient, number, gateway, now)

    def ended(self, recipient: int, number: int, code: Code, now: float) -> bool:
        """A call has ended with ``code``. False if none was known; then nothing changes."""
        arm = self._arm(recipient, number)
        leg = self._legs.pop((recipient, number), None)
        if leg is None:
            return False
        clock = self._clock(now)
        self._board[0]["now"] = clock
        live_settle(self._at, arm, leg.gateway, int(code), clock)
        return True

    def acknowledged(self, recipient: int, now: float) -> tuple[Leg, ...]:
        """The person has acknowledged, by whatever way. Returns legs to take down.

        Those legs hold their lines until they are reported as ended. The leg on
        which the acknowledgement came is among them: leave that one alone.
        """
        return self._close(recipient, Status.DONE)

    def declined(self, recipient: int, now: float) -> tuple[Leg, ...]:
        """The person has answered that they cannot come, or went to the desk."""
        return self._close(recipient, Status.CLOSED)

    def stop(self, recipient: int) -> tuple[Leg, ...]:
        """Call this person no more. Returns legs to take down."""
        return self._close(recipient, Status.STOPPED)

    def _close(self, recipient: int, status: Status) -> tuple[Leg, ...]:
        if not 0 <= recipient < self._recipients:
            raise IndexError(f"no recipient {recipient}")
        if self._people[recipient]["status"] not in (Status.DONE, Status.CLOSED):
            live_status(self._at, recipient, int(status))
        return tuple(leg for leg in self._legs.values() if leg.recipient == recipient)

    def add(self, person: Person, now: float = 0.0) -> int:
        """Take somebody in while it runs; returns the recipient's position.

        ``person.since`` and ``deadline`` count from the start of the broadcast.
        Raises PlanError for a tier or a set of gateways that the plan lacks.
        """
        lone = Plan([person], self._tables.gateways, rank=self._tables.rank)
        extra_tables = tabulate(lone)
        extra = assemble(extra_tables)
        board = self._board[0]
        if person.tier >= int(board["tiers"]):
            raise PlanError(f"tier {person.tier}: the plan has {int(board['tiers'])}")
        clock = self._clock(now)
        kinds = [self._kind(rule) for rule in extra_tables.rules]
        groups = [self._group(int(mask)) for mask in extra.masks]
        self._reserve(1, len(extra.arms))
        i, first = self._recipients, self._arms
        self._people[i] = extra.people[0]
        row = self._people[i]
        row["first"] = first
        row["weight"] = person.weight / self._heaviest
        self._weights.append(person.weight)
        row["status"] = Status.STOPPED
        row["since"] = max(int(row["since"]), clock)
        arms = self._numbers[first : first + len(extra.arms)]
        arms[...] = extra.arms
        arms["person"] = i
        arms["kind"] = np.array(kinds, np.uint8)[extra.arms["kind"]]
        arms["group"] = np.array(groups, np.uint8)[extra.arms["group"]]
        arms["bucket"] = -1
        self._recipients += 1
        self._arms += len(extra.arms)
        self._schedule(i, clock, extra_tables.hold)
        return i

    def _schedule(self, i: int, clock: int, hold: np.ndarray | None) -> None:
        row = self._people[i]
        state = self._state
        due = int(row["since"]) + micros(self._tables.fairness)
        if due < FOREVER - 1_000_000 * MICRO:
            at = int(np.searchsorted(state.due_time, due, side="right"))
            at = max(at, int(self._board[0]["due_at"]))
            state = state._replace(
                due_order=np.insert(state.due_order, at, i),
                due_time=np.insert(state.due_time, at, due),
            )
        if int(row["since"]) > clock:
            rest = state.wave_order[int(self._board[0]["wave_at"]) :]
            begin = self._people["since"][rest]
            at = int(np.searchsorted(begin, int(row["since"]), side="right"))
            row["status"] = Status.FUTURE
            state = state._replace(wave_order=np.insert(rest, at, i).astype(np.int32))
            self._board[0]["wave_at"] = 0
        self._state = state
        self._bind()
        live_refresh(self._at, i)
        if int(row["since"]) <= clock:
            live_status(self._at, i, int(Status.OPEN))

    def _kind(self, rule: Rules) -> int:
        for row, known in enumerate(self._rules):
            if known is rule or known == rule:
                return row
        raise PlanError("rules that no number of the plan has")

    def _group(self, mask: int) -> int:
        mask &= (1 << len(self._rates)) - 1
        for group, known in enumerate(self._state.masks):
            if int(known) == mask:
                return group
        tiers = int(self._board[0]["tiers"])
        state = self._state
        unused = np.full(tiers * LEVELS, -1, np.int32)
        self._state = state._replace(
            masks=np.append(state.masks, np.uint64(mask)),
            head=np.concatenate([state.head, unused]),
            tail=np.concatenate([state.tail, unused]),
            bits=np.concatenate([state.bits, np.zeros(tiers * LEVELS // 64, np.uint64)]),
        )
        self._board[0]["groups"] += 1
        self._bind()
        return len(self._state.masks) - 1

    def _reserve(self, people: int, arms: int) -> None:
        state = self._state
        if self._recipients + people > state.people.size:
            more = np.zeros(max(64, state.people.size // 2) + people, PERSON)
            more["status"] = Status.STOPPED
            state = state._replace(people=np.concatenate([state.people, more]))
        if self._arms + arms > state.arms.size:
            spare = np.zeros(max(192, state.arms.size // 2) + arms, ARM)
            spare["bucket"], spare["state"] = -1, ArmState.DEAD
            state = state._replace(arms=np.concatenate([state.arms, spare]))
        self._state = state
        self._bind()

    def set_gateway(self, gateway: int, channels: int, rate: float, burst: float | None = None) -> None:
        """A gateway has now so many usable channels (0: it is gone), calls a second, and perhaps another burst.

        Running calls are not touched. If another resource binds now, the queue is
        put into its new order over the next decisions.
        """
        row = self._state.gateways[gateway]
        had = float(self._state.gateways["channels"].sum())
        if channels == 0:
            # A gateway that is gone has no rate of its own to speak of.
            row["channels"] = 0
            rate = rate if rate > 0.0 else self._rates[gateway]
        if channels < 0 or not rate > 0.0:
            raise PlanError("channels must not be negative, and the rate above 0")
        slack = row["slack"] / row["interval"] if burst is None else max(0.0, burst - 1.0)
        row["interval"] = MICRO / rate
        row["slack"] = slack * row["interval"]
        row["channels"] = channels
        self._rates[gateway] = rate
        board = self._board[0]
        usable = self._state.gateways["channels"]
        total = float(usable.sum())
        if total <= 0.0:
            return
        pooled = sum(r for r, c in zip(self._rates, usable, strict=True) if c > 0)
        channel, token = prices(total, pooled, self._mean_hold())
        old = (float(board["channel_price"]), float(board["token_price"]))
        before = old[0] / (old[0] + old[1])
        after = channel / (channel + token)
        # Only the ratio of the prices changes the order.
        if not math.isclose(before, after, abs_tol=1e-3):
            board["channel_price"], board["token_price"] = channel, token
            board["sweep"] = 0
        if board["work"] > 0.0 and total != had:
            aim(board, total)

    def free(self, gateway: int, channels: int) -> None:
        """So many channels of a gateway may be used now; its rate stays."""
        self.set_gateway(gateway, channels, self._rates[gateway])

    def _mean_hold(self) -> float:
        rules = self._state.rules
        return float((rules["ack_hold"] + rules["fail_hold"]).mean() / 2.0)

    def believe(self, recipient: int, number: int, p: float, evidence: float | None = None) -> None:
        """The probability of a number's next attempt is known better now.

        ``evidence``: how many calls it is worth, for forecasts; None: as before.
        """
        if not 0.0 <= p <= 1.0:
            raise PlanError("a probability is not between 0 and 1")
        arm = self._arm(recipient, number)
        self._numbers[arm]["p"] = p
        if evidence is not None and self._tables.evidence is not None and arm < self._tables.evidence.size:
            self._tables.evidence[arm] = evidence
        live_refresh(self._at, recipient)

    def weigh(self, recipient: int, weight: float, tier: int | None = None) -> None:
        """Another weight (and tier) from now on.

        Above the heaviest of the plan all weights are the same: put somebody into a
        tier of their own instead.
        """
        if not (weight >= 0.0 and math.isfinite(weight)):
            raise PlanError("a weight is negative or not finite")
        if not 0 <= recipient < self._recipients:
            raise IndexError(f"no recipient {recipient}")
        self._people["weight"][recipient] = weight / self._heaviest
        self._weights[recipient] = weight
        if tier is not None:
            if not 0 <= tier < int(self._board[0]["tiers"]):
                raise PlanError(f"tier {tier}: the plan has {int(self._board[0]['tiers'])}")
            self._people[recipient]["tier"] = tier
        live_refresh(self._at, recipient)

    def snapshot(self, now: float) -> Snapshot:
        """The present state, copied, for a forecast elsewhere."""
        evidence = self._tables.evidence
        if evidence is not None:
            added = np.full(self._numbers.size - evidence.size, math.inf)
            evidence = np.concatenate([evidence, added])
        return Snapshot(clone(self._state), self.legs, tuple(self._rules), now, self._recipients, evidence)

    def why(self, recipient: int, now: float) -> Explanation:
        """Why this person was called, or not yet."""
        if not 0 <= recipient < self._recipients:
            raise IndexError(f"no recipient {recipient}")
        person = self._people[recipient]
        first, count = int(person["first"]), int(person["count"])
        indices = np.zeros(count)
        live_indices(self._at, recipient, indices)
        views = tuple(self._view(first + k, k, float(indices[k]) * self._heaviest) for k in range(count))
        ground, until, number = self._ground(person, views, now)
        ahead = None
        if ground in (Ground.WAITING, Ground.NO_LINE) and self._numbers.size <= COUNTED:
            assert number is not None
            ahead = int(live_ahead(self._at, first + number))
        board = self._board[0]
        due = int(person["since"]) + micros(self._tables.fairness)
        return Explanation(
            ground=ground,
            until=until,
            calls=int(person["calls"]),
            next_number=number,
            ahead=ahead,
            overdue=int(person["calls"]) == 0 and due <= micros(now),
            weight=self._weights[recipient],
            tier=int(person["tier"]),
            channel_price=float(board["channel_price"]),
            token_price=float(board["token_price"]),
            numbers=views,
        )

    def _view(self, arm: int, number: int, index: float) -> NumberView:
        a = self._numbers[arm]
        rule = self._state.rules[int(a["kind"])]
        p = float(a["p"])
        usual = p * float(rule["ack_hold"]) + (1.0 - p) * float(rule["fail_hold"])
        hold = float(a["stretch"]) * usual
        state = ArmState(int(a["state"]))
        resting = state == ArmState.COOLING
        return NumberView(
            number=number,
            p=p,
            hold=hold,
            index=index,
            state=state,
            tries=int(a["tries"]),
            max_tries=int(a["max_tries"]),
            ready_at=(int(a["ready"]) << TICK_BITS) / MICRO if resting else None,
            last=Code(int(a["last"])) if a["tries"] and state != ArmState.LIVE else None,
        )

    def _ground(
        self, person: np.void, views: tuple[NumberView, ...], now: float
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
            queued = [v for v in ready if self._numbers[first + v.number]["bucket"] >= 0]
            number = max(queued or ready, key=lambda v: v.index).number
            group = int(self._numbers[first + number]["group"])
            return (Ground.WAITING if self._open(group) else Ground.NO_LINE), None, number
        if resting:
            at, number = min(resting)
            return Ground.RESTING, at, number
        return Ground.EXHAUSTED, None, None

    def _open(self, group: int) -> bool:
        mask = int(self._state.masks[group])
        table = self._state.gateways
        return any(mask >> g & 1 and row["busy"] < row["channels"] for g, row in enumerate(table))

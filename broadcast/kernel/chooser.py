"""The live chooser: asked for the next call whenever something has changed.

Single-threaded and never blocking: every method is a handful of array accesses
in compiled code (a decision takes a few microseconds whatever the number of
people) and does no input or output. Times are seconds on a monotonic clock since
the start of the broadcast.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from broadcast.kernel.assembly import assemble
from broadcast.kernel.codes import ArmState, Code, Status
from broadcast.kernel.explanation import Explanation, explain
from broadcast.kernel.gateways import set_gateway
from broadcast.kernel.joining import join
from broadcast.kernel.layout import FOREVER, MICRO, Int64s, State, clone, micros
from broadcast.kernel.live import live_next, live_refresh, live_settle, live_status, live_take
from broadcast.kernel.plan import Person, Plan, PlanError, Rules
from broadcast.kernel.tables import Tables, tabulate
from broadcast.kernel.views import addresses


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

    def _check(self, recipient: int) -> None:
        if not 0 <= recipient < self._recipients:
            raise IndexError(f"no recipient {recipient}")

    def _arm(self, recipient: int, number: int) -> int:
        self._check(recipient)
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
        self._check(recipient)
        if self._people[recipient]["status"] not in (Status.DONE, Status.CLOSED):
            live_status(self._at, recipient, int(status))
        return tuple(leg for leg in self._legs.values() if leg.recipient == recipient)

    def add(self, person: Person, now: float = 0.0) -> int:
        """Take somebody in while it runs; returns the recipient's position.

        ``person.since`` and ``deadline`` count from the start of the broadcast.
        Raises PlanError for a tier or a set of gateways that the plan lacks.
        """
        clock = self._clock(now)
        i = self._recipients
        self._state = join(self._state, self._tables, person, i, self._arms, clock, self._heaviest)
        self._bind()
        self._weights.append(person.weight)
        self._recipients += 1
        self._arms += len(person.numbers)
        live_refresh(self._at, i)
        if int(self._people[i]["since"]) <= clock:
            live_status(self._at, i, int(Status.OPEN))
        return i

    def set_gateway(self, gateway: int, channels: int, rate: float, burst: float | None = None) -> None:
        """A gateway has now so many usable channels (0: it is gone), calls a second, and perhaps another burst.

        Running calls are not touched. If another resource binds now, the queue is
        put into its new order over the next decisions.
        """
        set_gateway(self._state, self._rates, gateway, channels, rate, burst)

    def free(self, gateway: int, channels: int) -> None:
        """So many channels of a gateway may be used now; its rate stays."""
        self.set_gateway(gateway, channels, self._rates[gateway])

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
        self._check(recipient)
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
        return Snapshot(clone(self._state), self.legs, tuple(self._tables.rules), now, self._recipients, evidence)

    def why(self, recipient: int, now: float) -> Explanation:
        """Why this person was called, or not yet."""
        self._check(recipient)
        return explain(
            self._state,
            self._at,
            recipient,
            now,
            fairness=self._tables.fairness,
            weight=self._weights[recipient],
            heaviest=self._heaviest,
        )

"""Who next, on which number: the kernel's chooser in the words of rows.

Built from the store alone, so that a dialer that has been restarted goes on with
the same counts and pauses. Times are seconds since the launch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from broadcast.history.alike import Alike
from broadcast.history.chances import Chances
from broadcast.history.counting import NEUTRAL, REPEAT
from broadcast.kernel import Chooser as Kernel
from broadcast.kernel import Code, Explanation, Gateway, Rules, Snapshot
from broadcast.kernel.doubt import Doubt, Seconds
from broadcast.kernel.plan import DEFAULT_FACTOR
from broadcast.kernel.posterior import Beta
from broadcast.kernel.tables import Tables
from broadcast.lines import Line, Lines
from broadcast.settle import FINAL, UNTRIED
from dutycenter.vocabulary import Disposition, NumberKind

GAP = 0.1  # seconds between two choices at the most, on a machine that is not overloaded
_BELIEVED = np.dtype([("mean", np.float64), ("evidence", np.float64)])
_ROW_OF = {kind: row for row, kind in enumerate(NumberKind)}
TELLING_AFTER = 45.0  # seconds of a call after which whoever acknowledges has mostly done so
PATIENCE_WITH_LINES = 4  # calls of one number that the network failed, before they count as tries


@dataclass(frozen=True)
class Dialled:
    """One number of a recipient."""

    id: int
    number: str
    kind: NumberKind


@dataclass(frozen=True)
class Tried:
    """One attempt so far, for a chooser that begins in the middle."""

    number_id: int
    gateway: str
    started: float
    ended: float | None = None
    disposition: Disposition | None = None


@dataclass(frozen=True)
class Called:
    """One recipient as the chooser needs them."""

    id: int
    weight: int
    numbers: Sequence[Dialled]
    tried: Sequence[Tried] = ()
    closed: bool = False  # has an outcome already, or was taken out
    acknowledged: bool = False
    tier: int = 0
    legs: int = 1  # numbers that may ring at once
    since: float = 0.0


@dataclass(frozen=True)
class Choice:
    """Call this number of this recipient over this gateway, now."""

    recipient_id: int
    number_id: int
    number: str
    gateway: str


class Belief:
    """How likely a number's next call in this broadcast is acknowledged.

    Two things follow from a call that failed: the number is less good than was
    believed (its posterior), and the next call soon after succeeds less often than
    the first (the factor of how it failed).

    Args:
        first: of a call that may ring for long.
        share: of its answers, those that come while it rings here.
    """

    def __init__(self, first: Beta, share: float) -> None:
        self._first = self._now = first
        self._tried = 0
        self._share = self.wear = share

    @property
    def chance(self) -> float:
        return self._now.mean * self.wear

    @property
    def lost(self) -> float:
        """Calls of this broadcast that brought nothing, a repeat counting less than one."""
        return self._now.b - self._first.b

    @property
    def evidence(self) -> float:
        return self._now.evidence

    def failed(self, disposition: Disposition, factor: float) -> None:
        """One more call brought nothing."""
        self.wear *= factor
        if disposition not in NEUTRAL:
            share = self._share if disposition is Disposition.NO_ANSWER else 1.0
            self._now = self._now.seen(False, self._tried, REPEAT, share)
            self._tried += 1


def paced(rate: float) -> tuple[float, float]:
    """Steady calls a second and burst for a line that takes ``rate`` calls in any second.

    Who chooses every ``GAP`` seconds must be able to begin all that fell due
    meanwhile; steady pace and burst together stay within the line's own limit.
    """
    burst = max(1.0, rate * GAP)
    return rate - burst + 1.0, burst


class _Places:
    """Where each number stands: its person's row and its position there.

    Sorted arrays: a dictionary of so many keys grows in one breath in which nobody else of the process gets on.
    """

    def __init__(self, called: Sequence[Called]) -> None:
        counts = np.fromiter((len(one.numbers) for one in called), np.int64, len(called))
        self.first = np.concatenate([[0], np.cumsum(counts)])
        ids = np.fromiter((number.id for one in called for number in one.numbers), np.int64, int(self.first[-1]))
        self._at = np.argsort(ids, kind="stable")
        self._ids = ids[self._at]

    def place(self, number_id: int) -> tuple[int, int]:
        """Row and position. Raises KeyError."""
        found = int(np.searchsorted(self._ids, number_id))
        if found == len(self._ids) or self._ids[found] != number_id:
            raise KeyError(number_id)
        at = int(self._at[found])
        row = int(np.searchsorted(self.first, at, side="right")) - 1
        return row, at - int(self.first[row])


class Chooser:
    """Chooses the calls of one broadcast; see ``broadcast.kernel.Chooser``.

    Args:
        recipients: everybody who may be called, in order.
        lines: the gateways.
        rounds: tries of each number.
        pause: seconds before the same number is tried again.
        ring_timeout: seconds.
        message: seconds of the message as it was made.
        chances: what history says of the numbers.
        likeliest_first: the likeliest number first, instead of each person's own order.
    """

    def __init__(
        self,
        recipients: Iterable[Called],
        lines: Lines,
        *,
        rounds: int,
        pause: float,
        ring_timeout: float,
        message: float,
        chances: Chances,
        likeliest_first: bool = False,
    ) -> None:
        # Not list(): it touches every object, most of them out of the cache, in one breath of some milliseconds.
        self._called = [called for called in recipients]  # noqa: C416
        self._lines = lines
        self._row = {called.id: row for row, called in enumerate(self._called)}
        self._numbers = _Places(self._called)
        self._failed_by_lines: dict[int, int] = {}
        self._chances = chances
        self._pause, self._ring_timeout, self._message = pause, ring_timeout, message
        self._answered = {kind: chances.answered_within(kind, ring_timeout) for kind in NumberKind}
        self._beliefs: dict[int, Belief] = {}  # of numbers that failed
        times = {"pause": pause, "ring_timeout": ring_timeout, "message": message}
        rules = [chances.rules(kind, **times, known=known) for known in (False, True) for kind in NumberKind]
        self._kernel = Kernel(self._tables(lines, rules, rounds, likeliest_first))
        self._shares = [(-1, 0.0)] * len(lines.all)
        self._replay()

    def _tables(self, lines: Lines, rules: Sequence[Rules], rounds: int, likeliest_first: bool) -> Tables:
        # From generators, and without an object for each number: numpy reads a long list, and Python takes many
        # objects away, in one breath in which nobody else of the process gets on.
        people, numbers = self._called, [number for called in self._called for number in called.numbers]
        believed = np.fromiter(
            (
                (belief.mean * self._answered[number.kind], belief.evidence)
                for number, belief in zip(numbers, map(self._first_belief, numbers), strict=True)
            ),
            _BELIEVED,
            len(numbers),
        )
        # A plan without any channel is refused; the true numbers follow with each ``allow``.
        gateways = [Gateway(max(1, line.channels), line.rate, cost=line.cost) for line in lines]
        return Tables(
            first=self._numbers.first,
            weight=np.fromiter((max(0, called.weight) for called in people), np.float64, len(people)),
            p=believed["mean"].copy(),
            rules=rules,
            gateways=gateways or [Gateway(1, 1.0)],
            tier=np.fromiter((called.tier for called in people), np.int64, len(people)),
            ordered=np.full(len(people), not likeliest_first),
            legs=np.fromiter((called.legs for called in people), np.int64, len(people)),
            since=np.fromiter((called.since for called in people), np.float64, len(people)),
            kind=np.fromiter(map(self._rule_of, numbers), np.int64, len(numbers)),
            mask=np.fromiter((lines.bits(number.number) for number in numbers), np.uint64, len(numbers)),
            tries=np.full(len(numbers), rounds),
            evidence=believed["evidence"].copy(),
        )

    def _rule_of(self, number: Dialled) -> int:
        """The row of its rules: by its kind, and whether it is known."""
        return _ROW_OF[number.kind] + (len(_ROW_OF) if self._chances.knows(number.number) else 0)

    def _first_belief(self, number: Dialled) -> Beta:
        return self._chances.belief(number.number, number.kind)

    def _belief(self, number_id: int) -> Belief:
        if number_id not in self._beliefs:
            row, position = self._numbers.place(number_id)
            number = self._called[row].numbers[position]
            self._beliefs[number_id] = Belief(self._first_belief(number), self._answered[number.kind])
        return self._beliefs[number_id]

    def _replay(self) -> None:
        happened: list[tuple[float, int, Tried]] = []
        for called in self._called:
            for tried in called.tried:
                happened.append((tried.started, 0, tried))
                if tried.disposition is not None:
                    happened.append((tried.started if tried.ended is None else tried.ended, 1, tried))
        happened.sort(key=lambda item: item[:2])
        for at, is_end, tried in happened:
            if tried.disposition is not None and is_end:
                self.ended(tried.number_id, tried.disposition, at)
            elif not is_end:
                self.started(tried.number_id, tried.gateway, at)
        for called in self._called:
            if called.closed or called.acknowledged:
                self.close(called.id, Disposition.ACKNOWLEDGED if called.acknowledged else Disposition.LOST, 0.0)

    def allow(self, shares: Sequence[tuple[int, float]]) -> None:
        """So many channels and calls a second of each gateway are this broadcast's now."""
        for position, (channels, rate) in enumerate(shares):
            if self._shares[position] != (channels, rate):
                self._shares[position] = (channels, rate)
                self._kernel.set_gateway(position, channels, *paced(rate))

    def next(self, now: float) -> Choice | None:
        """The next call to begin now, or None; then ``wake_at`` tells when to ask again."""
        decision = self._kernel.next(now)
        if decision is None:
            return None
        called = self._called[decision.recipient]
        number = called.numbers[decision.number]
        return Choice(called.id, number.id, number.number, self._lines.all[decision.gateway].name)

    @property
    def wake_at(self) -> float | None:
        """When something may change without any event, after ``next`` gave None."""
        return self._kernel.wake_at

    @property
    def finished(self) -> bool:
        """Nobody is being called and nobody will be."""
        return self._kernel.finished

    def started(self, number_id: int, gateway: str, now: float) -> None:
        """A call is up that this chooser did not choose."""
        row, position = self._numbers.place(number_id)
        line = next((i for i, known in enumerate(self._lines) if known.name == gateway), 0)
        self._kernel.started(row, position, line, now)

    def ended(self, number_id: int, disposition: Disposition, now: float) -> None:
        """A call has ended. A number that the network keeps failing uses up its tries in the end."""
        row, position = self._numbers.place(number_id)
        code = Code[disposition.name]
        if disposition is Disposition.DROPPED:
            code = Code.FAILED  # it rang until we took it down
        if disposition is Disposition.TRANSFERRED:
            code = Code.HEARD  # who spoke to the desk without acknowledging is pursued like who heard the message
        if disposition in UNTRIED:
            failed = self._failed_by_lines.get(number_id, 0) + 1
            self._failed_by_lines[number_id] = failed
            if failed > PATIENCE_WITH_LINES:
                code = Code.FAILED
        else:
            self._failed_by_lines.pop(number_id, None)
        if self._kernel.ended(row, position, code, now) and disposition not in FINAL:
            belief = self._belief(number_id)
            belief.failed(disposition, DEFAULT_FACTOR.get(code, 1.0))
            self._kernel.believe(row, position, belief.chance, belief.evidence)

    def put_back(self, number_id: int, now: float) -> None:
        """A choice that may not be carried out now: the person has a leg up elsewhere."""
        row, position = self._numbers.place(number_id)
        self._kernel.ended(row, position, Code.LOST, now)

    def close(self, recipient_id: int, disposition: Disposition, now: float) -> None:
        """This person is called no more."""
        row = self._row.get(recipient_id)
        if row is None:
            return
        if disposition is Disposition.ACKNOWLEDGED:
            self._kernel.acknowledged(row, now)
        elif disposition in FINAL:
            self._kernel.declined(row, now)
        else:
            self._kernel.stop(row)

    def snapshot(self, now: float) -> Snapshot:
        """The present state, copied, for a forecast elsewhere."""
        return self._kernel.snapshot(now)

    def best_ring(self) -> int:
        """For how many seconds to let these numbers ring, if lines are scarce; see ``Chances.best_ring``."""
        chances: dict[NumberKind, list[float]] = {}
        for number in (number for called in self._called for number in called.numbers):
            chances.setdefault(number.kind, []).append(self._first_belief(number).mean)
        means = {kind: (len(found), sum(found) / len(found)) for kind, found in chances.items()}
        return self._chances.best_ring(means, pause=self._pause, message=self._message)

    def doubt(self, alike: Mapping[NumberKind, Alike], idle: Seconds, now: float) -> Doubt:
        """What a forecast at ``now`` must not take for known.

        Args:
            alike: what the numbers of each kind showed.
            idle: seconds that a line stands idle between two calls.
        """
        numbers = [number for called in self._called for number in called.numbers]
        records = [self._chances.record(number.number) for number in numbers]
        failures = np.array([record.trials - record.successes for record in records])
        wear = np.array([self._answered[number.kind] for number in numbers])
        at = {number.id: position for position, number in enumerate(numbers)}
        for number_id, belief in self._beliefs.items():
            failures[at[number_id]] += belief.lost
            wear[at[number_id]] = belief.wear
        believed, today, before = self._first_calls(now - TELLING_AFTER)
        nothing = Alike()
        return Doubt(
            lines=[
                self._chances.line(
                    kind, alike.get(kind, nothing), ring_timeout=self._ring_timeout, message=self._message
                )
                for kind in NumberKind
            ],
            idle=idle,
            kind=np.array([self._rule_of(number) for number in numbers], np.int64),
            successes=np.array([record.successes for record in records]),
            failures=failures,
            wear=wear,
            believed=np.array(believed),
            today=np.array(today, bool),
            reached_before=np.array(before, bool),
        )

    def _first_calls(self, until: float) -> tuple[list[float], list[bool], list[bool]]:
        """What history said of the numbers that were called, where it knows them, whether their first call
        brought it, and whether any before had.

        Only calls begun before ``until``: who is busy is known at once, who acknowledges only then.
        """
        calls = ((tried, called) for called in self._called for tried in called.tried if tried.started < until)
        believed, today, before, seen = [], [], [], set()
        for tried, called in sorted(calls, key=lambda call: call[0].started):
            if tried.number_id in seen or tried.disposition in NEUTRAL:
                continue
            seen.add(tried.number_id)
            number = next(number for number in called.numbers if number.id == tried.number_id)
            if self._chances.knows(number.number):
                before.append(self._chances.record(number.number).successes > 0.0)
                believed.append(self._first_belief(number).mean * self._answered[number.kind])
                on_this_call = tried.disposition is None and called.acknowledged
                today.append(on_this_call or tried.disposition is Disposition.ACKNOWLEDGED)
        return believed, today, before

    @property
    def called(self) -> Sequence[Called]:
        """Whom it may call, as it was told at the beginning."""
        return self._called

    def why(self, recipient_id: int, now: float) -> Explanation:
        """Why this person was or was not called yet."""
        return self._kernel.why(self._row[recipient_id], now)

    def line_for(self, number: str, now: float) -> Line | None:
        """A gateway that may carry this number now, for a call asked for by hand."""
        bits = self._lines.bits(number)
        able = [line for i, line in enumerate(self._lines) if bits >> i & 1 and line.usable(now)]
        return min(able, key=lambda line: line.cost, default=None)

"""Broadcasts in no time: the product's chooser and history among people drawn from a world that nobody knows.

Beside the rehearsal's town, whose people never change their ways, these are as a
forecast supposes people to be: how good the numbers are, how much they differ, how
long a call takes and what the machine loses between two are drawn for each world.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from broadcast.chooser import Called, Chooser, Dialled, Tried
from broadcast.forecasts.idle import Up, idle_of_calls, last_newcomer
from broadcast.history.alike import STEPS, Alike
from broadcast.history.chances import LIKELY, Chances
from broadcast.history.counting import Seen, add_up, band_of, weight_of
from broadcast.history.manners import manner_of
from broadcast.history.models import KindHistory
from broadcast.kernel import Forecast, forecast
from broadcast.kernel.posterior import Record, fit
from broadcast.lines import Line, Lines
from dutycenter.vocabulary import Disposition, NumberKind, ReachedRule

ZONE, NOW = ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
TODAY = weight_of(NOW)
MESSAGE, RING, AGAIN = 10.0, 30.0, 0.8
PACE = {"rounds": 3, "pause": 60.0, "ring_timeout": RING, "message": MESSAGE}


@dataclass
class Call:
    """One call as it went; times in seconds since the launch. ``free`` is when its line is."""

    number: Dialled
    person: int
    nth: int
    began: float
    disposition: Disposition
    answered: float | None
    acknowledged: float | None
    ended: float
    free: float


class World:
    """Numbers, each with a probability of its own, and how long everything takes."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        shift = self.rng.normal(0.0, 0.8)
        self.mean = {
            kind: 1.0 / (1.0 + math.exp(-(math.log(p / (1.0 - p)) + shift + self.rng.normal(0.0, 0.5))))
            for kind, p in LIKELY.items()
        }
        self.strength = {kind: math.exp(self.rng.normal(0.0, 1.2)) for kind in LIKELY}
        self.rang, self.spoken, self.after = (
            max(1.0, self.rng.normal(mean, sd)) for mean, sd in ((9.0, 3.0), (20.0, 6.0), (7.0, 3.0))
        )
        self.idle = max(0.0, self.rng.normal(0.7, 0.5))
        self.rings_out, self.refused = self.rng.beta(3.0, 3.0), self.rng.beta(1.0, 30.0)
        self.chance: dict[int, float] = {}

    def call(self, number: Dialled, person: int, nth: int, now: float) -> Call:
        """What comes of a call that begins now, the ``nth`` of this number in its broadcast."""
        mean, strength = self.mean[number.kind], self.strength[number.kind]
        if number.id not in self.chance:
            self.chance[number.id] = self.rng.beta(mean * strength, (1.0 - mean) * strength)
        answered = now + self.rang * self.rng.uniform(0.5, 1.5)
        key = answered + self.spoken
        if self.rng.random() < self.chance[number.id] * AGAIN**nth:
            if self.rng.random() < self.refused:
                return self._call(number, person, nth, now, Disposition.DECLINED, answered, None, key + self.after)
            return self._call(number, person, nth, now, Disposition.ACKNOWLEDGED, answered, key, key + self.after)
        if self.rng.random() < self.rings_out:
            return self._call(number, person, nth, now, Disposition.NO_ANSWER, None, None, now + RING)
        return self._call(number, person, nth, now, Disposition.BUSY, None, None, now + self.rng.uniform(2.0, 4.0))

    def _call(
        self, number: Dialled, person: int, nth: int, now: float, disposition: Disposition,
        answered: float | None, key: float | None, ended: float,
    ) -> Call:  # fmt: skip
        return Call(number, person, nth, now, disposition, answered, key, ended, ended + self.idle)


def people_of(count: int) -> list[Called]:
    """So many, with a mobile and an office number each; one in twenty is important."""
    return [
        Called(
            i, 20 if i % 20 == 0 else 1,
            [Dialled(2 * i, f"138{i:08d}", NumberKind.MOBILE), Dialled(2 * i + 1, f"0731{i:07d}", NumberKind.OFFICE)],
        )
        for i in range(count)
    ]  # fmt: skip


@dataclass
class Book:
    """The calls of the broadcasts so far, and what the product makes of them."""

    seen: list[Seen] = field(default_factory=list)

    def read(self, own: Sequence[Seen] = ()) -> tuple[Chances, dict[NumberKind, Alike]]:
        """What is believed, with what this broadcast's own calls tell of their kinds."""
        sums = add_up([*self.seen, *own], ZONE)
        records: dict[str, dict[int, Record]] = {}
        for (_, number, band), one in add_up(self.seen, ZONE).numbers.items():
            records.setdefault(number, {})[band] = Record(one.successes / TODAY, one.trials / TODAY)
        fitted = [
            (one.kind.value, band, Record(one.successes / TODAY, one.trials / TODAY))
            for (_, _, band), one in sums.numbers.items()
        ]
        cells: dict[NumberKind, dict[tuple[int, int], int]] = {}
        for one in sums.numbers.values():
            cell = (round(STEPS * one.successes / TODAY), round(STEPS * one.trials / TODAY))
            of_kind = cells.setdefault(one.kind, {})
            of_kind[cell] = of_kind.get(cell, 0) + 1
        alike = {
            kind: Alike(*np.array([(s / STEPS, n / STEPS, count) for (s, n), count in of_kind.items()]).T)
            for kind, of_kind in cells.items()
        }
        rows: dict[NumberKind, list[KindHistory]] = {}
        for (_, kind, disposition), times in sums.kinds.items():
            rows.setdefault(kind, []).append(KindHistory(disposition=disposition, **vars(times)))
        manners = {kind: manner_of(of_kind, TODAY) for kind, of_kind in rows.items()}
        priors = fit(fitted, 0.0) if fitted else None
        return Chances(band_of(NOW, ZONE), priors, records, manners), alike


@dataclass
class Told:
    """One broadcast: what was forecast, by the share that had acknowledged then, and when each did so."""

    people: int
    said: dict[float, Forecast] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def truth(self, share: float) -> float:
        """When that share had acknowledged; infinite: never."""
        place = math.ceil(share * self.people) - 1
        return self.times[place] if place < len(self.times) else math.inf


class Telling:
    """One broadcast from launch to end, asked when given shares have acknowledged."""

    def __init__(self, world: World, book: Book, people: Sequence[Called], channels: int, rate: float) -> None:
        self.world, self.book, self.people = world, book, people
        self.lines = Lines()
        self.lines.all = [Line("pstn", channels, rate, (), "", 0.0)]
        self.channels, self.rate = channels, rate
        self.calls: list[Call] = []
        self.declined: set[int] = set()
        self.acknowledged: dict[int, float] = {}

    def _chooser(self, people: Sequence[Called], chances: Chances) -> Chooser:
        chooser = Chooser(people, self.lines, chances=chances, **PACE)
        chooser.allow([(self.channels, self.rate)])
        return chooser

    def carry_out(self, shares: Sequence[float], runs: int) -> Told:
        """Call until nobody is left; the calls are in the book then."""
        told, left = Told(len(self.people)), sorted(shares)
        chooser = self._chooser(self.people, self.book.read()[0])
        numbers = {number.id: (number, person.id) for person in self.people for number in person.numbers}
        tries: dict[int, int] = {}
        events: list[tuple[float, int, bool, Call]] = []
        now = 0.0
        while True:
            while left and len(self.acknowledged) >= left[0] * len(self.people):
                told.said[left[0]] = self._ask(now, runs)
                left.pop(0)
            choice = chooser.next(now)
            if choice is not None:
                number, person = numbers[choice.number_id]
                call = self.world.call(number, person, tries.get(number.id, 0), now)
                tries[number.id] = call.nth + 1
                self.calls.append(call)
                heapq.heappush(events, (call.free, len(self.calls), True, call))
                if call.acknowledged is not None:
                    heapq.heappush(events, (call.acknowledged, len(self.calls), False, call))
                continue
            now = min(events[0][0] if events else math.inf, math.inf if chooser.wake_at is None else chooser.wake_at)
            if math.isinf(now):
                break
            if events and events[0][0] <= now:
                _, _, over, call = heapq.heappop(events)
                self._happened(chooser, call, over, now)
        self.book.seen += [_seen(call) for call in self.calls]
        told.times = sorted(self.acknowledged.values())
        return told

    def _happened(self, chooser: Chooser, call: Call, over: bool, now: float) -> None:
        if not over:
            self.acknowledged.setdefault(call.person, now)
            chooser.close(call.person, Disposition.ACKNOWLEDGED, now)
            return
        if call.disposition is Disposition.DECLINED:
            self.declined.add(call.person)
        chooser.ended(call.number.id, call.disposition, now)

    def _ask(self, now: float, runs: int) -> Forecast:
        still_up = min((call.began for call in self.calls if call.free > now), default=math.inf)
        own = [_seen(call) for call in self.calls if call.began < still_up]
        chances, alike = self.book.read(own)
        tried: dict[int, list[Tried]] = {}
        for call in self.calls:
            end = (None, None) if call.free > now else (call.ended, call.disposition)
            tried.setdefault(call.person, []).append(Tried(call.number.id, "pstn", call.began, *end))
        people = [
            replace(
                one, tried=tried.get(one.id, ()), closed=one.id in self.declined,
                acknowledged=one.id in self.acknowledged,
            )
            for one in self.people
        ]  # fmt: skip
        calls = [Up(one.id, call.started, call.ended) for one in people for call in one.tried]
        until = now if any(not one.tried for one in people) else last_newcomer(calls)
        chooser = self._chooser(people, chances)
        doubt = chooser.doubt(alike, idle_of_calls(calls, self.channels, until), now)
        return forecast(chooser.snapshot(now), runs, doubt=doubt)


def _seen(call: Call) -> Seen:
    def at(seconds: float | None) -> datetime | None:
        return None if seconds is None else NOW + timedelta(seconds=seconds)

    return Seen(
        call.number.number, call.number.kind, True, ReachedRule.KEY, call.disposition, call.nth,
        NOW + timedelta(seconds=call.began), at(call.answered), at(call.ended), at(call.acknowledged), MESSAGE, RING,
    )  # fmt: skip

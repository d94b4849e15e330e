"""Whatever can break, at every place where it can: processes killed and stopped, a store that is away, lost events."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError

from broadcast.dialer import Dialer
from dutycenter.interfaces import Channel, Originate, SwitchEvent, Told
from dutycenter.work import Work
from tests.support.twin import Died, Town, Twin

STOPPED_SECONDS = 60.0
TRUNK = "pstn"
AT = Callable[[str], None]


class BreakingWork(Work):
    """Units of work that call ``at`` before they begin, before the commit and after it."""

    def __init__(self, work: Work, actor: str, at: AT) -> None:
        super().__init__(work.registry, actor)
        self._at = at

    @contextmanager
    def _request(self, method: str, actor: str | None) -> Iterator[Any]:
        self._at("begin")
        with super()._request(method, actor) as request:
            yield request
            if method == "POST":
                self._at("commit")
        self._at("committed" if method == "POST" else "looked")


class BreakingSwitch:
    """What a dialer tells the switch, with ``at`` called before and after it."""

    def __init__(self, twin: Twin, at: AT) -> None:
        self._twin = twin
        self._at = at

    def originate_all(self, legs: Sequence[Originate], told: Told) -> None:
        """Sent at once; the switch may have taken some of them when this side dies."""
        self._at("told")
        for leg in legs:
            self._twin.originate_all([leg], told)
            self._at("heard")

    def drop(self, channel_uuid: str, cause: str = "NORMAL_CLEARING") -> bool:
        self._at("told")
        known = self._twin.drop(channel_uuid, cause)
        self._at("heard")
        return known

    def channels(self) -> list[Channel]:
        found = self._twin.channels()
        self._at("heard")
        return found


@dataclass
class Trouble:
    """A town in which things break as the dice say, the same for the same seed.

    Args:
        town: with a broadcast that has been launched.
        twin: its switch.
        seed: of the dice.
        pace: places passed, on the average, between two breaks.
    """

    town: Town
    twin: Twin
    seed: int
    pace: int = 12
    broken: Counter[str] = field(default_factory=Counter)
    quiet: bool = False  # nothing breaks any more
    _lives: int = 0
    _dialer: Dialer | None = None
    _standing: Dialer | None = None  # this one's process is stopped; another works meanwhile

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.twin.garble = self._garble
        self.twin.deliver = self._deliver
        self.twin.ivr = BreakingWork(self.town.work, "ivr", self._ivr)

    # --- what breaks -----------------------------------------------------------------

    def _strikes(self) -> bool:
        return not self.quiet and self.dice.randrange(self.pace) == 0

    def _at_dialer(self, place: str) -> None:
        if not self._strikes():
            return
        breaks = [("dialer killed", 5)]
        if place in ("begin", "commit", "committed", "looked"):
            breaks.append(("store killed", 3))
        # In the middle of a transaction only a server's own time limit helps: that is another test's.
        if place in ("committed", "looked", "heard") and self._standing is None:
            breaks.append(("dialer stopped", 1))
        breaks += [("switch killed", 1), ("gateway dead", 1)]
        what = self._draw(breaks)
        if what == "dialer killed":
            raise Died
        if what == "store killed":
            raise OperationalError(f"broken at {place}", None, Exception("the server closed the connection"))
        if what == "switch killed":
            self._kill_switch()
        elif what == "gateway dead":
            self._kill_gateway()
        elif what == "dialer stopped":
            self._stand_still()

    def _ivr(self, place: str) -> None:
        if not self._strikes():
            return
        what = self._draw([("ivr killed", 3), ("store killed for the ivr", 3), ("ivr stopped", 1)])
        if what == "ivr killed":
            raise Died
        if what == "ivr stopped":
            self.twin.stalled_until = self.town.clock.gone + STOPPED_SECONDS
            return
        raise OperationalError(f"broken at {place}", None, Exception("the server closed the connection"))

    def _draw(self, breaks: list[tuple[str, int]]) -> str:
        what = self.dice.choices([name for name, _ in breaks], [weight for _, weight in breaks])[0]
        self.broken[what] += 1
        return what

    def _kill_switch(self) -> None:
        self.twin.crash()
        self.twin.at(self.dice.uniform(1, 8), self._switch_is_back)

    def _kill_gateway(self) -> None:
        """The trunk is gone: what rings ends, what is spoken goes on unheard, new calls are refused for a while."""
        self.twin.dead_gateways.add(TRUNK)
        for uuid in [uuid for uuid in self.twin.up if uuid not in self.twin.answered]:
            self.twin.end(uuid, "NETWORK_OUT_OF_ORDER")
        self.twin.at(self.dice.uniform(5, 60), lambda: self.twin.dead_gateways.discard(TRUNK))

    def _switch_is_back(self) -> None:
        self.twin.away = False
        for dialer in self._living():
            dialer.on_connect()

    def _stand_still(self) -> None:
        """This dialer's process is stopped where it is; another takes over, and then it goes on."""
        stopped = self._standing = self._dialer
        self._start()
        end = self.town.clock.gone + STOPPED_SECONDS
        self._go_on(lambda: self.town.clock.gone >= end)
        self._standing = None
        if self.dice.random() < 0.5:
            self._dialer = stopped

    def _garble(self, events: list[SwitchEvent]) -> list[SwitchEvent]:
        if self.quiet:
            return events
        told = []
        for event in events * 2 if self.dice.random() < 0.2 else events:
            fate = self.dice.random()
            if fate < 0.1:
                self.broken["event lost"] += 1
            elif fate < 0.25:
                self.broken["event late"] += 1
                self.twin.at(self.dice.uniform(0, 20), lambda event=event: self._deliver(event))
            else:
                told.append(event)
        self.dice.shuffle(told)
        return told

    def _deliver(self, event: SwitchEvent) -> None:
        for dialer in self._living():
            dialer.on_event(event)

    def _living(self) -> list[Dialer]:
        return [dialer for dialer in (self._dialer, self._standing) if dialer is not None]

    # --- and goes on -------------------------------------------------------------------

    def play(self, breaks: int, limit: float = 4_000.0) -> None:
        """Let things break so often, then let the broadcast end."""
        end = self.town.clock.gone + limit

        def over() -> bool:
            assert self.town.clock.gone < end, f"it does not come to an end: {self.broken}"
            self.quiet = self.quiet or sum(n for what, n in self.broken.items() if "event" not in what) >= breaks
            return not self.town.running()

        self._start()
        self._go_on(over)
        self._settle_down()

    def _settle_down(self) -> None:
        """Let conversations write what they still have to."""
        self.quiet = True
        end = self.town.clock.gone + 2 * STOPPED_SECONDS
        self._go_on(lambda: self.town.clock.gone >= end)

    def _start(self) -> None:
        self._lives += 1
        work = BreakingWork(self.town.work, "dialer", self._at_dialer)
        switch: Any = BreakingSwitch(self.twin, self._at_dialer)
        # A process of another host, whose death nobody can see: its lease must run out.
        self._dialer = Dialer(work, switch, f"host{self._lives}:1")
        if not self.twin.away:
            self._dialer.on_connect()

    def _go_on(self, until: Callable[[], bool]) -> None:
        clock = self.town.clock
        while not until():
            self.twin.act()
            dialer = self._dialer
            rest = 0.5
            try:
                if dialer is not None:
                    rest = dialer.guarded_step()
            except Died:
                self._dialer = None
                self.twin.at(self.dice.uniform(0.1, 3.0), self._start_if_none)
            due = [rest if rest < 0.1 else 0.5]
            if self.twin.next_at() is not None:
                due.append(max(0.0, self.twin.next_at() - clock.gone))
            clock.gone += max(0.005, min(due))

    def _start_if_none(self) -> None:
        if self._dialer is None:
            self._start()

"""The switch itself: its channels, limits and parts."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import gevent
from gevent import Greenlet
from gevent.pool import Group
from gevent.threadpool import ThreadPool

from dutycenter.interfaces import IClock
from dutycenter.switch.rehearsal.api import MAX_SESSIONS, SESSIONS_PER_SECOND, Api
from dutycenter.switch.rehearsal.applications import Applications
from dutycenter.switch.rehearsal.audio import Voices
from dutycenter.switch.rehearsal.bridges import Bridges
from dutycenter.switch.rehearsal.bus import Bus
from dutycenter.switch.rehearsal.callcenter import Callcenter
from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.conferences import Conferences
from dutycenter.switch.rehearsal.dialplan import Dialplan
from dutycenter.switch.rehearsal.gateways import Gateways
from dutycenter.switch.rehearsal.journal import Journal
from dutycenter.switch.rehearsal.outbound_socket import Sockets
from dutycenter.switch.rehearsal.people import People
from dutycenter.switch.rehearsal.recording import Recording

log = logging.getLogger(__name__)
T = TypeVar("T")


def two_trunks(name: str) -> tuple[int, float] | None:
    """Gateways when nobody says otherwise: one, of 30 channels."""
    return (30, 30.0) if name == "pstn" else None


@dataclass
class Town:
    """What the rehearsal is made of; everything else is the switch's own.

    Args:
        recordings: folder of recordings.
        var: folder of the journal and the made voices.
        password: of the event socket.
        host, port: where it listens.
        ivr: where answered legs go, ``host:port``.
        hotline, queue, patience, domain: the hotline's number, queue, seconds of patience, SIP domain of the desks.
        outside: the gateway over which desks dial.
        overflow: seconds in which only desks of level 1 ring.
        people: who lives there.
        gateways: limits by name.
        desks: numbers of the duty desks.
        desks_answer: seconds until a desk that nobody operates answers by itself; None: never.
    """

    recordings: Path
    var: Path
    password: str
    host: str = "127.0.0.1"
    port: int = 8021
    ivr: str = "127.0.0.1:8084"
    hotline: str = "07318888"
    queue: str = "duty"
    patience: float = 60.0
    overflow: float = 15.0
    outside: str = "pstn"
    domain: str = "duty.local"
    people: People = field(default_factory=People)
    gateways: Callable[[str], tuple[int, float] | None] = two_trunks
    desks: tuple[str, ...] = tuple(str(number) for number in range(1001, 1011))
    desks_answer: float | None = None
    synthesize: bool = True  # make the people's voices with espeak-ng


class Exchange:
    """One switch.

    Args:
        town: what it serves.
        clock: its time.
    """

    def __init__(self, town: Town, clock: IClock) -> None:
        self.town, self.clock = town, clock
        self.bus = Bus(clock)
        self.journal = Journal(town.var / "rehearsal.jsonl", clock)
        self.voices = Voices(town.var / "voices", "espeak-ng" if town.synthesize else "no-synthesizer")
        self.gateways = Gateways(clock, town.gateways)
        self.channels: dict[str, Channel] = {}
        self.desk_answers: dict[str, float | None] = {}
        self.sessions = self.peak = self.rate_peak = 0
        self.began = clock.monotonic()
        self._recent: deque[float] = deque()
        self._greenlets = Group()
        self._pool = ThreadPool(2)
        self.applications = Applications(self)
        self.dialplan = Dialplan(self)
        self.callcenter = Callcenter(self)
        self.bridges = Bridges(self)
        self.sockets = Sockets(self)
        self.conferences = Conferences(self)
        self.api = Api(self)

    def desk_answer(self, desk: str) -> float | None:
        """After how many seconds this desk's telephone answers by itself; None: somebody must."""
        return self.desk_answers.get(desk, self.town.desks_answer)

    def next_session(self) -> int:
        """Count a session."""
        self.sessions += 1
        return self.sessions

    def admits(self) -> bool:
        """May one more session begin now? One a second fewer than the limit says, inbound ones included."""
        now = self.clock.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self.channels) >= MAX_SESSIONS or len(self._recent) >= SESSIONS_PER_SECOND - 1:
            return False
        self._recent.append(now)
        self.rate_peak = max(self.rate_peak, len(self._recent))
        return True

    @property
    def rate(self) -> int:
        """Sessions begun within the last second."""
        now = self.clock.monotonic()
        return sum(1 for at in self._recent if at > now - 1)

    def add(self, channel: Channel) -> None:
        """The channel exists from now on."""
        self.channels[channel.uuid] = channel
        self.peak = max(self.peak, len(self.channels))

    def remove(self, channel: Channel) -> None:
        """The channel is no more."""
        self.channels.pop(channel.uuid, None)

    def spawn(self, act: Callable[..., Any], *args: Any) -> Greenlet:
        """Run something beside; it ends with the switch at the latest."""
        return self._greenlets.spawn(act, *args)

    def spawn_later(self, real_seconds: float, act: Callable[[], Any]) -> Greenlet:
        """Run something after so many real seconds."""
        greenlet = Greenlet(act)
        self._greenlets.add(greenlet)
        greenlet.start_later(max(0.0, real_seconds))
        return greenlet

    def pause(self, seconds: float) -> None:
        """Wait so many product seconds, whatever happens."""
        gevent.sleep(self.clock.real(seconds))

    def aside(self, act: Callable[..., T], *args: Any) -> T:
        """Run what computes or touches the disk in a thread, while other legs go on."""
        result: T = self._pool.apply(act, args)
        return result

    def begin_recording(self, channel: Channel, recording: Recording) -> bool:
        """Begin it; False, and a line in the log, when the file cannot be made."""
        inside = self.town.recordings.resolve()
        try:
            if inside not in recording.path.resolve().parents:
                raise OSError(f"not below {inside}")
            channel.record(recording)
        except OSError as error:
            log.error("No recording of %s: %s", channel.uuid, error)
            return False
        return True

    def close(self) -> None:
        """Hang up everything and let go of files."""
        for channel in list(self.channels.values()):
            channel.hangup("MANAGER_REQUEST")
        with gevent.Timeout(3, False):
            while self.channels:
                gevent.sleep(0.02)
        self._greenlets.kill(timeout=1)
        self._pool.join()
        self._pool.kill()
        self.journal.close()

"""``ILeg`` on an outbound event socket.

Each application is run with an ``Event-UUID`` of its own and has ended when
CHANNEL_EXECUTE_COMPLETE carries it. No wait is without end: a leg that hangs
up, a connection that breaks, a switch that no longer knows the channel and a
limit in the product's time each end it.
"""

from __future__ import annotations

import logging
import time
import uuid
import wave
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent
from gevent.event import AsyncResult, Event

from dutycenter.interfaces import OUT_OF_QUEUE, IClock, LegGone, OutsideCall, SwitchError, SwitchEvent
from dutycenter.settings import Settings
from dutycenter.switch import commands, replies
from dutycenter.switch.frames import read_event
from dutycenter.switch.link import OutboundLink

log = logging.getLogger(__name__)

LINGER = 5  # seconds that the switch keeps the connection after hangup, for the last events
CHECK = 15.0  # real seconds of silence after which the switch is asked whether the channel is up; as long may it take
SLACK = 15.0  # real seconds by which an application may overrun what its arguments say
LONGEST_PROMPT = 600.0  # seconds; for files whose length cannot be read
DESK_RING = 30  # seconds that a desk telephone rings
KEEPS_KEYS = ("answer", "set", "playback")  # what is pressed before anything longer is not the next question's
ANSWERED = "answered"
LONGEST_TALK = 4 * 3600.0  # seconds


class Leg:
    """One answered leg, driven from our side.

    Args:
        sock: the connection that the switch made.
        address: the switch's.
        settings: folders of files, the desks' SIP domain.
        clock: the product's.
    """

    def __init__(self, sock: Any, address: Any, settings: Settings, clock: IClock) -> None:
        self.channel_uuid = ""
        self.variables: Mapping[str, str] = {}
        self.desk = ""
        self._data: Mapping[str, str] = {}
        self._settings = settings
        self._files = commands.Files(settings.prompts_dir, settings.uploads_dir, settings.recordings_dir)
        self._clock = clock
        self._running: dict[str, tuple[AsyncResult[SwitchEvent], bool]] = {}
        self._busy = ""  # the event uuid of the application that the switch is running now
        self._takes_keys = ("", "")  # that of the one which waits for keys, or will; and those that count if early
        self._leads_away, self._led_away = "", ""  # keys that end the ringing outside; the one that did
        self._ends_words = "none"  # keys that break off what is played; of a message it would say that it was heard
        self._announced: Sequence[Path] = ()  # what was last laid over the music, and may last
        self._early = ""  # keys that were pressed while the switch was running nothing, and nobody took
        self._hung_up = Event()
        self._handed_over = False
        self._link = OutboundLink(address, sock, self._took, self._ended)

    def begin(self) -> None:
        """Take the leg over.

        Raises:
            SwitchError: whoever connected is no switch, or gives no full control.
            LegGone: it has gone already.
        """
        # In one breath: from ``connect`` on the switch takes keys off the line, and tells of each once.
        following = gevent.spawn(self._refused, commands.my_events())
        self._data = self._link.send(commands.connect()).headers
        self.channel_uuid = commands.channel(self._data.get("Unique-ID", ""))
        self.variables = {
            name.removeprefix("variable_"): value for name, value in self._data.items() if name.startswith("variable_")
        }
        if (self._data.get("Socket-Mode"), self._data.get("Control")) != ("async", "full"):
            raise SwitchError("the dialplan must say: socket HOST:PORT async full")
        if self._data.get("Answer-State") == "hangup":
            self._hung_up.set()
        if (refused := following.get()) is not None:
            raise refused
        self._link.ask(commands.linger(LINGER))
        # "*" would end a prompt: only what is asked for may.
        self.set("playback_terminators", self._ends_words)

    @property
    def caller_number(self) -> str:
        return self._data.get("Caller-Caller-ID-Number", "")

    @property
    def called_number(self) -> str:
        return self._data.get("Caller-Destination-Number", "")

    @property
    def inbound(self) -> bool:
        return self._data.get("Call-Direction") == "inbound"

    def answer(self) -> None:
        self._execute(commands.answer, 10.0)

    def play(self, files: Iterable[Path]) -> None:
        """Play to the end; no key of a telephone interrupts."""
        played = list(files)
        if played:
            self._execute(lambda event: commands.playback(event, self._files, played), _length(played))

    def ask(self, files: Iterable[Path], keys: str, wait: float) -> str:
        """Play, and take one of ``keys``; empty when none came. A key counts from before the first word.

        A key that is not among ``keys`` ends it too, with nothing: whoever
        wants to know of wrong keys asks for all of them and looks.
        """
        played = list(files)
        limit = _length(played) + 2 * wait
        event = self._execute(
            lambda event: commands.ask(event, self._files, played, keys, wait), limit, early=commands.KEYS
        )
        pressed = event.variable(commands.ASKED)
        return pressed if len(pressed) == 1 and pressed in keys else ""

    def enter(self, files: Iterable[Path], digits: int, wait: float) -> str:
        """Play, and take up to so many digits, ended by ``#`` or by a pause; empty when none came."""
        played = list(files)
        limit = _length(played) + (digits + 1) * wait
        event = self._execute(
            lambda event: commands.enter(event, self._files, played, digits, wait), limit, early=commands.KEYS
        )
        pressed = event.variable(commands.ASKED)
        return pressed if pressed.isascii() and pressed.isdigit() else ""

    def join(self, room: str) -> None:
        """Take part in a conference until it is over for this leg."""
        self._execute(lambda event: commands.conference(event, room), LONGEST_TALK)

    def queue(self, name: str, keys: str = "", early: str = "") -> str:
        """Wait in the queue; ends with its ``cc_cause``, ``timeout`` when it ran out of patience, or a key.

        After ``answered`` the leg talks to a desk and is no longer ours: every
        method then raises ``LegGone``, and ``hangup`` does nothing.
        """
        limit = 10 * self._settings.hotline_patience + 600
        if self._ends_words != OUT_OF_QUEUE:  # a desk may take them also from the words that follow
            self._ends_words = OUT_OF_QUEUE
            self.set("playback_terminators", OUT_OF_QUEUE)
        self._execute(lambda event: commands.exit_keys(event, keys), 5.0)
        event = self._execute(lambda event: commands.queue(event, name), limit, early=early)
        cause = event.variable("cc_cause")
        if cause == ANSWERED:
            self._handed_over = True
            self.desk = event.variable("cc_agent")
            self._try_to(commands.keep_out_of_dialplan(self.channel_uuid))
        elif event.variable("cc_cancel_reason") in ("TIMEOUT", "NO_AGENT_TIMEOUT"):
            return "timeout"
        elif event.variable("cc_cancel_reason") == "EXIT_WITH_KEY":
            key = event.variable("cc_exit_key")
            return key if len(key) == 1 and key in keys else cause
        return cause

    def place(self, name: str) -> int | None:
        """Which place in the queue this leg has, by the switch's own order."""
        if not self._up():
            return None
        try:
            return replies.place(self._link.ask(commands.queue_members(name)), self.channel_uuid)
        except SwitchError as error:
            log.info("Leg %s: its place is not known: %s.", self.channel_uuid, error)
            return None

    def bridge_out(self, outside: OutsideCall, keys: str = "") -> str:
        """Bridge to an outside telephone until the talk ends: ``answered``, the key that led away, or empty.

        The switch knows one key at most that ends the ringing, so it is one that no telephone has, and pressed by us.
        """
        self.set("continue_on_fail", "true")
        self.set("origination_cancel_key", OUT_OF_QUEUE)
        self._leads_away, self._led_away = keys, ""
        try:
            event = self._execute(
                lambda event: commands.bridge_out(event, self._files, outside),
                LONGEST_TALK,
                after_hangup=True,
                early=keys,
            )
        finally:
            self._leads_away = ""
        return ANSWERED if event.variable("originate_disposition") == "SUCCESS" else self._led_away

    def announce(self, files: Iterable[Path]) -> None:
        """Lay words over the music of the queue; what cannot be played now is left out, and nobody waits for it."""
        self.hush()
        played = list(files)
        if played and self._up():
            self._announced = played
            self._try_to(commands.announce(self.channel_uuid, self._files, played))

    def hush(self) -> None:
        """End what was announced, if it lasts."""
        played, self._announced = self._announced, ()
        if played and self._up():
            self._refused(commands.hush(self.channel_uuid, self._files, played))  # refused when it is over already

    def tell(self, files: Iterable[Path]) -> None:
        """Play to both sides of the talk; what cannot be played now is left out, and nobody waits for it."""
        played = list(files)
        if played and self._up():
            self._try_to(commands.tell(self.channel_uuid, self._files, played))

    def record_message(self, file_name: str, limit: float) -> float:
        """Record until a key, ten seconds of silence or the limit; seconds recorded.

        Most callers end their message by hanging up: that is a message too,
        and only the next method raises ``LegGone``.
        """
        folder = self._settings.recordings_dir
        self.set("playback_terminators", "any")
        event = self._execute(
            lambda event: commands.record(event, self._files, folder, file_name, limit), limit, after_hangup=True
        )
        if not self._hung_up.is_set():
            self.set("playback_terminators", self._ends_words)
        milliseconds = event.variable("record_ms")
        return int(milliseconds) / 1000 if milliseconds.isdigit() else _length([folder / file_name], 0.0)

    def bridge(self, extension: str) -> bool:
        """Bridge to a desk until the talk ends; True when somebody answered."""
        domain = self._settings.switch_domain
        event = self._execute(
            lambda event: commands.bridge(event, extension, domain, DESK_RING), LONGEST_TALK, after_hangup=True
        )
        return event.variable("originate_disposition") == "SUCCESS"

    def set(self, variable: str, value: str) -> None:
        self._execute(lambda event: commands.set_variable(event, variable, value), 5.0)

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        """Hang up; nothing when it has gone already or talks to a desk."""
        if self._handed_over or not self._up():
            return
        self._try_to(commands.hangup(str(uuid.uuid4()), cause))
        self._hung_up.wait(SLACK)

    def close(self) -> None:
        """End the connection; a leg that still is up goes on in the dialplan."""
        self._link.end("closed")

    # --- the engine ------------------------------------------------------------

    def _execute(
        self, build: Callable[[str], str], limit: float, *, after_hangup: bool = False, early: str = ""
    ) -> SwitchEvent:
        """Run an application to its end.

        Args:
            build: gives the command for an event uuid.
            limit: how long it can take, in the product's seconds.
            after_hangup: its end counts even if the leg was hung up meanwhile.
            early: keys that are its own also when they were pressed before it began.
        """
        event_uuid = str(uuid.uuid4())
        command = build(event_uuid)
        self._check()
        ended: AsyncResult[SwitchEvent] = AsyncResult()
        self._running[event_uuid] = (ended, after_hangup)
        self._takes_keys = (event_uuid, early)
        try:
            self._link.ask(command)
            return self._wait(ended, limit)
        except SwitchError as error:
            raise LegGone(str(error)) from None
        finally:
            del self._running[event_uuid]

    def _wait(self, ended: AsyncResult[SwitchEvent], limit: float) -> SwitchEvent:
        until = time.monotonic() + self._clock.real(limit) + SLACK
        while not ended.wait(CHECK):
            if self._hung_up.is_set():
                raise LegGone("hung up")
            if time.monotonic() > until:
                self._try_to(commands.break_off(self.channel_uuid))
                raise LegGone("the switch did not end what the leg was doing")
            # A switch that has much to do replies late: that is no reason to end what somebody listens to.
            if self._link.ask(commands.exists(self.channel_uuid), CHECK) != "true":
                raise LegGone("the switch no longer knows the channel")
        event = ended.get()
        assert isinstance(event, SwitchEvent)
        return event

    def _up(self) -> bool:
        return not self._hung_up.is_set() and self._link.connected

    def _check(self) -> None:
        if not self._up():
            raise LegGone("hung up")
        if self._handed_over:
            raise LegGone("the leg talks to a desk")

    def _try_to(self, command: str) -> None:
        if (refused := self._refused(command)) is not None:
            log.info("Leg %s: %s.", self.channel_uuid, refused)

    def _refused(self, command: str) -> SwitchError | None:
        """Why the switch did not do it, if it did not."""
        try:
            self._link.ask(command)
        except SwitchError as error:
            return error
        return None

    def _took(self, block: bytes) -> None:
        event = read_event(block)
        application = event.headers.get("Application-UUID", "")
        if event.name == "CHANNEL_EXECUTE":
            self._began(application, event.headers.get("Application", ""))
        elif event.name == "CHANNEL_EXECUTE_COMPLETE":
            self._busy = "" if self._busy == application else self._busy
            ended, _ = self._running.get(application, (None, False))
            if ended is not None and not ended.ready():
                ended.set(event)
        elif event.name == "DTMF":
            self._pressed(event.headers.get("DTMF-Digit", ""))
        elif event.name == "CHANNEL_BRIDGE":
            self._leads_away = ""  # what is pressed in the talk is said to the other side
        elif event.name in ("CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE") and event.channel_uuid == self.channel_uuid:
            self._hung_up.set()
            self._fail(even_after_hangup=event.name == "CHANNEL_HANGUP_COMPLETE")

    def _began(self, application: str, name: str) -> None:
        if application not in self._running:
            return
        self._busy = application
        if name in KEEPS_KEYS:
            return
        (taker, wanted), early, self._early = self._takes_keys, self._early, ""
        if application == taker:
            self._press("".join(key for key in early if key in wanted))

    def _press(self, keys: str) -> None:
        if keys:
            gevent.spawn(self._try_to, commands.press(self.channel_uuid, keys))  # replies are read by who calls this

    def _pressed(self, key: str) -> None:
        """The switch took a key off the line. What it runs has it; while it runs nothing, it would be lost."""
        if len(key) != 1:
            return
        if self._busy and key in self._leads_away:
            self._leads_away, self._led_away = "", key
            self._press(OUT_OF_QUEUE)
        elif not self._busy and key in {*commands.KEYS, OUT_OF_QUEUE} and len(self._early) < commands.MOST_DIGITS:
            self._early += key

    def _ended(self) -> None:
        self._hung_up.set()
        self._fail(even_after_hangup=True)

    def _fail(self, *, even_after_hangup: bool) -> None:
        for ended, after_hangup in self._running.values():
            if not ended.ready() and (even_after_hangup or not after_hangup):
                ended.set_exception(LegGone("hung up"))


def _length(files: Sequence[Path], unknown: float = LONGEST_PROMPT) -> float:
    """Seconds that these files play; ``unknown`` for one that cannot be read."""
    total = 0.0
    for file in files:
        try:
            with wave.open(str(file), "rb") as sound:
                total += sound.getnframes() / sound.getframerate()
        except (OSError, EOFError, wave.Error, ZeroDivisionError):
            total += unknown
    return total

"""A channel: one telephone's leg in the switch, its variables, its states and the events they make."""

from __future__ import annotations

import math
import uuid as uuids
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gevent.event import Event

from dutycenter.switch.rehearsal import headers
from dutycenter.switch.rehearsal.audio import KEY_SECONDS, RATE, Sound, key_tone
from dutycenter.switch.rehearsal.bus import micros
from dutycenter.switch.rehearsal.describing import describe, profile
from dutycenter.switch.rehearsal.recording import HEARD, SAID, Recording
from dutycenter.switch.rehearsal.variables import Held, Variables
from dutycenter.switch.rehearsal.wire import Request, encode, line

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange
    from dutycenter.switch.rehearsal.phone import Phone


class Gone(Exception):
    """The channel has been hung up."""


class Transferred(Exception):
    """The channel goes on elsewhere: in another extension, or bridged."""


class Break(Exception):
    """``uuid_break`` ended what was being played."""


class Channel:
    """One leg.

    Args:
        exchange: the switch it is in.
        uuid: its id.
        direction: ``inbound`` or ``outbound``.
        name: such as ``sofia/trunk/13800002001``.
        caller: caller number and name.
        number: what was dialled.
    """

    def __init__(
        self, exchange: Exchange, uuid: str, direction: str, name: str, caller: tuple[str, str], number: str
    ) -> None:
        self.exchange = exchange
        self.uuid, self.direction, self.name = uuid, direction, name
        self.caller_number, self.caller_name = caller
        self.orig_number, self.orig_name = caller
        self.callee_number, self.callee_name = (number, "Outbound Call") if direction == "outbound" else ("", "")
        self.number = self.ani_number = number
        self.ani = caller[0]
        self.context = "default" if direction == "outbound" else "public"
        self.source = "src/switch_ivr_originate.c" if direction == "outbound" else "mod_sofia"
        self.dialplan = "" if direction == "outbound" else "XML"
        self.rdnis = self.transfer_source = ""
        self.profile_index = 1
        self.variables = Variables()
        self.session_id = exchange.next_session()
        self.tag = uuids.uuid4().hex[:13]
        self.call_uuid = uuid
        self.state, self.number_of_state = "CS_NONE", 0
        self.callstate, self.answer_state = "DOWN", "ringing"
        self.hit_dialplan = direction == "inbound"
        self.media = direction == "inbound"
        self.cause = self.disposition = ""
        now = self.now()
        self.times = {"Profile-Created": now, "Channel-Created": now}
        self.network = direction == "inbound"
        self.partner: Channel | None = None
        self.other: list[tuple[str, str]] = []
        self.other_type = ""
        self.phone: Phone | None = None
        self.gateway = ""
        self.fields: dict[str, Any] = {}  # what the templates of SIP variables need
        self.application, self.application_data = "", ""
        self.recordings: list[Recording] = []
        self.keys: deque[str] = deque()
        self.dialed = ""
        self.messages: deque[Request] = deque()
        self.locked = False
        self.broken = False
        self.go_on: Callable[[], None] | None = None  # what it does instead of what it is doing
        self.picked_up = False
        self.accepted = False  # answered, and confirmed where that is asked for
        self.moved = False  # taken out of what it was bridged with
        self.stop_music: Callable[[], None] | None = None  # while its partner is on hold
        self.displaced: dict[str, Callable[[], None]] = {}  # what is laid over what it hears, and how to stop it
        self.mute = False  # a fault: nothing more is told of it
        self.held: list[Held] = []
        self.watchers: list[Callable[[], None]] = []  # called when it is hung up
        self.spoke_until = self.heard_until = 0.0  # monotonic product time
        self.hears = ""  # the name of what is being played to it
        self._wake = Event()

    # --- time and waiting ---------------------------------------------------

    def now(self) -> int:
        """Microseconds since 1970, product time."""
        return micros(self.exchange.clock.now())

    def wake(self) -> None:
        """Something has changed: whoever waits on this channel looks again."""
        self._wake.set()

    def check(self) -> None:
        """Raise what ends the present application, if anything does."""
        if self.cause:
            raise Gone
        if self.go_on is not None:
            raise Transferred

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait so many product seconds, or until something is so; messages run meanwhile.

        Raises:
            Gone, Transferred, Break: what ends the wait before its time.
        """
        clock = self.exchange.clock
        deadline = clock.monotonic() + seconds
        while True:
            self.check()
            if self.broken:
                self.broken = False
                raise Break
            if self.messages and not self.locked:
                self.exchange.applications.obey(self, self.messages.popleft())
                continue
            if until():
                return True
            left = deadline - clock.monotonic()
            if left <= 0:
                return False
            self._wake.clear()
            self._wake.wait(clock.real(left))

    # --- events -------------------------------------------------------------

    def emit(
        self,
        name: str,
        extra: Iterable[tuple[str, str]] = (),
        *,
        variables: bool = True,
        subclass: str = "",
        origin: str = "",
        leading: str = "",
    ) -> None:
        """Fire an event of this channel."""
        if self.mute:
            return
        self.exchange.bus.publish(
            name,
            lambda: self.headers(variables) + "".join(line(*pair) for pair in extra),
            channel_uuid=self.uuid,
            subclass=subclass,
            origin=origin,
            leading=leading,
        )

    def headers(self, variables: bool = True) -> str:
        """The channel's own headers: states, caller, the other leg, variables."""
        return describe(self) + (self.variables.text() if variables else "")

    def encoded_profile(self) -> list[tuple[str, str]]:
        """The caller profile with its values as they are sent."""
        return [(name, encode(value)) for name, value in profile(self)]

    def enter(self, state: str, number: int | None = None) -> None:
        """Run in this state, and say so."""
        self.state = state
        self.number_of_state = headers.STATE_NUMBERS[state] if number is None else number
        self.emit("CHANNEL_STATE", variables=False)

    def set_callstate(self, callstate: str) -> None:
        """Change the call state, and say so."""
        before, self.callstate = self.callstate, callstate
        self.emit("CHANNEL_CALLSTATE", [("Original-Channel-Call-State", before)], variables=False)

    # --- life ---------------------------------------------------------------

    def answered(self) -> None:
        """Mark it answered: from here on the call counts."""
        self.answer_state, self.media = "answered", True
        self.times["Channel-Answered"] = self.now()
        self.emit("CHANNEL_ANSWER")
        self.set_callstate("ACTIVE")
        self.variables.set("endpoint_disposition", "ANSWER")
        self.exchange.journal.write("answer", self.uuid, number=self.far_number, direction=self.direction)

    @property
    def far_number(self) -> str:
        """The number of the telephone at the other end."""
        return self.ani_number if self.direction == "outbound" else self.orig_number

    def hangup(self, cause: str, disposition: str = "send_bye") -> None:
        """Hang up; the channel's own greenlet finds out at its next wait."""
        if self.cause:
            return
        self.cause = cause
        self.answer_state, self.number_of_state = "hangup", headers.STATE_NUMBERS["CS_HANGUP"]
        self.times["Channel-Hangup"] = self.now()
        self.disposition = disposition
        if disposition == "recv_bye":
            self.variables.update(
                (("sip_term_status", "200"), ("proto_specific_hangup_cause", "sip:200"), ("sip_term_cause", "16"))
            )
        self.emit("CHANNEL_HANGUP")
        self.exchange.journal.write(
            "hangup", self.uuid, cause=cause, by="phone" if disposition.startswith("recv") else "switch",
            number=self.far_number, direction=self.direction, answered="Channel-Answered" in self.times,
        )  # fmt: skip
        for watcher in self.watchers:
            watcher()
        self.wake()

    def press(self, key: str) -> None:
        """The telephone's user presses a key."""
        self.exchange.journal.write("key", self.uuid, key=key, number=self.far_number)
        spoke_until = self.spoke_until
        self.say(key_tone(key))
        self.spoke_until = spoke_until
        self.keys.append(key)
        self.wake()

    def next_key(self) -> str:
        """Take the oldest waiting key; that is when the switch tells of it."""
        key = self.keys.popleft()
        self.dialed += key
        self.emit(
            "DTMF",
            [("DTMF-Digit", key), ("DTMF-Duration", str(int(KEY_SECONDS * RATE))), ("DTMF-Source", "RTP")],
            variables=False,
        )
        return key

    # --- sound --------------------------------------------------------------

    def say(self, sound: Sound) -> None:
        """The telephone sends this."""
        at = self.exchange.clock.monotonic()
        self.spoke_until = at + len(sound) / RATE
        for recording in self.recordings:
            recording.add(SAID, at, sound)
        if self.partner is not None:
            self.partner.hear(sound)

    def hear(self, sound: Sound, repeat: bool = False) -> Callable[[], None]:
        """The switch plays this to the telephone; call the result to stop it."""
        at = self.exchange.clock.monotonic()
        self.heard_until = math.inf if repeat else at + len(sound) / RATE
        laid = [(recording, recording.add(HEARD, at, sound, repeat)) for recording in self.recordings]

        def stop() -> None:
            now = self.heard_until = self.exchange.clock.monotonic()
            for recording, piece in laid:
                if piece is not None:
                    recording.cut(piece, now)

        return stop

    def flush_recordings(self) -> None:
        """What was recorded so far is in the file, as a real switch writes it: who drives the leg may listen."""
        now = self.exchange.clock.monotonic()
        for recording in list(self.recordings):
            self.exchange.aside(recording.write, now)

    def record(self, recording: Recording) -> None:
        """Begin a recording.

        Raises:
            OSError: the file cannot be made.
        """
        recording.open()
        self.recordings.append(recording)
        self.emit("RECORD_START", [("Record-File-Path", str(recording.path))])
        self.exchange.journal.write("record_start", self.uuid, file=str(recording.path))

    def stop_recording(self, recording: Recording) -> float:
        """Finish the file, then say that the recording has stopped; its seconds."""
        self.recordings.remove(recording)
        ended = self.exchange.clock.monotonic()
        frames = self.exchange.aside(recording.write, ended)
        channels = 2 if recording.stereo else 1
        for name, value in (
            ("record_file_size", str(44 + frames * 2 * channels)),
            ("record_samples", str(frames)),
            ("record_seconds", str(frames // RATE)),
            ("record_ms", str(frames * 1000 // RATE)),
            ("record_completion_cause", "success-silence"),
        ):
            self.variables.set(name, value)
        path = ("Record-File-Path", str(recording.path))
        self.emit("RECORD_STOP", [path, ("Record-Completion-Cause", "success-silence")])
        self.exchange.journal.write("record_stop", self.uuid, file=str(recording.path), seconds=round(frames / RATE, 3))
        return frames / RATE

"""The dialplan: what ``deploy/freeswitch`` says, said again for simulated telephones.

Context ``public`` takes the hotline's calls, context ``dutycenter`` takes
answered legs of broadcasts, the duty desks and transfers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal.channel import Channel

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

DESK_SECONDS = 25
ABOUT_A_LEG = re.compile(r"(room|take|listen)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
OUTSIDE = re.compile(r"[0-9]{5,20}")
VOICEMAIL_SECONDS = 180
CONNECTING = "tone_stream://%(200,100,440);%(200,100,554);%(400,600,659)"
LEAVE_MESSAGE = "tone_stream://%(1000,300,1000)"
GOODBYE = "tone_stream://%(200,100,659);%(400,300,440)"


class Dialplan:
    """Extensions and what they do."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def route(self, context: str, extension: str) -> Iterator[tuple[str, str]] | None:
        """The applications of an extension, or None when there is no such extension."""
        town = self._exchange.town
        if context == "public":
            return self._hotline() if extension == town.hotline else iter([("hangup", "UNALLOCATED_NUMBER")])
        if context == "dutycenter" and extension == "notify":
            return self._notify()
        about = ABOUT_A_LEG.fullmatch(extension) if context == "dutycenter" else None
        if about:
            return {"room": self._room, "take": self._take, "listen": self._listen}[about[1]](about[2])
        if context == "dutycenter" and extension == "desk":
            return self._desks(town.desks)
        if context in ("dutycenter", "desks") and extension in town.desks:
            return self._desks((extension,))
        if context == "desks":
            return (
                self._outside(extension) if OUTSIDE.fullmatch(extension) else iter([("hangup", "OUTGOING_CALL_BARRED")])
            )
        return None

    def _recorded(self) -> list[tuple[str, str]]:
        return [
            ("set", "RECORD_STEREO=true"),
            ("set", "hangup_after_bridge=true"),
            ("set", "playback_terminators=none"),
        ]

    def _record(self) -> tuple[str, str]:
        return "record_session", f"{self._exchange.town.recordings}/${{uuid}}.wav"

    def _hotline(self) -> Iterator[tuple[str, str]]:
        yield from self._recorded()
        yield "set", "socket_resume=true"
        yield self._record()
        yield "answer", ""
        yield "socket", f"{self._exchange.town.ivr} async full"
        # From here on the ivr is away, or was lost on the way: the desks ring, then a message is taken.
        yield "set", "continue_on_fail=true"
        yield "playback", CONNECTING
        yield "bridge", self._ring(self._exchange.town.desks)
        yield "playback", LEAVE_MESSAGE
        yield "set", "playback_terminators=any"
        yield "record", f"{self._exchange.town.recordings}/${{uuid}}.voicemail.wav {VOICEMAIL_SECONDS} 200 10"
        yield "set", "playback_terminators=none"
        yield "playback", GOODBYE
        yield "hangup", "NORMAL_CLEARING"

    def _room(self, name: str) -> Iterator[tuple[str, str]]:
        yield "set", "RECORD_STEREO=true"
        yield self._record()
        yield "conference", f"{name}@duty"
        yield "hangup", "NORMAL_CLEARING"

    def _take(self, leg: str) -> Iterator[tuple[str, str]]:
        yield "set", "hangup_after_bridge=true"
        yield "intercept", leg
        yield "hangup", "NORMAL_CLEARING"

    def _listen(self, leg: str) -> Iterator[tuple[str, str]]:
        yield "set", "RECORD_STEREO=true"
        yield self._record()
        yield "eavesdrop", leg
        yield "hangup", "NORMAL_CLEARING"

    def _outside(self, number: str) -> Iterator[tuple[str, str]]:
        yield from self._recorded()
        yield self._record()
        yield "bridge", f"sofia/gateway/{self._exchange.town.outside}/{number}"
        yield "hangup", "NO_ANSWER"

    def _notify(self) -> Iterator[tuple[str, str]]:
        yield from self._recorded()
        yield "set", "conference_enforce_security=true"
        yield self._record()
        yield "socket", f"{self._exchange.town.ivr} async full"
        yield "hangup", "NORMAL_TEMPORARY_FAILURE"

    def _desks(self, desks: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        yield "set", "hangup_after_bridge=true"
        yield "bridge", self._ring(desks)
        yield "hangup", "NO_ANSWER"

    def _ring(self, desks: tuple[str, ...]) -> str:
        domain = self._exchange.town.domain
        return ",".join(f"[leg_timeout={DESK_SECONDS}]user/{desk}@{domain}" for desk in desks)

    def run(self, channel: Channel, applications: Iterator[tuple[str, str]] | None) -> None:
        """Execute an extension to its end; a channel that falls off the end is hung up."""
        if applications is None:
            channel.hangup("NO_ROUTE_DESTINATION")
            return
        for name, data in applications:
            self._exchange.applications.execute(channel, name, data)
        channel.hangup("NORMAL_CLEARING")

"""Events on their way to whoever subscribed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from dutycenter.interfaces import IClock
from dutycenter.switch.rehearsal.headers import CORE_UUID, HOSTNAME, ORIGINS
from dutycenter.switch.rehearsal.wire import encode, event_frame, line

CORE = (
    f"Core-UUID: {CORE_UUID}\nFreeSWITCH-Hostname: {HOSTNAME}\nFreeSWITCH-Switchname: {HOSTNAME}\n"
    "FreeSWITCH-IPv4: 192.0.2.2\nFreeSWITCH-IPv6: fd00%3A%3A2\n"
)


class Listener(Protocol):
    """Somebody who takes events."""

    def wants(self, name: str, subclass: str, channel_uuid: str) -> bool:
        """Is this event subscribed?"""

    def deliver(self, frame: bytes, text: str) -> None:
        """Take one; ``text`` is the event without its frame, for filters. Never blocks."""


class Bus:
    """Numbers events, renders each at most once, and hands it out."""

    def __init__(self, clock: IClock) -> None:
        self._clock = clock
        self._sequence = 0
        self._general: list[Listener] = []
        self._focused: dict[str, list[Listener]] = {}  # by the one channel that they follow

    def attach(self, listener: Listener) -> None:
        """Hand it events from now on."""
        self._general.append(listener)

    def focus(self, listener: Listener, channel_uuid: str) -> None:
        """It follows this channel alone; so hundreds of legs don't look at each other's events."""
        if listener in self._general:
            self._general.remove(listener)
            self._focused.setdefault(channel_uuid, []).append(listener)

    def detach(self, listener: Listener) -> bool:
        """No more events; False when it had none already."""
        if listener in self._general:
            self._general.remove(listener)
            return True
        for channel_uuid, listeners in self._focused.items():
            if listener in listeners:
                listeners.remove(listener)
                if not listeners:
                    del self._focused[channel_uuid]
                return True
        return False

    def publish(
        self,
        name: str,
        render: Callable[[], str],
        *,
        channel_uuid: str = "",
        subclass: str = "",
        origin: str = "",
        leading: str = "",
        body: str = "",
    ) -> None:
        """Send an event to those who want it.

        Args:
            name: ``Event-Name``.
            render: makes the headers after the core ones; called only if somebody wants the event.
            channel_uuid: whose event it is.
            subclass: ``Event-Subclass`` of a CUSTOM event.
            origin: key of ``ORIGINS`` when it isn't ``name``.
            leading: headers that stand before the channel's.
            body: the event's body.
        """
        self._sequence += 1
        listeners = (*self._general, *self._focused.get(channel_uuid, ()))
        wanting = [listener for listener in listeners if listener.wants(name, subclass, channel_uuid)]
        if not wanting:
            return
        text = self.head(name, origin, subclass) + leading + render()
        text += f"Content-Length: {len(body.encode())}\n\n{body}" if body else "\n"
        frame = event_frame(text)
        for listener in wanting:
            listener.deliver(frame, text)

    def head(self, name: str, origin: str = "", subclass: str = "") -> str:
        """The headers that every event begins with."""
        now = self._clock.now().astimezone(UTC)
        file, function, number = ORIGINS[origin or name]
        custom = line("Event-Subclass", subclass) if subclass else ""
        return (
            f"{custom}Event-Name: {name}\n{CORE}"
            f"Event-Date-Local: {encode(now.strftime('%Y-%m-%d %H:%M:%S'))}\n"
            f"Event-Date-GMT: {encode(now.strftime('%a, %d %b %Y %H:%M:%S GMT'))}\n"
            f"Event-Date-Timestamp: {micros(now)}\n"
            f"Event-Calling-File: {file}\nEvent-Calling-Function: {function}\n"
            f"Event-Calling-Line-Number: {number}\nEvent-Sequence: {self._sequence}\n"
        )


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds

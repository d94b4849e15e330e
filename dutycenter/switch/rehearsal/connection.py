"""One event socket connection, of either direction: what it wants to hear, and what is on its way to it."""

from __future__ import annotations

import contextlib
import logging
from collections import deque

import gevent
from gevent import socket
from gevent.event import Event

log = logging.getLogger(__name__)

MAX_WAITING = 100_000  # frames that may wait for a slow reader
MAX_LOST = 500  # lost events after which the switch cuts the reader off

MY_EVENTS = frozenset((
    "CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CREATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_ORIGINATE",
    "CHANNEL_UUID", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_STATE", "CHANNEL_UNBRIDGE", "CHANNEL_UNPARK", "DETECTED_SPEECH", "DTMF", "NOTALK", "TALK",
))  # fmt: skip
EVENT_NAMES = MY_EVENTS | {
    "ALL", "CUSTOM", "BACKGROUND_JOB", "CHANNEL_CALLSTATE", "RECORD_START", "RECORD_STOP", "PLAYBACK_START",
    "PLAYBACK_STOP", "HEARTBEAT", "API", "RELOADXML", "SHUTDOWN", "STARTUP", "MODULE_LOAD", "MODULE_UNLOAD",
    "CHANNEL_HOLD", "CHANNEL_UNHOLD", "CODEC", "CALL_UPDATE", "PRESENCE_IN", "SESSION_HEARTBEAT", "MEDIA_BUG_START",
    "MEDIA_BUG_STOP", "LOG", "MESSAGE", "RE_SCHEDULE", "SOCKET_DATA", "GENERAL", "COMMAND", "NOTIFY",
}  # fmt: skip


class Subscription:
    """Which events a connection wants."""

    def __init__(self) -> None:
        self.active = False
        self.names: set[str] = set()
        self.subclasses: set[str] = set()
        self.only = ""  # this channel's events alone
        self.filters: list[tuple[str, str]] = []

    def wants(self, name: str, subclass: str, channel_uuid: str) -> bool:
        """Is it subscribed?"""
        if not self.active or (self.only and channel_uuid != self.only):
            return False
        if "ALL" in self.names:
            return True
        if name == "CUSTOM" and subclass:
            return subclass in self.subclasses
        return name in self.names

    def passes(self, text: str) -> bool:
        """Do the filters let it through? With several, one that fits is enough."""
        return not self.filters or any(
            f"\n{name}: {value}\n" in f"\n{text}" if value else f"\n{name}: " in f"\n{text}"
            for name, value in self.filters
        )

    def add(self, words: list[str]) -> int:
        """``event plain NAME … CUSTOM subclass …``; how many names were understood."""
        understood, custom = 0, False
        for word in words:
            name = word.upper()
            if custom and name not in EVENT_NAMES:
                self.subclasses.add(word)
            elif name in EVENT_NAMES:
                understood += 1
                self.names.add(name)
                custom = custom or name == "CUSTOM"
        self.active = self.active or understood > 0
        return understood

    def remove(self, words: list[str]) -> int:
        """``nixevent NAME …``; how many names were understood."""
        understood = 0
        for word in words:
            name = word.upper()
            if name == "ALL":
                self.names.clear()
                understood += 1
            elif name in EVENT_NAMES:
                if "ALL" in self.names:
                    self.names = set(EVENT_NAMES - {"ALL"})
                self.names.discard(name)
                understood += 1
            else:
                self.subclasses.discard(word)
        return understood

    def clear(self) -> bool:
        """``noevents``; False when there were none."""
        was, self.active = self.active, False
        self.names.clear()
        self.subclasses.clear()
        return was


class Connection:
    """Sends frames in order without ever making the switch wait.

    Args:
        sock: connected.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.subscription = Subscription()
        self._waiting: deque[bytes] = deque()
        self._more = Event()
        self._closing = False
        self._lost = 0
        self._writer = gevent.spawn(self._write)

    def wants(self, name: str, subclass: str, channel_uuid: str) -> bool:
        """Is this event subscribed?"""
        return self.subscription.wants(name, subclass, channel_uuid)

    def deliver(self, frame: bytes, text: str) -> None:
        """Take an event, unless a filter keeps it away or too many wait."""
        if not self.subscription.passes(text):
            return
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            if self._lost > MAX_LOST:
                log.warning("An event listener reads too slowly and is cut off")
                self.abort()
            return
        self.send(frame)

    def send(self, frame: bytes) -> None:
        """Put a frame on its way."""
        if not self._closing:
            self._waiting.append(frame)
            self._more.set()

    def finish(self) -> None:
        """Close once everything is sent."""
        self._closing = True
        self._more.set()

    def join(self, seconds: float) -> None:
        """Wait so many real seconds at most until everything is sent."""
        self._writer.join(seconds)

    def abort(self) -> None:
        """Close now."""
        self._waiting.clear()
        self.finish()
        self._shut()

    def _write(self) -> None:
        try:
            while True:
                while self._waiting:
                    batch = b"".join(self._waiting.popleft() for _ in range(min(64, len(self._waiting))))
                    self.sock.sendall(batch)
                if self._closing:
                    return
                self._more.clear()
                self._more.wait()
        except OSError:
            self._closing = True
        finally:
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

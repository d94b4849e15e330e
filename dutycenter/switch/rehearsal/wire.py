"""The event socket's words: frames, percent-encoding, disconnect notices.

A frame is header lines, an empty line, and as many bytes of body as
``Content-Length`` says. Events are frames whose body is again header lines,
each value percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from urllib.parse import unquote

UNSAFE = re.compile("[^!$'()*,\\-./0-9A-Z_a-z~]")
MAX_FRAME = 1 << 20

AUTH_REQUEST = b"Content-Type: auth/request\n\n"
GOODBYE = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"


class Stream(Protocol):
    """What a connection is read from."""

    def recv(self, size: int, /) -> bytes: ...


class BadFrame(ValueError):
    """The other side doesn't speak the event socket's protocol."""


@dataclass(frozen=True)
class Request:
    """One command: its first line, the headers below it and a body."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: str = ""


@lru_cache(maxsize=8192)
def encode(value: str) -> str:
    """A header value as the switch writes it."""
    if UNSAFE.search(value) is None:
        return value
    return UNSAFE.sub(_percent, value)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogateescape"))


def decode(value: str) -> str:
    """The value behind a percent-encoded one."""
    return unquote(value, errors="surrogateescape")


def line(name: str, value: str) -> str:
    """One header line of an event."""
    return f"{name}: {encode(value)}\n"


def reply(text: str, extra: str = "") -> bytes:
    """``command/reply``."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n{extra}\n".encode()


def api_response(text: str) -> bytes:
    """``api/response``."""
    body = text.encode("utf-8", "surrogateescape")
    return f"Content-Type: api/response\nContent-Length: {len(body)}\n\n".encode() + body


def event_frame(event: str) -> bytes:
    """``text/event-plain`` around an event's text."""
    body = event.encode("utf-8", "surrogateescape")
    return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n".encode() + body


def rude_rejection() -> bytes:
    """What ends an inbound connection: after a wrong password, or ``exit``."""
    return f"Content-Type: text/disconnect-notice\nContent-Length: {len(GOODBYE)}\n\n".encode() + GOODBYE


def disconnect_notice(channel_uuid: str) -> bytes:
    """What ends an outbound connection."""
    head = (
        f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {channel_uuid}\n"
        f"Content-Disposition: disconnect\nContent-Length: {len(GOODBYE)}\n\n"
    )
    return head.encode() + GOODBYE


def linger_notice(channel_uuid: str, channel_name: str, seconds: int) -> bytes:
    """The channel is gone, but the connection stays so long for the last events."""
    return (
        f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {channel_uuid}\n"
        f"Content-Disposition: linger\nChannel-Name: {channel_name}\nLinger-Time: {seconds}\n"
        "Content-Length: 0\n\n"
    ).encode()


class Requests:
    """Reads commands from a connection; ends with the connection.

    Raises:
        BadFrame: a header block or body larger than a command can be.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""

    def read(self) -> Request | None:
        """The next command; None when the other side has closed."""
        block = self._block()
        if block is None:
            return None
        first, *rest = block.split("\n")
        headers = {}
        for text in rest:
            name, separator, value = text.partition(":")
            if separator:
                headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "0")
        size = int(length) if length.isdigit() else 0
        body = self._take(size) if size else b""
        if body is None:
            return None
        return Request(first.strip(), headers, body.decode("utf-8", "surrogateescape"))

    def _block(self) -> str | None:
        while True:
            self._buffer = self._buffer.lstrip(b"\r\n")
            ends = [at for at in (self._buffer.find(b"\n\n"), self._buffer.find(b"\r\n\r\n")) if at >= 0]
            if ends:
                at = min(ends)
                block, self._buffer = self._buffer[:at], self._buffer[at:]
                # Only one end of block may go: what follows can be a body that begins with a newline.
                self._buffer = self._buffer[4 if self._buffer.startswith(b"\r") else 2 :]
                return block.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")
            if len(self._buffer) > MAX_FRAME or not self._more():
                return None

    def _take(self, size: int) -> bytes | None:
        if size > MAX_FRAME:
            raise BadFrame(f"a body of {size} bytes")
        while len(self._buffer) < size:
            if not self._more():
                return None
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _more(self) -> bool:
        try:
            data = self._stream.recv(65536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)

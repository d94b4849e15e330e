"""Event socket frames: bytes in, frames out. No sockets, no clock.

A frame is a block of header lines, an empty line, and as many bytes of body as
``Content-Length`` says. An event is itself such a block, in the body of a
``text/event-plain`` frame.

Values are percent-encoded by the switch, which leaves percent signs alone that
already look like an escape. So a caller whose SIP user holds
``%0AEvent-Name%3A%20…`` sends escapes that decode to line breaks. Lines are
therefore split first and decoded after: a value may then hold a line break, but
never becomes a header.

An event of a channel has some 150 headers, of which a reader wants a handful;
parsing them is what costs. ``Headers`` looks for each when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_to_bytes

from dutycenter.interfaces import SwitchEvent

MAX_HEAD = 1 << 20  # bytes of header lines; the largest seen on a real switch is 13 kB
MAX_BODY = 32 << 20  # bytes; ``show channels as json`` takes about 1 kB a channel

READ = frozenset(
    b"""
    Event-Name Event-Subclass Event-Date-Timestamp Unique-ID Content-Length Call-Direction Channel-Call-UUID
    Channel-State Channel-Call-State Answer-State Hangup-Cause Caller-Caller-ID-Number Caller-Caller-ID-Name
    Caller-Destination-Number Caller-Callee-ID-Number Caller-Context variable_dialed_user Caller-Channel-Created-Time Caller-Channel-Answered-Time
    Caller-Channel-Hangup-Time Other-Type Other-Leg-Unique-ID Bridge-A-Unique-ID Bridge-B-Unique-ID Application
    Application-UUID Application-Data Application-Response DTMF-Digit Playback-File-Path Playback-Status
    Record-File-Path Record-Completion-Cause Job-UUID Job-Command Job-Command-Arg Gateway State Status
    variable_sip_gateway variable_hangup_cause variable_sip_gateway_name variable_sip_to_user variable_sip_term_status variable_sip_invite_failure_status
    variable_proto_specific_hangup_cause variable_originate_disposition variable_bridge_hangup_cause
    variable_last_bridge_to variable_read_result variable_record_ms variable_record_seconds
    variable_playback_ms variable_billsec variable_duration variable_uuid
    Conference-Name Action Path Member-ID
    """.split()
)
READ_BEGINNINGS = (b"CC-", b"variable_cc_", b"variable_dc_")

_NUL = "\0"


class FrameError(Exception):
    """The bytes are no event socket frames, or too large; the connection is of no more use."""


@dataclass(frozen=True)
class Frame:
    """One frame. ``head`` holds its header lines as they came, without the empty line."""

    head: bytes
    body: bytes = b""

    @property
    def headers(self) -> dict[str, str]:
        """All headers, decoded; of a repeated one the first."""
        return dict(_headers(self.head))

    def header(self, name: str) -> str:
        """One header, decoded; empty if it is not there."""
        wanted = name.encode() + b": "
        at = 0 if self.head.startswith(wanted) else self.head.find(b"\n" + wanted) + 1
        if at == 0 and not self.head.startswith(wanted):
            return ""
        end = self.head.find(b"\n", at)
        return decode(self.head[at + len(wanted) : end if end >= 0 else None])

    @property
    def kind(self) -> str:
        """The ``Content-Type``."""
        return self.header("Content-Type")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class FrameReader:
    """Takes bytes as they come and gives back the frames that are complete.

    Args:
        max_head: bytes of header lines at the most.
        max_body: bytes of body at the most.
    """

    def __init__(self, max_head: int = MAX_HEAD, max_body: int = MAX_BODY) -> None:
        self._buffer = bytearray()
        self._searched = 0  # where looking for the empty line goes on
        self._head: bytes | None = None
        self._length = 0
        self._max_head = max_head
        self._max_body = max_body

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that ``data`` completes.

        Raises:
            FrameError: a frame is too large or its length is no number.
        """
        self._buffer += data
        while True:
            if self._head is None and not self._take_head():
                return
            if len(self._buffer) < self._length:
                return
            assert self._head is not None
            frame = Frame(self._head, bytes(self._buffer[: self._length]))
            del self._buffer[: self._length]
            self._head, self._length, self._searched = None, 0, 0
            yield frame

    def _take_head(self) -> bool:
        while self._buffer.startswith(b"\n"):  # some replies are followed by an empty line more
            del self._buffer[:1]
        end = self._buffer.find(b"\n\n", max(0, self._searched - 1))
        if max(end, len(self._buffer) if end < 0 else 0) > self._max_head:
            raise FrameError(f"more than {self._max_head} bytes of headers")
        if end < 0:
            self._searched = len(self._buffer)
            return False
        self._head = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._length = self._body_length(Frame(self._head).header("Content-Length"))
        return True

    def _body_length(self, text: str) -> int:
        text = text.strip()
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise FrameError(f"a body of {text[:40]!r} bytes")
        if int(text) > self._max_body:
            raise FrameError(f"a body of {text} bytes")
        return int(text)


def decode(value: bytes) -> str:
    """A header's value: percent-decoded UTF-8. NUL, which no store takes, is replaced."""
    plain = unquote_to_bytes(value) if b"%" in value else value
    return plain.decode("utf-8", "replace").strip().replace(_NUL, "\ufffd")


class Headers(Mapping[str, str]):
    """An event's headers as far as the product reads them, each found and decoded when it is asked for.

    Args:
        head: the header lines as they came; of a repeated header the first counts.
    """

    def __init__(self, head: bytes) -> None:
        self._head = b"\n" + head + b"\n"
        self._found: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._found:
            self._found[name] = self._find(name.encode())
        value = self._found[name]
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys(line.partition(b": ")[0] for line in self._head.split(b"\n") if b": " in line)
        return (name.decode("utf-8", "replace") for name in names if _is_read(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, name: bytes) -> str | None:
        at = self._head.find(b"\n" + name + b": ") if _is_read(name) else -1
        if at < 0:
            return None
        start = at + len(name) + 3
        return decode(self._head[start : self._head.index(b"\n", start)])


def _is_read(name: bytes) -> bool:
    return name in READ or name.startswith(READ_BEGINNINGS)


def read_event(block: bytes) -> SwitchEvent:
    """An event reduced to what the product reads.

    Args:
        block: the body of a ``text/event-plain`` frame.
    """
    head, _, body = block.partition(b"\n\n")
    return event_from(Headers(head), body.decode("utf-8", "replace"))


def event_from(headers: Mapping[str, str], body: str = "") -> SwitchEvent:
    """The event that these decoded headers make."""
    name = headers.get("Event-Name", "")
    if name == "CUSTOM":
        name = headers.get("Event-Subclass", name)
    return SwitchEvent(
        name=name,
        channel_uuid=headers.get("Unique-ID") or _originated(headers),
        at=_moment(headers.get("Event-Date-Timestamp", "")),
        headers=headers,
        body=body,
    )


def _originated(headers: Mapping[str, str]) -> str:
    """The leg that a finished ``bgapi originate`` was for: its event names no channel."""
    if headers.get("Job-Command") != "originate":
        return ""
    _, found, rest = headers.get("Job-Command-Arg", "").partition("{origination_uuid=")
    uuid = rest[:36]
    return uuid if found and set(uuid) <= set("0123456789abcdef-") else ""


def _moment(microseconds: str) -> datetime:
    if microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= 16:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))
    return datetime.now(UTC)


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    seen = set()
    for line in head.split(b"\n"):
        name, colon, value = line.partition(b": ")
        if colon and name not in seen:
            seen.add(name)
            yield name.decode("utf-8", "replace"), decode(value)

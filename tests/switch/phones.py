"""SIP telephones for tests: they call, are called, press keys by RFC 4733, and hear.

Enough of SIP over UDP for one switch on loopback, no more. Each telephone has a
thread that reads its socket, and each talk one that sends sound every 20 ms.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import random
import re
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

ALAW_SILENCE = 0xD5
TELEPHONE_EVENT = 101
EVENT_CODES = {key: code for code, key in enumerate("0123456789*#")}
PACKET = 0.02  # seconds
STALL = 0.1  # seconds


@dataclass(frozen=True)
class Answers:
    """Takes the call ``after`` seconds of ringing, presses ``keys`` as (seconds after answering, key), leaves at ``stay``.

    ``speaks``: sends and hears sound. Hundreds of telephones of one process can't.
    ``early``: the network plays something before the answer, a coloured ring-back tone or an announcement.
    ``says``: for so many seconds, then listens, as people do; a machine talks on.
    """

    after: float = 0.1
    keys: Sequence[tuple[float, str]] = ()
    stay: float | None = None
    speaks: bool = True
    early: bool = False
    says: float = math.inf


@dataclass(frozen=True)
class Refuses:
    """Answers the call with a SIP status; ``early`` as of ``Answers``."""

    status: int
    after: float = 0.1
    early: bool = False


@dataclass(frozen=True)
class RingsOut:
    """Rings until the caller gives up; ``early`` as of ``Answers``."""

    early: bool = False


@dataclass(frozen=True)
class AnswersWhenTold:
    """A desk telephone: rings, and takes the call when the switch sends ``Event: talk``."""


Once = Answers | Refuses | RingsOut | AnswersWhenTold


@dataclass(frozen=True)
class InTurn:
    """Does the first at the first call, and so on; the last from then on."""

    calls: Sequence[Once]


Manner = Once | InTurn


@dataclass
class Talk:
    """One call as a telephone knows it."""

    call_id: str
    number: str  # the other side's or, of an incoming call, what was dialled
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    answered: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    rang: threading.Event = field(default_factory=threading.Event)
    status: int = 0  # the last SIP status
    heard: int = 0  # packets that were not silence
    pressed: list[tuple[float, str]] = field(default_factory=list)
    held: bool = False  # the switch sends no more
    stalled: float = 0.0  # seconds in which this telephone sent nothing because its process stood still
    unheard: float = 0.0  # seconds in which nothing came, not even silence: the switch moved the leg, or stood still
    end_from_us: bool = False


class Sound:
    """The RTP side of a talk: sends a tone or events, counts what is heard."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.remote: tuple[str, int] | None = None
        self.keys: list[str] = []
        self.says = math.inf  # seconds of tone, then silence
        self.packets = 0
        self._sequence = random.randrange(30000)
        self._stamp = random.randrange(1 << 30)
        self._source = random.randrange(1 << 32)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def start(self) -> None:
        threading.Thread(target=self._send, daemon=True).start()
        threading.Thread(target=self._receive, daemon=True).start()

    def press(self, key: str) -> None:
        self.keys.append(key)

    def _send(self) -> None:
        due = time.monotonic()
        while not self.talk.ended.is_set():
            if self.keys:
                self._event(self.keys.pop(0))
                due = time.monotonic()
            else:
                self._packet(8, self._tone() if self.packets * PACKET < self.says else bytes([ALAW_SILENCE]) * 160)
            due += PACKET
            late = time.monotonic() - due
            if late > STALL:  # this process stood still; a telephone doesn't send afterwards what it did not say
                self.talk.stalled += late
                due += late
            time.sleep(max(0.0, due - time.monotonic()))
        self.socket.close()

    def _tone(self) -> bytes:
        self.packets += 1
        # 200 Hz, rectangular: as low as a voice; what is higher and as even is a machine's signal.
        return b"".join(bytes([0x85 if (at // 20) % 2 else 0x05]) for at in range(160))

    def _event(self, key: str) -> None:
        code, start = EVENT_CODES[key], self._stamp
        for number in range(8):
            end = number >= 5
            duration = min(number + 1, 6) * 160
            body = struct.pack("!BBH", code, (0x80 if end else 0) | 10, duration)
            self._packet(TELEPHONE_EVENT, body, stamp=start, marker=number == 0)
            if not end:
                time.sleep(PACKET)
        time.sleep(0.04)

    def _packet(self, kind: int, body: bytes, stamp: int | None = None, marker: bool = False) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        if stamp is None:
            stamp = self._stamp
        head = struct.pack(
            "!BBHII", 0x80, (0x80 if marker else 0) | kind, self._sequence, stamp & 0xFFFFFFFF, self._source
        )
        self._stamp += 160
        if self.remote:
            with contextlib.suppress(OSError):
                self.socket.sendto(head + body, self.remote)

    def _receive(self) -> None:
        last = math.inf
        while not self.talk.ended.is_set():
            try:
                packet = self.socket.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                return
            gap, last = time.monotonic() - last, time.monotonic()
            if gap > STALL:
                self.talk.unheard += gap
            payload = packet[12:]
            if packet[1] & 0x7F == 8 and any(sample ^ 0x55 & 0x70 > 0x20 for sample in payload[::20]):
                self.talk.heard += 1


class Message:
    """A SIP message, parsed as far as tests need."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.lines = [
            (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
        ]
        self.status = int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0
        self.method = self["cseq"].split()[-1] if self.status else self.first.split()[0]

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.lines if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key == name]

    @property
    def call_id(self) -> str:
        return self["call-id"]

    @property
    def media(self) -> tuple[str, int] | None:
        address = re.search(r"^c=IN IP4 (\S+)", self.body, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        return (address[1], int(port[1])) if address and port else None


class _Dialog:
    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.sound = Sound(talk)
        self.invite: Message | None = None  # of an incoming call
        self.sent = ""  # INVITE of ours
        self.remote: tuple[str, int] = ("", 0)
        self.tag = uuid.uuid4().hex[:10]
        self.peer = ""  # To header of an outgoing dialog, with tag
        self.target = ""
        self.sequence = 1
        self.manner: Once | None = None


class Telephone:
    """A telephone, or a whole trunk of them: ``manners`` says how each number behaves.

    Args:
        manners: number → what it does when called; ``default`` for the others.
        port: UDP port; any free one by default.
    """

    def __init__(self, manners: dict[str, Manner] | None = None, port: int = 0, default: Manner | None = None) -> None:
        self.manners = manners or {}
        self.default = default or Refuses(404)
        self.talks: list[Talk] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(0.2)
        self._dialogs: dict[str, _Dialog] = {}
        self._replies: dict[str, Message] = {}
        self._answer = threading.Condition()
        self._running = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def close(self) -> None:
        for dialog in list(self._dialogs.values()):
            if not dialog.talk.ended.is_set() and dialog.talk.answered.is_set():
                self.hang_up(dialog.talk)
            dialog.talk.ended.set()
            dialog.sound.socket.close()
        self._running = False
        self._reader.join()
        self.socket.close()

    # --- calling ---------------------------------------------------------------

    def call(
        self,
        switch_port: int,
        number: str,
        *,
        user: str = "13900000001",
        display: str = "",
        headers: Sequence[str] = (),
    ) -> Talk:
        """Call a number at the switch; the talk's ``answered`` or ``ended`` is set later."""
        talk = Talk(uuid.uuid4().hex, number)
        dialog = self._dialogs[talk.call_id] = _Dialog(talk)
        self.talks.append(talk)
        dialog.remote = ("127.0.0.1", switch_port)
        dialog.target = f"sip:{number}@127.0.0.1:{switch_port}"
        dialog.peer = f"<{dialog.target}>"
        shown = f'"{display}" ' if display else ""
        dialog.sent = "\r\n".join([
            f"INVITE {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex}",
            "Max-Forwards: 70",
            f"From: {shown}<sip:{user}@127.0.0.1:{self.port}>;tag={dialog.tag}",
            f"To: {dialog.peer}",
            f"Call-ID: {talk.call_id}",
            f"CSeq: {dialog.sequence} INVITE",
            f"Contact: <sip:caller@127.0.0.1:{self.port}>",
            *headers,
            "Content-Type: application/sdp",
        ])  # fmt: skip
        self._send(dialog.remote, dialog.sent, self._sdp(dialog))
        return talk

    def press(self, talk: Talk, key: str) -> None:
        self._dialogs[talk.call_id].sound.press(key)

    def hang_up(self, talk: Talk) -> None:
        """End an answered talk."""
        dialog = self._dialogs[talk.call_id]
        if talk.ended.is_set():
            return
        talk.end_from_us = True
        if dialog.invite is not None:
            ours, theirs = f"{dialog.invite['to']};tag={dialog.tag}", dialog.invite["from"]
            match = re.search(r"<([^>]+)>", dialog.invite["contact"])
            target = match[1] if match else dialog.invite["contact"]
        else:
            ours = re.search(r"^From: (.*)$", dialog.sent.replace("\r", ""), re.MULTILINE)[1]  # type: ignore[index]
            theirs, target = dialog.peer, dialog.target
        dialog.sequence += 1
        self._send(dialog.remote, "\r\n".join([
            f"BYE {target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex}",
            "Max-Forwards: 70",
            f"From: {ours}",
            f"To: {theirs}",
            f"Call-ID: {talk.call_id}",
            f"CSeq: {dialog.sequence} BYE",
        ]))  # fmt: skip
        talk.ended.set()

    def register(self, switch_port: int, user: str, password: str, domain: str) -> None:
        """Register as a desk telephone; raises if the switch refuses."""
        challenge = self._register(switch_port, user, domain, "")
        if challenge.status != 401:
            raise AssertionError(f"REGISTER without a password got {challenge.first}")
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge["www-authenticate"]))
        uri = f"sip:{domain}"
        count, nonce = "00000001", uuid.uuid4().hex
        one = _md5(f"{user}:{fields['realm']}:{password}")
        two = _md5(f"REGISTER:{uri}")
        response = _md5(f"{one}:{fields['nonce']}:{count}:{nonce}:auth:{two}")
        reply = self._register(switch_port, user, domain, (
            f'Authorization: Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", '
            f'uri="{uri}", algorithm=MD5, qop=auth, nc={count}, cnonce="{nonce}", response="{response}"'
        ))  # fmt: skip
        if reply.status != 200:
            raise PermissionError(reply.first)

    def _register(self, switch_port: int, user: str, domain: str, authorization: str) -> Message:
        call_id = uuid.uuid4().hex
        self._send(("127.0.0.1", switch_port), "\r\n".join([
            f"REGISTER sip:{domain} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex}",
            "Max-Forwards: 70",
            f"From: <sip:{user}@{domain}>;tag={uuid.uuid4().hex[:8]}",
            f"To: <sip:{user}@{domain}>",
            f"Call-ID: {call_id}",
            "CSeq: 1 REGISTER",
            f"Contact: <sip:{user}@127.0.0.1:{self.port}>",
            "Expires: 300",
            *([authorization] if authorization else []),
        ]))  # fmt: skip
        with self._answer:
            if not self._answer.wait_for(lambda: call_id in self._replies, 5.0):
                raise TimeoutError("the switch does not answer REGISTER")
            return self._replies[call_id]

    # --- being called, and the wire ---------------------------------------------

    def _read(self) -> None:
        while self._running:
            try:
                data, source = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            if data.strip():
                message = Message(data)
                if message.status:
                    self._replied(message)
                else:
                    self._asked(message, source)

    def _asked(self, message: Message, source: tuple[str, int]) -> None:
        dialog = self._dialogs.get(message.call_id)
        if message.method == "INVITE":
            if dialog is None:
                threading.Thread(target=self._invited, args=(message, source), daemon=True).start()
            elif dialog.talk.answered.is_set():  # the switch holds us, or lets us talk again
                dialog.talk.held = "a=sendonly" in message.body or "a=inactive" in message.body
                self._respond(message, source, 200, dialog=dialog, body=self._sdp(dialog))
            return
        if message.method == "ACK":
            return
        self._respond(message, source, 200, dialog=dialog)
        if dialog is None:
            return
        if message.method == "BYE":
            dialog.talk.ended.set()
        elif message.method == "CANCEL" and dialog.invite is not None and not dialog.talk.answered.is_set():
            self._respond(dialog.invite, source, 487, dialog=dialog)
            dialog.talk.status = 487
            dialog.talk.ended.set()
        elif message.method == "NOTIFY" and message["event"] == "talk":
            self._pick_up(dialog)

    def _invited(self, message: Message, source: tuple[str, int]) -> None:
        number = re.search(r"sip:([^@;>]+)@", message.first)
        talk = Talk(message.call_id, number[1] if number else "")
        dialog = _Dialog(talk)
        dialog.invite, dialog.remote = message, source
        dialog.sound.remote = message.media
        self._dialogs[message.call_id] = dialog
        self.talks.append(talk)
        manner = dialog.manner = self._manner(talk)
        self._respond(message, source, 100, dialog=dialog)
        early = not isinstance(manner, AnswersWhenTold) and manner.early
        if early:
            dialog.sound.start()
            self._respond(message, source, 183, dialog=dialog, body=self._sdp(dialog))
            talk.rang.set()
        if isinstance(manner, Refuses):
            time.sleep(manner.after)
            talk.status = manner.status
            talk.ended.set()
            self._respond(message, source, manner.status, dialog=dialog)
            return
        if not early:
            self._respond(message, source, 180, dialog=dialog)
            talk.rang.set()
        if isinstance(manner, Answers) and not talk.ended.wait(manner.after):
            self._pick_up(dialog)

    def _manner(self, talk: Talk) -> Once:
        found = self.manners.get(talk.number, self.default)
        if not isinstance(found, InTurn):
            return found
        nth = sum(other.number == talk.number for other in list(self.talks))
        return found.calls[min(nth, len(found.calls)) - 1]

    def _pick_up(self, dialog: _Dialog) -> None:
        assert dialog.invite is not None
        if dialog.talk.answered.is_set() or dialog.talk.ended.is_set():
            return
        dialog.talk.status = 200
        dialog.talk.answered.set()
        if isinstance(dialog.manner, Answers):
            dialog.sound.says = dialog.manner.says
        if not isinstance(dialog.manner, Answers) or (dialog.manner.speaks and not dialog.manner.early):
            dialog.sound.start()
        self._respond(dialog.invite, dialog.remote, 200, dialog=dialog, body=self._sdp(dialog))
        if isinstance(dialog.manner, Answers):
            threading.Thread(target=self._behave, args=(dialog, dialog.manner), daemon=True).start()

    def _behave(self, dialog: _Dialog, manner: Answers) -> None:
        began = time.monotonic()
        for at, key in manner.keys:
            if dialog.talk.ended.wait(max(0.0, began + at - time.monotonic())):
                return
            dialog.sound.press(key)
        if manner.stay is not None and not dialog.talk.ended.wait(max(0.0, began + manner.stay - time.monotonic())):
            self.hang_up(dialog.talk)

    def _replied(self, message: Message) -> None:
        with self._answer:
            self._replies[message.call_id] = message
            self._answer.notify_all()
        dialog = self._dialogs.get(message.call_id)
        if dialog is None or message.method != "INVITE":
            return
        dialog.talk.status = message.status
        if message.status in (180, 183):
            dialog.talk.rang.set()
            if message.media and dialog.sound.remote is None:
                dialog.sound.remote = message.media
                dialog.sound.start()
        if message.status >= 200:
            dialog.peer = message["to"]
            contact = re.search(r"<([^>]+)>", message["contact"])
            if message.status < 300 and contact:
                dialog.target = contact[1]
            self._acknowledge(dialog, message)
        if 200 <= message.status < 300 and not dialog.talk.answered.is_set():
            if dialog.sound.remote is None:
                dialog.sound.remote = message.media
                dialog.sound.start()
            dialog.talk.answered.set()
        elif message.status >= 300:
            dialog.talk.ended.set()

    def _acknowledge(self, dialog: _Dialog, message: Message) -> None:
        self._send(dialog.remote, "\r\n".join([
            f"ACK {dialog.target} SIP/2.0",
            f"Via: {message['via']}" if message.status >= 300
            else f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex}",
            "Max-Forwards: 70",
            f"From: {message['from']}",
            f"To: {message['to']}",
            f"Call-ID: {message.call_id}",
            f"CSeq: {message['cseq'].split()[0]} ACK",
        ]))  # fmt: skip

    def _respond(
        self, message: Message, source: tuple[str, int], status: int, *, dialog: _Dialog | None, body: str = ""
    ) -> None:
        tag = f";tag={dialog.tag}" if dialog is not None and status > 100 and ";tag=" not in message["to"] else ""
        self._send(source, "\r\n".join([
            f"SIP/2.0 {status} {status}",
            *(f"Via: {via}" for via in message.all("via")),
            *(f"Record-Route: {route}" for route in message.all("record-route")),
            f"From: {message['from']}",
            f"To: {message['to']}{tag}",
            f"Call-ID: {message.call_id}",
            f"CSeq: {message['cseq']}",
            f"Contact: <sip:phone@127.0.0.1:{self.port}>",
            *(["Content-Type: application/sdp"] if body else []),
        ]), body)  # fmt: skip

    def _sdp(self, dialog: _Dialog) -> str:
        return "\r\n".join([
            "v=0", "o=phone 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
            f"m=audio {dialog.sound.port} RTP/AVP 8 {TELEPHONE_EVENT}",
            "a=rtpmap:8 PCMA/8000", f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000",
            f"a=fmtp:{TELEPHONE_EVENT} 0-15", "a=ptime:20", "a=sendrecv", "",
        ])  # fmt: skip

    def _send(self, to: tuple[str, int], head: str, body: str = "") -> None:
        data = f"{head}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
        with contextlib.suppress(OSError):
            self.socket.sendto(data.encode(), to)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def wait_for(what: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether something comes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return what()

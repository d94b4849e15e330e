"""The rehearsal switch against what a real one said: same frames, same order, same headers, same words."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from dutycenter.clock import FastClock
from dutycenter.switch.frames import Frame, FrameReader, read_event
from dutycenter.switch.rehearsal import RehearsalSwitch
from dutycenter.switch.rehearsal.people import Manner, People
from tests.rehearsal_fixtures import RawSocket, rehearsal_town

TRANSCRIPTS = Path(__file__).parent / "transcripts"
WATCHED = (
    "CHANNEL_STATE CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_ANSWER CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE"
    " CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY DTMF PLAYBACK_START PLAYBACK_STOP RECORD_START"
    " RECORD_STOP BACKGROUND_JOB"
)
HOTLINE_WATCHED = (
    "CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE RECORD_START RECORD_STOP CUSTOM"
    " callcenter::info"
)
# Values that differ between any two calls.
LOOSE = re.compile(
    r".*(Time|Timestamp|epoch|_ms|_seconds|billsec|duration|Time-\w+)$|Job-UUID|Application-UUID|variable_cc_member_uuid"
    r"|CC-Member-UUID|Content-Length|Job-Command-Arg|Reply-Text"
)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Told:
    """What one side of a conversation told, uuids by the order of their appearance."""

    frames: list[dict[str, Any]]
    places: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def plain(self, text: str) -> str:
        for real, word in self.places.items():
            text = text.replace(real, word)
        return UUID.sub(lambda match: self.known.setdefault(match.group(), f"leg{len(self.known) + 1}"), text)

    def order(self) -> list[str]:
        return [self._name(frame) for frame in self.frames]

    def _name(self, frame: dict[str, Any]) -> str:
        if "sent" in frame:
            return "> " + frame["sent"].splitlines()[0].split()[0]
        headers = frame["headers"]
        if "frame" in frame:
            return f"{frame['frame']} {self.plain(headers.get('Reply-Text', headers.get('Content-Disposition', '')))}"
        said = [headers.get(key, "") for key in ("CC-Action", "Channel-State", "Application", "Hangup-Cause")]
        return " ".join(word for word in (frame["event"], *said) if word)

    def headers(self) -> list[tuple[str, dict[str, str]]]:
        """For each event: its name, and the headers that the product reads, without what differs anyway."""
        found = []
        for frame in self.frames:
            if "event" in frame:
                steady = {
                    name: "*" if LOOSE.fullmatch(name) else self.plain(value)
                    for name, value in frame["headers"].items()
                }
                found.append((self._name(frame), steady))
        return found


def recorded(name: str, **places: str) -> Told:
    lines = (TRANSCRIPTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return Told([json.loads(line) for line in lines[1:]], places)


def as_frame(frame: Frame) -> dict[str, Any]:
    if frame.kind == "text/event-plain":
        return as_event(frame.body)
    body = {"body": frame.text} if frame.text else {}
    return {"frame": frame.kind, "headers": {k: v for k, v in frame.headers.items() if k != "Content-Type"}, **body}


def as_event(block: bytes) -> dict[str, Any]:
    event = read_event(block)
    return {"event": event.name, "headers": dict(event.headers), **({"body": event.body} if event.body else {})}


class Watcher:
    """A second connection that hears events; collects until it has heard enough."""

    def __init__(self, port: int, names: str) -> None:
        self.client = RawSocket.inbound(port)
        assert self.client.ask(f"event plain {names}")[0]["Reply-Text"] == "+OK event listener enabled plain"
        self.blocks: list[bytes] = []

    def command(self, text: str) -> None:
        assert self.client.ask(text)[0]["Reply-Text"].startswith("+OK Job-UUID: ")

    def hear(self, last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        frames = []
        while not frames or not last(frames[-1]):
            _, body = self.client.frame()
            self.blocks.append(body)
            frames.append(as_event(body))
        return frames


class Fixed(People):
    """One manner for every number."""

    def __init__(self, manner: Manner) -> None:
        super().__init__()
        self.manner = manner

    def called(self, number: str) -> Manner:
        return self.manner


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Callable[..., RehearsalSwitch]]:
    running: list[RehearsalSwitch] = []

    def start(speed: float = 20.0, **wishes: Any) -> RehearsalSwitch:
        town = rehearsal_town(tmp_path, hotline="12345", **wishes)
        running.append(RehearsalSwitch(town, FastClock(speed, datetime.now(UTC))))
        running[-1].start()
        return running[-1]

    yield start
    RawSocket.close_all()
    for one in running:
        one.stop()


def originate(number: str, then: str, gateway: str = "pstn", attempt: str = "42") -> str:
    uuid = "7fb77ed8-2a1e-4068-adfd-6331c2eab114"
    variables = (
        f"origination_uuid={uuid},originate_timeout=6,ignore_early_media=true,"
        f"origination_caller_id_number=07311234567,dc_attempt={attempt}"
    )
    return f"bgapi originate {{{variables}}}sofia/gateway/{gateway}/{number} {then}"


def destroyed(frame: dict[str, Any]) -> bool:
    return frame["headers"].get("Channel-State") == "CS_DESTROY"


def assert_same(heard: Told, real: Told, apart: frozenset[str] = frozenset()) -> None:
    """Order first, since it says more when it differs; then headers, event by event."""
    assert heard.order() == real.order()
    for (name, ours), (_, theirs) in zip(heard.headers(), real.headers(), strict=True):
        assert {k: v for k, v in ours.items() if k not in apart} == {
            k: v for k, v in theirs.items() if k not in apart
        }, name


def assert_all_header_names(blocks: list[bytes], apart: frozenset[str] = frozenset()) -> None:
    """Every header that a real event of this kind always had is there."""
    always = json.loads((TRANSCRIPTS / "header_names.json").read_text())
    for block in blocks:
        event = read_event(block)
        name = event.headers.get("CC-Action", event.name)
        kind = f"{name} {event.headers.get('Call-Direction', '')}".strip()
        names = {line.partition(b": ")[0].decode() for line in block.partition(b"\n\n")[0].split(b"\n")}
        assert set(always.get(kind, "").split()) - names - apart == set(), kind


class TestOriginate:
    @pytest.mark.parametrize(
        ("transcript", "number", "gateway"),
        [
            ("originate_busy", "13800002006", "pstn"),
            ("originate_unallocated", "13800002008", "pstn"),
            ("originate_unavailable", "13800002009", "pstn"),
            ("originate_no_answer", "13800002007", "pstn"),
            ("originate_gateway_unknown", "13800002001", "nosuch"),
        ],
    )
    def test_it_ends_as_on_a_real_switch(
        self, switch: Callable[..., RehearsalSwitch], transcript: str, number: str, gateway: str
    ) -> None:
        characters = ("busy", "no_such_number", "switched_off", "rings_out", "answers")
        names = ("originate_busy", "originate_unallocated", "originate_unavailable", "originate_no_answer")
        character = dict(zip((*names, "originate_gateway_unknown"), characters, strict=True))[transcript]
        real = recorded(transcript)
        number = next(
            (
                f["headers"]["Caller-Destination-Number"]
                for f in real.frames
                if "Caller-Destination-Number" in f["headers"]
            ),
            number,
        )
        watcher = Watcher(switch(people=People(assigned={number: character})).port, WATCHED)
        watcher.command(originate(number, "&sleep(5000)", gateway))
        last = len(real.frames)
        heard: list[dict[str, Any]] = []
        watcher.hear(lambda frame: heard.append(frame) is None and len(heard) == last)
        assert_same(Told(heard), real)
        assert [f.get("body") for f in heard] == [f.get("body") for f in real.frames]
        assert_all_header_names(watcher.blocks, RACING)

    def test_a_full_gateway_answers_503(self, switch: Callable[..., RehearsalSwitch]) -> None:
        real = recorded("originate_gateway_503")
        number = real.frames[0]["headers"]["Caller-Destination-Number"]
        watcher = Watcher(switch(gateways=lambda name: (0, 1.0)).port, WATCHED)
        watcher.command(originate(number, "&sleep(5000)"))
        heard = watcher.hear(destroyed)
        assert_same(Told(heard), real)

    def test_a_callee_who_leaves_at_once_fails_the_originate(self, switch: Callable[..., RehearsalSwitch]) -> None:
        real = recorded("originate_answered_hangs_up_at_once")
        people = Fixed(Manner(answer_after=1.5, hang_up_after=0.0))
        watcher = Watcher(switch(people=people).port, WATCHED)
        watcher.command(originate("13800002004", "&sleep(5000)"))
        heard = watcher.hear(destroyed)
        assert_same(Told(heard), real)
        assert_all_header_names(watcher.blocks, RACING)


# Says how the last SIP message came; a real switch sets it after the report, or not at all when it refuses.
RACING = frozenset({"variable_sip_contact_params"})


class Ivr:
    """A plain ivr: does what the recorded one did, and keeps what it was told."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        self.script = script
        self.frames: list[dict[str, Any]] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.replies: dict[str, str] = {}
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._server.close()

    def _serve(self) -> None:
        sock, _ = self._server.accept()
        sock.settimeout(15)
        reader = FrameReader()
        waiting: list[Frame] = []
        for step in self.script:
            if "sent" in step:
                text = step["sent"]
                for real, ours in self.replies.items():
                    text = text.replace(real, ours)
                sock.sendall(text.encode() + b"\n\n")
                self.frames.append({"sent": text})
                continue
            while not waiting:
                data = sock.recv(65536)
                if not data:
                    sock.close()
                    return
                waiting += reader.feed(data)
            frame = waiting.pop(0)
            data_frame = b"Event-Name: CHANNEL_DATA" in frame.head
            self.frames.append(self._data(frame) if data_frame else as_frame(frame))
        sock.close()

    def _data(self, frame: Frame) -> dict[str, Any]:
        event = as_event(frame.head)
        for name in ("Reply-Text", "Socket-Mode", "Control"):
            event["headers"][name] = frame.header(name)
        return event


class TestOutboundSocket:
    def test_an_acknowledged_call(self, switch: Callable[..., RehearsalSwitch], tmp_path: Path) -> None:
        real_events = recorded("originate_acknowledged_events")
        real_words = recorded("outbound_socket_acknowledged")
        heard, ivr, watcher = self._call(
            switch, tmp_path, real_words, "13800002001", Manner(answer_after=1.5, keys=("1",), think=3.0)
        )
        self._compare(heard, ivr, watcher, real_events, real_words)

    def test_a_callee_who_leaves_in_the_prompt(self, switch: Callable[..., RehearsalSwitch], tmp_path: Path) -> None:
        real_events = recorded("originate_gone_events")
        real_words = recorded("outbound_socket_caller_gone")
        # The recorded ivr still tried to hang up; what it read after that is the notice.
        heard, ivr, watcher = self._call(
            switch, tmp_path, real_words, "13800002004", Manner(answer_after=1.5, hang_up_after=2.5)
        )
        self._compare(heard, ivr, watcher, real_events, real_words)

    def _call(
        self, switch: Callable[..., RehearsalSwitch], folder: Path, words: Told, number: str, manner: Manner
    ) -> tuple[list[dict[str, Any]], Ivr, Watcher]:
        (folder / "recordings").mkdir()
        notice = folder / "recordings" / "notice.wav"
        write_tone(notice, 4.096)
        ivr = Ivr(words.frames)
        ivr.replies = {"/var/lib/rec": str(folder / "recordings"), "/var/lib/snd": str(folder / "recordings")}
        ivr.start()
        watcher = Watcher(switch(people=Fixed(manner)).port, WATCHED)
        watcher.command(originate(number, f"&socket({ivr.address})"))
        heard = watcher.hear(destroyed)
        ivr.join()
        return heard, ivr, watcher

    def _compare(self, heard: list[dict[str, Any]], ivr: Ivr, watcher: Watcher, events: Told, words: Told) -> None:
        ours = {value: name for name, value in ivr.replies.items()}
        known = {"/var/lib/snd": "/var/lib/rec", **ours, ivr.address: "127.0.0.1:8084"}
        events.places = words.places = {"/var/lib/snd": "/var/lib/rec"}
        plain = {key: "/var/lib/rec" if "/var/lib" in value else value for key, value in known.items()}
        assert_same(Told(heard, plain), events)
        assert_same(Told(ivr.frames, plain), words)
        assert_all_header_names(watcher.blocks, RACING | {"variable_sip_hangup_disposition"})


class TestHotline:
    def test_menu_queue_desk_and_farewell(self, switch: Callable[..., RehearsalSwitch], tmp_path: Path) -> None:
        real_events = recorded("inbound_hotline_queue_events")
        real_words = recorded("inbound_hotline_queue")
        (tmp_path / "recordings").mkdir()
        ivr = Ivr(real_words.frames)
        ivr.replies = {"/var/lib/rec": str(tmp_path / "recordings")}
        ivr.start()
        running = switch(speed=5.0, desks=("1001",), desks_answer=1.5)
        assert running.exchange is not None
        # The recorded dialplan had nothing but the socket.
        running.exchange.dialplan.route = lambda context, extension: iter([("socket", f"{ivr.address} async full")])  # type: ignore[method-assign]
        client = RawSocket.inbound(running.port)
        assert client.api("callcenter_config agent set status 1001 'Available'") == "+OK\n"
        watcher = Watcher(running.port, HOTLINE_WATCHED)
        client.api('rehearsal call 13912345678 reports {"called": "12345", "talks_for": 8}')
        heard = watcher.hear(lambda f: f["headers"].get("CC-Agent-State") == "Waiting")
        ivr.join()
        places = {
            str(tmp_path / "recordings"): "/var/lib/rec", ivr.address: "127.0.0.1:8084", "13912345678": "sipp",
            "13800002003": "1001",
        }  # fmt: skip
        for told in (real_events, real_words):
            told.places = {"13800002003": "1001"}
        # The recorded agent was a phone behind the gateway; ours is a desk of the switch's own.
        agent = frozenset({"variable_sip_gateway_name", "variable_dialed_user", "variable_sip_to_user"})
        assert_same(Told(heard, places), real_events, agent | CALLER_NAMES)
        assert_same(Told(ivr.frames, places), real_words, agent | CALLER_NAMES)


CALLER_NAMES = frozenset({"Caller-Caller-ID-Name", "CC-Member-CID-Name"})


def write_tone(path: Path, seconds: float) -> None:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x00\x10" * round(seconds * 8000))


class TestWords:
    def test_a_wrong_password_is_refused_in_the_same_words(self, switch: Callable[..., RehearsalSwitch]) -> None:
        client = RawSocket(socket.create_connection(("127.0.0.1", switch().port)))
        said = (TRANSCRIPTS / "auth_refused.esl").read_text()
        received = b""
        client.sock.sendall(b"auth wrong\n\n")
        while data := client.sock.recv(4096):
            received += data
        expected = "".join(line + "\n" for line in said.splitlines() if not line.startswith(("#", "<<<<", ">>>>")))
        assert received.decode().split() == expected.split()

    @pytest.mark.parametrize(
        "command",
        [
            "show channels count", "show channels as json", "uuid_exists 00000000-0000-0000-0000-000000000000",
            "uuid_kill 00000000-0000-0000-0000-000000000000", "originate", "no_such_command", "load mod_nosuch",
        ],
    )  # fmt: skip
    def test_api_replies_are_the_same_texts(self, switch: Callable[..., RehearsalSwitch], command: str) -> None:
        client = RawSocket.inbound(switch().port)
        assert client.api(command) == api_reply(command)

    @pytest.mark.parametrize(
        "command", ["status", "sofia status gateway pstn", "strftime", 'json {"command":"status","data":""}']
    )
    def test_api_replies_differ_in_numbers_alone(self, switch: Callable[..., RehearsalSwitch], command: str) -> None:
        client = RawSocket.inbound(switch().port)
        plain = [re.sub(r"(\d+)|(?<=\d )(day|hour|minute|(milli|micro)?second)s?", "#", text)
                 for text in (client.api(command), api_reply(command))]  # fmt: skip
        assert plain[0] == plain[1]

    def test_a_channel_is_shown_with_the_same_fields(self, switch: Callable[..., RehearsalSwitch]) -> None:
        running = switch(people=Fixed(Manner(answer_after=1.0)))
        watcher = Watcher(running.port, "CHANNEL_EXECUTE")
        client = RawSocket.inbound(running.port)
        watcher.command(originate("13800002003", "&sleep(40000)"))
        watcher.hear(lambda frame: True)
        real = json.loads(api_reply("show channels as json   (one call up)"))
        ours = json.loads(client.api("show channels as json"))
        assert (ours["row_count"], list(ours["rows"][0])) == (1, list(real["rows"][0]))
        steady = {"direction", "state", "name", "cid_name", "cid_num", "dest", "application", "context", "callstate",
                  "callee_num", "callee_direction", "initial_cid_num", "initial_dest", "read_codec"}  # fmt: skip
        assert {k: ours["rows"][0][k] for k in steady} == {k: real["rows"][0][k] for k in steady}
        dumped = dump_names(client.api(f"uuid_dump {ours['rows'][0]['uuid']}"))
        assert set(dump_names(api_reply("uuid_dump UUID"))) - set(dumped) - RACING == set()


def dump_names(text: str) -> list[str]:
    return [unquote(line.partition(": ")[0]) for line in text.splitlines() if line]


def api_reply(command: str) -> str:
    """The recorded reply to a command, byte for byte."""
    text = (TRANSCRIPTS / "api_replies.esl").read_text()
    _, _, rest = text.partition(f">>>> api {command}\n<<<< reply\n")
    head, _, body = rest.partition("\n\n")
    length = re.search(r"Content-Length: (\d+)", head)
    assert length, command
    return body.encode()[: int(length.group(1))].decode()


def test_time_passes_as_the_clock_says(switch: Callable[..., RehearsalSwitch]) -> None:
    began = time.monotonic()
    watcher = Watcher(switch(speed=60.0, people=Fixed(Manner())).port, "CHANNEL_HANGUP")
    watcher.command(originate("13800002007", "&sleep(5000)"))
    hangup = watcher.hear(lambda frame: True)[0]["headers"]
    rang = int(hangup["Caller-Channel-Hangup-Time"]) - int(hangup["Caller-Channel-Created-Time"])
    assert 6_000_000 <= rang < 9_000_000
    assert time.monotonic() - began < 3

"""The event socket's words: whatever is written can be read again by the product's own reader."""

from __future__ import annotations

import socket
import time

import gevent
import pytest
from gevent import socket as gsocket
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.clock import SystemClock
from dutycenter.switch.frames import FrameReader, read_event
from dutycenter.switch.rehearsal import connection as connections
from dutycenter.switch.rehearsal.bus import Bus
from dutycenter.switch.rehearsal.connection import Connection, Subscription
from dutycenter.switch.rehearsal.wire import BadFrame, Requests, decode, encode, event_frame, line

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


class Chunks:
    """A stream that gives its bytes in pieces of any size."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = data, sizes

    def recv(self, size: int, /) -> bytes:
        piece = min(size, self._sizes.pop(0) if self._sizes else size)
        taken, self._data = self._data[:piece], self._data[piece:]
        return taken


class TestEncoding:
    @given(TEXT)
    def test_it_comes_back(self, text: str) -> None:
        assert decode(encode(text)) == text
        assert "\n" not in encode(text)

    def test_it_is_written_as_the_switch_writes_it(self) -> None:
        assert encode("sofia/trunk/sipp@127.0.0.1:5060") == "sofia/trunk/sipp%40127.0.0.1%3A5060"
        assert encode("1 1 2 5000 # /a.wav silence_stream://250 ack [1239]") == (
            "1%201%202%205000%20%23%20/a.wav%20silence_stream%3A//250%20ack%20%5B1239%5D"
        )
        assert encode("Mon, 23 Nov 2026 12:38:28 GMT") == "Mon,%2023%20Nov%202026%2012%3A38%3A28%20GMT"

    @given(TEXT, TEXT)
    def test_no_value_becomes_a_header(self, first: str, second: str) -> None:
        text = "Event-Name: TEST\n" + line("Caller-Caller-ID-Name", first) + line("variable_dc_b", second) + "\n"
        frame = next(FrameReader().feed(event_frame(text)))
        event = read_event(frame.body)
        expected = first.strip().replace("\0", "\ufffd"), second.strip().replace("\0", "\ufffd")
        assert (event.headers["Caller-Caller-ID-Name"], event.headers["variable_dc_b"]) == expected
        assert set(event.headers) == {"Event-Name", "Caller-Caller-ID-Name", "variable_dc_b"}


class TestRequests:
    @given(st.lists(st.integers(1, 9), max_size=60))
    def test_they_are_read_however_the_bytes_arrive(self, sizes: list[int]) -> None:
        sent = (
            b"auth secret\n\nsendmsg\r\ncall-command: execute\r\nexecute-app-name: answer\r\n\r\n"
            b"sendmsg\ncontent-length: 7\ncall-command: execute\n\n\nbody\n!api status\n\n"
        )
        requests = Requests(Chunks(sent, sizes))
        read = [requests.read() for _ in range(5)]
        assert [request and request.command for request in read] == [
            "auth secret", "sendmsg", "sendmsg", "api status", None,
        ]  # fmt: skip
        assert read[1] is not None
        assert read[1].headers == {"call-command": "execute", "execute-app-name": "answer"}
        assert read[2] is not None
        assert read[2].body == "\nbody\n!"

    def test_a_body_beyond_measure_is_refused(self) -> None:
        with pytest.raises(BadFrame):
            Requests(Chunks(b"sendmsg\ncontent-length: 99999999\n\n", [])).read()

    def test_headers_without_an_end_end_the_connection(self) -> None:
        assert Requests(Chunks(b"x" * (2 << 20), [])).read() is None


class TestSubscription:
    def test_it_wants_what_was_asked_for(self) -> None:
        wanted = Subscription()
        assert wanted.add(["CHANNEL_ANSWER", "nonsense", "CUSTOM", "callcenter::info"]) == 2
        assert wanted.wants("CHANNEL_ANSWER", "", "a")
        assert wanted.wants("CUSTOM", "callcenter::info", "")
        assert not wanted.wants("CUSTOM", "sofia::register", "")
        wanted.remove(["CHANNEL_ANSWER"])
        assert not wanted.wants("CHANNEL_ANSWER", "", "a")

    def test_all_but_one(self) -> None:
        wanted = Subscription()
        wanted.add(["ALL"])
        wanted.remove(["DTMF"])
        assert wanted.wants("CHANNEL_ANSWER", "", "a")
        assert not wanted.wants("DTMF", "", "a")

    def test_one_filter_that_fits_is_enough(self) -> None:
        wanted = Subscription()
        wanted.filters += [("Unique-ID", "a"), ("Unique-ID", "b")]
        assert wanted.passes("Event-Name: X\nUnique-ID: b\n")
        assert not wanted.passes("Event-Name: X\nUnique-ID: c\n")


class TestBus:
    def test_it_renders_nothing_that_nobody_wants(self) -> None:
        rendered: list[int] = []
        bus = Bus(SystemClock())
        bus.publish("HEARTBEAT", lambda: str(rendered.append(1)))
        assert rendered == []

    def test_a_reader_that_is_too_slow_is_cut_off_and_the_switch_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "MAX_WAITING", 200)
        ours, theirs = gsocket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        slow = Connection(ours)
        slow.subscription.add(["HEARTBEAT"])
        bus = Bus(SystemClock())
        bus.attach(slow)
        began = time.monotonic()
        for _ in range(200 + 2 * connections.MAX_LOST):
            bus.publish("HEARTBEAT", lambda: "x" * 4096 + "\n")
            gevent.sleep(0)
        assert time.monotonic() - began < 5
        with gevent.Timeout(5):
            while theirs.recv(65536):
                pass
        theirs.close()

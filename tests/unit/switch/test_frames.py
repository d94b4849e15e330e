from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.switch.frames import READ, FrameError, FrameReader, decode, read_event

CALL = "067b7c1a-12d3-4748-bb2f-e4f256c2f5ed"
HANGUP = (
    f"Event-Name: CHANNEL_HANGUP_COMPLETE\nEvent-Date-Timestamp: 1795437520222720\nUnique-ID: {CALL}\n"
    "Caller-Caller-ID-Number: %E6%9D%8E\nvariable_sip_from_host: 127.0.0.1\nvariable_dc_attempt: 42\n"
    "Hangup-Cause: NORMAL_CLEARING\n\n"
).encode()


def frame(body: bytes, kind: str = "text/event-plain") -> bytes:
    return f"Content-Length: {len(body)}\nContent-Type: {kind}\n\n".encode() + body


def percent(text: str) -> bytes:
    """As the switch encodes a value: what looks like an escape already is left alone."""
    return "".join(sign if sign.isalnum() or sign in "%._-" else f"%{ord(sign):02X}" for sign in text).encode("latin-1")


bodies = st.lists(st.binary(max_size=200), min_size=1, max_size=6)


class TestFrameReader:
    @given(bodies, st.data())
    def test_it_gives_the_same_frames_however_the_bytes_come(self, sent: list[bytes], data: st.DataObject) -> None:
        stream = b"".join(frame(body) for body in sent)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
        reader, got = FrameReader(), []
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            got += [one.body for one in reader.feed(stream[start:end])]
        assert got == sent

    def test_a_reply_without_a_body_is_a_frame(self) -> None:
        (one,) = FrameReader().feed(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
        assert (one.kind, one.header("Reply-Text"), one.body) == ("command/reply", "+OK accepted", b"")

    def test_an_empty_line_between_frames_is_passed_over(self) -> None:
        stream = b"\nContent-Type: auth/request\n\n\nContent-Type: command/reply\nReply-Text: +OK\n\n"
        assert [one.kind for one in FrameReader().feed(stream)] == ["auth/request", "command/reply"]

    def test_an_event_that_holds_a_body_is_one_frame(self) -> None:
        job = b"Event-Name: BACKGROUND_JOB\nJob-Command: originate\nContent-Length: 16\n\n-ERR USER_BUSY\n\n"
        (one,) = FrameReader().feed(frame(job))
        event = read_event(one.body)
        assert (event.name, event.body.strip()) == ("BACKGROUND_JOB", "-ERR USER_BUSY")

    @pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "٣", "999999999999999", "12 12", "a", str(1 << 30)])
    def test_it_refuses_a_length_that_is_none(self, length: str) -> None:
        with pytest.raises(FrameError):
            list(FrameReader().feed(f"Content-Length: {length}\n\n".encode()))

    def test_it_refuses_to_collect_without_end(self) -> None:
        reader = FrameReader(max_head=1000)
        assert list(reader.feed(b"A: endless\n" * 90)) == []
        with pytest.raises(FrameError, match="1000 bytes"):
            list(reader.feed(b"A: endless\n"))

    def test_a_large_head_that_is_complete_is_refused_as_well(self) -> None:
        with pytest.raises(FrameError):
            list(FrameReader(max_head=100).feed(b"A: " + b"x" * 200 + b"\n\n"))

    @given(st.binary(max_size=400))
    def test_any_bytes_give_frames_or_a_plain_refusal(self, noise: bytes) -> None:
        try:
            for one in FrameReader().feed(noise):
                assert isinstance(one.headers, dict)
                read_event(one.body)
        except FrameError:
            pass


class TestReadEvent:
    def test_it_keeps_what_the_product_reads(self) -> None:
        event = read_event(HANGUP)
        assert event.name == "CHANNEL_HANGUP_COMPLETE"
        assert event.channel_uuid == CALL
        assert event.at == datetime(2026, 11, 23, 12, 38, 40, 222720, tzinfo=UTC)
        assert event.headers["Caller-Caller-ID-Number"] == "李"
        assert event.variable("dc_attempt") == "42"
        assert "variable_sip_from_host" not in event.headers

    def test_a_custom_event_is_called_by_its_subclass(self) -> None:
        event = read_event(b"Event-Subclass: callcenter%3A%3Ainfo\nEvent-Name: CUSTOM\nCC-Action: members-count\n\n")
        assert (event.name, event.headers["CC-Action"]) == ("callcenter::info", "members-count")

    def test_the_job_of_an_originate_names_its_leg(self) -> None:
        argument = percent(
            f"{{origination_uuid={CALL},originate_timeout=6}}sofia/gateway/pstn/138 notify XML dutycenter"
        )
        event = read_event(
            b"Event-Name: BACKGROUND_JOB\nJob-Command: originate\nJob-Command-Arg: " + argument + b"\n\n"
        )
        assert event.channel_uuid == CALL

    def test_a_caller_cannot_forge_headers(self) -> None:
        """Its SIP user holds escapes, which the switch leaves as they are."""
        user = "1%0AEvent-Name%3A%20CHANNEL_ANSWER%0AUnique-ID%3A%20666%0D%0A%0D%0Avariable_dc_attempt%3A%2042"
        block = (
            f"Event-Name: CHANNEL_CREATE\nUnique-ID: {CALL}\nCaller-Caller-ID-Number: {user}\n"
            f"variable_sip_h_X-a%0AEvent-Name: CHANNEL_ANSWER\nCC-Note: {user}\n\n"
        ).encode()
        event = read_event(block)
        assert (event.name, event.channel_uuid, event.body) == ("CHANNEL_CREATE", CALL, "")
        assert event.variable("dc_attempt") == ""
        assert event.headers["Caller-Caller-ID-Number"].startswith("1\nEvent-Name: CHANNEL_ANSWER")

    def test_of_a_repeated_header_the_first_counts(self) -> None:
        """The core's own headers come before those that others can add."""
        assert read_event(HANGUP[:-1] + b"Unique-ID: 666\nEvent-Name: CHANNEL_ANSWER\n\n").channel_uuid == CALL

    @given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
    def test_no_text_of_a_caller_becomes_a_header(self, text: str) -> None:
        block = b"Event-Name: CHANNEL_CREATE\nCaller-Caller-ID-Number: " + percent(text) + b"\nHangup-Cause: X\n\n"
        event = read_event(block)
        assert set(event.headers) == {"Event-Name", "Caller-Caller-ID-Number", "Hangup-Cause"}
        assert event.headers["Hangup-Cause"] == "X"
        assert "\0" not in event.headers["Caller-Caller-ID-Number"]

    @pytest.mark.parametrize("stamp", ["", "soon", "-5", "9" * 30, "²"])
    def test_an_event_without_a_usable_time_is_now(self, stamp: str) -> None:
        event = read_event(f"Event-Name: DTMF\nEvent-Date-Timestamp: {stamp}\n\n".encode())
        assert abs((datetime.now(UTC) - event.at).total_seconds()) < 60

    def test_what_is_read_is_spelled_as_the_switch_does(self) -> None:
        assert all(name.isascii() and b":" not in name for name in READ)


class TestDecode:
    def test_broken_text_is_still_text(self) -> None:
        assert decode(b"%FF%00a%") == "\ufffd\ufffda%"

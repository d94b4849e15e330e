from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import gevent
import pytest
from gevent import socket

from dutycenter.clock import FastClock
from dutycenter.interfaces import OUT_OF_QUEUE, ILeg, LegGone, RefusedValue
from dutycenter.settings import Settings
from dutycenter.switch import OutboundServer, outbound
from dutycenter.switch import leg as module
from tests.conftest import free_port

from .conftest import Peer

CALL = "067b7c1a-12d3-4748-bb2f-e4f256c2f5ed"
DATA = {
    "Unique-ID": CALL, "Call-Direction": "inbound", "Answer-State": "answered",
    "Caller-Caller-ID-Number": "13911112222%0AUnique-ID%3A%20666", "Caller-Destination-Number": "07318888",
    "variable_dc_attempt": "42", "variable_sip_from_display": "%E6%9D%8E", "Content-Type": "command/reply",
    "Reply-Text": "%2BOK%0A", "Socket-Mode": "async", "Control": "full",
}  # fmt: skip
Gone = Callable[[], None]


class Switch(Peer):
    """The switch's side of an outbound connection."""

    def __init__(self, port: int) -> None:
        super().__init__(socket.create_connection(("127.0.0.1", port)))
        self.silent: set[str] = set()  # applications that never end
        self.told: dict[str, str] = {}  # variables that the next end carries
        self.on_execute: Callable[[str, str], None] = lambda application, event: None
        self.alive = "true"

    def serve(self, data: dict[str, str] = DATA) -> None:
        try:
            while command := self.read():
                if command == "connect":
                    self.write("".join(f"{name}: {value}\n" for name, value in data.items()) + "\n")
                elif command.startswith("api uuid_exists"):
                    self.api(self.alive)
                elif command.startswith("api"):
                    self.api("+OK\n")
                else:
                    self.reply()
                    if command.startswith("sendmsg"):
                        self._execute(command)
        except OSError:
            return
        finally:
            self.close()

    def _execute(self, command: str) -> None:
        fields = dict(line.split(": ", 1) for line in command.splitlines() if ": " in line)
        application, event = fields["execute-app-name"], fields["Event-UUID"]
        self.event(
            f"Event-Name: CHANNEL_EXECUTE\nUnique-ID: {CALL}\nApplication: {application}\nApplication-UUID: {event}"
        )
        self.on_execute(application, event)
        if application == "hangup":
            self.hang_up()
        elif application not in self.silent:
            self.complete(application, event)

    def complete(self, application: str, event: str) -> None:
        variables = "".join(f"variable_{name}: {value}\n" for name, value in self.told.items())
        self.event(
            f"Event-Name: CHANNEL_EXECUTE_COMPLETE\nUnique-ID: {CALL}\nApplication: {application}\n"
            f"Application-UUID: {event}\n{variables}"
        )

    def hang_up(self) -> None:
        self.event(f"Event-Name: CHANNEL_HANGUP\nUnique-ID: {CALL}\nHangup-Cause: NORMAL_CLEARING")

    def press(self, key: str) -> None:
        self.event(f"Event-Name: DTMF\nUnique-ID: {CALL}\nDTMF-Digit: {key}")

    @property
    def applications(self) -> list[str]:
        return [found[1] for command in self.commands if (found := re.search("execute-app-name: (.*)", command))]


class Ivr:
    """An outbound server whose flow the test gives."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.results: list[object] = []
        self.flow: Callable[[ILeg], object] = lambda leg: None
        # 60 times faster, so that what a leg may take ends soon
        self.server = OutboundServer(settings, self._drive, FastClock(60, datetime.now(UTC)))
        self.serving = gevent.spawn(self.server.serve)
        gevent.sleep(0)

    def _drive(self, leg: ILeg) -> None:
        try:
            self.results.append(self.flow(leg))
        except LegGone as gone:
            self.results.append(gone)
            raise

    def result(self) -> object:
        with gevent.Timeout(5):
            while not self.results:
                gevent.sleep(0.005)
        return self.results[0]


@pytest.fixture
def ivr(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ivr]:
    monkeypatch.setattr(module, "CHECK", 0.05)
    monkeypatch.setattr(module, "SLACK", 0.2)
    monkeypatch.setattr(outbound, "PATIENCE", 0.3)
    made = Ivr(replace(settings, ivr_port=free_port()))
    yield made
    made.server.stop()
    made.serving.join(timeout=6)
    assert made.serving.ready()


@pytest.fixture
def switch(ivr: Ivr) -> Iterator[Switch]:
    made = Switch(ivr.settings.ivr_port)
    yield made
    made.close()


@pytest.fixture
def prompt(settings: Settings) -> Path:
    return settings.prompts_dir / "hello.wav"


class TestBegin:
    def test_it_knows_who_calls(self, ivr: Ivr, switch: Switch) -> None:
        ivr.flow = lambda leg: (
            leg.channel_uuid,
            leg.inbound,
            leg.called_number,
            leg.caller_number,
            dict(leg.variables),
        )
        gevent.spawn(switch.serve)
        channel_uuid, inbound, called, caller, variables = ivr.result()  # type: ignore[misc]
        assert (channel_uuid, inbound, called) == (CALL, True, "07318888")
        assert caller == "13911112222\nUnique-ID: 666"
        assert variables == {"dc_attempt": "42", "sip_from_display": "李"}
        assert switch.commands[:3] == ["connect", "myevents", "linger 5"]

    @pytest.mark.parametrize(
        "changed", [{"Socket-Mode": "static"}, {"Control": "single-channel"}, {"Unique-ID": "1 2"}, {"Unique-ID": ""}]
    )
    def test_half_a_leg_is_not_driven(self, ivr: Ivr, switch: Switch, changed: dict[str, str]) -> None:
        switch.serve(DATA | changed)
        assert ivr.results == []

    def test_a_stranger_that_says_nothing_holds_nobody_up(self, ivr: Ivr, switch: Switch) -> None:
        """The first connection is silent; the second one is served."""
        other = Switch(ivr.settings.ivr_port)
        ivr.flow = lambda leg: leg.channel_uuid
        gevent.spawn(other.serve)
        assert ivr.result() == CALL

    def test_a_stranger_that_speaks_nonsense_is_turned_away(self, ivr: Ivr, switch: Switch) -> None:
        switch.write("GET / HTTP/1.1\nContent-Length: -1\n\n")
        assert switch.read() == "connect"
        with gevent.Timeout(3):
            while switch.read():
                pass
        assert ivr.results == []


class TestApplications:
    def test_each_end_belongs_to_its_beginning(self, ivr: Ivr, switch: Switch, prompt: Path) -> None:
        """Ends of others, and late ones, end nothing."""

        def meddle(application: str, event: str) -> None:
            switch.complete(application, "00000000-0000-0000-0000-000000000000")

        switch.on_execute = meddle
        switch.silent = {"playback"}
        ivr.flow = lambda leg: leg.play([prompt])
        gevent.spawn(switch.serve)
        gevent.sleep(0.3)
        assert ivr.results == []
        switch.hang_up()
        assert isinstance(ivr.result(), LegGone)

    @pytest.mark.parametrize(("told", "taken"), [("1", "1"), ("9", ""), ("", ""), ("12", ""), ("1\n", "1")])
    def test_it_takes_a_key_that_was_asked_for(
        self, ivr: Ivr, switch: Switch, prompt: Path, told: str, taken: str
    ) -> None:
        switch.told = {"dc_key": told.strip()}
        ivr.flow = lambda leg: leg.ask([prompt], "123", 2)
        gevent.spawn(switch.serve)
        assert ivr.result() == taken

    def test_keys_that_were_pressed_before_anything_was_asked_are_the_question_s(
        self, ivr: Ivr, switch: Switch, prompt: Path
    ) -> None:
        def flow(leg: ILeg) -> None:
            for key in "1x#":  # while we think; "x" no telephone has
                switch.press(key)
            gevent.sleep(0.05)
            leg.set("dc_a", "1")
            leg.play([prompt])  # takes no keys, and ends none
            leg.ask([prompt], "123", 2)
            switch.press("5")
            gevent.sleep(0.05)
            leg.queue("duty")  # whoever waited there does not mean the question behind it
            leg.ask([prompt], "123", 2)

        switch.on_execute = lambda application, event: switch.press("7") if application == "playback" else None
        ivr.flow = flow
        switch.serve()
        pressed = [number for number, command in enumerate(switch.commands) if "uuid_recv_dtmf" in command]
        asked = next(n for n, command in enumerate(switch.commands) if "play_and_get_digits" in command)
        assert [switch.commands[number] for number in pressed] == [f"api uuid_recv_dtmf {CALL} 1#"]
        assert pressed[0] > asked

    def test_only_who_has_waited_for_a_desk_can_be_taken_out_of_words(
        self, ivr: Ivr, switch: Switch, prompt: Path
    ) -> None:
        def flow(leg: ILeg) -> None:
            leg.play([prompt])  # a message, of which the record says that it was heard
            leg.queue("duty")
            leg.play([prompt])
            leg.queue("duty")

        ivr.flow = flow
        switch.serve()
        told = [
            re.search(r"playback_terminators=(\w+)|app-name: (playback|callcenter)", one) for one in switch.commands
        ]
        found = [one[1] or one[2] for one in told if one]
        assert found == ["none", "playback", OUT_OF_QUEUE, "callcenter", "playback", "callcenter"]

    @pytest.mark.parametrize(
        ("told", "cause"),
        [
            ({"cc_cause": "answered"}, "answered"),
            ({"cc_cause": "cancel", "cc_cancel_reason": "TIMEOUT"}, "timeout"),
            ({"cc_cause": "cancel", "cc_cancel_reason": "NO_AGENT_TIMEOUT"}, "timeout"),
            ({"cc_cause": "cancel", "cc_cancel_reason": "BREAK_OUT"}, "cancel"),
            ({}, ""),
        ],
    )
    def test_the_queue_says_how_it_ended(self, ivr: Ivr, switch: Switch, told: dict[str, str], cause: str) -> None:
        switch.told = told
        ivr.flow = lambda leg: leg.queue("duty")
        gevent.spawn(switch.serve)
        assert ivr.result() == cause

    def test_a_leg_that_talks_to_a_desk_is_left_alone(self, ivr: Ivr, switch: Switch) -> None:
        switch.told = {"cc_cause": "answered"}

        def flow(leg: ILeg) -> object:
            leg.queue("duty")
            leg.hangup()
            with pytest.raises(LegGone, match="desk"):
                leg.answer()
            return "left"

        ivr.flow = flow
        switch.serve()
        assert ivr.results == ["left"]
        assert switch.applications[-1] == "callcenter"
        assert f"api uuid_setvar {CALL} socket_resume false" in switch.commands

    def test_what_is_recorded_when_the_caller_hangs_up_counts(self, ivr: Ivr, switch: Switch) -> None:
        switch.told = {"record_ms": "3860"}
        switch.on_execute = lambda application, event: switch.hang_up() if application == "record" else None

        def flow(leg: ILeg) -> object:
            seconds = leg.record_message("a.voicemail.wav", 60)
            with pytest.raises(LegGone):
                leg.answer()
            return seconds

        ivr.flow = flow
        gevent.spawn(switch.serve)
        assert ivr.result() == 3.86

    def test_what_is_unsafe_is_refused_before_it_is_sent(self, ivr: Ivr, switch: Switch) -> None:
        def flow(leg: ILeg) -> object:
            with pytest.raises(RefusedValue):
                leg.set("dc_a", "${system(id)}")
            with pytest.raises(RefusedValue):
                leg.play([Path("/etc/passwd")])
            with pytest.raises(RefusedValue):
                leg.record_message("../a.wav", 10)
            return "refused"

        ivr.flow = flow
        switch.serve()
        assert ivr.results == ["refused"]
        assert not [command for command in switch.commands if "system" in command or "passwd" in command]


class TestEveryWaitEnds:
    @pytest.mark.parametrize("how", ["hangup", "break", "unknown", "endless"])
    def test_it_ends(self, ivr: Ivr, switch: Switch, how: str) -> None:
        ends: dict[str, Gone] = {
            "hangup": switch.hang_up,
            "break": switch.cut,
            "unknown": lambda: setattr(switch, "alive", "false"),
            "endless": lambda: None,
        }
        switch.silent = {"answer"}
        switch.on_execute = lambda application, event: ends[how]() if application == "answer" else None
        ivr.flow = lambda leg: leg.answer()
        gevent.spawn(switch.serve)
        assert isinstance(ivr.result(), LegGone)

    def test_a_broken_recording_ends_as_well(self, ivr: Ivr, switch: Switch) -> None:
        switch.silent = {"record"}
        switch.on_execute = lambda application, event: switch.cut() if application == "record" else None
        ivr.flow = lambda leg: leg.record_message("a.wav", 60)
        gevent.spawn(switch.serve)
        assert isinstance(ivr.result(), LegGone)

    def test_a_flow_that_fails_gives_the_leg_back(self, ivr: Ivr, switch: Switch) -> None:
        def flow(leg: ILeg) -> None:
            raise ZeroDivisionError

        ivr.flow = flow
        switch.serve()  # returns when our side closes
        assert "hangup" not in switch.applications

    def test_stopping_takes_a_moment_and_no_more(self, ivr: Ivr, switch: Switch, prompt: Path) -> None:
        switch.silent = {"playback"}
        ivr.flow = lambda leg: leg.play([prompt])
        gevent.spawn(switch.serve)
        with gevent.Timeout(3):
            while "playback" not in switch.applications:
                gevent.sleep(0.01)
        ivr.server.stop()
        ivr.serving.join(timeout=5)
        assert ivr.serving.ready()

    def test_more_than_a_hundred_legs_are_taken(self, ivr: Ivr) -> None:
        def flow(leg: ILeg) -> object:
            gevent.sleep(0.5)
            return leg.channel_uuid

        ivr.flow = flow
        several = [Switch(ivr.settings.ivr_port) for _ in range(130)]
        jobs = [gevent.spawn(one.serve) for one in several]
        gevent.joinall(jobs, timeout=15)
        assert ivr.results == [CALL] * 130

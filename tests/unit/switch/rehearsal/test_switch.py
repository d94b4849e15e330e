"""The rehearsal switch seen with the product's own eyes: its port, its events, its legs."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import numpy as np
import pytest
from gevent.server import StreamServer

from dutycenter.clock import clock_for
from dutycenter.interfaces import OUT_OF_QUEUE, ILeg, LegGone, Originate, OutsideCall, SwitchError, SwitchEvent
from dutycenter.settings import Settings
from dutycenter.switch import OutboundServer, make_events, make_switch
from dutycenter.switch.rehearsal.control import Control
from ivr_flows.waiting import BEFORE_ALL
from tests.conftest import free_port
from tests.rehearsal_fixtures import RawSocket, rehearse_in

ATTEMPT = "7fb77ed8-2a1e-4068-adfd-6331c2eab114"
EVENTS = ("CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_HANGUP_COMPLETE", "RECORD_STOP", "BACKGROUND_JOB",
          "callcenter::info")  # fmt: skip
SECONDS = 20


class Room:
    """A duty room of the product's own parts, beside a rehearsal switch."""

    def __init__(self, settings: Settings, drive: Callable[[ILeg], None]) -> None:
        self.settings = settings
        self.switch = make_switch(settings)
        self.control = Control(settings)
        self.events: list[SwitchEvent] = []
        self._follower = make_events(settings)
        self._server = OutboundServer(settings, drive, clock_for(settings))
        connected = gevent.event.Event()
        self._greenlets = [
            gevent.spawn(self._server.serve),
            gevent.spawn(self._follower.follow, EVENTS, self.events.append, connected.set),
        ]
        assert connected.wait(SECONDS)

    def until(self, what: Callable[[SwitchEvent], bool]) -> SwitchEvent:
        """Wait for an event."""
        with gevent.Timeout(SECONDS):
            while not (found := [event for event in self.events if what(event)]):
                gevent.sleep(0.01)
        return found[0]

    def until_over(self, uuid: str) -> SwitchEvent:
        """Wait for the end of a leg."""
        return self.until(lambda event: event.name == "CHANNEL_HANGUP_COMPLETE" and event.channel_uuid == uuid)

    def until_so(self, what: Callable[[], object]) -> None:
        """Wait until something is so."""
        with gevent.Timeout(SECONDS):
            while not what():
                gevent.sleep(0.01)

    def stop_ivr(self) -> None:
        """From now on nobody takes legs."""
        self._server.stop()
        self._greenlets[0].join(SECONDS)

    def journal(self, what: str) -> list[dict[str, Any]]:
        """Lines of the switch's own record."""
        lines = (self.settings.var / "rehearsal.jsonl").read_text(encoding="utf-8").splitlines()
        return [entry for entry in map(json.loads, lines) if entry["what"] == what]

    def close(self) -> None:
        self._follower.stop()
        self._server.stop()
        gevent.joinall(self._greenlets, timeout=5)


@pytest.fixture
def room(settings: Settings) -> Iterator[Callable[..., Room]]:
    """Opens a duty room; the ivr drives legs as the test says, or is away."""
    opened: list[Any] = []

    def start(
        drive: Callable[[ILeg], None] = lambda leg: leg.hangup(),
        speed: float = 20.0,
        patience: float = settings.hotline_patience,
        **wishes: Any,
    ) -> Room:
        here = replace(settings, ivr_port=free_port(), hotline_patience=patience)
        rehearsal = rehearse_in(here, speed, **wishes)
        _, there = rehearsal.__enter__()
        opened.append(rehearsal)
        opened.append(Room(there, drive))
        return opened[-1]

    yield start
    RawSocket.close_all()
    for one in reversed(opened):
        one.close() if isinstance(one, Room) else one.__exit__(None, None, None)


def leg_to(number: str, gateway: str = "pstn", uuid: str = ATTEMPT) -> Originate:
    return Originate(uuid, gateway, number, "07318888", 25, "notify", {"dc_attempt": uuid})


def prompt(settings: Settings, seconds: float) -> Path:
    settings.prompts_dir.mkdir(parents=True, exist_ok=True)
    path = settings.prompts_dir / "notice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((np.sin(np.arange(round(seconds * 8000)) * 0.5) * 8000).astype("<i2").tobytes())
    return path


class TestNotice:
    def test_a_key_reaches_the_flow_and_the_recording(self, room: Callable[..., Room]) -> None:
        keys: list[str] = []
        here = room(lambda leg: self._ask(leg, here.settings, keys), people={"13800000001": "answers"})
        here.switch.originate(leg_to("13800000001"))
        ended = here.until_over(ATTEMPT)
        assert (keys, ended.headers["Hangup-Cause"]) == (["1"], "NORMAL_CLEARING")
        stopped = here.until(lambda event: event.name == "RECORD_STOP")
        path = Path(stopped.headers["Record-File-Path"])
        assert path == here.settings.recordings_dir / f"{ATTEMPT}.wav"
        with wave.open(str(path), "rb") as file:
            seconds = file.getnframes() / file.getframerate()
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        answered = here.until(lambda event: event.name == "CHANNEL_ANSWER")
        assert seconds == pytest.approx((ended.at - answered.at).total_seconds(), abs=1.0)
        assert np.abs(data[:, 1]).max() > 6000, "the prompt is heard"
        assert np.abs(data[:, 0]).max() > 3000, "the key is heard"
        assert [line["key"] for line in here.journal("key")] == ["1"]

    def _ask(self, leg: ILeg, settings: Settings, keys: list[str]) -> None:
        keys.append(leg.ask([prompt(settings, 12)], "1234", 5))
        leg.hangup()

    def test_a_wrong_key_comes_before_the_right_one(self, room: Callable[..., Room]) -> None:
        keys: list[str] = []

        def drive(leg: ILeg) -> None:
            keys.extend(leg.ask([prompt(here.settings, 12)], "1234567890", 5) for _ in range(2))
            leg.hangup()

        here = room(drive, people={"13800000001": "wrong_key"})
        here.switch.originate(leg_to("13800000001"))
        here.until_over(ATTEMPT)
        assert keys == ["9", "1"]

    def test_who_leaves_early_is_gone_for_the_flow(self, room: Callable[..., Room]) -> None:
        gone: list[str] = []

        def drive(leg: ILeg) -> None:
            try:
                leg.play([prompt(here.settings, 60)])
            except LegGone:
                gone.append(leg.channel_uuid)

        here = room(drive, speed=8, people={"13800000001": "leaves_early"})
        here.switch.originate(leg_to("13800000001"))
        assert here.until_over(ATTEMPT).headers["Hangup-Cause"] == "NORMAL_CLEARING"
        here.until_so(lambda: gone == [ATTEMPT])

    def test_a_leg_that_is_dropped_while_it_rings_says_so(self, room: Callable[..., Room]) -> None:
        here = room(people={"13800000001": "rings_out"})
        here.switch.originate(leg_to("13800000001"))
        here.until_so(lambda: any(channel.callstate == "RINGING" for channel in here.switch.channels()))
        assert here.switch.drop(ATTEMPT, "ORIGINATOR_CANCEL")
        assert here.until_over(ATTEMPT).headers["Hangup-Cause"] == "ORIGINATOR_CANCEL"
        assert not here.switch.drop(ATTEMPT)
        assert not here.switch.exists(ATTEMPT)

    def test_a_gateway_admits_as_many_calls_as_it_has_channels(self, room: Callable[..., Room]) -> None:
        here = room(
            gateways=lambda name: (2, 100.0), speed=5.0, people={f"1380000000{n}": "rings_out" for n in range(5)}
        )
        legs = [f"7fb77ed8-2a1e-4068-adfd-6331c2eab11{n}" for n in range(5)]
        for n, uuid in enumerate(legs):
            here.switch.originate(leg_to(f"1380000000{n}", uuid=uuid))
        refused = [here.until_over(uuid).headers["Hangup-Cause"] for uuid in legs[2:]]
        assert refused == ["NORMAL_TEMPORARY_FAILURE"] * 3
        assert here.switch.gateway("pstn").calls_out == 5

    def test_a_gateway_that_is_down_fails_at_once(self, room: Callable[..., Room]) -> None:
        here = room()
        here.control.gateway("pstn", up=False)
        assert not here.switch.gateway("pstn").up
        here.switch.originate(leg_to("13800000001"))
        job = here.until(lambda event: event.name == "BACKGROUND_JOB")
        assert (job.body.strip(), job.channel_uuid) == ("-ERR GATEWAY_DOWN", ATTEMPT)
        assert [line["cause"] for line in here.journal("hangup")] == ["GATEWAY_DOWN"]


class TestHotline:
    def test_all_desks_ring_and_the_first_to_answer_has_the_caller(self, room: Callable[..., Room]) -> None:
        causes: list[str] = []
        here = room(lambda leg: causes.append(leg.queue("duty")))
        for desk in ("1001", "1002"):
            here.switch.agent_status(desk, "Available")
        uuid = here.control.call("13912345678", "reports", talks_for=3)
        rings = [self._ringing(here, desk) for desk in ("1001", "1002")]
        here.switch.talk(rings[1])
        bridge = here.until(lambda event: event.name == "CHANNEL_BRIDGE")
        assert (bridge.channel_uuid, bridge.headers["Other-Leg-Unique-ID"]) == (uuid, rings[1])
        assert here.until_over(rings[0]).headers["Hangup-Cause"] == "LOSE_RACE"
        assert here.until_over(uuid).headers["Hangup-Cause"] == "NORMAL_CLEARING"
        assert causes == ["answered"]

    def test_a_desk_takes_a_caller_out_of_turn(self, room: Callable[..., Room]) -> None:
        def drive(leg: ILeg) -> None:
            if leg.queue("duty", OUT_OF_QUEUE) == OUT_OF_QUEUE:
                leg.set("cc_base_score", BEFORE_ALL)
                leg.queue("duty-1001", OUT_OF_QUEUE)

        here = room(drive)
        for desk in ("1001", "1002"):
            here.switch.agent_status(desk, "Available")
        here.control.call("13912345678", "reports", talks_for=60)
        in_the_way, elsewhere = self._ringing(here, "1001"), self._ringing(here, "1002")
        second = here.control.call("13987654321", "reports", talks_for=3)
        here.until(
            lambda event: event.channel_uuid == second and event.headers.get("CC-Action") == "member-queue-start"
        )
        here.switch.press(second, OUT_OF_QUEUE)
        here.until(lambda event: event.channel_uuid == second and event.headers.get("CC-Queue") == "duty-1001")
        here.switch.drop(in_the_way, "ORIGINATOR_CANCEL")
        here.until_over(in_the_way)
        here.switch.talk(self._ringing(here, "1001"))
        bridge = here.until(lambda event: event.name == "CHANNEL_BRIDGE")
        assert (bridge.channel_uuid, here.switch.exists(elsewhere)) == (second, True)

    def test_a_key_counts_while_something_is_announced(self, room: Callable[..., Room], settings: Settings) -> None:
        causes, words = [], [prompt(settings, 100.0)]

        def drive(leg: ILeg) -> None:
            for _ in range(2):
                gevent.spawn_later(0.1, leg.announce, words)
                causes.append(leg.queue("duty", "1"))
                leg.hush()

        here = room(drive)
        caller = here.control.call("13912345678", "reports", talks_for=60)
        for times in (1, 2):  # the switch does not lay the same file over a leg twice: the first is over by then
            here.until_so(lambda times=times: len(here.journal("told")) == times)
            here.switch.press(caller, "1")
            here.until_so(lambda times=times: causes == ["1"] * times)

    def test_a_key_leads_away_from_whoever_is_called_outside(
        self, room: Callable[..., Room], settings: Settings
    ) -> None:
        came: list[str] = []

        def drive(leg: ILeg) -> None:
            for count in (1, 2):
                channel = ATTEMPT[:-1] + str(count)
                outside = OutsideCall(channel, "pstn", "13800000002", "07318888", 10, prompt(settings, 1.0), confirm=10)
                came.append(leg.bridge_out(outside, "12"))

        here = room(drive)
        here.control.character("13800000002", "hand")
        caller = here.control.call("13912345678", "reports", talks_for=60)
        here.until_so(lambda: here.journal("ring"))
        here.switch.press(caller, "32")
        cancelled = here.until_over(ATTEMPT[:-1] + "1")
        assert cancelled.headers["Hangup-Cause"] == "ORIGINATOR_CANCEL"
        here.until_so(lambda: len(here.journal("ring")) == 2)
        here.control.answer(ATTEMPT[:-1] + "2")
        here.until_over(ATTEMPT[:-1] + "2")  # who picks up and presses nothing is let go
        here.until_so(lambda: came == ["2", ""])

    def test_both_go_on_in_a_room_when_somebody_is_brought_in(self, room: Callable[..., Room]) -> None:
        here = room(lambda leg: leg.queue("duty") and None)
        here.switch.agent_status("1001", "Available")
        caller = here.control.call("13912345678", "hand")
        desk = self._ringing(here, "1001")
        here.switch.talk(desk)
        here.until(lambda event: event.name == "CHANNEL_BRIDGE")
        here.switch.transfer_both(desk, f"room-{ATTEMPT}")
        here.until_so(lambda: {one.channel_uuid for one in here.switch.conference(ATTEMPT)} == {caller, desk})

    def _ringing(self, here: Room, desk: str) -> str:
        """The leg on which a desk rings."""
        found: list[str] = []

        def look() -> bool:
            wanted = ("desk", desk, "ringing")
            phones = here.control.phones()
            found.extend(p["uuid"] for p in phones if (p["kind"], p["number"], p["does"]) == wanted)
            return bool(found)

        here.until_so(look)
        return found[0]

    def test_a_desk_that_rings_when_patience_ends_may_still_be_answered(self, room: Callable[..., Room]) -> None:
        causes: list[str] = []
        here = room(lambda leg: causes.append(leg.queue("duty")), patience=20)
        clock = clock_for(here.settings)
        here.switch.agent_status("1001", "Available")
        uuid = here.control.call("13912345678", "reports", talks_for=3)
        began = clock.monotonic()
        first = self._ringing(here, "1001")
        assert here.until_over(first).headers["Hangup-Cause"] in ("NO_ANSWER", "ORIGINATOR_CANCEL")
        here.until_so(lambda: clock.monotonic() - began > 22)
        second = self._ringing(here, "1001")
        here.switch.talk(second)
        bridge = here.until(lambda event: event.name == "CHANNEL_BRIDGE")
        assert (bridge.channel_uuid, bridge.headers["Other-Leg-Unique-ID"]) == (uuid, second)
        here.until_over(uuid)
        assert causes == ["answered"]

    def test_patience_ends_with_the_ringing_that_nobody_answers(self, room: Callable[..., Room]) -> None:
        causes: list[str] = []

        def drive(leg: ILeg) -> None:
            causes.append(leg.queue("duty"))
            leg.hangup()

        here = room(drive, patience=6)
        here.switch.agent_status("1001", "Available")
        here.until_over(here.control.call("13912345678", "silent"))
        assert causes == ["timeout"]

    def test_without_anybody_at_a_desk_the_wait_ends_soon(self, room: Callable[..., Room]) -> None:
        causes: list[str] = []

        def drive(leg: ILeg) -> None:
            causes.append(leg.queue("duty"))
            leg.hangup()

        here = room(drive)
        here.until_over(here.control.call("13912345678", "silent"))
        assert causes == ["timeout"]
        end = here.until(lambda event: event.headers.get("CC-Action") == "member-queue-end")
        assert end.headers["CC-Cancel-Reason"] == "NO_AGENT_TIMEOUT"

    def test_a_desk_that_goes_on_break_stops_ringing(self, room: Callable[..., Room]) -> None:
        here = room(lambda leg: leg.queue("duty") and None)
        here.switch.agent_status("1001", "Available")
        here.control.call("13912345678", "gives_up", patience=60)
        ringing = self._ringing(here, "1001")
        here.switch.agent_status("1001", "On Break")
        assert here.until_over(ringing).headers["Hangup-Cause"] == "ORIGINATOR_CANCEL"

    def test_a_caller_who_gives_up_leaves_the_queue(self, room: Callable[..., Room]) -> None:
        here = room(lambda leg: leg.queue("duty") and None)
        here.switch.agent_status("1001", "Available")
        uuid = here.control.call("13912345678", "gives_up")
        ringing = self._ringing(here, "1001")
        here.until_over(uuid)
        assert here.until_over(ringing).headers["Hangup-Cause"] == "ORIGINATOR_CANCEL"
        failed = here.until(lambda event: event.headers.get("CC-Action") == "bridge-agent-fail")
        assert failed.headers["CC-Member-Session-UUID"] == uuid

    def test_a_message_is_recorded_until_the_caller_hangs_up(self, room: Callable[..., Room]) -> None:
        seconds: list[float] = []

        def drive(leg: ILeg) -> None:
            seconds.append(leg.record_message(f"{leg.channel_uuid}.voicemail.wav", 60))

        here = room(drive)
        uuid = here.control.call("13912345678", "leaves_message", message=6)
        here.until_over(uuid)
        here.until_so(lambda: seconds != [])
        path = here.settings.recordings_dir / f"{uuid}.voicemail.wav"
        with wave.open(str(path), "rb") as file:
            assert file.getnframes() / 8000 == pytest.approx(6.5, abs=1.0)
        assert seconds == [pytest.approx(6.5, abs=1.0)]

    def test_without_the_ivr_the_desks_ring_and_then_a_message_is_taken(self, room: Callable[..., Room]) -> None:
        here = room()
        here.stop_ivr()
        uuid = here.control.call("13912345678", "leaves_message", message=5)
        here.until_over(uuid)
        assert [line["to"] for line in here.journal("socket_refused")]
        assert {Path(line["file"]).name for line in here.journal("record_stop")} == {
            f"{uuid}.wav", f"{uuid}.voicemail.wav",
        }  # fmt: skip


class TestIvrLost:
    def _losing(self, settings: Settings) -> Any:
        """An ivr that takes a leg and dies."""

        def take(sock: Any, _: Any) -> None:
            sock.sendall(b"connect\n\n")
            sock.recv(65536)

        server = StreamServer((settings.ivr_host, settings.ivr_port), take)
        server.start()
        return server

    def test_a_caller_goes_on_to_the_desks(self, room: Callable[..., Room]) -> None:
        here = room(desks=("1001",))
        here.stop_ivr()
        server = self._losing(here.settings)
        here.control.desk("1001", 2.0)
        uuid = here.control.call("13912345678", "reports", talks_for=3)
        here.until_over(uuid)
        server.stop()
        assert [line["uuid"] for line in here.journal("bridge")] == [uuid]

    def test_a_called_person_hangs_up_on_a_dead_line(self, room: Callable[..., Room]) -> None:
        here = room(people={"13800000001": "silent"}, speed=60)
        here.stop_ivr()
        server = self._losing(here.settings)
        here.switch.originate(leg_to("13800000001"))
        ended = here.until_over(ATTEMPT)
        server.stop()
        assert ended.headers["Hangup-Cause"] == "NORMAL_CLEARING"
        assert here.journal("hangup")[0]["by"] == "phone"


class TestDesk:
    @pytest.mark.parametrize(("answers_after", "spoke"), [(2.0, True), (None, False)])
    def test_a_called_person_is_put_through_to_a_desk(
        self, room: Callable[..., Room], answers_after: float | None, spoke: bool
    ) -> None:
        bridged: list[bool] = []

        def drive(leg: ILeg) -> None:
            if leg.ask([prompt(here.settings, 12)], "1234", 5) == "3":
                bridged.append(leg.bridge("1001"))
                leg.hangup()

        here = room(drive, people={"13800000001": "desk"})
        here.control.desk("1001", answers_after)
        here.switch.originate(leg_to("13800000001"))
        here.until_over(ATTEMPT)
        here.until_so(lambda: bridged == [spoke])
        assert len(here.journal("bridge")) == spoke

    def test_a_leg_can_vanish_without_a_word(self, room: Callable[..., Room]) -> None:
        here = room(lambda leg: leg.play([prompt(here.settings, 60)]), people={"13800000001": "silent"})
        here.switch.originate(leg_to("13800000001"))
        here.until(lambda event: event.name == "CHANNEL_ANSWER")
        here.control.vanish(ATTEMPT)
        here.until_so(lambda: not here.switch.channels())
        assert [line["uuid"] for line in here.journal("hangup")] == [ATTEMPT]
        assert not [event for event in here.events if event.name == "CHANNEL_HANGUP_COMPLETE"]


class TestOrders:
    @pytest.mark.parametrize(
        "command",
        [
            "rehearsal", "rehearsal nonsense", "rehearsal press nobody 1", "rehearsal call 12;34 reports",
            "rehearsal call 13800000001 nobody", 'rehearsal call 13800000001 reports {"keys": 5}',
            "rehearsal call 13800000001 reports {", "rehearsal gateway nosuch up", "rehearsal desk 1 auto",
            "rehearsal character 13800000001 giant", "uuid_transfer", "uuid_setvar nobody", "originate {a=b",
            "originate &", "callcenter_config agent set status 1001 Happy", "callcenter_config agent set status 1 Available",
        ],
    )  # fmt: skip
    def test_nonsense_is_answered_and_the_switch_goes_on(self, room: Callable[..., Room], command: str) -> None:
        here = room()
        client = RawSocket.inbound(here.settings.switch_port, here.settings.switch_password_file.read_text().strip())
        assert client.api(command).startswith(("-ERR", "-USAGE"))
        assert here.switch.status().sessions == 0

    def test_text_from_outside_is_not_expanded(self, room: Callable[..., Room]) -> None:
        heard: list[str] = []

        def drive(leg: ILeg) -> None:
            heard.append(leg.variables.get("dc_name", ""))
            leg.hangup()

        here = room(drive, people={"13800000001": "answers"})
        client = RawSocket.inbound(here.settings.switch_port, here.settings.switch_password_file.read_text().strip())
        client.api(f"originate {{origination_uuid={ATTEMPT},dc_name='${{system(id)}}'}}sofia/gateway/pstn/13800000001"
                   " notify XML dutycenter")  # fmt: skip
        here.until_over(ATTEMPT)
        assert heard == ["${system(id)}"]

    def test_the_story_refuses_what_is_no_leg(self, room: Callable[..., Room]) -> None:
        here = room()
        with pytest.raises(SwitchError, match="No such channel"):
            here.control.press(ATTEMPT, "1")
        with pytest.raises(SwitchError, match="not understood"):
            here.control.press("a b", "1")

    def test_a_hand_operated_telephone_does_only_what_it_is_told(self, room: Callable[..., Room]) -> None:
        keys: list[str] = []

        def drive(leg: ILeg) -> None:
            keys.append(leg.ask([prompt(here.settings, 60)], "14", 5))
            leg.hangup()

        here = room(drive, people={"13800000001": "hand"})
        here.switch.originate(leg_to("13800000001"))
        self._does(here, "ringing")
        here.control.answer(ATTEMPT)
        self._does(here, "listening", "notice.wav")
        here.control.say(ATTEMPT, "我在开会")
        here.control.press(ATTEMPT, "4")
        here.until_over(ATTEMPT)
        assert keys == ["4"]

    def _does(self, here: Room, what: str, hears: str = "") -> None:
        here.until_so(lambda: any(p["does"] == what and p["hears"].endswith(hears) for p in here.control.phones()))

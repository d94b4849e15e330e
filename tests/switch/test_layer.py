"""The switch layer on a real FreeSWITCH: ISwitch, ISwitchEvents, ILeg, and the dialplan without us."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest

from dutycenter.interfaces import ILeg, LegGone, Originate, OutsideCall, SwitchAway, SwitchError, SwitchEvent
from dutycenter.switch import OutboundServer, make_events
from dutycenter.switch.causes import disposition_of
from dutycenter.switch.link import InboundLink
from dutycenter.vocabulary import Disposition

from .conftest import HOTLINE, PATIENCE, Switch, until
from .phones import Answers, AnswersWhenTold, RingsOut, Talk, Telephone
from .sound import loudness, seconds, write_tone

pytestmark = pytest.mark.switch

FOLLOWED = (
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_HANGUP_COMPLETE",
    "BACKGROUND_JOB",
    "RECORD_START",
    "RECORD_STOP",
    "callcenter::info",
)


class Follower:
    """Collects events."""

    def __init__(self, switch: Switch) -> None:
        self.events: list[SwitchEvent] = []
        self.connects = 0
        self._source = make_events(switch.settings)
        self._greenlet = gevent.spawn(self._source.follow, FOLLOWED, self.events.append, self._connected)
        assert until(lambda: self.connects)

    def _connected(self) -> None:
        self.connects += 1

    def of(self, channel_uuid: str, name: str) -> list[SwitchEvent]:
        return [event for event in self.events if event.channel_uuid == channel_uuid and event.name == name]

    def ringing(self, desk: str) -> list[str]:
        """The channels of a desk that the queue rings."""
        created = [event for event in self.events if event.name == "CHANNEL_CREATE"]
        return [event.channel_uuid for event in created if event.variable("cc_agent") == desk]

    def close(self) -> None:
        self._source.stop()
        self._greenlet.join(timeout=5)
        assert self._greenlet.ready()


@pytest.fixture
def follower(switch: Switch) -> Iterator[Follower]:
    made = Follower(switch)
    yield made
    made.close()


@contextmanager
def answering(switch: Switch, on_leg: Callable[[ILeg], None]) -> Iterator[OutboundServer]:
    """Our side of the outbound socket while the block runs."""
    server = OutboundServer(switch.settings, on_leg)
    serving = gevent.spawn(server.serve)
    try:
        gevent.sleep(0)
        yield server
    finally:
        server.stop()
        serving.join(timeout=8)
        assert serving.ready()


@pytest.fixture
def desk(switch: Switch) -> Iterator[Telephone]:
    """The registered desk telephone 1001; it answers when told to."""
    made = Telephone(default=AnswersWhenTold())
    made.register(switch.desks_port, "1001", switch.desk_password("1001"), switch.settings.switch_domain)
    switch.commands.agent_status("1001", "Available")
    yield made
    made.close()


@pytest.fixture
def tones(switch: Switch) -> list[Path]:
    folder = switch.settings.prompts_dir
    return [write_tone(folder / "one.wav", 0.5), write_tone(folder / "two.wav", 1.0, 600)]


def call_out(switch: Switch, number: str, gateway: str = "pstn", ring: int = 3) -> str:
    made = str(uuid.uuid4())
    switch.commands.originate(Originate(made, gateway, number, HOTLINE, ring, "notify", {"dc_attempt": made}))
    return made


class TestCommands:
    def test_it_knows_how_the_switch_and_its_gateways_stand(self, switch: Switch, network: Telephone) -> None:
        status = switch.commands.status()
        assert status.version.startswith("1.10")
        assert (status.sessions, status.sessions_max) == (0, 1000)
        assert switch.commands.gateway("pstn").up
        assert not switch.commands.gateway("nosuch").known
        assert until(lambda: not switch.commands.gateway("away").up, 75)

    def test_it_says_what_is_not_there(self, switch: Switch) -> None:
        nobody = str(uuid.uuid4())
        assert not switch.commands.exists(nobody)
        assert not switch.commands.drop(nobody)
        for refused in (lambda: switch.commands.talk(nobody), lambda: switch.commands.transfer(nobody, "desk")):
            with pytest.raises(SwitchError):
                refused()
        with pytest.raises(SwitchError, match="Agent not found"):
            switch.commands.agent_status("9999", "On Break")

    def test_it_drops_a_ringing_leg(self, switch: Switch, network: Telephone, follower: Follower) -> None:
        leg = call_out(switch, "13800000006", ring=30)
        assert until(lambda: switch.commands.exists(leg))
        assert until(lambda: [c.callstate for c in switch.commands.channels() if c.channel_uuid == leg] == ["RINGING"])
        assert switch.commands.drop(leg, "ORIGINATOR_CANCEL")
        assert until(lambda: follower.of(leg, "CHANNEL_HANGUP_COMPLETE"))
        assert not switch.commands.exists(leg)

    def test_a_wrong_password_is_said(self, switch: Switch) -> None:
        link = InboundLink("127.0.0.1", switch.settings.switch_port, "wrong")
        with pytest.raises(SwitchError, match="-ERR invalid"):
            link.connect()


class TestOutcomesOfCalling:
    @pytest.mark.parametrize(
        ("number", "gateway", "disposition"),
        [
            ("13800000002", "pstn", Disposition.BUSY),
            ("13800000003", "pstn", Disposition.NO_SUCH_NUMBER),
            ("13800000004", "pstn", Disposition.SWITCHED_OFF),
            ("13800000005", "pstn", Disposition.CONGESTION),
            ("13800000006", "pstn", Disposition.NO_ANSWER),
            ("13800000000", "away", Disposition.GATEWAY_DOWN),
            ("13800000000", "nosuch", Disposition.GATEWAY_DOWN),
        ],
    )
    def test_an_unanswered_leg_says_why(
        self,
        switch: Switch,
        network: Telephone,
        follower: Follower,
        number: str,
        gateway: str,
        disposition: Disposition,
    ) -> None:
        if gateway == "away":
            assert until(lambda: not switch.commands.gateway("away").up, 75)
        leg = call_out(switch, number, gateway)
        assert until(lambda: follower.of(leg, "BACKGROUND_JOB"))
        assert disposition_of(follower.of(leg, "BACKGROUND_JOB")[0].body, answered=False) == disposition
        if gateway == "pstn":
            assert until(lambda: follower.of(leg, "CHANNEL_HANGUP_COMPLETE"))
            cause = follower.of(leg, "CHANNEL_HANGUP_COMPLETE")[0].headers["Hangup-Cause"]
            assert disposition_of(cause, answered=False) == disposition

    def test_who_answers_and_leaves_at_once_has_answered(
        self, switch: Switch, network: Telephone, follower: Follower
    ) -> None:
        leg = call_out(switch, "13800000007")
        assert until(lambda: follower.of(leg, "CHANNEL_HANGUP_COMPLETE"))
        ended = follower.of(leg, "CHANNEL_HANGUP_COMPLETE")[0]
        assert int(ended.headers["Caller-Channel-Answered-Time"]) > 0
        assert disposition_of(ended.headers["Hangup-Cause"], answered=True) == Disposition.HUNG_UP_EARLY


class TestLeg:
    def run(self, switch: Switch, number: str, on_leg: Callable[[ILeg], object]) -> tuple[str, object]:
        """Call a number and do something on its leg; the leg and what came of it."""
        told: list[object] = []

        def drive(leg: ILeg) -> None:
            try:
                told.append(on_leg(leg))
            except LegGone as gone:
                told.append(gone)
                raise

        with answering(switch, drive):
            leg = call_out(switch, number)
            assert until(lambda: told, 25)
        return leg, told[0]

    def test_a_key_pressed_while_the_prompt_plays_is_taken(
        self, switch: Switch, network: Telephone, tones: list[Path]
    ) -> None:
        def flow(leg: ILeg) -> tuple[str, str, bool, float]:
            began = time.monotonic()
            key = leg.ask([*tones, *tones, *tones], "1234", 3)
            took = time.monotonic() - began
            leg.hangup()
            return key, leg.variables["dc_attempt"], leg.inbound, took

        leg, (key, attempt, inbound, took) = self.run(switch, "13800000001", flow)  # type: ignore[misc]
        assert (key, attempt, inbound) == ("1", leg, False)
        assert took < 2.0  # the prompts are 4.5 s long
        assert until(lambda: not switch.commands.exists(leg))

    def test_keys_pressed_while_we_think_are_taken_by_the_question(
        self, switch: Switch, network: Telephone, tones: list[Path]
    ) -> None:
        """Both right after the answer and between two questions; several make a number."""
        network.manners["13800000009"] = Answers(keys=[(0.1, "3"), (1.2, "4"), (1.5, "2"), (1.8, "#")])

        def flow(leg: ILeg) -> tuple[str, str, float]:
            gevent.sleep(0.8)
            began = time.monotonic()
            key = leg.ask([*tones, *tones], "1234", 3)
            took = time.monotonic() - began
            gevent.sleep(1.6)
            return key, leg.enter(tones[:1], 3, 3), took

        _, (key, number, took) = self.run(switch, "13800000009", flow)  # type: ignore[misc]
        assert (key, number) == ("3", "42")
        assert took < 2.0  # the prompts are 3 s long

    @pytest.mark.parametrize(
        ("pressed", "asked", "taken"), [("9", "1234", ""), ("#", "0123456789*#", "#"), ("*", "*", "*")]
    )
    def test_it_takes_the_keys_that_are_asked_for(
        self, switch: Switch, network: Telephone, tones: list[Path], pressed: str, asked: str, taken: str
    ) -> None:
        network.manners["13800000009"] = Answers(keys=[(0.7, pressed)])
        _, key = self.run(switch, "13800000009", lambda leg: leg.ask(tones[:1], asked, 2))
        assert key == taken

    def test_nothing_pressed_is_nothing(self, switch: Switch, network: Telephone, tones: list[Path]) -> None:
        def flow(leg: ILeg) -> tuple[str, float]:
            began = time.monotonic()
            return leg.ask(tones[:1], "1234", 1.5), time.monotonic() - began

        _, (key, took) = self.run(switch, "13800000000", flow)  # type: ignore[misc]
        assert key == ""
        assert 1.9 < took < 4.0

    def test_no_key_ends_what_must_be_heard_to_the_end(
        self, switch: Switch, network: Telephone, tones: list[Path]
    ) -> None:
        network.manners["13800000009"] = Answers(keys=[(0.2, "*"), (0.5, "1")])

        def flow(leg: ILeg) -> float:
            began = time.monotonic()
            leg.play([tones[1]] * 3)
            return time.monotonic() - began

        _, took = self.run(switch, "13800000009", flow)
        assert isinstance(took, float)
        length = 3 * seconds(tones[1])
        assert length - 0.1 < took < 1.5 * length, "a switch whose clock is set up wrongly plays at half the speed"

    def test_the_leg_is_recorded_on_both_sides(self, switch: Switch, network: Telephone, tones: list[Path]) -> None:
        leg, _ = self.run(switch, "13800000000", lambda leg: (leg.play([*tones, *tones]), leg.hangup()))
        assert until(lambda: not switch.commands.exists(leg))
        file = switch.recording(leg)
        assert seconds(file) > 2.5
        theirs, ours = loudness(file)
        assert theirs > 0.01
        assert ours > 0.01

    def test_a_leg_that_hangs_up_ends_every_wait(self, switch: Switch, network: Telephone, tones: list[Path]) -> None:
        began = time.monotonic()
        _, gone = self.run(switch, "13800000008", lambda leg: leg.play(tones * 20))
        assert isinstance(gone, LegGone)
        assert time.monotonic() - began < 6.0

    def test_variables_are_set(self, switch: Switch, network: Telephone) -> None:
        leg, _ = self.run(switch, "13800000000", lambda leg: (leg.set("dc_note", "a-1"), gevent.sleep(0.5)))
        assert leg


class TestHotline:
    def test_an_inbound_leg_is_recorded_and_ours(
        self, switch: Switch, network: Telephone, follower: Follower, tones: list[Path]
    ) -> None:
        legs: list[ILeg] = []

        def flow(leg: ILeg) -> None:
            legs.append(leg)
            leg.answer()
            leg.play(tones * 2)
            leg.hangup()

        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE, user="13911112222", display="Li Ming")
            assert until(talk.ended.is_set)
        (leg,) = legs
        assert (leg.inbound, leg.caller_number, leg.called_number) == (True, "13911112222", HOTLINE)
        assert talk.heard > 50
        assert until(lambda: follower.of(leg.channel_uuid, "RECORD_STOP"))
        theirs, ours = loudness(switch.recording(leg.channel_uuid))
        assert theirs > 0.01
        assert ours > 0.01

    def test_the_queue_rings_a_desk_that_is_answered_from_the_screen(
        self, switch: Switch, network: Telephone, desk: Telephone, follower: Follower
    ) -> None:
        ended: list[str] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            ended.append(leg.queue(switch.settings.hotline_queue))
            with pytest.raises(LegGone):
                leg.answer()
            leg.hangup()  # the talk is the desk's now

        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE)
            assert until(lambda: desk.talks and desk.talks[0].rang.is_set())
            assert until(lambda: follower.ringing("1001"))
            switch.commands.talk(follower.ringing("1001")[0])
            assert until(lambda: ended)
            assert until(lambda: any(e.name == "CHANNEL_BRIDGE" for e in follower.events))
        assert ended == ["answered"]
        gevent.sleep(1.0)  # our connection is closed; the two must still be talking
        assert desk.talks[0].answered.is_set()
        assert not desk.talks[0].ended.is_set()
        assert not talk.ended.is_set()
        before = talk.heard
        gevent.sleep(0.5)
        assert talk.heard > before
        desk.hang_up(desk.talks[0])
        assert until(talk.ended.is_set)
        assert until(lambda: not switch.commands.channels())

    def test_patience_has_an_end(self, switch: Switch, network: Telephone, desk: Telephone) -> None:
        ended: list[tuple[str, float]] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            began = time.monotonic()
            ended.append((leg.queue(switch.settings.hotline_queue), time.monotonic() - began))
            leg.hangup()

        with answering(switch, flow):
            network.call(switch.trunk_port, HOTLINE)
            assert until(lambda: ended, 30)
        cause, took = ended[0]
        assert cause == "timeout"
        assert PATIENCE - 2 < took < 2 * PATIENCE + 6  # a desk that rings is not interrupted

    def test_a_message_that_ends_by_hanging_up_is_a_message(self, switch: Switch, network: Telephone) -> None:
        left: list[tuple[str, float]] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            left.append((leg.channel_uuid, leg.record_message(f"{leg.channel_uuid}.voicemail.wav", 30)))
            leg.play([])
            leg.answer()

        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE)
            assert until(talk.answered.is_set)
            gevent.sleep(2.5)
            network.hang_up(talk)
            assert until(lambda: left)
        (channel_uuid, length) = left[0]
        assert 1.5 < length < 3.5
        assert loudness(switch.recording(channel_uuid, ".voicemail.wav"))[0] > 0.01

    def test_a_desk_is_bridged_until_the_talk_ends(self, switch: Switch, network: Telephone, desk: Telephone) -> None:
        desk.default = Answers(after=0.5, stay=1.5)
        bridged: list[bool] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            bridged.append(leg.bridge("1001"))

        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE)
            assert until(lambda: bridged, 15)
        assert bridged == [True]
        assert talk.heard > 30

    @pytest.mark.parametrize(("keys", "result"), [(["1"], "answered"), ([], "")])
    def test_who_is_called_outside_has_time_to_press_the_key_however_late_they_pick_up(
        self, switch: Switch, network: Telephone, tones: list[Path], keys: list[str], result: str
    ) -> None:
        network.manners["13800000009"] = Answers(after=2.5, keys=[(2.0, key) for key in keys])
        told: list[str] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            outside = OutsideCall(str(uuid.uuid4()), "pstn", "13800000009", HOTLINE, 3, tones[1], confirm=4)
            told.append(leg.bridge_out(outside))

        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE)
            assert until(lambda: len(network.talks) == 2 and network.talks[1].answered.is_set())
            leader = network.talks[1]
            if keys:
                assert until(lambda: leader.heard > 150, 8), "the ringing ends under their hands"
                network.hang_up(leader)
            assert until(lambda: told, 9)
            assert told == [result]
            assert until(leader.ended.is_set)
            network.hang_up(talk)

    def test_a_key_leads_away_from_whoever_is_called_outside(
        self, switch: Switch, network: Telephone, tones: list[Path]
    ) -> None:
        network.manners["13800000009"] = RingsOut()
        told: list[str] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            gevent.sleep(0.8)
            told.append(leg.queue(switch.settings.hotline_queue, "12", early="12"))
            outside = OutsideCall(str(uuid.uuid4()), "pstn", "13800000009", HOTLINE, 20, tones[1])
            told.append(leg.bridge_out(outside, "12"))

        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE)
            assert until(talk.answered.is_set)
            network.press(talk, "1")
            assert until(lambda: told, 5), "a key that was pressed just before the queue counts there"
            assert until(lambda: len(network.talks) == 2 and network.talks[1].rang.is_set())
            network.press(talk, "5")
            network.press(talk, "2")
            assert until(lambda: len(told) == 2, 5), "it does nothing"
            assert told == ["1", "2"]
            assert until(network.talks[1].ended.is_set)
            assert not talk.ended.is_set()

    def test_any_other_number_does_not_exist(self, switch: Switch, network: Telephone) -> None:
        talk = network.call(switch.trunk_port, "13900001111")
        assert until(talk.ended.is_set)
        assert talk.status == 404


class TestWithoutUs:
    """The ivr is away, or goes away: the dialplan rings the desks, then takes a message."""

    def test_the_desks_ring(self, switch: Switch, network: Telephone, desk: Telephone, follower: Follower) -> None:
        desk.default = Answers(after=2.5)
        talk = network.call(switch.trunk_port, HOTLINE)
        assert until(lambda: talk.heard > 50)
        assert not desk.talks[0].answered.is_set()  # what is heard is the word to the caller
        assert until(desk.talks[0].answered.is_set)
        before = talk.heard
        assert until(lambda: talk.heard > before + 50)
        network.hang_up(talk)
        started = [event for event in follower.events if event.name == "RECORD_START"]
        assert until(lambda: follower.of(started[0].channel_uuid, "RECORD_STOP"))
        assert min(loudness(switch.recording(started[0].channel_uuid))) > 0.01

    def test_then_a_message_is_taken(self, switch: Switch, network: Telephone, follower: Follower) -> None:
        """1001's registration is gone with its telephone: nobody answers."""
        talk = network.call(switch.trunk_port, HOTLINE)

        def messages() -> list[SwitchEvent]:
            started = [e for e in follower.events if e.name == "RECORD_START"]
            return [e for e in started if e.headers["Record-File-Path"].endswith(".voicemail.wav")]

        assert until(messages, 70)
        gevent.sleep(2.0)
        network.hang_up(talk)
        file = Path(messages()[0].headers["Record-File-Path"])
        assert file == switch.recording(messages()[0].channel_uuid, ".voicemail.wav")
        assert until(lambda: len(follower.of(messages()[0].channel_uuid, "RECORD_STOP")) == 2)
        assert loudness(file)[0] > 0.01

    @pytest.mark.parametrize("busy_with", ["playing", "queueing"])
    def test_a_caller_survives_our_end(
        self, switch: Switch, network: Telephone, desk: Telephone, tones: list[Path], busy_with: str
    ) -> None:
        here: list[ILeg] = []

        def flow(leg: ILeg) -> None:
            leg.answer()
            here.append(leg)
            if busy_with == "playing":
                leg.play(tones * 20)
            else:
                leg.queue(switch.settings.hotline_queue)

        desk.default = Answers(after=3.0)
        if busy_with == "queueing":
            switch.commands.agent_status("1001", "On Break")
        with answering(switch, flow):
            talk = network.call(switch.trunk_port, HOTLINE)
            assert until(lambda: here)
            gevent.sleep(1.0)
            here[0].close()  # type: ignore[attr-defined]
        assert until(lambda: desk.talks and desk.talks[-1].answered.is_set(), 30)
        assert not talk.ended.is_set()


class TestHostileCallers:
    FORGED = "1%0AEvent-Name%3A%20CHANNEL_HANGUP_COMPLETE%0AUnique-ID%3A%2000000000-0000-0000-0000-000000000000"

    def test_a_forged_header_stays_a_value(self, switch: Switch, network: Telephone, follower: Follower) -> None:
        legs: list[ILeg] = []

        def flow(leg: ILeg) -> None:
            legs.append(leg)
            leg.answer()
            leg.hangup()

        with answering(switch, flow):
            talk = network.call(
                switch.trunk_port, HOTLINE, user=self.FORGED, display=f"x{self.FORGED}",
                headers=[f"X-Evil: {self.FORGED}", "X-Dc%0AUnique-ID%3A: 1"],
            )  # fmt: skip
            assert until(talk.ended.is_set)
            assert until(lambda: legs)
        (leg,) = legs
        assert "\nEvent-Name: CHANNEL_HANGUP_COMPLETE" in leg.caller_number  # it did arrive, as text
        assert until(lambda: follower.of(leg.channel_uuid, "CHANNEL_HANGUP_COMPLETE"))
        assert {event.channel_uuid for event in follower.events if event.name.startswith("CHANNEL")} == {
            leg.channel_uuid
        }
        assert [event.name for event in follower.events if event.channel_uuid.startswith("00000000-0000")] == []

    def test_nothing_that_a_caller_says_is_run(
        self, switch: Switch, network: Telephone, follower: Follower, desk: Telephone, tmp_path: Path
    ) -> None:
        proof = tmp_path / "run"
        attack = f"${{system(touch {proof})}}"
        coded = f"%24%7Bsystem(touch%20{proof})%7D"

        def flow(leg: ILeg) -> None:
            leg.answer()
            leg.bridge("1001")

        desk.default = Answers(after=0.2, stay=0.5)
        with answering(switch, flow):
            for user, shown in ((coded, attack), ("1", attack), (coded, coded)):
                talk = network.call(switch.trunk_port, HOTLINE, user=user, display=shown, headers=[f"X-Evil: {attack}"])
                assert until(talk.ended.is_set, 15)
        talk = network.call(switch.trunk_port, HOTLINE, user=coded, display=attack)  # and without us
        assert until(lambda: len([t for t in desk.talks if t.answered.is_set()]) == 4, 20)
        network.hang_up(talk)
        assert not proof.exists()

    def test_the_switch_itself_runs_nothing(self, switch: Switch, network: Telephone, tmp_path: Path) -> None:
        """Were a raw argument ever sent: ``api-expansion`` is off."""
        proof = tmp_path / "run"

        def flow(leg: ILeg) -> None:
            link = leg._link  # type: ignore[attr-defined]
            for application in ("set", "export", "log", "playback"):
                link.ask(
                    "sendmsg\ncall-command: execute\n"
                    f"execute-app-name: {application}\nexecute-app-arg: a=${{system(touch {proof})}}"
                )
            leg.set("dc_note", "done")
            leg.hangup()

        with answering(switch, flow):
            leg = call_out(switch, "13800000000")
            assert until(lambda: switch.commands.exists(leg))
            assert until(lambda: not switch.commands.exists(leg), 15)
        assert not proof.exists()


class TestKilled:
    def test_everything_ends_and_comes_back(
        self, switch: Switch, network: Telephone, follower: Follower, tones: list[Path]
    ) -> None:
        gone: list[float] = []
        here: list[Talk] = []

        def flow(leg: ILeg) -> None:
            here.append(network.talks[-1])
            try:
                leg.play(tones * 40)
            except LegGone:
                gone.append(time.monotonic())

        with answering(switch, flow):
            call_out(switch, "13800000000")
            assert until(lambda: here)
            killed = time.monotonic()
            switch.kill()
            assert until(lambda: gone)
            assert gone[0] - killed < 3.0
        with pytest.raises(SwitchAway):
            switch.commands.status()
        connects = follower.connects
        switch.start()
        assert until(lambda: follower.connects > connects, 25)
        assert until(lambda: switch.commands.gateway("pstn").up, 15)
        leg = call_out(switch, "13800000002")
        assert until(lambda: follower.of(leg, "CHANNEL_HANGUP_COMPLETE"))

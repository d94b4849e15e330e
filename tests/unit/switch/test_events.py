from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest

from dutycenter.interfaces import RefusedValue, SwitchEvent
from dutycenter.switch import events as module
from dutycenter.switch.events import SwitchEvents

from .conftest import PASSWORD, Peer, ScriptedSwitch

NAMES = ("CHANNEL_ANSWER", "callcenter::info")


def until(what: Callable[[], object], seconds: float = 5.0) -> None:
    with gevent.Timeout(seconds):
        while not what():
            gevent.sleep(0.005)


class Following:
    """A follower in a greenlet, and what it was told."""

    def __init__(self, port: int, password_file: Path) -> None:
        self.told: list[str] = []
        self.fail_on: set[str] = set()
        self.on_connect: Callable[[], None] = lambda: None
        self.source = SwitchEvents("127.0.0.1", port, password_file, quiet=0.3)
        self.greenlet = gevent.spawn(self.source.follow, NAMES, self._event, self._connect)

    def _event(self, event: SwitchEvent) -> None:
        self.told.append(event.channel_uuid)
        if event.channel_uuid in self.fail_on:
            raise ValueError("the store is away")

    def _connect(self) -> None:
        self.told.append("connected")
        self.on_connect()


@pytest.fixture
def following(scripted: ScriptedSwitch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Following]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.05)
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    scripted.answer = lambda peer, command: peer.api("UP") if command == "api status" else peer.reply()
    made = Following(scripted.port, file)
    yield made
    made.source.stop()
    made.greenlet.join(timeout=3)
    assert made.greenlet.ready()


def tell(peer: Peer, channel: str) -> None:
    peer.event(f"Event-Name: CHANNEL_ANSWER\nUnique-ID: {channel}")


class TestFollow:
    def test_it_asks_for_what_it_was_asked_for_and_nothing_else(
        self, scripted: ScriptedSwitch, following: Following
    ) -> None:
        until(lambda: following.told)
        assert scripted.peers[0].commands[1:] == ["event plain CHANNEL_ANSWER CUSTOM callcenter::info"]

    def test_reconciling_comes_before_any_event(self, scripted: ScriptedSwitch, following: Following) -> None:
        def early(peer: Peer, command: str) -> None:
            peer.reply()
            tell(peer, "a")

        scripted.answer = early
        following.on_connect = lambda: gevent.sleep(0.1)
        until(lambda: len(following.told) == 2)
        assert following.told == ["connected", "a"]

    def test_it_comes_back_and_subscribes_again(self, scripted: ScriptedSwitch, following: Following) -> None:
        first = scripted.arrived.get(timeout=3)
        until(lambda: following.told)
        tell(first, "a")
        until(lambda: following.told == ["connected", "a"])
        first.cut()
        second = scripted.arrived.get(timeout=3)
        until(lambda: len(second.commands) == 2)
        tell(second, "b")
        until(lambda: following.told == ["connected", "a", "connected", "b"])
        assert second.commands[1].startswith("event plain ")

    def test_what_came_before_the_break_is_delivered(self, scripted: ScriptedSwitch, following: Following) -> None:
        first = scripted.arrived.get(timeout=3)
        until(lambda: following.told)
        for number in range(300):
            tell(first, str(number))
        first.cut()
        until(lambda: following.told.count("connected") == 2)
        assert [one for one in following.told if one != "connected"] == [str(number) for number in range(300)]

    def test_an_event_that_fails_does_not_stop_the_others(self, scripted: ScriptedSwitch, following: Following) -> None:
        following.fail_on = {"a"}
        peer = scripted.arrived.get(timeout=3)
        until(lambda: following.told)
        tell(peer, "a")
        tell(peer, "b")
        until(lambda: following.told == ["connected", "a", "b"])
        assert len(scripted.peers) == 1

    def test_reconciling_that_fails_is_tried_again(self, scripted: ScriptedSwitch, following: Following) -> None:
        def fail() -> None:
            if following.told.count("connected") < 3:
                raise ValueError("the store is away")

        following.on_connect = fail
        until(lambda: following.told.count("connected") == 3)
        until(lambda: len(scripted.peers) == 3)

    def test_a_silent_switch_is_asked_whether_it_is_there(self, scripted: ScriptedSwitch, following: Following) -> None:
        until(lambda: scripted.peers and "api status" in scripted.peers[0].commands)
        assert len(scripted.peers) == 1

    def test_it_stops_while_the_switch_is_away(self, scripted: ScriptedSwitch, following: Following) -> None:
        until(lambda: following.told)
        scripted.close()
        gevent.sleep(0.1)
        following.source.stop()
        following.greenlet.join(timeout=2)
        assert following.greenlet.ready()

    def test_a_malformed_name_is_refused_before_connecting(self, tmp_path: Path) -> None:
        with pytest.raises(RefusedValue):
            SwitchEvents("127.0.0.1", 1, tmp_path / "none").follow(["ALL\n\napi x"], print, print)

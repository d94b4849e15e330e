from __future__ import annotations

import stat
import threading
import time
from pathlib import Path

import gevent
import pytest

from dutycenter.interfaces import ISwitch, Originate, RefusedValue, SwitchAway, SwitchError
from dutycenter.settings import Settings
from dutycenter.switch import NullSwitch, freeswitch, link, make_switch
from dutycenter.switch.freeswitch import FreeSwitch, ensure_password
from dutycenter.work import Work

from .conftest import PASSWORD, ScriptedSwitch

CALL = "067b7c1a-12d3-4748-bb2f-e4f256c2f5ed"
OTHER = "ca5d1b1e-5f0a-4e29-88a2-600f39c21378"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "switch.password"
    file.write_text(PASSWORD + "\n")
    return file


@pytest.fixture(params=[True, False], ids=["kept", "one-shot"])
def switch(request: pytest.FixtureRequest, scripted: ScriptedSwitch, password_file: Path) -> FreeSwitch:
    return FreeSwitch("127.0.0.1", scripted.port, password_file, keep=request.param)


class TestFreeSwitch:
    def test_it_asks_in_the_switch_s_words(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        scripted.answer = lambda peer, command: peer.api("true")
        assert switch.exists(CALL)
        assert scripted.peers[0].commands == [f"auth {PASSWORD}", f"api uuid_exists {CALL}"]

    def test_a_leg_that_is_gone_is_dropped_already(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        scripted.answer = lambda peer, command: peer.api("-ERR No such channel!\n")
        assert switch.drop(CALL) is False

    def test_a_refusal_is_told_in_its_own_words(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        scripted.answer = lambda peer, command: peer.api("-ERR no reason\n")
        for ask in (lambda: switch.drop(CALL), lambda: switch.talk(CALL), lambda: switch.transfer(CALL, "desk")):
            with pytest.raises(SwitchError, match="-ERR no reason"):
                ask()

    def test_two_are_sent_on_once_nothing_is_told_to_either(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        bridged = iter(("_undef_", OTHER))
        scripted.answer = lambda peer, command: peer.api(next(bridged) if "uuid_getvar" in command else "+OK")
        switch.transfer_both(CALL, "room-1")
        asked = [command for peer in scripted.peers for command in peer.commands if "auth" not in command]
        assert asked == [
            *[f"api uuid_getvar {CALL} bridge_uuid"] * 2,
            f"api uuid_break {CALL} all",
            f"api uuid_break {OTHER} all",
            f"api uuid_transfer {CALL} -both room-1 XML dutycenter",
        ]

    def test_who_is_bridged_with_nobody_is_not_sent_on(
        self, scripted: ScriptedSwitch, switch: FreeSwitch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(freeswitch, "SETTLES", 0.001)
        scripted.answer = lambda peer, command: peer.api("_undef_")
        with pytest.raises(SwitchError, match="nobody"):
            switch.transfer_both(CALL, "room-1")

    def test_what_is_unsafe_never_leaves(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        with pytest.raises(RefusedValue):
            switch.originate(Originate(CALL, "pstn", "138${x}", "1", 30, "notify"))
        assert scripted.peers == []

    def test_a_wrong_password_is_no_absence(
        self, scripted: ScriptedSwitch, switch: FreeSwitch, password_file: Path
    ) -> None:
        password_file.write_text("other\n")
        with pytest.raises(SwitchError, match="-ERR invalid") as refused:
            switch.status()
        assert not isinstance(refused.value, SwitchAway)

    def test_nobody_there_is_said_at_once(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        scripted.close()
        with pytest.raises(SwitchAway, match="cannot be reached"):
            switch.status()

    def test_no_password_is_said(self, switch: FreeSwitch, password_file: Path) -> None:
        password_file.unlink()
        with pytest.raises(SwitchAway, match="password cannot be read"):
            switch.status()

    def test_a_rude_rejection_names_the_acl(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        text = "Access Denied, go away.\n"
        scripted.greeting = f"Content-Type: text/rude-rejection\nContent-Length: {len(text)}\n\n{text}"
        with pytest.raises(SwitchError, match="ACL"):
            switch.status()

    def test_no_reply_ends_in_time(
        self, scripted: ScriptedSwitch, switch: FreeSwitch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scripted.hang()
        monkeypatch.setattr(link.Fence.ask, "__defaults__", (0.2,))
        began = time.monotonic()
        with pytest.raises(SwitchAway, match=r"no reply to api status within 0\.2 s"):
            switch.status()
        assert time.monotonic() - began < 2.0

    def test_a_connection_that_dies_fails_what_waits(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        scripted.answer = lambda peer, command: peer.cut()
        with pytest.raises(SwitchAway):
            switch.exists(CALL)

    def test_frames_that_are_none_end_the_connection(self, scripted: ScriptedSwitch, switch: FreeSwitch) -> None:
        scripted.answer = lambda peer, command: peer.write("Content-Length: -7\n\n")
        with pytest.raises(SwitchAway, match="broke"):
            switch.exists(CALL)


class TestKeptConnection:
    def test_greenlets_share_it_and_each_gets_its_own_reply(
        self, scripted: ScriptedSwitch, password_file: Path
    ) -> None:
        switch = FreeSwitch("127.0.0.1", scripted.port, password_file, keep=True)
        known = [f"{n:08x}-0000-0000-0000-000000000000" for n in range(50)]
        scripted.answer = lambda peer, command: peer.api("true" if command.endswith(tuple(known[::2])) else "false")
        jobs = [gevent.spawn(switch.exists, one) for one in known]
        gevent.joinall(jobs, timeout=10)
        assert [job.value for job in jobs] == [True, False] * 25
        assert len(scripted.peers) == 1

    def test_a_dead_one_is_replaced(self, scripted: ScriptedSwitch, password_file: Path) -> None:
        switch = FreeSwitch("127.0.0.1", scripted.port, password_file, keep=True)
        scripted.answer = lambda peer, command: peer.api("true")
        assert switch.exists(CALL)
        scripted.peers[0].cut()
        gevent.sleep(0.05)
        assert switch.exists(CALL)
        assert len(scripted.peers) == 2

    def test_another_thread_makes_its_own(self, scripted: ScriptedSwitch, password_file: Path) -> None:
        switch = FreeSwitch("127.0.0.1", scripted.port, password_file, keep=True)
        scripted.answer = lambda peer, command: peer.api("true")
        assert switch.exists(CALL)
        told: list[bool] = []
        thread = threading.Thread(target=lambda: told.append(switch.exists(CALL)))
        thread.start()
        while thread.is_alive():
            gevent.sleep(0.01)  # the scripted switch lives in this thread
        assert told == [True]
        assert len(scripted.peers) == 2


class TestPassword:
    def test_it_is_made_once_and_for_its_owner(self, tmp_path: Path) -> None:
        file = tmp_path / "var" / "switch.password"
        ensure_password(file)
        made = file.read_text()
        ensure_password(file)
        assert file.read_text() == made
        assert len(made.strip()) > 24
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [other.name for other in file.parent.iterdir()] == [file.name]


class TestRegistration:
    def test_every_process_finds_a_switch(self, sqlite_work: Work) -> None:
        with sqlite_work.read() as request:
            switch = request.find_service(ISwitch)
        assert isinstance(switch, FreeSwitch)
        assert sqlite_work.settings.switch_password_file.exists()

    def test_make_switch_speaks_to_the_one_of_the_settings(self, settings: Settings) -> None:
        with pytest.raises(SwitchAway, match=str(settings.switch_port)):
            make_switch(settings).status()


class TestNullSwitch:
    def test_it_never_claims_to_have_called(self) -> None:
        switch = NullSwitch()
        with pytest.raises(SwitchAway):
            switch.originate(Originate(CALL, "pstn", "138", "1", 30, "notify"))
        assert not switch.exists(CALL)
        assert not switch.drop(CALL)
        assert switch.channels() == []
        assert not switch.gateway("pstn").known

"""The whole ivr process, over TCP, with the rehearsal switch and its people on the other side."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.bootstrap import open_work
from dutycenter.calls.models import Call, Recording
from dutycenter.db.base import Base
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import IClock, IVoice, Originate
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.switch import make_switch
from dutycenter.switch.freeswitch import ensure_password, read_password
from dutycenter.switch.models import Gateway
from dutycenter.switch.rehearsal import People, RehearsalSwitch, Town
from dutycenter.switch.rehearsal.control import Control
from dutycenter.vocabulary import BroadcastState, CallResult, NumberKind, RecordingKind, ShiftDuty
from dutycenter.work import Work
from ivr_flows.prompts import PromptBook, load_catalogue
from ivr_flows.voice import voice_for

SPEED = 20
LEADER = "15400000001"
MESSAGE = "紧急通知：受持续强降雨影响，全市防汛应急响应提升至二级，请防汛指挥部全体成员立即到指挥中心集合，并报告各自岗位到岗情况。"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], seconds: float = 20.0, what: str = "") -> None:
    """Wait for another process to get there."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what or "it did not happen in time"
        time.sleep(0.05)


@dataclass
class House:
    """An installation with an ivr process and a rehearsal switch."""

    work: Work
    control: Control
    ivr: subprocess.Popen[bytes]
    log: Path

    def call(self, channel_uuid: str) -> Call | None:
        with self.work.read() as request:
            return request.db.scalar(select(Call).where(Call.channel_uuid == channel_uuid))

    def ended(self, channel_uuid: str) -> Call:
        def has_ended() -> bool:
            call = self.call(channel_uuid)
            return call is not None and call.ended_at is not None

        until(has_ended, 30.0, f"the call has not ended; {self.log.read_text()}")
        call = self.call(channel_uuid)
        assert call is not None
        return call

    def does(self, channel_uuid: str) -> str:
        """What a telephone does."""
        return next((one["does"] for one in self.control.phones() if one["uuid"] == channel_uuid), "")

    def rings(self, number: str) -> str:
        """The leg of a telephone that rings; empty when it doesn't."""
        ringing = (one for one in self.control.phones() if one["number"] == number and one["does"] == "ringing")
        return next((one["uuid"] for one in ringing), "")

    def hears(self, channel_uuid: str, prompt: str) -> bool:
        """Is this being played to them?"""
        path = str(self.book.find(prompt, "zh_CN").path)
        return any(one["uuid"] == channel_uuid and path in one["hears"] for one in self.control.phones())

    @property
    def book(self) -> PromptBook:
        settings = self.work.settings
        return PromptBook(load_catalogue(settings), voice_for(settings), settings.prompts_dir)

    def told(self, channel_uuid: str) -> list[str]:
        """What was said to somebody over the music."""
        lines = map(json.loads, (self.work.settings.var / "rehearsal.jsonl").read_text().splitlines())
        return [one["file"].removeprefix("file_string://") for one in lines
                if one["what"] == "told" and one["uuid"] == channel_uuid]  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house")
    ini = home / "house.ini"
    ini.write_text(
        f"[app:main]\nvoice = silent\nrehearsal = true\nclock.speed = {SPEED}\n"
        f"clock.epoch = {datetime.now(UTC).isoformat()}\nhotline.patience = 15\n"
        f"switch.port = {free_port()}\nivr.port = {free_port()}\n"
    )
    work = open_work(ini, "test")
    settings = work.settings
    Base.metadata.create_all(work.registry["dutycenter.engine"])
    ensure_password(settings.switch_password_file)
    town = Town(
        recordings=settings.recordings_dir, var=settings.var, password=read_password(settings.switch_password_file),
        port=settings.switch_port, ivr=f"127.0.0.1:{settings.ivr_port}", patience=settings.hotline_patience, overflow=5,
        people=People(seed=1), synthesize=False,
    )  # fmt: skip
    log = home / "ivr.log"
    with RehearsalSwitch(town, work.registry["dutycenter.clock"]), log.open("wb") as written:
        dutycenter = Path(sys.executable).with_name("dutycenter")
        ivr = subprocess.Popen(
            [dutycenter, "-c", ini, "serve", "ivr"], stdout=written, stderr=written, env={**os.environ}
        )
        until(lambda: b"Waiting for legs" in log.read_bytes(), 30.0, "the ivr did not start")
        yield House(work, Control(settings), ivr, log)
        if ivr.poll() is None:
            ivr.send_signal(signal.SIGTERM)
            assert ivr.wait(15) == 0, log.read_text()
        assert b"Traceback" not in log.read_bytes(), log.read_text()
    work.registry["dutycenter.engine"].dispose()


class TestHotline:
    def test_a_caller_whom_nobody_answers_leaves_a_message(self, house: House) -> None:
        channel = house.control.call("13800000001", "leaves_message", keys="1")
        call = house.ended(channel)
        assert (call.result, call.keys, call.open) == (CallResult.VOICEMAIL, "1", True)
        assert call.caller_number == "13800000001"
        with house.work.read() as request:
            recording = request.db.scalars(
                select(Recording).where(Recording.call_id == call.id, Recording.kind == RecordingKind.VOICEMAIL)
            ).one()
        with wave.open(str(house.work.settings.recordings_dir / recording.file_name)) as sound:
            assert sound.getnframes() / sound.getframerate() > 5

    def test_a_caller_is_put_through_to_a_desk(self, house: House) -> None:
        make_switch(house.work.settings).agent_status("1001", "Available")
        house.control.desk("1001", 2.0)
        try:
            call = house.ended(house.control.call("13800000002", "reports", keys="2", talks_for=5))
        finally:
            make_switch(house.work.settings).agent_status("1001", "Logged Out")
        assert (call.result, call.desk, call.keys) == (CallResult.ANSWERED, "1001", "2")

    def test_a_caller_who_gives_up_is_kept(self, house: House) -> None:
        call = house.ended(house.control.call("13800000003", "gives_up"))
        assert (call.result, call.open) == (CallResult.ABANDONED, True)

    def test_a_caller_who_leaves_at_once_is_kept(self, house: House) -> None:
        call = house.ended(house.control.call("13800000004", "hangs_up_at_once"))
        assert call.result is CallResult.ABANDONED


@pytest.fixture
def desk(house: House) -> Iterator[Callable[[str, str, int], None]]:
    """Tell the queue how a desk stands, and after whom it is rung; nobody sits anywhere afterwards."""
    switch, queue = make_switch(house.work.settings), house.work.settings.hotline_queue
    told: set[str] = set()

    def tell(desk: str, status: str, level: int = 1) -> None:
        told.add(desk)
        house.control.desk(desk, None)
        switch.tier_level(queue, desk, level)
        switch.agent_status(desk, status)

    yield tell
    for one in told:
        switch.tier_level(queue, one, 1)
        switch.agent_status(one, "Logged Out")


def serves(house: House, duty: ShiftDuty, number: str) -> None:
    """Put somebody with this number on the roster, and a trunk that may carry it."""
    with house.work.write() as request:
        now = request.find_service(IClock).now()
        person = Person(name="李建国", department=Department(name="总值班室", short_name="总值班室"))
        person.numbers = [PhoneNumber(number=number, kind=NumberKind.MOBILE)]
        shift = Shift(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1))
        shift.members = [ShiftMember(person=person, duty=duty)]
        request.db.add_all([shift, Gateway(name="pstn", channels=9, calls_per_second=9.0, caller_id="07318888")])


class TestQueue:
    def test_the_second_caller_hears_their_place_and_rings_when_the_first_has_ended(
        self, house: House, desk: Callable[[str, str], None]
    ) -> None:
        desk("1001", "Available")
        first = house.control.call("13800000011", "hand")
        until(lambda: house.rings("1001"), what="the first does not ring")
        house.control.answer(house.rings("1001"))
        second = house.control.call("13800000012", "hand")
        until(lambda: len(house.told(second)) > 0, what="the second is told nothing")
        place = [house.book.find("queue.place", "zh_CN"), *(one for _, one in house.book.number(1, "zh_CN"))]
        assert house.told(second)[0].split("!")[: len(place)] == [str(prompt.path) for prompt in place]
        assert house.does(first) == "talking"
        house.control.hangup(first)
        until(lambda: house.rings("1001"), what="the second does not ring")
        house.control.answer(house.rings("1001"))
        until(lambda: house.does(second) == "talking")
        house.control.hangup(second)
        assert (house.ended(second).result, house.ended(second).desk) == (CallResult.ANSWERED, "1001")

    @pytest.mark.parametrize(("where", "at"), [("1", ""), ("2", "13911112222")])
    def test_a_key_leads_to_being_called_back_here_or_elsewhere(
        self, house: House, desk: Callable[[str, str], None], where: str, at: str
    ) -> None:
        desk("1001", "Available")
        caller = house.control.call(f"1380000002{where}", "hand")
        until(lambda: house.does(caller) == "queued")
        house.control.press(caller, "2")
        until(lambda: house.hears(caller, "callback_request.where"))
        house.control.press(caller, where)
        if at:
            until(lambda: house.hears(caller, "callback_request.number"))
            for key in f"{at}#":
                house.control.press(caller, key)
        call = house.ended(caller)
        assert (call.result, call.callback_number, call.open) == (CallResult.CALLBACK, at, True)

    def test_the_other_desks_ring_then_the_leader_and_then_a_desk_again(
        self, house: House, desk: Callable[[str, str, int], None]
    ) -> None:
        serves(house, ShiftDuty.LEADER, LEADER)
        house.control.character(LEADER, "rings_out")
        desk("1001", "Available", 1)
        desk("1002", "Available", 2)
        caller = house.control.call("13800000031", "hand", keys="1")
        until(lambda: house.rings("1001"))
        assert not house.rings("1002")
        until(lambda: house.rings("1002"), what="the other desk does not ring")
        until(lambda: house.rings(LEADER), what="the leader is not called")
        until(lambda: house.rings("1001") and not house.rings(LEADER), what="no desk rings after the leader")
        house.control.answer(house.rings("1001"))
        until(lambda: house.does(caller) == "talking")
        house.control.hangup(caller)
        assert (house.ended(caller).result, house.ended(caller).desk) == (CallResult.ANSWERED, "1001")


@pytest.fixture(scope="module")
def broadcast(house: House) -> int:
    with house.work.write() as request:
        prompt = request.find_service(IVoice).say(MESSAGE)
        broadcast = Broadcast(
            title="t", message=MESSAGE, state=BroadcastState.RUNNING, created_at=datetime.now(UTC),
            prompt_path=str(prompt.path), prompt_seconds=prompt.seconds,
        )  # fmt: skip
        request.db.add(broadcast)
        request.db.flush()
        return broadcast.id


def call_out(house: House, broadcast: int, number: str, character: str) -> Attempt:
    """Call somebody of this character; the attempt when its flow has ended."""
    attempt_id = str(uuid.uuid4())
    with house.work.write() as request:
        recipient = Recipient(broadcast_id=broadcast, name="王局长")
        line = RecipientNumber(recipient=recipient, number=number, kind=NumberKind.MOBILE)
        attempt = Attempt(
            id=attempt_id, broadcast_id=broadcast, recipient=recipient, number=line, gateway="pstn",
            created_at=datetime.now(UTC),
        )  # fmt: skip
        request.db.add_all([recipient, line, attempt])
    house.control.character(number, character)
    make_switch(house.work.settings).originate(
        Originate(attempt_id, "pstn", number, "07318888", 30, "notify", {"dc_attempt": attempt_id})
    )

    def flow_ended() -> bool:
        with house.work.read() as request:
            return request.db.get(Attempt, attempt_id).heard_seconds is not None

    until(flow_ended, 30.0, f"the flow has not ended; {house.log.read_text()}")
    with house.work.read() as request:
        found: Attempt = request.db.get(Attempt, attempt_id)
        assert found.recipient.name
        return found


class TestNotify:
    @pytest.mark.parametrize(
        ("character", "key", "wrong_keys", "to_end"),
        [
            ("answers", "1", "", False),
            ("wrong_key", "1", "9", False),
            ("declines", "4", "", False),
            ("silent", "", "", True),
        ],
    )
    def test_it_takes_down_what_a_person_does(
        self, house: House, broadcast: int, character: str, key: str, wrong_keys: str, to_end: bool
    ) -> None:
        number = f"138000010{len(character):02}"
        attempt = call_out(house, broadcast, number, character)
        assert (attempt.key, attempt.wrong_keys, attempt.heard_to_end) == (key, wrong_keys, to_end)
        assert (attempt.recipient.acknowledged_at is not None) == (key == "1")
        recording = house.work.settings.recordings_dir / f"{attempt.id}.wav"
        until(recording.is_file)

    def test_who_leaves_early_has_not_heard_it(self, house: House, broadcast: int) -> None:
        attempt = call_out(house, broadcast, "13800001099", "leaves_early")
        assert (attempt.key, attempt.heard_to_end) == ("", False)

    def test_who_wants_the_desk_gets_it(self, house: House, broadcast: int) -> None:
        make_switch(house.work.settings).agent_status("1002", "Available")
        house.control.desk("1002", 1.0)
        try:
            attempt = call_out(house, broadcast, "13800001098", "desk")
        finally:
            make_switch(house.work.settings).agent_status("1002", "Logged Out")
        assert attempt.key == "3"
        assert house.call(attempt.id) is None


class TestTheProcess:
    def test_it_ends_with_a_plain_word_when_its_port_is_taken(self, house: House, tmp_path: Path) -> None:
        settings = house.work.settings
        ini = tmp_path / "second.ini"
        ini.write_text(
            f"[app:main]\nvoice = silent\nivr.port = {settings.ivr_port}\nswitch.port = {settings.switch_port}\n"
        )
        Base.metadata.create_all(open_work(ini, "test").registry["dutycenter.engine"])
        dutycenter = Path(sys.executable).with_name("dutycenter")
        second = subprocess.run(
            [dutycenter, "-c", ini, "serve", "ivr"], capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 1
        assert f"The ivr cannot listen at 127.0.0.1:{settings.ivr_port}" in second.stderr

    def test_a_caller_reaches_a_desk_though_the_ivr_dies(self, house: House) -> None:
        """Runs last: the ivr is killed in the middle of the greeting and not started again."""
        make_switch(house.work.settings).agent_status("1003", "Available")
        house.control.desk("1003", 2.0)
        channel = house.control.call("13800000009", "reports", talks_for=400)
        until(lambda: (call := house.call(channel)) is not None and call.menu_at is not None)
        house.ivr.kill()
        house.ivr.wait()

        def desk_talks() -> bool:
            return any(
                leg.destination.startswith("100") and leg.callstate == "ACTIVE"
                for leg in make_switch(house.work.settings).channels()
            )

        until(desk_talks, 20.0)
        assert make_switch(house.work.settings).exists(channel)
        house.control.hangup(channel)

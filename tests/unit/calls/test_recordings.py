"""What lies on the disk is in the record, by content."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
import wave
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dutycenter.calls.models import Call, Recording
from dutycenter.calls.recordings import PATIENCE, QUIET_SECONDS, find_foundlings, take_in
from dutycenter.calls.services import Calls
from dutycenter.calls.store import examine
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import CallResult, CallState, Direction, RecordingState
from dutycenter.work import Work


def write_wav(path: Path, seconds: float = 1.5, channels: int = 2) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((channels, 2, 8000, 0, "NONE", ""))
        sound.writeframes(os.urandom(int(seconds * 8000) * 2 * channels))
    return path.read_bytes()


def let_it_lie(path: Path) -> None:
    quiet = time.time() - QUIET_SECONDS - 5
    os.utime(path, (quiet, quiet))


@pytest.fixture
def channel() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def path(work: Work, channel: str) -> Path:
    return work.settings.recordings_dir / f"{channel}.wav"


def stopped(work: Work, channel: str, ago: timedelta = timedelta(0)) -> None:
    with work.write() as request:
        at = request.find_service(IClock).now() - ago
        calls = request.find_service(Calls)
        calls.arrive(channel, "13800138000", "07318888", at=at)
        calls.recording_started(channel, f"{channel}.wav", at)
        calls.recording_stopped(channel, f"{channel}.wav", at)


def the_recording(work: Work) -> Recording:
    with work.read() as request:
        return request.db.scalars(select(Recording)).one()


def told(work: Work, action: str) -> list[dict[str, object]]:
    with work.read() as request:
        return [json.loads(d) for d in request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == action))]


class TestTakeIn:
    def test_it_keeps_what_the_file_is(self, work: Work, channel: str, path: Path) -> None:
        content = write_wav(path)
        stopped(work, channel)
        take_in(work)
        take_in(work)
        recording = the_recording(work)
        assert (recording.state, recording.seconds, recording.channels) == (RecordingState.KEPT, 1.5, 2)
        (entry,) = told(work, "recording.kept")
        assert entry["sha256"] == recording.sha256 == hashlib.sha256(content).hexdigest()
        assert entry["sm3"] == recording.sm3 == hashlib.new("sm3", content).hexdigest()
        assert (entry["bytes"], entry["seconds"], entry["file"]) == (len(content), "1.500", path.name)

    def test_it_waits_for_a_file_and_then_shows_the_gap(self, work: Work, channel: str) -> None:
        stopped(work, channel)
        take_in(work)
        assert the_recording(work).state is RecordingState.STOPPED

    def test_it_shows_the_gap(self, work: Work, channel: str, path: Path) -> None:
        stopped(work, channel, ago=PATIENCE * 2)
        take_in(work)
        assert the_recording(work).state is RecordingState.MISSING
        assert told(work, "recording.missing") == [{"file": path.name}]

    def test_a_file_that_turns_up_closes_the_gap(self, work: Work, channel: str, path: Path) -> None:
        stopped(work, channel, ago=PATIENCE * 2)
        take_in(work)
        write_wav(path)
        let_it_lie(path)
        find_foundlings(work)
        take_in(work)
        assert (the_recording(work).state, the_recording(work).foundling) == (RecordingState.KEPT, False)

    def test_it_measures_a_file_that_the_switch_never_closed(self, work: Work, channel: str, path: Path) -> None:
        content = write_wav(path, seconds=2)
        path.write_bytes(content[:40] + b"\0\0\0\0" + content[44:])
        stopped(work, channel)
        take_in(work)
        assert the_recording(work).seconds == 2

    def test_it_keeps_what_is_no_wav_too(self, work: Work, channel: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF")
        stopped(work, channel)
        take_in(work)
        recording = the_recording(work)
        assert (recording.state, recording.seconds, recording.bytes) == (RecordingState.KEPT, None, 4)


class TestFindFoundlings:
    def test_a_voicemail_that_came_while_all_was_down_is_someones_task(self, work: Work, channel: str) -> None:
        path = work.settings.recordings_dir / f"{channel}.voicemail.wav"
        write_wav(path, seconds=3)
        let_it_lie(path)
        find_foundlings(work)
        take_in(work)
        recording = the_recording(work)
        assert (recording.foundling, recording.state) == (True, RecordingState.KEPT)
        with work.read() as request:
            call = request.db.scalars(select(Call)).one()
            assert (call.id, call.channel_uuid) == (recording.call_id, channel)
            assert (call.state, call.result, call.open) == (CallState.ENDED, CallResult.VOICEMAIL, True)

    def test_it_belongs_to_its_leg(self, work: Work, channel: str, path: Path) -> None:
        with work.write() as request:
            request.find_service(Calls).leg_created(channel, Direction.OUTBOUND, "13800138000", "pstn", channel)
        write_wav(path)
        let_it_lie(path)
        find_foundlings(work)
        assert (the_recording(work).foundling, the_recording(work).attempt_id) == (True, channel)
        with work.read() as request:
            assert request.db.scalars(select(Call)).all() == []

    def test_it_leaves_alone_what_is_being_written_or_known(self, work: Work, channel: str, path: Path) -> None:
        stopped(work, channel)
        write_wav(path)
        write_wav(path.with_name("being-written.wav"))
        let_it_lie(path)
        find_foundlings(work)
        assert the_recording(work).foundling is False

    def test_it_takes_in_a_name_that_is_no_channel_without_a_call(self, work: Work, path: Path) -> None:
        strange = path.with_name("hotline_old.wav")
        write_wav(strange)
        let_it_lie(strange)
        find_foundlings(work)
        find_foundlings(work)
        assert (the_recording(work).file_name, the_recording(work).call_id) == (strange.name, None)

    def test_an_empty_installation_has_none(self, work: Work) -> None:
        find_foundlings(work)


class TestExamine:
    def test_it_gives_up_on_a_file_that_changes_under_its_eyes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "growing.wav"
        write_wav(path)
        plain = Path.stat

        def stat(self: Path, **options: bool) -> object:
            with self.open("ab") as file:
                file.write(b"more")
            return plain(self, **options)

        monkeypatch.setattr(Path, "stat", stat)
        assert examine(path) is None

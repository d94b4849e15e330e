"""A call with a real WAV, taken in."""

from __future__ import annotations

import random
import wave
from pathlib import Path

from sqlalchemy import select

from dutycenter.calls.models import Recording
from dutycenter.calls.recordings import take_in
from dutycenter.calls.services import Calls
from dutycenter.calls.store import Store
from dutycenter.work import Work

CHANNEL = "5bee6538-c17c-45e8-865c-e8a5904500b2"
FRAMES = 8000  # one second


def record_call(work: Work, channel: str = CHANNEL, caller: str = "13800138000") -> Path:
    """A call of one second in stereo, its sound different for each channel: arrived, recorded, ended, its recording kept; where it lies."""
    file = work.settings.recordings_dir / f"{channel}.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(random.Random(channel).randbytes(4 * FRAMES))
    with work.write() as request:
        calls = request.find_service(Calls)
        calls.arrive(channel, caller, "07318888")
        calls.recording_started(channel, file.name)
        calls.key(channel, "1")
        calls.recording_stopped(channel, file.name)
        calls.ended(channel, "NORMAL_CLEARING")
    take_in(work)
    with work.read() as request:
        sha256 = request.db.scalar(select(Recording.sha256).where(Recording.file_name == file.name))
    kept = Store(work.settings).path(file.name, sha256)
    kept.chmod(0o640)  # tests play the owner of the machine
    return kept

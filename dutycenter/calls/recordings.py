"""Recordings are taken in: measured, hashed, written to the ledger. Nothing on the disk stays unnoticed.

Run by the clerk. Hashing happens outside any transaction: an hour of sound must
not keep callers from being written down.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
import wave
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from dutycenter.calls.legs import LOST
from dutycenter.calls.models import Leg, Recording
from dutycenter.calls.rows import VOICEMAIL_SUFFIX, checked_file, locked_recording
from dutycenter.calls.services import Calls
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import RecordingState
from dutycenter.work import Work

log = logging.getLogger(__name__)

BATCH = 200
CHUNK = 1 << 20
PATIENCE = timedelta(seconds=15)  # for a file that isn't there yet; the product's time
QUIET_SECONDS = 20.0  # a file that nobody wrote to for so long is finished; real time
_LEG_FILE = re.compile(r"([0-9A-Za-z-]{1,36})(?:\.voicemail)?\.wav", re.ASCII)


@dataclass(frozen=True)
class Content:
    """What a file is. ``seconds`` and ``channels`` are None when it isn't readable as WAV."""

    bytes: int
    sha256: str
    sm3: str
    seconds: float | None
    channels: int | None


def examine(path: Path) -> Content | None:
    """Read a recording once; None when it changed while being read.

    Raises:
        FileNotFoundError: it isn't there.
    """
    before = path.stat()
    sha256, sm3 = hashlib.sha256(), hashlib.new("sm3")
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            sm3.update(chunk)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return None
    seconds, channels = _measure(path, after.st_size)
    return Content(after.st_size, sha256.hexdigest(), sm3.hexdigest(), seconds, channels)


def _measure(path: Path, size: int) -> tuple[float | None, int | None]:
    try:
        with path.open("rb") as file, wave.open(file) as sound:
            frames, width, channels, rate = (
                sound.getnframes(), sound.getsampwidth(), sound.getnchannels(), sound.getframerate(),
            )  # fmt: skip
            header = file.tell()
    except (wave.Error, EOFError):
        return None, None
    # The switch writes the length into the header when it closes the file; if it was killed, the size is the truth.
    written = max(0, size - header) // (width * channels)
    return (frames if 0 < frames <= written else written) / rate, channels


def take_in(work: Work) -> None:
    """Take in every recording that the switch is done with."""
    with work.read() as request:
        stopped = request.db.execute(
            select(Recording.id, Recording.file_name, Recording.stopped_at)
            .where(Recording.state == RecordingState.STOPPED)
            .order_by(Recording.id)
            .limit(BATCH)
        ).all()
        now = request.find_service(IClock).now()
    for recording_id, file_name, stopped_at in stopped:
        try:
            content = examine(work.settings.recordings_dir / file_name)
        except FileNotFoundError:
            if stopped_at is None or now - stopped_at > PATIENCE:
                _miss(work, recording_id)
            continue
        except OSError:
            log.exception("the recording %s could not be read; tried again", file_name)
            continue
        if content is not None:
            _keep(work, recording_id, content)


def _keep(work: Work, id: int, content: Content) -> None:
    with work.write() as request:
        recording = request.db.get(Recording, id, with_for_update=True)
        if recording is None or recording.state is not RecordingState.STOPPED:
            return
        recording.state = RecordingState.KEPT
        recording.bytes, recording.channels, recording.seconds = content.bytes, content.channels, content.seconds
        recording.sha256, recording.sm3 = content.sha256, content.sm3
        request.find_service(ILedger).append(
            "recording.kept",
            f"recording:{id}",
            {
                "file": recording.file_name,
                "bytes": content.bytes,
                "sha256": content.sha256,
                "sm3": content.sm3,
                "seconds": None if content.seconds is None else f"{content.seconds:.3f}",
                "channels": content.channels,
                "call": recording.call_id,
                "attempt": recording.attempt_id,
                "foundling": recording.foundling,
            },
        )
        if recording.call_id is not None:
            request.find_service(Calls).settle(recording.call_id)


def _miss(work: Work, id: int) -> None:
    with work.write() as request:
        recording = request.db.get(Recording, id, with_for_update=True)
        if recording is None or recording.state is not RecordingState.STOPPED:
            return
        recording.state = RecordingState.MISSING
        request.find_service(ILedger).append("recording.missing", f"recording:{id}", {"file": recording.file_name})
    log.error("the recording %s is not there: an evidence gap", recording.file_name)


def find_foundlings(work: Work) -> None:
    """Write down recordings that lie on the disk without a row, or that had been missing.

    They are what the switch wrote while our processes were away.
    """
    folder = work.settings.recordings_dir
    if not folder.is_dir():
        return
    quiet = {
        path.name: path
        for path in folder.glob("*.wav")
        if path.is_file() and time.time() - path.stat().st_mtime > QUIET_SECONDS
    }
    with work.read() as request:
        states = dict(request.db.execute(select(Recording.file_name, Recording.state)).all())
    for name, path in sorted(quiet.items()):
        state = states.get(name)
        if state is None or state is RecordingState.MISSING:
            try:
                checked_file(name)
            except ValueError:
                log.warning("a file in the recordings folder has a name that no recording has: %r", name[:80])
                continue
            _found(work, path)


def _found(work: Work, path: Path) -> None:
    match = _LEG_FILE.fullmatch(path.name)
    channel_uuid = match.group(1) if match else ""
    stopped_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    seconds, _ = _measure(path, path.stat().st_size)
    started_at = stopped_at - timedelta(seconds=seconds or 0)
    with work.write() as request:
        recording, made = locked_recording(request.db, channel_uuid, path.name, started_at)
        if not made and recording.state is not RecordingState.MISSING:
            return
        recording.state, recording.stopped_at = RecordingState.STOPPED, stopped_at
        recording.foundling = made
        leg = request.db.get(Leg, channel_uuid) if channel_uuid else None
        if leg is not None:
            recording.call_id, recording.attempt_id = leg.call_id, leg.attempt_id
        request.db.flush()
        request.find_service(ILedger).append(
            "recording.found", f"recording:{recording.id}", {"file": path.name, "had_been_missing": not made}
        )
        if leg is None and channel_uuid:
            _call_of_foundling(request.find_service(Calls), channel_uuid, path.name, started_at, stopped_at)
    log.warning("a recording without a row was taken in: %s", path.name)


def _call_of_foundling(calls: Calls, channel_uuid: str, name: str, started_at: datetime, stopped_at: datetime) -> None:
    """Somebody called while nothing of ours was listening: someone must hear what they said."""
    calls.arrive(channel_uuid, "", "", at=started_at)
    if name.endswith(VOICEMAIL_SUFFIX):
        calls.voicemail(channel_uuid, name, 0, at=started_at)
    calls.ended(channel_uuid, LOST, at=stopped_at)

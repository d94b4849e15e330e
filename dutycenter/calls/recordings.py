"""Recordings are taken in: copied, hashed, measured, written to the ledger. Nothing on the disk stays unnoticed.

Run by the clerk. Hashing happens outside any transaction: an hour of sound must
not keep callers from being written down.
"""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from dutycenter.calls.legs import LOST
from dutycenter.calls.models import Leg, Recording
from dutycenter.calls.rows import VOICEMAIL_SUFFIX, checked_file, locked_recording
from dutycenter.calls.services import Calls
from dutycenter.calls.sound import listen
from dutycenter.calls.store import Content, Store, examine
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import RecordingState
from dutycenter.work import Work

log = logging.getLogger(__name__)

BATCH = 200
PATIENCE = timedelta(seconds=15)  # for a file that isn't there yet; the product's time
QUIET_SECONDS = 20.0  # a file that nobody wrote to for so long is finished; real time
_LEG_FILE = re.compile(r"([0-9A-Za-z-]{1,36})(?:\.voicemail)?\.wav", re.ASCII)


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
    store = Store(work.settings)
    for recording_id, file_name, stopped_at in stopped:
        try:
            content = store.take(file_name)
        except FileNotFoundError:
            if stopped_at is None or now - stopped_at > PATIENCE:
                _miss(work, recording_id)
            continue
        except OSError:
            log.exception("the recording %s could not be read; tried again", file_name)
            continue
        if content is not None:
            manifest = _keep(work, recording_id, content)
            if manifest is not None:
                store.settle(file_name, content.sha256, manifest)


def _keep(work: Work, id: int, content: Content) -> dict[str, Any] | None:
    """Write down what was kept; its manifest, or None when somebody else has done so."""
    with work.write() as request:
        recording = request.db.get(Recording, id, with_for_update=True)
        if recording is None or recording.state is not RecordingState.STOPPED:
            return None
        recording.state = RecordingState.KEPT
        recording.bytes, recording.channels, recording.seconds = content.bytes, content.channels, content.seconds
        recording.sha256, recording.sm3 = content.sha256, content.sm3
        lasted = recording.stopped_at - recording.started_at if recording.stopped_at else None
        recording.findings = content.sound.findings(None if recording.foundling else lasted)
        kept = {
            "file": recording.file_name,
            "bytes": content.bytes,
            "sha256": content.sha256,
            "sm3": content.sm3,
            "seconds": None if content.seconds is None else f"{content.seconds:.3f}",
            "channels": content.channels,
            "call": recording.call_id,
            "attempt": recording.attempt_id,
            "foundling": recording.foundling,
            "findings": recording.findings,
        }
        entry = request.find_service(ILedger).append("recording.kept", f"recording:{id}", kept)
        if recording.call_id is not None:
            request.find_service(Calls).settle(recording.call_id)
        moments = {"started_at": recording.started_at, "stopped_at": recording.stopped_at}
        said = {name: at.isoformat() for name, at in moments.items() if at is not None}
        return {**kept, **said, "recording": id, "channel": recording.channel_uuid, "entry": entry}


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
        rows = {row.file_name: row for row in request.db.execute(_known(sorted(quiet)))}
    for name, path in sorted(quiet.items()):
        row = rows.get(name)
        if row is not None and row.state is RecordingState.KEPT:
            _take_away(work, path, row.sha256)
        elif row is None or row.state is RecordingState.MISSING:
            try:
                checked_file(name)
            except ValueError:
                log.warning("a file in the recordings folder has a name that no recording has: %r", name[:80])
                continue
            _found(work, path)


def _known(names: list[str]) -> Select[str, RecordingState, str | None]:
    return select(Recording.file_name, Recording.state, Recording.sha256).where(Recording.file_name.in_(names))


def _take_away(work: Work, path: Path, sha256: str | None) -> None:
    """A copy was kept, and then something died before the original was taken away."""
    place = Store(work.settings).place(sha256 or "")
    if place.exists():
        content = examine(path)
        if content is not None and content.sha256 == sha256:
            path.unlink()


def _found(work: Work, path: Path) -> None:
    match = _LEG_FILE.fullmatch(path.name)
    channel_uuid = match.group(1) if match else ""
    stopped_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    seconds = listen(path).seconds
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

"""Small copies to listen to (Opus), where that is set. The original stays what it is and is what counts."""

from __future__ import annotations

import logging
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import select

from dutycenter.calls.models import Recording
from dutycenter.calls.store import Store
from dutycenter.settings import Settings
from dutycenter.vocabulary import RecordingState
from dutycenter.work import Work

log = logging.getLogger(__name__)

BATCH = 20
PATIENCE = 600  # seconds for one copy


def listening_copy(settings: Settings, sha256: str | None) -> Path | None:
    """The copy of this content, if there is one."""
    if not settings.listening_copies or not sha256:
        return None
    place = _place(settings, sha256)
    return place if place.is_file() and place.stat().st_size else None


def forget_copy(settings: Settings, sha256: str) -> None:
    """Remove the copy of what was destroyed, whatever the setting is by now. Idempotent."""
    _place(settings, sha256).unlink(missing_ok=True)


def make_copies(work: Work) -> None:
    """Make the copies that are missing of the newest recordings; a few at a turn."""
    encoder = shutil.which("opusenc")
    if encoder is None:
        log.error("recordings.listening_copies is set, but opusenc is not installed (package opus-tools).")
        return
    with work.read() as request:
        rows = request.db.execute(
            select(Recording.file_name, Recording.sha256)
            .where(Recording.state == RecordingState.KEPT, Recording.seconds > 0)
            .order_by(Recording.id.desc())
            .limit(50 * BATCH)
        ).all()
    missing = [(name, sha256) for name, sha256 in rows if not _place(work.settings, sha256).exists()]
    for name, sha256 in missing[:BATCH]:
        _encode(encoder, Store(work.settings).path(name, sha256), _place(work.settings, sha256))


def _encode(encoder: str, source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_suffix(".new")
    done = subprocess.run(
        [encoder, "--quiet", "--bitrate", "24", source, aside], capture_output=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        log.error("no listening copy of %s: %s", source, done.stderr.decode(errors="replace")[:200])
        place.touch()  # not tried again at every turn; an empty copy is not offered
        return
    aside.replace(place)


def _place(settings: Settings, sha256: str) -> Path:
    return settings.evidence_dir / "listening" / sha256[:2] / f"{sha256}.opus"

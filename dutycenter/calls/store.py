"""Where recordings are kept: by content, hashed while they are copied, a manifest beside each.

The switch writes to ``recordings.dir``; a finished file is copied to
``evidence.dir`` and only then, when the record knows it, taken away there. A
disk too full for a copy stops nothing: the file is hashed where it lies and
stays there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dutycenter.calls.sound import Sound, listen
from dutycenter.settings import Settings

log = logging.getLogger(__name__)

CHUNK = 1 << 20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class Content:
    """What a file is, by content."""

    bytes: int
    sha256: str
    sm3: str
    sound: Sound

    @property
    def seconds(self) -> float | None:
        return self.sound.seconds

    @property
    def channels(self) -> int | None:
        return self.sound.channels


class Store:
    """Kept recordings.

    Args:
        settings: ``recordings.dir``, where the switch writes, and ``evidence.dir``, where they are kept.
    """

    def __init__(self, settings: Settings) -> None:
        self.incoming = settings.recordings_dir
        self.kept = settings.evidence_dir

    def take(self, file_name: str) -> Content | None:
        """Copy a finished recording to its place by content; None when it changed meanwhile.

        Raises:
            FileNotFoundError: it isn't there.
        """
        source = self.incoming / file_name
        self.kept.mkdir(parents=True, exist_ok=True)
        aside = self.kept / f".{file_name}.{os.getpid()}"
        try:
            with aside.open("wb") as copy:
                content = examine(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            if content is not None:
                place = self.place(content.sha256)
                place.parent.mkdir(exist_ok=True)
                aside.chmod(0o440)
                aside.replace(place)
                sync_folder(place.parent)
        except OSError as error:
            if error.errno not in FULL:
                raise
            log.error("The disk of %s is full: %s is kept where the switch wrote it.", self.kept, file_name)
            return examine(source)
        finally:
            aside.unlink(missing_ok=True)
        return content

    def settle(self, file_name: str, sha256: str, manifest: Mapping[str, Any]) -> None:
        """Once the record knows it: write the manifest, take away what the switch wrote. Idempotent."""
        place, source = self.place(sha256), self.incoming / file_name
        if not place.exists():
            return
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        place.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
        source.unlink(missing_ok=True)

    def path(self, file_name: str, sha256: str | None) -> Path:
        """Where a recording lies: kept by content, or still where the switch wrote it."""
        if sha256:
            place = self.place(sha256)
            if place.exists():
                return place
        return self.incoming / file_name

    def place(self, sha256: str) -> Path:
        """The place of this content."""
        return self.kept / sha256[:2] / f"{sha256}.wav"

    def destroy(self, file_name: str, sha256: str | None) -> None:
        """Remove a recording's bytes; its manifest and its entries stay."""
        if sha256:
            self.place(sha256).unlink(missing_ok=True)
        (self.incoming / file_name).unlink(missing_ok=True)


def examine(path: Path, copy: BinaryIO | None = None) -> Content | None:
    """Read a recording once, copying it on the way; None when it changed while being read.

    Raises:
        FileNotFoundError: it isn't there.
    """
    before = path.stat()
    sha256, sm3 = hashlib.sha256(), hashlib.new("sm3")
    for chunk in _chunks(path):
        sha256.update(chunk)
        sm3.update(chunk)
        if copy is not None:
            copy.write(chunk)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return None
    return Content(after.st_size, sha256.hexdigest(), sm3.hexdigest(), listen(path))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def sync_folder(folder: Path) -> None:
    """What was put into the folder is there after a power cut too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

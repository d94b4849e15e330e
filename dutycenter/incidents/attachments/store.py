"""Where attachments lie: by content, so that the same file sent twice lies there once and nothing is overwritten."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dutycenter.calls.store import sync_folder

CHUNK = 1 << 20


@dataclass(frozen=True)
class Content:
    """What a file is, by content."""

    bytes: int
    sha256: str
    sm3: str


class AttachmentStore:
    """Kept files.

    Args:
        folder: ``attachments.dir``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, file: IO[bytes]) -> Content:
        """Copy the file to its place by content; it is on the disk when this returns. Idempotent."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file.seek(0)
        sha256, sm3, length = hashlib.sha256(), hashlib.new("sm3"), 0
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".") as aside:
            while chunk := file.read(CHUNK):
                sha256.update(chunk)
                sm3.update(chunk)
                length += len(chunk)
                aside.write(chunk)
            aside.flush()
            os.fsync(aside.fileno())
            content = Content(length, sha256.hexdigest(), sm3.hexdigest())
            place = self.place(content.sha256)
            if not place.exists():
                place.parent.mkdir(exist_ok=True)
                Path(aside.name).chmod(0o440)
                os.link(aside.name, place)
                sync_folder(place.parent)
        return content

    def place(self, sha256: str) -> Path:
        """The place of this content."""
        return self.folder / sha256[:2] / sha256

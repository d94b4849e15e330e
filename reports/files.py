"""Papers on disk: written whole, named by what is in them, never written over."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Made:
    """A file that was written to disk."""

    path: Path
    bytes: int
    sha256: str
    sm3: str

    def told(self) -> dict[str, object]:
        """For the ledger."""
        return {"file": self.path.name, "bytes": self.bytes, "sha256": self.sha256, "sm3": self.sm3}


def place(content: bytes, out: Path) -> Made:
    """Write a file whole or not at all.

    Raises:
        OSError: it cannot be written there.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Made(out, len(content), hashlib.sha256(content).hexdigest(), hashlib.new("sm3", content).hexdigest())


def keep(content: bytes, folder: Path, stem: str, suffix: str) -> Made:
    """Write a file into the folder of kept papers under a name that carries its content.

    Raises:
        OSError: the folder cannot be written.
    """
    safe = re.sub(r"[^0-9A-Za-z_.-]", "-", stem)
    return place(content, folder / f"{safe}-{hashlib.sha256(content).hexdigest()[:16]}{suffix}")

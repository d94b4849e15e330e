"""The switch's own record of what it did: ``rehearsal.jsonl``, one JSON object a line.

What the product claims is later checked against this file, so nothing in it
may come from the product's store.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from dutycenter.interfaces import IClock


class Journal:
    """Appends what happened, in product time."""

    def __init__(self, path: Path, clock: IClock) -> None:
        self._path = path
        self._clock = clock
        self._file: IO[str] | None = None

    def write(self, what: str, channel_uuid: str = "", **facts: Any) -> None:
        """Add a line: ``what`` (originate, answer, key, hangup …) to which leg, and the facts."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # A line at a time: what happened before a crash must be readable after it.
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        entry = {"at": self._clock.now().isoformat(), "what": what, "uuid": channel_uuid, **facts}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

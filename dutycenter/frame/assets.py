"""Static files carry their content's hash in the address, so browsers may keep them long."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyramid.request import Request

STATIC = Path(__file__).resolve().parent.parent / "static"


class ContentHash:
    """A cache buster: ``?v=`` and the start of the file's SHA-256.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self.folder = folder

    def __call__(self, request: Request, subpath: str, kw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        file = self.folder / subpath
        if file.is_file():
            kw["_query"] = {**(kw.get("_query") or {}), "v": _digest(file, file.stat().st_mtime_ns)}
        return subpath, kw


@lru_cache(maxsize=256)
def _digest(file: Path, changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]

"""Compiled code that outlived its source is thrown away before it is loaded.

numba keeps compiled functions beside the sources and renews them when the file
changes that defines them, but not when a function changes that was inlined from
another file. So if any file of this package is younger than something compiled,
that is removed.
"""

from __future__ import annotations

from pathlib import Path


def discard_stale(folder: Path) -> int:
    """Remove compiled functions older than the youngest source; returns how many."""
    compiled = [f for kind in ("*.nbi", "*.nbc") for f in (folder / "__pycache__").glob(kind)]
    youngest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    removed = 0
    for file in compiled:
        try:
            if file.stat().st_mtime < youngest:
                file.unlink()
                removed += 1
        except OSError:
            # Another process was faster, or may write here and this one may not.
            continue
    return removed

"""Copy the front-end libraries from ``node_modules`` to ``static/vendor``: ``python -m dutycenter.frame.vendor``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from dutycenter.frame.assets import STATIC

FILES = (
    ("bootstrap/dist/css/bootstrap.min.css", "bootstrap.min.css"),
    ("bootstrap/dist/js/bootstrap.bundle.min.js", "bootstrap.bundle.min.js"),
    ("bootstrap/LICENSE", "bootstrap.LICENSE"),
    ("bootstrap-icons/font/bootstrap-icons.min.css", "bootstrap-icons.min.css"),
    ("bootstrap-icons/font/fonts/bootstrap-icons.woff2", "fonts/bootstrap-icons.woff2"),
    ("bootstrap-icons/font/fonts/bootstrap-icons.woff", "fonts/bootstrap-icons.woff"),
    ("bootstrap-icons/LICENSE", "bootstrap-icons.LICENSE"),
    ("htmx.org/dist/htmx.min.js", "htmx.min.js"),
    ("htmx.org/LICENSE", "htmx.LICENSE"),
    ("echarts/dist/echarts.min.js", "echarts.min.js"),
    ("echarts/LICENSE", "echarts.LICENSE"),
    ("echarts/NOTICE", "echarts.NOTICE"),
    ("wavesurfer.js/dist/wavesurfer.min.js", "wavesurfer.min.js"),
    ("wavesurfer.js/dist/plugins/regions.min.js", "wavesurfer-regions.min.js"),
    ("wavesurfer.js/dist/plugins/timeline.min.js", "wavesurfer-timeline.min.js"),
    ("wavesurfer.js/LICENSE", "wavesurfer.LICENSE"),
)


def copy_vendor(node_modules: Path, target: Path) -> list[Path]:
    """Copy what changed; the files that are there now.

    Raises:
        FileNotFoundError: ``npm ci`` was not run.
    """
    there = []
    for source_name, target_name in FILES:
        source, copy = node_modules / source_name, target / target_name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.stat().st_mtime_ns < source.stat().st_mtime_ns:
            shutil.copyfile(source, copy)
        there.append(copy)
    return there


def main() -> int:
    """Copy, and say what to do when there is nothing to copy."""
    node_modules = STATIC.parent.parent / "node_modules"
    try:
        copy_vendor(node_modules, STATIC / "vendor")
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename} is missing: run `npm ci` first\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

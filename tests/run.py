"""``make test``: style, types, contracts, then the tests; says how long each took."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent

STEPS: list[tuple[str, list[str]]] = [
    ("format", ["ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["ruff", "check", "--quiet", "."]),
    ("imports", ["lint-imports"]),
    ("types", ["mypy", "--no-error-summary"]),
    ("flows", ["dutycenter", "flows", "lint"]),
    ("tests", ["pytest", "-ra", "--durations=15"]),
]


def main() -> int:
    """Run every step, even after one failed; the first failure's code."""
    failed = []
    for name, command in STEPS:
        print(f"── {name}", flush=True)
        started = time.monotonic()
        if subprocess.run([BIN / command[0], *command[1:], *(sys.argv[1:] if name == "tests" else [])]).returncode:
            failed.append(name)
        print(f"── {name}: {'FAILED' if name in failed else 'good'}, {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main())

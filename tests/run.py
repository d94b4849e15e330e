"""``make test``: style, types, contracts, then the tests; says how long each took.

Tests that wait for telephones, browsers and processes run beside those that
compute: the one half leaves the processors to the other.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

BIN = Path(sys.executable).parent
PYTEST = ["pytest", "-ra", "--durations=10", "--color=no"]
WAITING = ["tests/switch", "tests/browser", "tests/faults"]


@dataclass
class Step:
    """One command; its output is kept and printed when it has ended."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    output: IO[bytes] | None = None
    started: float = field(default=0.0)

    def start(self, *, kept: bool = False) -> None:
        self.started = time.monotonic()
        self.output = tempfile.TemporaryFile() if kept else None  # noqa: SIM115
        self.process = subprocess.Popen(
            [BIN / self.command[0], *self.command[1:]], stdout=self.output, stderr=subprocess.STDOUT if kept else None
        )

    def end(self) -> bool:
        """Wait; say how it went; was it good?"""
        assert self.process is not None
        good = self.process.wait() == 0
        if self.output is not None:
            self.output.seek(0)
            sys.stdout.write(self.output.read().decode("utf-8", "replace"))
            self.output.close()
        seconds = time.monotonic() - self.started
        print(f"── {self.name}: {'good' if good else 'FAILED'}, {seconds:.0f} s", flush=True)
        return good


CHECKS = [
    Step("format", ["ruff", "format", "--check", "--quiet", "."]),
    Step("lint", ["ruff", "check", "--quiet", "."]),
    Step("imports", ["lint-imports"]),
    Step("types", ["mypy", "--no-error-summary"]),
    Step("flows", ["dutycenter", "flows", "lint"]),
]


def main() -> int:
    """Run everything, even after something failed; how many steps failed."""
    failed: list[str] = []
    for step in CHECKS:
        step.start()
        if not step.end():
            failed.append(step.name)
    waiting = Step("tests that wait", [*PYTEST, *WAITING])
    computing = Step("tests that compute", [*PYTEST, "tests", *(f"--ignore={folder}" for folder in WAITING)])
    waiting.start(kept=True)
    computing.start()
    failed += [step.name for step in (computing, waiting) if not step.end()]
    print(f"Failed: {', '.join(failed)}" if failed else "Everything is good.")
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main())

"""``make test``: style, types, contracts, then the tests; says how long each took.

The tests run in parts, three at a time on two processors: those that wait for
telephones, browsers and processes leave the processors to those that compute.
The longest begin first.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

BIN = Path(sys.executable).parent
PYTEST = ["pytest", "-ra", "--durations=10", "--color=no"]
AT_ONCE = 3
REHEARSAL, STORIES = "tests/functional/test_rehearse.py", "tests/switch/test_story.py"
NAMED = {
    "browser, faults and rehearsal": ["tests/browser", "tests/faults", REHEARSAL],
    "broadcast": ["tests/unit/broadcast"],
    "switch": ["tests/switch", f"--ignore={STORIES}"],
    "stories on the switch": [STORIES],
    "pages": ["tests/functional", f"--ignore={REHEARSAL}"],
    "reports and flows": ["tests/unit/reports", "tests/unit/ivr_flows"],
}
OTHERS = ["tests", *(f"--ignore={folder}" for folders in NAMED.values() for folder in folders if folder[0] != "-")]
PARTS = {"everything else": OTHERS, **NAMED}


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

    def over(self) -> bool:
        """Has it ended?"""
        return self.process is not None and self.process.poll() is not None

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
    Step("flows", ["dutycenter", "flows", "lint"]),
]
TYPES = Step("types", ["mypy", "--no-error-summary"])


def run_parts(steps: Sequence[Step]) -> list[str]:
    """Run the steps in their order, so many at once; which of them failed."""
    waiting, running, failed = deque(steps), list[Step](), list[str]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            running.append(waiting.popleft())
            running[-1].start(kept=True)
        for step in [step for step in running if step.over()]:
            running.remove(step)
            if not step.end():
                failed.append(step.name)
        time.sleep(0.2)
    return failed


def main() -> int:
    """Run everything, even after something failed; how many steps failed."""
    failed: list[str] = []
    for step in CHECKS:
        step.start()
        if not step.end():
            failed.append(step.name)
    failed += run_parts([*(Step(name, [*PYTEST, *chosen]) for name, chosen in PARTS.items()), TYPES])
    print(f"Failed: {', '.join(failed)}" if failed else "Everything is good.")
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main())

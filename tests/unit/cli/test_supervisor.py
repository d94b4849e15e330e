"""Real processes: what dies starts again and that is said; stopping stops all of it."""

from __future__ import annotations

import os
import queue
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dutycenter.cli.supervisor import Child, Supervisor

SECONDS = 20.0
STEADY = "import os, signal; print('ready', os.getpid(), flush=True); signal.pause()"
STUBBORN = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', os.getpid(), flush=True)\nwhile True: signal.pause()"


class Lines:
    """The supervisor's log, awaited line by line."""

    def __init__(self) -> None:
        self._queue: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []

    def __call__(self, line: str) -> None:
        self._queue.put(re.sub(r"\x1b\[[0-9;]*m", "", line))

    def until(self, pattern: str) -> re.Match[str]:
        while True:
            try:
                line = self._queue.get(timeout=SECONDS)
            except queue.Empty:
                pytest.fail(f"no line like {pattern!r} among:\n" + "\n".join(self.seen))
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found


@contextmanager
def watched(*programs: tuple[str, str]) -> Iterator[tuple[Supervisor, Lines]]:
    lines = Lines()
    supervisor = Supervisor([Child(name, [sys.executable, "-c", code]) for name, code in programs], write=lines)
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    try:
        yield supervisor, lines
    finally:
        supervisor.request_stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


def is_up(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestSupervisor:
    def test_it_reads_every_childs_log_aloud(self) -> None:
        with watched(("web", STEADY), ("clerk", STEADY)) as (_, lines):
            lines.until(r"web │ ready")
        assert any("started, process" in line for line in lines.seen)

    def test_a_killed_child_is_started_again_and_that_is_said(self) -> None:
        with watched(("dialer", STEADY)) as (_, lines):
            first = int(lines.until(r"dialer │ ready (\d+)")[1])
            os.kill(first, signal.SIGKILL)
            lines.until(r"dialer │ was ended by signal 9; it starts again in")
            assert int(lines.until(r"dialer │ ready (\d+)")[1]) != first

    def test_a_child_that_ends_at_once_is_not_started_in_a_storm(self) -> None:
        with watched(("ivr", "raise SystemExit(3)")) as (_, lines):
            pauses = [float(lines.until(r"ended with code 3; it starts again in ([\d.]+) s")[1]) for _ in range(2)]
        assert pauses[0] < pauses[1]

    def test_stopping_ends_all_of_them(self) -> None:
        with watched(("web", STEADY), ("clerk", STEADY)) as (_, lines):
            pids = {int(lines.until(r"ready (\d+)")[1]) for _ in range(2)}
        assert not [pid for pid in pids if is_up(pid)]

    def test_one_that_will_not_stop_is_killed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dutycenter.cli.supervisor.STOP_SECONDS", 0.5)
        with watched(("web", STUBBORN)) as (_, lines):
            pid = int(lines.until(r"ready (\d+)")[1])
        assert not is_up(pid)

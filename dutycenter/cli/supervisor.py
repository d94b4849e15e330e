"""One supervisor for all roles: starts them, reads their logs aloud, starts again what dies."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

import click

PR_SET_PDEATHSIG = 1
COLOURS = ("cyan", "green", "yellow", "magenta", "blue")
STOP_SECONDS = 8.0
STEADY_SECONDS = 20.0
LONGEST_PAUSE = 15.0
LOOK_SECONDS = 0.5


@dataclass
class Child:
    """One role's process."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = field(default=0.0)


class Supervisor:
    """Runs the children until told to stop, then stops them in reverse order.

    Args:
        children: in the order in which they start.
        write: takes one line of log.
    """

    def __init__(self, children: Sequence[Child], write: Callable[[str], object] = click.echo) -> None:
        self.children = list(children)
        self.write = write
        self._wake = threading.Event()
        self._stopping = False
        self._print = threading.Lock()

    def run(self) -> None:
        """Watch until SIGINT or SIGTERM; for the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.request_stop())
        signal.signal(signal.SIGCHLD, lambda *_: self._wake.set())
        self.watch()

    def watch(self) -> None:
        """Start the children and look after them until ``request_stop``; all have ended on return."""
        try:
            while not self._stopping:
                self._look_after()
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
        finally:
            self.stop()

    def request_stop(self) -> None:
        """End ``watch``; safe from another thread or a signal."""
        self._stopping = True
        self._wake.set()

    def stop(self) -> None:
        """End every child: asked first, killed if it doesn't."""
        self._stopping = True
        living = [child for child in reversed(self.children) if child.process and child.process.poll() is None]
        for child in living:
            self._signal(child, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for child in living:
            assert child.process
            try:
                child.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(child.name, "doesn't stop; it is killed.")
                self._signal(child, signal.SIGKILL)
                child.process.wait()
        self.say("supervisor", "Everything has stopped.")

    def say(self, name: str, line: str) -> None:
        """One line of log, marked with whose it is."""
        names = [child.name for child in self.children]
        colour = COLOURS[names.index(name) % len(COLOURS)] if name in names else "white"
        with self._print:
            self.write(f"{click.style(f'{name:>10}', fg=colour)} │ {line}")

    def _look_after(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                code = child.process.returncode
                if now - child.started > STEADY_SECONDS:
                    child.failures = 0
                pause = min(LONGEST_PAUSE, 0.5 * 2**child.failures)
                child.failures += 1
                child.process, child.start_at = None, now + pause
                how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
                self.say(child.name, f"{how}; it starts again in {pause:.1f} s.")
            if child.process is None and now >= child.start_at:
                self._start(child)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        child.started = time.monotonic()
        self.say(child.name, f"started, process {child.process.pid}")
        assert child.process.stdout
        threading.Thread(target=self._read, args=(child.name, child.process.stdout), daemon=True).start()

    def _read(self, name: str, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self.say(name, line.decode("utf-8", "replace").rstrip())

    def _signal(self, child: Child, number: signal.Signals) -> None:
        assert child.process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def _die_with_parent() -> None:
    """A supervisor that is killed outright must not leave its children behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

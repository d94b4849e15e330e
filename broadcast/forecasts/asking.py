"""Ask a process of its own: the web's hub never waits for numeric code, and need not load it.

The answering process is a child of the asking one, started at the first question.
Question and answer are one line of JSON each; it reads the store itself, and holds
nothing that the rows don't say. It ends when its parent does.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

log = logging.getLogger(__name__)

PATIENCE = 30.0  # real seconds for an answer, the start of the process included


class ForesightAway(Exception):
    """There is no answer now; nothing else is touched by that."""


class IForesight(Protocol):
    """Answers questions about what will happen; see ``answers``."""

    def ask(self, kind: str, **question: Any) -> Mapping[str, Any]:
        """The answer, plain JSON values.

        Raises:
            ForesightAway: it could not be worked out now.
        """

    def warm(self) -> None:
        """A question will come soon: begin whatever takes long to begin."""


class Desk:
    """``IForesight`` by a child process, one question after another.

    Args:
        database_url: of the store; told to the child over its standard input, so that no list of processes shows it.
        zone: name of the duty room's time zone.
    """

    def __init__(self, database_url: str, zone: str) -> None:
        self._hello = {"database": database_url, "zone": zone}
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._parent = 0

    def ask(self, kind: str, **question: Any) -> Mapping[str, Any]:
        """See ``IForesight.ask``."""
        with self._lock:
            try:
                child = self._running()
                assert child.stdin is not None
                child.stdin.write(json.dumps({"kind": kind} | question) + "\n")
                child.stdin.flush()
                line = self._answers.get(timeout=PATIENCE)
            except (OSError, queue.Empty) as error:
                self._end()
                raise ForesightAway(f"no answer: {error or 'too slow'}") from error
        answer: dict[str, Any] = json.loads(line) if line else {"fault": "the process has ended"}
        if "fault" in answer:
            raise ForesightAway(answer["fault"])
        found: Mapping[str, Any] = answer["answer"]
        return found

    def warm(self) -> None:
        """See ``IForesight.warm``. Does not wait, not even for another question's answer."""
        if self._lock.acquire(blocking=False):
            try:
                self._running()
            except OSError:
                log.warning("The process for forecasts does not start.", exc_info=True)
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the child; the next question starts another."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[str]:
        # A forked web worker must not talk over its parent's pipes.
        if self._child is None or self._child.poll() is not None or self._parent != os.getpid():
            self._child = child = subprocess.Popen(
                [sys.executable, "-m", "broadcast.forecasts.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            self._parent = os.getpid()
            self._answers = queue.Queue()
            threading.Thread(target=_read, args=(child, self._answers), name="foresight", daemon=True).start()
            assert child.stdin is not None
            child.stdin.write(json.dumps(self._hello) + "\n")
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None and self._parent == os.getpid():
            child.kill()
            child.wait()
            assert child.stdin is not None
            with suppress(BrokenPipeError):
                child.stdin.close()


def _read(child: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            answers.put(line)
    answers.put("")

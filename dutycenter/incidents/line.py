"""Is the telephone system there? Asked now and then, never by every reader at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from dutycenter.interfaces import ISwitch, SwitchError

ASK_EVERY = 5.0  # real seconds


@dataclass(frozen=True)
class Line:
    """Can anybody call in? ``detail`` is the switch's or the network's own word."""

    up: bool
    detail: str = ""


class LineWatch:
    """The last answer, kept for a few seconds; while somebody asks, others get the one before."""

    def __init__(self) -> None:
        self._line: Line | None = None
        self._asked_at = 0.0
        self._asking = threading.Lock()

    def line(self, switch: ISwitch) -> Line:
        """How the line stands."""
        if self._line is not None and time.monotonic() - self._asked_at < ASK_EVERY:
            return self._line
        if not self._asking.acquire(blocking=self._line is None):
            assert self._line is not None
            return self._line
        try:
            self._line = _ask(switch)
            self._asked_at = time.monotonic()
            return self._line
        finally:
            self._asking.release()


def _ask(switch: ISwitch) -> Line:
    try:
        switch.status()
    except SwitchError as error:
        return Line(up=False, detail=str(error)[:200])
    return Line(up=True)

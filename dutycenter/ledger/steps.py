"""Was the system's clock set back while this process runs? Time that never goes back tells, to the millisecond.

The order of entries alone shows only a step that is larger than what several writers and hosts explain; this one
also shows a step of a second, and one that is taken back a moment later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from sqlalchemy import event
from sqlalchemy.orm import Session

SET_BACK = "clock.set_back"
LEAST = 10_000_000  # nanoseconds; both kinds of time are slewed alike, so that anything more was a step
_TELLING = "dutycenter.ledger.telling_of_step"


class StepWatch:
    """Holds the system's time against time that never goes back.

    Args:
        wall: nanoseconds of the system's time.
        steady: nanoseconds that never go back.
    """

    def __init__(self, wall: Callable[[], int] = time.time_ns, steady: Callable[[], int] = time.monotonic_ns) -> None:
        self.wall = wall
        self.steady = steady
        self._lock = Lock()
        self._untold = 0
        self._ahead = -(1 << 63)  # how far the system's time is ahead of the other, at the least
        self.look()

    def look(self) -> int:
        """By how many nanoseconds the clock was set back in all that was not told yet."""
        with self._lock:
            before = self.steady()
            at = self.wall()
            after = self.steady()
            # The process may have stood still between the readings: the truth lies between these two.
            least, most = at - after, at - before
            if self._ahead - most > LEAST:
                self._untold += self._ahead - most
                self._ahead = least
            self._ahead = max(self._ahead, least)
            return self._untold

    def told(self, step: int) -> None:
        """So much of it is on record now."""
        with self._lock:
            self._untold = max(0, self._untold - step)


def untold_step(db: Session, watch: StepWatch) -> timedelta | None:
    """A step back that the session's transaction must put on record before anything else; None when there is none.

    It counts as told once the transaction is committed; if it is rolled back, the next one gets it.
    """
    step = watch.look()
    if not step or _TELLING in db.info:
        return None
    db.info[_TELLING] = step
    event.listen(db, "after_commit", lambda session: _ended(session, watch, committed=True), once=True)
    event.listen(db, "after_rollback", lambda session: _ended(session, watch, committed=False), once=True)
    return timedelta(microseconds=step // 1000)


def _ended(db: Session, watch: StepWatch, *, committed: bool) -> None:
    step: int = db.info.pop(_TELLING, 0)
    if committed:
        watch.told(step)

"""One follower of the ledger per process, and everybody who listens.

It tells who comes, moves and goes at a place (``Presence``) on the same stream;
that is of the moment, so it has no place in the order to go on from.

The follower polls only while somebody listens. Threads and queues are the
standard library's: in a gevent worker they are greenlets.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pyramid.registry import Registry
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dutycenter.db import open_session
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.services import Cursor, Ledger, Seen
from dutycenter.live.presences import Here, Presences
from dutycenter.work import kept

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
HEARTBEAT_SECONDS = 15.0
LINGER_SECONDS = 5.0  # the follower goes on so long after the last listener left
RECENT = timedelta(seconds=10)  # told to a listener who comes without a place: its page was made a moment ago
MAX_WAITING = 256
MAX_BACKLOG = 500


@dataclass(frozen=True)
class Change:
    """Something happened to a subject. What exactly is read through the pages, with their permissions."""

    cursor: Cursor
    kind: str
    id: str
    action: str

    def as_event(self) -> bytes:
        """The server-sent event; its id is where to resume."""
        return b"id: %s\ndata: %s\n\n" % (str(self.cursor).encode(), _as_json(self.kind, self.id, self.action))


def _as_json(kind: str, id: str, action: str) -> bytes:
    return json.dumps({"kind": kind, "id": id, "action": action}).encode()


RESET = b"event: reset\ndata: {}\n\n"
HEARTBEAT = b": still here\n\n"
FIRST = b"retry: 2000\n\n"


@dataclass(frozen=True)
class Batch:
    """Changes that were read together; made into bytes once for all who hear them."""

    changes: tuple[Change, ...]  # none: what is told has no place in their order
    block: bytes

    @property
    def size(self) -> int:
        return max(1, len(self.changes))

    @classmethod
    def of(cls, changes: Sequence[Change]) -> Batch:
        """The batch of these changes."""
        return cls(tuple(changes), b"".join(change.as_event() for change in changes))

    @classmethod
    def of_places(cls, places: Iterable[str]) -> Batch:
        """The batch that says: somebody came, moved or went there."""
        told = [_as_json(kind, id_, "presence") for kind, _, id_ in (place.partition(":") for place in sorted(places))]
        return cls((), b"".join(b"data: %s\n\n" % data for data in told))

    def after(self, place: Cursor) -> bytes:
        """The events of what lies after a place."""
        if not self.changes or self.changes[0].cursor > place:
            return self.block
        return b"".join(change.as_event() for change in self.changes if change.cursor > place)


class Listener:
    """One browser's bounded queue; ``behind`` once it was too slow for it."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Batch] = queue.Queue()
        self.changes = 0  # that wait
        self.behind = False

    def offer(self, batch: Batch) -> None:
        if self.behind:
            return
        if self.changes + batch.size > MAX_WAITING:
            self.behind = True
            return
        self.changes += batch.size
        self.waiting.put_nowait(batch)

    def take(self, timeout: float) -> Batch:
        """The next batch.

        Raises:
            queue.Empty: none came in time.
        """
        batch = self.waiting.get(timeout=timeout)
        self.changes -= batch.size
        return batch

    def catch_up(self) -> None:
        """Forget what waited: the browser reads everything again."""
        while True:
            try:
                self.waiting.get_nowait()
            except queue.Empty:
                self.changes = 0
                self.behind = False
                return


class Hub:
    """Follows the ledger of one store for the listeners of this process."""

    def __init__(self, engine: Engine, clock: IClock) -> None:
        self.engine = engine
        self.clock = clock
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def stream(self, after: Cursor | None, seconds: float) -> Iterator[bytes]:
        """Server-sent events from a place on, for so many seconds; then the browser comes again."""
        ends = time.monotonic() + seconds
        listener = self._listen()
        try:
            yield FIRST
            last, missed = self._backlog(after)
            yield from (RESET,) if missed is None else (change.as_event() for change in missed)
            while (left := ends - time.monotonic()) > 0:
                if listener.behind:
                    listener.catch_up()
                    yield RESET
                try:
                    batch = listener.take(min(HEARTBEAT_SECONDS, left))
                except queue.Empty:
                    yield HEARTBEAT
                    continue
                if block := batch.after(last):
                    last = batch.changes[-1].cursor if batch.changes else last
                    yield block
        finally:
            with self._lock:
                self._listeners.discard(listener)

    @property
    def listeners(self) -> int:
        """How many listen now."""
        with self._lock:
            return len(self._listeners)

    def close(self) -> None:
        """Stop following; returns when nothing touches the store any more."""
        self._closing.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self._closing.clear()

    def _listen(self) -> Listener:
        listener = Listener()
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None:
                # The place is taken before anybody reads a backlog, so nothing lies between the two.
                place = self._end()
                self._thread = threading.Thread(target=self._follow, args=(place,), name="live", daemon=True)
                self._thread.start()
        return listener

    def _follow(self, place: Cursor) -> None:
        lonely_since: float | None = None
        readable = True
        there: frozenset[Here] = frozenset()
        while not self._closing.is_set():
            with self._lock:
                listeners = list(self._listeners)
                lonely_since = None if listeners else lonely_since or time.monotonic()
                if lonely_since is not None and time.monotonic() - lonely_since > LINGER_SECONDS:
                    self._thread = None
                    return
            try:
                changes, now_there = self._read_both(place)
                readable = True
            except SQLAlchemyError as error:
                if readable:
                    log.warning("the ledger cannot be read, so browsers wait for news: %s", error)
                changes, now_there, readable = [], there, False
            batches = [Batch.of(changes)] if changes else []
            if now_there != there:
                batches.append(Batch.of_places({here.place for here in now_there ^ there}))
            place, there = changes[-1].cursor if changes else place, now_there
            for batch in batches:
                for listener in listeners:
                    listener.offer(batch)
            if len(changes) < MAX_BACKLOG:
                self._closing.wait(POLL_SECONDS)

    def _end(self) -> Cursor:
        with open_session(self.engine, writes=False) as db:
            return Ledger(db, self.clock, "live").end()

    def _read_both(self, after: Cursor) -> tuple[list[Change], frozenset[Here]]:
        with open_session(self.engine, writes=False) as db:
            return self._follow_from(db, after), frozenset(Presences(db, self.clock).all())

    def _read(self, after: Cursor) -> list[Change]:
        with open_session(self.engine, writes=False) as db:
            return self._follow_from(db, after)

    def _follow_from(self, db: Session, after: Cursor) -> list[Change]:
        return [_change(seen) for seen in Ledger(db, self.clock, "live").follow(after, MAX_BACKLOG)]

    def _backlog(self, after: Cursor | None) -> tuple[Cursor, list[Change] | None]:
        """Where the listener stands now, and what it missed; None when that is too much to tell."""
        if after is None:
            after = self._a_moment_ago()
        missed = self._read(after)
        if len(missed) < MAX_BACKLOG:
            return (missed[-1].cursor if missed else after), missed
        return self._end(), None

    def _a_moment_ago(self) -> Cursor:
        before = self.clock.now() - RECENT
        with open_session(self.engine, writes=False) as db:
            row = db.execute(
                select(LedgerEntry.transaction_id, LedgerEntry.id)
                .where(LedgerEntry.at < before)
                .order_by(LedgerEntry.transaction_id.desc(), LedgerEntry.id.desc())
                .limit(1)
            ).first()
        return Cursor(*row) if row else Cursor()


def _change(seen: Seen) -> Change:
    kind, _, subject_id = seen.subject.partition(":")
    return Change(seen.cursor, kind, subject_id, seen.action)


def hub_of(registry: Registry) -> Hub:
    """This process's hub."""
    return kept(registry, "dutycenter.live", lambda: Hub(registry["dutycenter.engine"], registry["dutycenter.clock"]))

"""Telling a rehearsal as it goes: ledger entries as sentences."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dutycenter.ledger.services import Cursor, Ledger, Seen
from dutycenter.work import Work

LOOK_SECONDS = 0.25

SENTENCES = {
    "call.arrived": "☎ {caller} calls the hotline",
    "call.queued": "  the caller waits for a desk",
    "call.ringing": "  desk {desk} rings",
    "call.answered": "  desk {desk} answers",
    "call.voicemail": "  the caller leaves a message",
    "call.ended": "  the caller is gone",
    "incident.created": "✎ incident {number}",
    "broadcast.drafted": "✎ a call-out is written down",
    "broadcast.launched": "▶ the call-out begins",
    "broadcast.finished": "■ the call-out has ended",
    "report.made": "▤ the month is printed",
}
COUNTED = {
    "broadcast.called": "calls made",
    "broadcast.acknowledged": "acknowledged",
    "recording.kept": "recordings taken in",
}
EVERY = 10


class Tale:
    """Follows the ledger and tells what happens, one line an event, crowds in tens."""

    def __init__(self, work: Work, say: Callable[[str], None]) -> None:
        self.work = work
        self.say = say
        self._stop = threading.Event()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Tell until the block ends, and what is left then."""
        thread = threading.Thread(target=self._tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _tell(self) -> None:
        cursor = Cursor()
        while True:
            ending = self._stop.wait(LOOK_SECONDS)
            with self.work.read() as request:
                seen = request.find_service(Ledger).follow(cursor, limit=5000)
            for entry in seen:
                self._one(entry)
                cursor = entry.cursor
            if ending:
                return

    def _one(self, entry: Seen) -> None:
        if entry.action in COUNTED:
            self._counts[entry.action] += 1
            if self._counts[entry.action] % EVERY == 0:
                self.say(f"  {self._counts[entry.action]} {COUNTED[entry.action]}")
        elif entry.action in SENTENCES:
            facts = {"caller": "somebody", "desk": "?", "number": "", **json.loads(entry.data)}
            self.say(SENTENCES[entry.action].format_map(facts))

"""A board as everybody who watches it shares it: worked out once, pushed to all.

However many browsers look, a web process reads the ledger once for each board,
at most twice a second, renders the people to whom something happened, and hands
the same bytes to every connection. The dialer never hears of any of it. What
stands here can be thrown away: it is made again from the rows.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from pyramid.registry import Registry
from pyramid.renderers import render
from sqlalchemy.exc import SQLAlchemyError

from broadcast.board import Board, Place, ground_words, lines
from broadcast.models import Broadcast
from broadcast.pursuit import goal_due
from broadcast.wording import goal_words
from dutycenter.interfaces import IClock
from dutycenter.ledger.services import Cursor, Ledger, Seen
from dutycenter.work import Work

log = logging.getLogger(__name__)

REFRESH_SECONDS = 0.5
BEAT_SECONDS = 10.0  # said so often, so that a browser notices when nothing comes any more
LINGER_SECONDS = 5.0
MOST_ENTRIES = 500  # more than that, and everything is read again
FIRST = b"retry: 2000\n\n"
BEAT = b"event: beat\ndata: {}\n\n"
MARK = "\x1e"
ACTOR = "board"

# What happens to the broadcast and to nobody in it.
OF_NOBODY = frozenset({"paused", "resumed", "stopped", "hindered", "unhindered", "goal_met", "corrected", "launched"})


@dataclass(frozen=True)
class Tile:
    """One person as they are shown, and since which place in the ledger."""

    place: Place
    department: str
    html: Markup
    version: Cursor


class LiveBoard:
    """One broadcast in one language.

    Args:
        registry: of the application.
        broadcast_id: whose board it is.
        locale: of its words.
    """

    def __init__(self, registry: Registry, broadcast_id: int, locale: str) -> None:
        self.work = Work(registry, ACTOR)
        self.broadcast_id = broadcast_id
        self.locale = locale
        self.version = Cursor()  # of the latest change that is shown
        self.score = Markup()
        self.tiles: dict[int, Tile] = {}
        self._read_to = Cursor()
        self._reading = threading.Lock()
        self._news = threading.Condition()
        self._viewers = 0
        self._thread: threading.Thread | None = None
        self._closing = False
        self._blocks: dict[Cursor | None, bytes] = {}

    # --- for a page -----------------------------------------------------------------

    def refresh(self) -> None:
        """Take in what has happened since the last time."""
        with self._reading, self.work.read() as request:
            request.locale_name = self.locale
            ledger = Ledger(request.db, request.find_service(IClock), ACTOR)
            if not self.tiles:
                self._load(request, ledger)
                return
            seen = ledger.follow(self._read_to, MOST_ENTRIES)
            ours = [entry for entry in seen if entry.subject == f"broadcast:{self.broadcast_id}"]
            touched = _touched(ours)
            if touched is None or len(seen) == MOST_ENTRIES:
                self._load(request, ledger)
            elif ours:
                self._render(request, touched, seen[-1].cursor)
            elif seen:
                self._read_to = seen[-1].cursor

    def departments(self) -> list[tuple[str, list[Tile]]]:
        """Everybody, by department."""
        found: dict[str, list[Tile]] = {}
        for tile in self.tiles.values():
            found.setdefault(tile.department, []).append(tile)
        return list(found.items())

    # --- for a connection ---------------------------------------------------------------

    def stream(self, after: Cursor | None, seconds: float) -> Iterator[bytes]:
        """Server-sent events: first what changed since ``after`` (all of it when None), then what changes."""
        ends = time.monotonic() + seconds
        self._join()
        try:
            yield FIRST
            sent = after
            while (left := ends - time.monotonic()) > 0:
                with self._news:
                    if self._is_told(sent):
                        self._news.wait(min(BEAT_SECONDS, left))
                    sent, block = (sent, BEAT) if self._is_told(sent) else (self.version, self._since(sent))
                yield block
        finally:
            with self._news:
                self._viewers -= 1

    @property
    def viewers(self) -> int:
        """How many watch now."""
        return self._viewers

    def close(self) -> None:
        """Stop following; returns when nothing touches the store any more."""
        self._closing = True
        thread = self._thread
        if thread is not None:
            thread.join()

    def _is_told(self, sent: Cursor | None) -> bool:
        return not self.tiles or (sent is not None and self.version <= sent)

    def _since(self, after: Cursor | None) -> bytes:
        """What is new after a place; made once for all who stand there."""
        block = self._blocks.get(after)
        if block is None:
            data = {
                "score": self.score,
                "tiles": {i: t.html for i, t in self.tiles.items() if after is None or t.version > after},
                "departments": {name: tally(tiles) for name, tiles in self.departments()},
            }
            block = f"id: {self.version}\nevent: board\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
            self._blocks[after] = block
        return block

    def _join(self) -> None:
        with self._news:
            self._viewers += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name=f"board {self.broadcast_id}", daemon=True)
                self._thread.start()

    def _follow(self) -> None:
        lonely_since: float | None = None
        while not self._closing:
            try:
                self.refresh()
            except SQLAlchemyError as error:
                log.warning("The board of broadcast %d cannot be read: %s", self.broadcast_id, error)
            with self._news:
                lonely_since = None if self._viewers else lonely_since or time.monotonic()
                if lonely_since is not None and time.monotonic() - lonely_since > LINGER_SECONDS:
                    break
            time.sleep(REFRESH_SECONDS)
        with self._news:
            self._thread = None

    # --- within -----------------------------------------------------------------------

    def _load(self, request: Any, ledger: Ledger) -> None:
        # The place is taken before the rows are read, so nothing lies between the two.
        place = ledger.end()
        self._render(request, None, place)

    def _render(self, request: Any, ids: set[int] | None, version: Cursor) -> None:
        broadcast = request.db.get(Broadcast, self.broadcast_id)
        if broadcast is None:
            return
        now = request.find_service(IClock).now()
        found = lines(request.db, broadcast, now, ids) if ids is None or ids else []
        shown = render(
            "broadcast:templates/tiles.jinja2",
            {"lines": found, "broadcast": broadcast, "mark": MARK, "Place": Place, "ground_words": ground_words},
            request=request,
        ).split(MARK)
        tiles = {
            line.recipient.id: Tile(line.place, line.recipient.department, Markup(html.strip()), version)  # noqa: S704
            for line, html in zip(found, shown, strict=False)
        }
        everybody = dict(sorted((({} if ids is None else self.tiles) | tiles).items()))
        counts = Counter(tile.place for tile in everybody.values())
        board = Board(broadcast, (), {place: counts[place] for place in Place})
        score = render(
            "broadcast:templates/score.jinja2",
            {
                "broadcast": broadcast,
                "board": board,
                "Place": Place,
                "goal": goal_words(broadcast.goal, broadcast.goal_seconds, request.localizer.translate),
                "goal_due": goal_due(broadcast),
            },
            request=request,
        )
        with self._news:
            self.tiles, self.score = everybody, Markup(score)  # noqa: S704
            self.version = self._read_to = version
            self._blocks.clear()
            self._news.notify_all()


def tally(tiles: list[Tile]) -> str:
    """A department's count, as its heading shows it."""
    return f"{sum(tile.place is Place.ACKNOWLEDGED for tile in tiles)} / {len(tiles)}"


def _touched(entries: list[Seen]) -> set[int] | None:
    """The people to whom these entries of one broadcast happened; None when that can't be said."""
    touched: set[int] = set()
    for entry in entries:
        recipient = json.loads(entry.data).get("recipient")
        if isinstance(recipient, int):
            touched.add(recipient)
        elif entry.action.partition(".")[2] not in OF_NOBODY:
            return None
    return touched


def live_board(registry: Registry, broadcast_id: int, locale: str) -> LiveBoard:
    """This process's board of a broadcast in a language, made by the first who asks."""
    boards: dict[tuple[int, str], LiveBoard] = registry.setdefault("broadcast.live_boards", {})
    return boards.setdefault((broadcast_id, locale), LiveBoard(registry, broadcast_id, locale))

"""From rows to a chooser: the same for the dialer, for forecasts and for explanations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from broadcast import store
from broadcast.aside import aside
from broadcast.chooser import Called, Chooser
from broadcast.history.chances import chances
from broadcast.history.counting import Sums
from broadcast.history.services import counted_in
from broadcast.lines import Lines
from broadcast.models import Broadcast, Recipient, RecipientNumber


class Pace(Protocol):
    """How a broadcast calls: its row, a plan's content, or a form."""

    @property
    def channels(self) -> int: ...
    @property
    def rounds(self) -> int: ...
    @property
    def pause(self) -> int: ...
    @property
    def ring_timeout(self) -> int: ...


def chooser_of(
    db: Session, broadcast: Broadcast, lines: Lines, now: datetime, zone: ZoneInfo, only: Collection[int] | None = None
) -> Chooser:
    """The chooser of a broadcast, who knows what was tried so far and what history says of the numbers.

    ``only`` these recipients, if it is given: for forecasts of those who can be called.
    """
    numbers = (
        select(RecipientNumber.number)
        .join(Recipient, Recipient.id == RecipientNumber.recipient_id)
        .where(Recipient.broadcast_id == broadcast.id)
    )
    return _chooser(
        db,
        [called for called in store.load(db, broadcast) if only is None or called.id in only],
        lines,
        broadcast,
        numbers,
        message=broadcast.prompt_seconds,
        likeliest_first=broadcast.likeliest_first,
        rehearsed=broadcast.rehearsed,
        now=now,
        zone=zone,
        without=counted_in(db, broadcast.id, zone),
    )


def chooser_if_launched(
    db: Session,
    called: Sequence[Called],
    lines: Lines,
    pace: Pace,
    *,
    message: float,
    likeliest_first: bool = False,
    rehearsed: bool,
    now: datetime,
    zone: ZoneInfo,
) -> Chooser:
    """The chooser of a broadcast that would be launched now, with its share of the lines.

    Args:
        called: who would be called, by the ids of people and of their numbers.
        message: seconds of the message.
        rehearsed: over the simulated switch.
    """
    numbers = [number.number for one in called for number in one.numbers]
    chooser = _chooser(
        db,
        called,
        lines,
        pace,
        numbers,
        message=message,
        likeliest_first=likeliest_first,
        rehearsed=rehearsed,
        now=now,
        zone=zone,
    )
    chooser.allow(lines.first(pace.channels))
    return chooser


def _chooser(
    db: Session,
    called: Sequence[Called],
    lines: Lines,
    pace: Pace,
    numbers: Sequence[str] | Select[Any],
    *,
    message: float,
    likeliest_first: bool,
    rehearsed: bool,
    now: datetime,
    zone: ZoneInfo,
    without: Sums | None = None,
) -> Chooser:
    known = chances(db, numbers, rehearsed=rehearsed, now=now, zone=zone, without=without)
    rounds, pause, ring_timeout = pace.rounds, pace.pause, pace.ring_timeout

    def build() -> Chooser:
        return Chooser(
            called,
            lines,
            rounds=rounds,
            pause=pause,
            ring_timeout=ring_timeout,
            message=message,
            chances=known,
            likeliest_first=likeliest_first,
        )

    # For 20,000 people it takes a second, in which the switch's events must be read.
    return aside(build)

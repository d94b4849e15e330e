"""From the rows of a broadcast to its chooser: the same for the dialer, for forecasts and for explanations."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast import store
from broadcast.chooser import Chooser
from broadcast.history.chances import chances
from broadcast.lines import Lines
from broadcast.models import Broadcast, Recipient, RecipientNumber


def chooser_of(db: Session, broadcast: Broadcast, lines: Lines, now: datetime, zone: ZoneInfo) -> Chooser:
    """A chooser that knows what was tried so far and what history says of the numbers."""
    numbers = (
        select(RecipientNumber.number)
        .join(Recipient, Recipient.id == RecipientNumber.recipient_id)
        .where(Recipient.broadcast_id == broadcast.id)
    )
    return Chooser(
        store.load(db, broadcast),
        lines,
        rounds=broadcast.rounds,
        pause=broadcast.pause,
        ring_timeout=broadcast.ring_timeout,
        message=broadcast.prompt_seconds,
        chances=chances(db, numbers, rehearsed=broadcast.rehearsed, now=now, zone=zone),
        likeliest_first=broadcast.likeliest_first,
    )

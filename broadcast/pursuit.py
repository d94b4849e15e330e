"""What a running broadcast is after: which number is due next, and until when. For whoever only looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from broadcast.models import Broadcast, Recipient, RecipientNumber
from broadcast.pauses import pause_after
from broadcast.settle import UNTRIED
from dutycenter.vocabulary import Disposition


def next_try(broadcast: Broadcast, recipient: Recipient) -> tuple[RecipientNumber, datetime] | None:
    """The number that is due first and when, by the same rule as the dialer's; None when no more are to be called."""
    if broadcast.texts_alone:
        return None
    best: tuple[int, datetime, int, RecipientNumber] | None = None
    for number in recipient.numbers:
        of_it = [a for a in recipient.attempts if a.number_id == number.id]
        tried = [a for a in of_it if a.disposition not in UNTRIED]
        if len(tried) >= broadcast.rounds or any(a.disposition is Disposition.NO_SUCH_NUMBER for a in tried):
            continue
        last = max(of_it, key=lambda a: a.ended_at or a.created_at, default=None)
        ready = recipient.attempts[0].created_at
        if last is not None:
            rest = timedelta(seconds=pause_after(last.disposition, broadcast.pause))
            ready = (last.ended_at or last.created_at) + rest
        candidate = (len(tried), ready, number.position, number)
        if best is None or candidate[:3] < best[:3]:
            best = candidate
    return None if best is None else (best[3], best[1])


def goal_due(broadcast: Broadcast) -> datetime | None:
    """By when the goal is to be met; None when there is no limit, or no launch yet."""
    if broadcast.launched_at is None or broadcast.goal_seconds is None:
        return None
    return broadcast.launched_at + timedelta(seconds=broadcast.goal_seconds)

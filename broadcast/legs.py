"""Attempts as the audit desk reads them: who was told what, when, and what they did."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.interfaces import NoticeLeg


def legs(
    db: Session, *, broadcast_id: int | None = None, incident_id: int | None = None, attempts: Sequence[str] = ()
) -> list[NoticeLeg]:
    """See ``IBroadcasts.legs``; without any of the three, none."""
    query = (
        select(Attempt, Recipient, RecipientNumber.number, Broadcast)
        .join(Recipient, Recipient.id == Attempt.recipient_id)
        .join(RecipientNumber, RecipientNumber.id == Attempt.number_id)
        .join(Broadcast, Broadcast.id == Attempt.broadcast_id)
        .order_by(Attempt.created_at, Attempt.id)
    )
    if broadcast_id is not None:
        query = query.where(Attempt.broadcast_id == broadcast_id)
    elif incident_id is not None:
        query = query.where(Broadcast.incident_id == incident_id)
    elif attempts:
        query = query.where(Attempt.id.in_(attempts))
    else:
        return []
    return [_leg(*row) for row in db.execute(query)]


def _leg(attempt: Attempt, recipient: Recipient, number: str, broadcast: Broadcast) -> NoticeLeg:
    return NoticeLeg(
        attempt_id=attempt.id,
        broadcast_id=broadcast.id,
        title=broadcast.title,
        message=broadcast.message,
        incident_id=broadcast.incident_id,
        exercise=broadcast.exercise,
        person_id=recipient.person_id,
        name=recipient.name,
        department=recipient.department,
        post=recipient.post,
        number=number,
        created_at=attempt.created_at,
        answered_at=attempt.answered_at,
        ended_at=attempt.ended_at,
        disposition=attempt.disposition.value if attempt.disposition else "",
        key=attempt.key,
        heard_to_end=attempt.heard_to_end,
        outcome=recipient.outcome.value if recipient.outcome else "",
        acknowledged_at=recipient.acknowledged_at,
    )

"""Which version of a corrected message somebody answered, and what became of the correction."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import EVERYBODY, Broadcast, BroadcastMessage, Recipient


class Corrected(StrEnum):
    """What became of a correction with somebody who had answered before it."""

    NOT_TOLD = "not_told"
    UNANSWERED = "unanswered"
    ACKNOWLEDGED = "acknowledged"


def versions(db: Session, broadcast: Broadcast) -> Sequence[BroadcastMessage]:
    """What everybody was told, in the order in which it was said; nothing where nothing was corrected."""
    if broadcast.message_version == 1:
        return []
    return db.scalars(
        select(BroadcastMessage)
        .where(BroadcastMessage.broadcast_id == broadcast.id, BroadcastMessage.audience == EVERYBODY)
        .order_by(BroadcastMessage.version)
    ).all()


def told_since(db: Session, broadcast_id: int) -> dict[int, Recipient]:
    """Who had answered and was told of a correction since: by recipient, themselves in the newest such round."""
    rows = db.scalars(
        select(Recipient)
        .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
        .where(Broadcast.corrects_id == broadcast_id, Recipient.corrects_id.is_not(None))
        .order_by(Recipient.id)
    )
    return {one.corrects_id: one for one in rows if one.corrects_id is not None}


def corrected(broadcast: Broadcast, person: Recipient, told: Recipient | None) -> Corrected | None:
    """What became of the correction; None where they heard the message as it is now, or none at all.

    Args:
        told: the person in the newest round that told them of a correction.
    """
    if not person.told_version or person.told_version == broadcast.message_version:
        return None
    if told is None:
        return Corrected.NOT_TOLD
    return Corrected.UNANSWERED if told.acknowledged_at is None else Corrected.ACKNOWLEDGED

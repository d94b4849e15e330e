"""Text messages as the audit desk reads them: what was written to whom, what became of it, what came back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Recipient
from broadcast.sms.models import TextMessage, TextReply
from dutycenter.interfaces import NoticeText


def texts(db: Session, incident_id: int) -> list[NoticeText]:
    """See ``IBroadcasts.texts``."""
    sent = db.execute(
        select(TextMessage, Recipient, Broadcast)
        .join(Recipient, Recipient.id == TextMessage.recipient_id)
        .join(Broadcast, Broadcast.id == TextMessage.broadcast_id)
        .where(Broadcast.incident_id == incident_id)
    )
    received = db.execute(
        select(TextReply, Recipient, Broadcast)
        .join(Recipient, Recipient.id == TextReply.recipient_id)
        .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
        .where(Broadcast.incident_id == incident_id)
    )
    found = [*(_sent(*row) for row in sent), *(_received(*row) for row in received)]
    return sorted(found, key=lambda one: one.at)


def _sent(message: TextMessage, recipient: Recipient, broadcast: Broadcast) -> NoticeText:
    return NoticeText(
        broadcast_id=broadcast.id,
        title=broadcast.title,
        name=recipient.name,
        department=recipient.department,
        post=recipient.post,
        number=message.number,
        at=message.sending_at or message.written_at,
        received=False,
        state=message.state.value,
        settled_at=message.settled_at,
        text=message.text,
    )


def _received(reply: TextReply, recipient: Recipient, broadcast: Broadcast) -> NoticeText:
    return NoticeText(
        broadcast_id=broadcast.id,
        title=broadcast.title,
        name=recipient.name,
        department=recipient.department,
        post=recipient.post,
        number=reply.number,
        at=reply.received_at,
        received=True,
        state=reply.meaning.value,
        settled_at=None,
        text=reply.text,
    )

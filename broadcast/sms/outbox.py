"""Writing text messages down, and taking them back: who gets one, and when.

Nothing is sent here. A row is written for whoever is due by the broadcast's
``sms_when``; what has become needless before it was sent is withdrawn.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.models import Broadcast, Recipient
from broadcast.people import first_mobile
from broadcast.pursuit import next_try
from broadcast.sms.models import NOTICE, TextMessage
from broadcast.sms.parts import count
from broadcast.sms.states import SETTLED
from broadcast.sms.words import compose
from dutycenter.interfaces import IClock, ILedger
from dutycenter.settings import Settings
from dutycenter.vocabulary import BroadcastState, Outcome, SmsState, SmsWhen
from dutycenter.work import settings_of

AFTERWARDS = timedelta(minutes=10)  # after its end a broadcast still writes to whom the calls have not reached


class Outbox:
    """Text messages on one session.

    Args:
        db: the session of the transaction.
        ledger: where each change leaves its entry.
        clock: the product's time.
        ending: what follows every message: who writes and how to answer.
        arrival: what follows that where people are called to a place.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, ending: str, arrival: str = "") -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.ending = ending
        self.arrival = arrival

    def due(self, broadcast: Broadcast) -> list[Recipient]:
        """Who is to get the notice as a text now and has none yet."""
        if broadcast.state not in (BroadcastState.RUNNING, BroadcastState.FINISHED):
            return []
        has_one = select(TextMessage.recipient_id).where(
            TextMessage.broadcast_id == broadcast.id, TextMessage.occasion == NOTICE
        )
        candidates = self.db.scalars(
            select(Recipient)
            .where(
                Recipient.broadcast_id == broadcast.id,
                Recipient.acknowledged_at.is_(None),
                Recipient.dropped_at.is_(None),
                Recipient.id.not_in(has_one),
            )
            .order_by(Recipient.id)
            .options(selectinload(Recipient.numbers), selectinload(Recipient.attempts))
        )
        return [r for r in candidates if first_mobile(r.numbers) is not None and is_due(broadcast, r)]

    def write(
        self, broadcast: Broadcast, recipients: Iterable[Recipient], message: str = "", occasion: str = NOTICE
    ) -> list[TextMessage]:
        """Write a text down for each who has a mobile number; the same occasion only once.

        Args:
            message: instead of the broadcast's own.
        """
        ending = self.ending + (self.arrival if broadcast.ask_arrival else "")
        text = compose(message or broadcast.message, ending, exercise=broadcast.exercise)
        parts = count(text).parts
        written = [
            TextMessage(
                reference=str(uuid.uuid4()),
                broadcast_id=broadcast.id,
                recipient_id=recipient.id,
                occasion=occasion,
                number=number.number,
                text=text,
                parts=parts,
                written_at=self.clock.now(),
            )
            for recipient in recipients
            if (number := first_mobile(recipient.numbers)) is not None
        ]
        self.db.add_all(written)
        self.db.flush()
        for row in written:
            tell(self.ledger, row, "text_written", number=row.number, text=row.text, parts=row.parts)
        return written

    def needless(self, broadcast: Broadcast) -> list[int]:
        """Messages that are written, not sent, and no longer needed."""
        query = (
            select(TextMessage.id)
            .join(Recipient, Recipient.id == TextMessage.recipient_id)
            .where(TextMessage.broadcast_id == broadcast.id, TextMessage.state == SmsState.WRITTEN)
        )
        if broadcast.state is not BroadcastState.STOPPED:
            query = query.where(Recipient.acknowledged_at.is_not(None) | Recipient.dropped_at.is_not(None))
        return list(self.db.scalars(query))

    def withdraw(self, broadcast: Broadcast) -> int:
        """Take the needless ones back. Returns how many."""
        rows = self.db.scalars(
            select(TextMessage)
            .where(TextMessage.id.in_(self.needless(broadcast)), TextMessage.state == SmsState.WRITTEN)
            .with_for_update()
        ).all()
        for row in rows:
            settle(self.ledger, row, SmsState.WITHDRAWN, self.clock.now(), "")
        return len(rows)


def is_due(broadcast: Broadcast, recipient: Recipient) -> bool:
    """Is it this person's turn to get the notice as a text?"""
    if recipient.outcome is Outcome.DECLINED:
        return False
    if broadcast.sms_when in (SmsWhen.BEFORE, SmsWhen.WITH, SmsWhen.ALONE):
        return recipient.outcome is None and broadcast.finished_at is None
    if broadcast.sms_when is not SmsWhen.AFTER:
        return False
    if recipient.outcome is not None:
        return recipient.outcome is Outcome.NOT_REACHED
    up = any(attempt.disposition is None for attempt in recipient.attempts)
    return bool(recipient.attempts) and not up and next_try(broadcast, recipient) is None


def broadcasts_with_texts(db: Session, now: datetime) -> Sequence[Broadcast]:
    """Broadcasts for which texts may have to be written or taken back."""
    open_or_just_ended = Broadcast.finished_at.is_(None) | (Broadcast.finished_at > now - AFTERWARDS)
    return db.scalars(
        select(Broadcast)
        .where(Broadcast.sms_when != SmsWhen.NEVER, Broadcast.launched_at.is_not(None), open_or_just_ended)
        .order_by(Broadcast.id)
    ).all()


def settle(ledger: ILedger, row: TextMessage, state: SmsState, now: datetime, detail: str) -> None:
    """Give a message a new state, with its entry."""
    row.state = state
    row.detail = detail or row.detail
    if state is SmsState.ACCEPTED:
        row.accepted_at = row.accepted_at or now
    if state in SETTLED:
        row.settled_at = now
    tell(ledger, row, f"text_{state.value}", gateway=row.gateway, detail=row.detail)


def tell(ledger: ILedger, row: TextMessage, verb: str, **data: object) -> None:
    """A message's entry: it belongs to its broadcast, so that the board hears of it."""
    ledger.append(
        f"broadcast.{verb}",
        f"broadcast:{row.broadcast_id}",
        {"recipient": row.recipient_id, "text": row.reference} | data,
    )


def ending_of(settings: Settings) -> str:
    """What follows every message, with the duty room's name in it."""
    return settings.sms_ending.replace("{duty_room}", settings.duty_room)


def factory(context: object, request: Request) -> Outbox:
    """The outbox on the request's session."""
    settings = settings_of(request.registry)
    return Outbox(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        ending_of(settings),
        settings.sms_arrival,
    )

"""Texts that come in: whose they are, what they say, and what follows."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Recipient, RecipientNumber
from broadcast.sms.models import TextMessage, TextReply
from broadcast.sms.words import Arrival, arrival_of, clean_reply, meaning_of
from dutycenter.calls.numbers import clean_number, dialled_form
from dutycenter.interfaces import IBroadcasts, IClock, ILedger
from dutycenter.vocabulary import Means, SmsMeaning, SmsState

log = logging.getLogger(__name__)

# "Let a person call back later and still acknowledge": so long after its end a broadcast takes answers.
AFTERWARDS = timedelta(days=1)
SENT = (SmsState.SENDING, SmsState.ACCEPTED, SmsState.DELIVERED, SmsState.UNKNOWN, SmsState.FAILED)
KEYS = {SmsMeaning.ACKNOWLEDGE: "1", SmsMeaning.DECLINE: "4", SmsMeaning.OTHER: ""}
_COUNTRY = re.compile(r"86(?=1[3-9][0-9]{9}\Z)")  # operators' centres give it without a plus


class Replies:
    """Takes texts in, on one session.

    Args:
        db: the session of the transaction.
        ledger: where each leaves its entry.
        clock: the product's time.
        broadcasts: takes what is an answer.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, broadcasts: IBroadcasts) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.broadcasts = broadcasts

    def take(self, gateway_id: str, number: str, text: str) -> TextReply:
        """Write a text down and do what it says. The same ``gateway_id`` again changes nothing.

        Args:
            gateway_id: the gateway's own name for this text.
            number: of the sender, as it came.
            text: as it came.
        """
        known = self.db.scalar(select(TextReply).where(TextReply.gateway_id == gateway_id))
        if known is not None:
            return known
        now = self.clock.now()
        sender, said = _COUNTRY.sub("", dialled_form(clean_number(number))), clean_reply(text)
        arrival = arrival_of(said)
        recipient = self._recipient(sender, now, arrives=arrival is not None) if sender else None
        reply = TextReply(
            gateway_id=gateway_id,
            number=sender or clean_reply(number)[:64],
            text=said,
            meaning=meaning_of(said),
            received_at=now,
            recipient_id=None if recipient is None else recipient.id,
        )
        self.db.add(reply)
        self.db.flush()
        self._tell(reply, recipient)
        if recipient is None:
            log.warning("A text from %s belongs to nobody whom we wrote to.", reply.number)
        elif arrival is not None:
            self._arrival(recipient.id, arrival)
        elif reply.meaning is SmsMeaning.ACKNOWLEDGE:
            self.broadcasts.acknowledge_by(recipient.id, Means.SMS, KEYS[reply.meaning])
        elif reply.meaning is SmsMeaning.DECLINE:
            self.broadcasts.decline_by(recipient.id, Means.SMS, KEYS[reply.meaning])
        return reply

    def _arrival(self, recipient_id: int, arrival: Arrival) -> None:
        if arrival.minutes is None:
            self.broadcasts.arrived(recipient_id, Means.SMS)
            return
        self.broadcasts.acknowledge_by(recipient_id, Means.SMS)
        self.broadcasts.arrives(recipient_id, arrival.minutes, Means.SMS)

    def _recipient(self, number: str, now: datetime, *, arrives: bool) -> Recipient | None:
        """Whom we wrote to last on this number, or on another of the same person's: the newest open message first.

        Args:
            arrives: it is about an arrival, so of a broadcast that calls people to a place, if there is one.
        """
        awaited = (Broadcast.ask_arrival & Recipient.arrived_at.is_(None)).desc()
        answered = Recipient.acknowledged_at.is_not(None)
        theirs = select(RecipientNumber.recipient_id).where(RecipientNumber.number == number)
        newest = (
            select(Recipient)
            .join(TextMessage, TextMessage.recipient_id == Recipient.id)
            .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
            .where(
                TextMessage.state.in_(SENT),
                (TextMessage.number == number) | TextMessage.recipient_id.in_(theirs),
                Broadcast.finished_at.is_(None) | (Broadcast.finished_at > now - AFTERWARDS),
            )
            .order_by(awaited if arrives else answered, (TextMessage.number != number), TextMessage.id.desc())
            .limit(1)
        )
        return self.db.scalar(newest)

    def _tell(self, reply: TextReply, recipient: Recipient | None) -> None:
        said = {"reply": reply.id, "number": reply.number, "said": reply.text, "meaning": reply.meaning.value}
        if recipient is None:
            self.ledger.append("sms.received", f"sms:{reply.id}", said)
        else:
            self.ledger.append(
                "broadcast.text_received", f"broadcast:{recipient.broadcast_id}", {"recipient": recipient.id} | said
            )


def factory(context: object, request: Request) -> Replies:
    """The replies on the request's session."""
    return Replies(
        request.db, request.find_service(ILedger), request.find_service(IClock), request.find_service(IBroadcasts)
    )

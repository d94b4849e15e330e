"""Handing written messages to the gateways: the clerk's share, so no hub ever waits for a gateway.

One message, two transactions. The first says "is being handed over" and is
committed before the gateway hears of it; the second says what the gateway said.
Whoever dies in between leaves a message of which nobody knows whether it went
out: it becomes ``unknown`` and is not sent again. A delivery report that comes
later settles it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Recipient
from broadcast.sms.gateways import Gateway
from broadcast.sms.models import TextMessage
from broadcast.sms.outbox import settle
from broadcast.sms.states import stronger
from dutycenter.interfaces import IClock, ILedger, SmsRefused, SmsUncertain
from dutycenter.vocabulary import BroadcastState, SmsState
from dutycenter.work import Work

log = logging.getLogger(__name__)

# Real seconds: they concern gateways and processes, not the people who get the messages.
AT_WORK = 4.0  # one run of the job; the next goes on, and whoever wants to end need not wait long
FIRST_REST = 5.0
LONGEST_REST = 60.0
UNCERTAIN_IN_A_ROW = 2  # after so many silences a gateway is left alone: each of them costs a message

REFUSALS = 6  # refused so often by gateways, a message has failed
STALE = 120.0  # beyond any timeout: whoever was sending it is gone


@dataclass
class Pace:
    """How one gateway is used: not faster than it may be, and not while it rests."""

    gateway: Gateway
    free_at: float = 0.0
    rests: int = 0
    uncertain: int = 0

    def took(self, now: float) -> None:
        self.free_at = max(self.free_at, now) + 1 / self.gateway.rate
        self.rests = self.uncertain = 0

    def refused(self, now: float) -> None:
        self.free_at = now + min(LONGEST_REST, FIRST_REST * 2**self.rests)
        self.rests += 1

    def silent(self, now: float) -> None:
        self.uncertain += 1
        if self.uncertain >= UNCERTAIN_IN_A_ROW or self.rests:
            self.refused(now)


@dataclass
class Sender:
    """Hands over what is written, paced, one at a time.

    Args:
        work: opens units of work.
        gateways: in order of preference.
        monotonic: real seconds.
        wait: lets real seconds pass; True when it is time to end.
    """

    work: Work
    gateways: Sequence[Gateway]
    monotonic: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = time.sleep
    paces: list[Pace] = field(init=False)

    def __post_init__(self) -> None:
        self.paces = [Pace(gateway) for gateway in self.gateways]

    def run(self, seconds: float = AT_WORK) -> int:
        """Send until nothing is left, every gateway rests, or so much time has passed. Returns how many were taken."""
        ends = self.monotonic() + seconds
        self._give_up_stale()
        taken = 0
        while (now := self.monotonic()) < ends:
            pace = min(self.paces, key=lambda pace: max(pace.free_at, now), default=None)
            if pace is None or pace.free_at >= ends:
                break
            if pace.free_at > now:
                if not self._anything_written():
                    break
                self.wait(pace.free_at - now)
            message = self._claim(pace.gateway)
            if message is None:
                break
            taken += self._hand_over(pace, message)
        return taken

    def _hand_over(self, pace: Pace, message: Claimed) -> bool:
        try:
            reply = pace.gateway.port.send(message.number, message.text, message.reference)
        except SmsRefused as error:
            log.warning("The gateway %s did not take a text: %s", pace.gateway.name, error)
            self._refused(message, str(error))
            pace.refused(self.monotonic())
            return False
        except SmsUncertain as error:
            log.error("Nobody knows whether the gateway %s took a text: %s", pace.gateway.name, error)
            self._learn(message, SmsState.UNKNOWN, str(error))
            pace.silent(self.monotonic())
            return False
        self._learn(message, SmsState.ACCEPTED, reply.detail)
        pace.took(self.monotonic())
        return True

    # --- each one transaction ------------------------------------------------------

    def _anything_written(self) -> bool:
        with self.work.read() as request:
            return next_written(request.db) is not None

    def _claim(self, gateway: Gateway) -> Claimed | None:
        """Say "is being handed over" of the next message that is still needed."""
        with self.work.write() as request:
            db, ledger, now = request.db, request.find_service(ILedger), request.find_service(IClock).now()
            while (message_id := next_written(db)) is not None:
                # Recipient first, as an acknowledgement does: whoever commits first decides (DESIGN rule 3).
                owner = select(TextMessage.recipient_id).where(TextMessage.id == message_id).scalar_subquery()
                recipient = db.scalars(
                    select(Recipient)
                    .where(Recipient.id == owner)
                    .with_for_update()
                    .execution_options(populate_existing=True)
                ).one()
                row = db.get(TextMessage, message_id, with_for_update=True, populate_existing=True)
                if row.state is not SmsState.WRITTEN:
                    continue
                if recipient.acknowledged_at is not None or recipient.dropped_at is not None:
                    settle(ledger, row, SmsState.WITHDRAWN, now, "")
                    db.flush()
                    continue
                row.gateway, row.sending_at = gateway.name, now
                settle(ledger, row, SmsState.SENDING, now, "")
                return Claimed(row.id, row.number, row.text, row.reference)
        return None

    def _learn(self, message: Claimed, state: SmsState, detail: str) -> None:
        with self.work.write() as request:
            row = request.db.get(TextMessage, message.id, with_for_update=True)
            learn(request.find_service(ILedger), row, state, request.find_service(IClock).now(), detail)

    def _refused(self, message: Claimed, why: str) -> None:
        with self.work.write() as request:
            ledger, now = request.find_service(ILedger), request.find_service(IClock).now()
            row = request.db.get(TextMessage, message.id, with_for_update=True)
            if row.state is not SmsState.SENDING:
                return  # a report has said more meanwhile
            row.refusals += 1
            settle(ledger, row, SmsState.FAILED if row.refusals >= REFUSALS else SmsState.WRITTEN, now, why)

    def _give_up_stale(self) -> None:
        """Messages whose sender died while it was handing them over."""
        with self.work.read() as request:
            clock = request.find_service(IClock)
            stale = _stale(request.db, clock.now() - timedelta(seconds=STALE / clock.real(1.0)))
        for message_id in stale:
            with self.work.write() as request:
                row = request.db.get(TextMessage, message_id, with_for_update=True)
                now = request.find_service(IClock).now()
                learn(request.find_service(ILedger), row, SmsState.UNKNOWN, now, "the sender stopped in the middle")


@dataclass(frozen=True)
class Claimed:
    """A message that is being handed over."""

    id: int
    number: str
    text: str
    reference: str


def learn(ledger: ILedger, row: TextMessage, state: SmsState, now: datetime, detail: str) -> bool:
    """Take in what has become known of a message. False when it says nothing new."""
    after = stronger(row.state, state)
    if after is row.state:
        return False
    settle(ledger, row, after, now, detail)
    return True


def next_written(db: Session) -> int | None:
    """The message that is to be sent next: the oldest of a broadcast that has not been halted."""
    return db.scalar(
        select(TextMessage.id)
        .join(Broadcast, Broadcast.id == TextMessage.broadcast_id)
        .where(
            TextMessage.state == SmsState.WRITTEN,
            Broadcast.state.in_((BroadcastState.RUNNING, BroadcastState.FINISHED)),
        )
        .order_by(TextMessage.refusals, TextMessage.id)
        .limit(1)
    )


def _stale(db: Session, before: datetime) -> list[int]:
    query = select(TextMessage.id).where(TextMessage.state == SmsState.SENDING, TextMessage.sending_at < before)
    return list(db.scalars(query))

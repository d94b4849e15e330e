"""Who acknowledged and has not reported is called once more: a reminder, and at most two.

Not a notice: whoever acknowledged is never called again to be told the message. A
reminder is an attempt of a kind of its own, in the row, in the ledger, on the screen
and in its first words. It belongs to no lease, for a broadcast may long be over: the
recipient's row, locked, says how many were written, so that of several dialers one
writes each. What becomes of a leg is settled by whichever sees it; a row is given up
only when it is old enough that no dialer can still be about to tell the switch of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from broadcast.attempts import Written
from broadcast.in_flight import WORD_PATIENCE, Open, Orders, happenings_of, known_of, record
from broadcast.leases import LEASE
from broadcast.lines import Line, Lines, gateways
from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from broadcast.settle import disposition, merge_all
from broadcast.store import locked_attempts
from dutycenter.calls.models import Leg
from dutycenter.interfaces import IClock, ILedger
from dutycenter.switch.causes import meaning
from dutycenter.switch.gateways import carries
from dutycenter.vocabulary import AttemptKind, BroadcastState, Direction, Disposition, Outcome

MOST = 2  # reminders for one person in one broadcast
AFTER = timedelta(minutes=10)  # beyond the announced time, and between two reminders
FORGOTTEN = timedelta(hours=24)  # a broadcast launched so long ago reminds nobody
LOOK = 10.0  # seconds
AT_ONCE = 5  # legs of reminders that may be up: they must never keep a notice waiting


def due_at(recipient: Recipient) -> datetime | None:
    """When somebody is to be reminded; None: never (again).

    After the time that they announced, or the broadcast's limit where they named none.
    """
    broadcast = recipient.broadcast
    wanted = broadcast.ask_arrival and broadcast.state is not BroadcastState.STOPPED
    on_the_way = recipient.acknowledged_at is not None and recipient.arrived_at is None
    if not (wanted and on_the_way) or recipient.dropped_at is not None or recipient.reminded >= MOST:
        return None
    assert recipient.acknowledged_at is not None
    first = (
        recipient.acknowledged_at + timedelta(minutes=broadcast.report_within)
        if recipient.arrives_at is None
        else recipient.arrives_at + AFTER
    )
    last = max((a.created_at for a in recipient.attempts if a.kind is AttemptKind.REMINDER), default=None)
    return first if last is None else max(first, last + AFTER)


class Reminders:
    """The reminders of one dialer. Everything here can be thrown away and found again in the rows."""

    def __init__(self, clock: IClock) -> None:
        self.clock = clock
        self.lines = Lines()
        self.open: dict[str, Open] = {}
        self.ring_timeout = 30  # seconds
        self.message_seconds = 60.0
        self._look_again = 0.0  # monotonic
        self._patience = WORD_PATIENCE / clock.real(1.0)
        self._age = timedelta(seconds=LEASE / clock.real(1.0))

    def waiting(self, db: Session) -> bool:
        """Is there anything to write? Looked up now and then: nobody is reminded to the second."""
        if self.open:
            return True
        if self.clock.monotonic() < self._look_again:
            return False
        self._look_again = self.clock.monotonic() + LOOK
        open_ones = select(Attempt.id).where(Attempt.kind == AttemptKind.REMINDER, Attempt.disposition.is_(None))
        if db.scalar(open_ones.limit(1)) is not None:
            return True
        now = self.clock.now()
        return any((due := due_at(r)) is not None and due <= now for r in self._on_the_way(db))

    def turn(self, db: Session, ledger: ILedger, switch_up: bool) -> Orders:
        """Settle what has ended, and write who is to be reminded now; what the switch is to be told."""
        orders = Orders()
        self._settle(db, ledger, orders)
        if switch_up:
            self._write(db, ledger, orders)
        return orders

    # --- who ------------------------------------------------------------------------

    def _on_the_way(self, db: Session, ids: Sequence[int] | None = None) -> list[Recipient]:
        query = (
            select(Recipient)
            .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
            .where(
                Broadcast.ask_arrival,
                Broadcast.launched_at >= self.clock.now() - FORGOTTEN,
                Recipient.outcome == Outcome.ACKNOWLEDGED,
                Recipient.arrived_at.is_(None),
                Recipient.reminded < MOST,
            )
            .order_by(Recipient.id)
            .options(selectinload(Recipient.attempts), selectinload(Recipient.numbers))
        )
        if ids is not None:
            query = query.where(Recipient.id.in_(ids)).with_for_update(of=Recipient)
        return list(db.scalars(query.execution_options(populate_existing=ids is not None)))

    def _write(self, db: Session, ledger: ILedger, orders: Orders) -> None:
        now = self.clock.now()
        due = [r.id for r in self._on_the_way(db) if (at := due_at(r)) is not None and at <= now]
        room = AT_ONCE - sum(one.up for one in self.open.values())
        if not due or room <= 0:
            return
        self.lines.refresh(gateways(db, lock=True))
        busy = _busy(db)
        for recipient in self._on_the_way(db, due[:room]):
            # Looked at again under its lock: another dialer, or an arrival, may have been quicker.
            at, number = due_at(recipient), _reached_on(recipient)
            engaged = any(a.disposition is None for a in recipient.attempts)
            line = self._line(number, busy) if number is not None else None
            if at is None or at > now or engaged or line is None or number is None:
                continue
            busy[line.name] = busy.get(line.name, 0) + 1
            recipient.reminded += 1
            orders.originate.append(self._row(db, recipient, number, line, now))
            ledger.append(
                "broadcast.reminded",
                f"broadcast:{recipient.broadcast_id}",
                {
                    "recipient": recipient.id,
                    "attempt": orders.originate[-1].attempt_id,
                    "number": number.number,
                    "gateway": line.name,
                    "reminder": recipient.reminded,
                },
            )

    def _row(self, db: Session, recipient: Recipient, number: RecipientNumber, line: Line, now: datetime) -> Written:
        one = Written(str(uuid4()), recipient.id, number.id, number.number, line.name, now)
        db.add(
            Attempt(
                id=one.attempt_id,
                broadcast_id=recipient.broadcast_id,
                recipient_id=recipient.id,
                number_id=number.id,
                gateway=line.name,
                kind=AttemptKind.REMINDER,
                message_version=recipient.broadcast.message_version,
                created_at=now,
            )
        )
        db.add(
            Leg(
                channel_uuid=one.attempt_id,
                direction=Direction.OUTBOUND,
                attempt_id=one.attempt_id,
                number=number.number,
                gateway=line.name,
                created_at=now,
            )
        )
        db.flush()
        self.open[one.attempt_id] = Open(one.attempt_id, recipient.id, number.id, line.name, self.clock.monotonic())
        return one

    def _line(self, number: RecipientNumber, busy: dict[str, int]) -> Line | None:
        now = self.clock.monotonic()
        able = [
            line
            for line in self.lines
            if carries(line.prefixes, number.number) and line.usable(now) > busy.get(line.name, 0)
        ]
        return min(able, key=lambda line: line.cost, default=None)

    # --- what becomes of it ---------------------------------------------------------

    def _settle(self, db: Session, ledger: ILedger, orders: Orders) -> None:
        now = self.clock.monotonic()
        rows = locked_attempts(db, (Attempt.kind == AttemptKind.REMINDER) & Attempt.disposition.is_(None))
        for attempt, recipient in rows:
            one = self.open.get(attempt.id) or self._found(attempt)
            if one is None:
                continue
            one.known = merge_all(one.known, happenings_of(attempt))
            if not one.up and one.over_since is None:
                one.over_since = now
            if one.over_since is not None and now - one.over_since > self._patience:
                one.known = replace(one.known, patience_over=True)
            if one.up and one.known.answered_at is None and recipient.arrived_at is not None:
                one.known = replace(one.known, dropped=True)
                attempt.dropped_at = attempt.dropped_at or self.clock.now()
                orders.drop.append(attempt.id)
            recorded = record(attempt, one.known)
            if recorded is not None:
                db.execute(update(Leg), [recorded.leg])
                if recorded.answered:
                    self._tell(ledger, attempt, "answered")
            found = disposition(one.known, lambda cause: meaning(cause).disposition)
            if found is not None:
                attempt.disposition = found
                self._tell(ledger, attempt, "attempt_ended", disposition=found.value, cause=attempt.hangup_cause)
                if found is Disposition.LOST:
                    recipient.reminded -= 1  # as far as is known the telephone did not ring
        for gone in self.open.keys() - {attempt.id for attempt, _ in rows if attempt.disposition is None}:
            del self.open[gone]

    def _found(self, attempt: Attempt) -> Open | None:
        """A row of a dialer that is gone; one of a dialer that may be at it is left to it."""
        age = self.clock.now() - attempt.created_at
        if age < self._age:
            return None
        since = self.clock.monotonic() - age.total_seconds()
        one = Open(attempt.id, attempt.recipient_id, attempt.number_id, attempt.gateway, since, known_of(attempt))
        self.open[attempt.id] = one
        return one

    def _tell(self, ledger: ILedger, attempt: Attempt, verb: str, **data: object) -> None:
        ledger.append(
            f"broadcast.{verb}",
            f"broadcast:{attempt.broadcast_id}",
            {"attempt": attempt.id, "recipient": attempt.recipient_id, "kind": attempt.kind.value, **data},
        )


def _reached_on(recipient: Recipient) -> RecipientNumber | None:
    """The number on which they answered last, else their first."""
    answered = [a.number_id for a in recipient.attempts if a.answered_at is not None]
    by_id = {number.id: number for number in recipient.numbers}
    return by_id.get(answered[-1]) if answered else next(iter(recipient.numbers), None)


def _busy(db: Session) -> dict[str, int]:
    """Channels of each gateway that legs of any broadcast use."""
    rows = db.execute(
        select(Attempt.gateway, func.count())
        .where(Attempt.kind.in_(list(AttemptKind)), Attempt.disposition.is_(None), Attempt.ended_at.is_(None))
        .group_by(Attempt.gateway)
    )
    return {gateway: count for gateway, count in rows}  # noqa: C416 (rows are no tuples to mypy)

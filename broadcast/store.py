"""What the dialer reads and writes, each in the transaction of the caller.

Locks are taken in one order everywhere: broadcast, gateways, recipients (by id),
attempts. An acknowledgement locks its recipient and then its attempt, so whoever
commits first decides: no attempt is written after it (DESIGN rule 3).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from broadcast.chooser import Called, Dialled, Tried
from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from broadcast.people import first_mobile
from broadcast.settle import Ground, outcome
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import AttemptKind, BroadcastState, Outcome

PAGE = 200  # recipients that are read at a time

Word = tuple[Any, ...]
"""What ``words`` tells of one attempt: compared, never looked into."""

NO_WORD: Word = ("", None, False, None, None, None)

_NOTICE = Attempt.kind == AttemptKind.NOTICE

LAUNCHED = (BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.STOPPED)


def last_entry(db: Session, broadcast_id: int) -> int:
    """The id of the broadcast's latest ledger entry: when it grows, something has changed."""
    subject = f"broadcast:{broadcast_id}"
    return db.scalar(select(func.max(LedgerEntry.id)).where(LedgerEntry.subject == subject)) or 0


def load(db: Session, broadcast: Broadcast) -> list[Called]:
    """Everybody who may be called, with what was tried so far; times in seconds since the launch."""
    assert broadcast.launched_at is not None
    began = broadcast.launched_at
    tried: dict[int, list[Tried]] = {}
    attempts = db.execute(
        select(
            Attempt.recipient_id, Attempt.number_id, Attempt.gateway, Attempt.created_at, Attempt.ended_at,
            Attempt.disposition,
        )
        .where(Attempt.broadcast_id == broadcast.id, Attempt.kind == AttemptKind.NOTICE)
        .order_by(Attempt.created_at, Attempt.id)
    )  # fmt: skip
    for recipient_id, number_id, gateway, created_at, ended_at, disposition in attempts:
        ended = None if ended_at is None else (ended_at - began).total_seconds()
        started = (created_at - began).total_seconds()
        tried.setdefault(recipient_id, []).append(Tried(number_id, gateway, started, ended, disposition))
    return [called for page in _pages(db, broadcast.id) for called in _called(db, page, tried)]


def _pages(db: Session, broadcast_id: int) -> Iterator[Sequence[Any]]:
    """The recipients, so many at a time: whoever else is in this process goes on in between."""
    columns = (
        Recipient.id, Recipient.weight, Recipient.outcome, Recipient.dropped_at, Recipient.acknowledged_at,
        Recipient.tier, Recipient.legs, Recipient.since,
    )  # fmt: skip
    last = 0
    while page := db.execute(
        select(*columns)
        .where(Recipient.broadcast_id == broadcast_id, Recipient.id > last)
        .order_by(Recipient.id)
        .limit(PAGE)
    ).all():
        yield page
        last = page[-1].id
        time.sleep(0)


def _called(db: Session, page: Sequence[Any], tried: Mapping[int, Sequence[Tried]]) -> Iterator[Called]:
    numbers: dict[int, list[Dialled]] = {}
    for recipient_id, number_id, number, kind in db.execute(
        select(RecipientNumber.recipient_id, RecipientNumber.id, RecipientNumber.number, RecipientNumber.kind)
        .where(RecipientNumber.recipient_id.in_([row.id for row in page]))
        .order_by(RecipientNumber.position)
    ):
        numbers.setdefault(recipient_id, []).append(Dialled(number_id, number, kind))
    for row in page:
        yield Called(
            row.id,
            row.weight,
            numbers.get(row.id, []),
            tried.get(row.id, ()),
            closed=row.outcome is not None or row.dropped_at is not None,
            acknowledged=row.acknowledged_at is not None,
            tier=row.tier,
            legs=row.legs,
            since=row.since,
        )


def busy_elsewhere(db: Session, broadcast_id: int) -> dict[str, int]:
    """Channels of each gateway that other broadcasts and reminders use."""
    others = select(Broadcast.id).where(
        Broadcast.state.in_(LAUNCHED), Broadcast.finished_at.is_(None), Broadcast.id != broadcast_id
    )
    rows = db.execute(
        select(Attempt.gateway, func.count())
        .where(
            or_(Attempt.broadcast_id.in_(others), Attempt.kind == AttemptKind.REMINDER),
            Attempt.disposition.is_(None),
            Attempt.ended_at.is_(None),
        )
        .group_by(Attempt.gateway)
    )
    return {gateway: count for gateway, count in rows}  # noqa: C416 (rows are no tuples to mypy)


def running(db: Session) -> int:
    """How many broadcasts share the gateways' calls per second now."""
    return db.scalar(select(func.count()).select_from(Broadcast).where(Broadcast.state == BroadcastState.RUNNING)) or 0


def words(db: Session, broadcast_id: int) -> dict[str, Word]:
    """What others than the dialer have written of each attempt without a disposition; nothing is locked."""
    rows = db.execute(
        select(
            Attempt.id, Attempt.key, Attempt.heard_seconds, Attempt.heard_to_end,
            Recipient.acknowledged_at, Recipient.outcome, Recipient.dropped_at,
        )
        .join(Recipient, Attempt.recipient_id == Recipient.id)
        .where(Attempt.broadcast_id == broadcast_id, Attempt.disposition.is_(None), _NOTICE)
    )  # fmt: skip
    return {row[0]: tuple(row[1:]) for row in rows}


def open_attempts(
    db: Session, broadcast_id: int, ids: Collection[str] | None = None
) -> list[tuple[Attempt, Recipient]]:
    """Attempts without a disposition, as they are now, and locked with their recipients.

    Args:
        ids: only these.
    """
    open_ones = (Attempt.broadcast_id == broadcast_id) & Attempt.disposition.is_(None) & _NOTICE
    if ids is not None:
        if not ids:
            return []
        open_ones &= Attempt.id.in_(ids)
    return locked_attempts(db, open_ones)


def locked_attempts(db: Session, those: ColumnElement[bool]) -> list[tuple[Attempt, Recipient]]:
    """Attempts as they are now, locked with their recipients: these first, as everybody locks them."""
    recipients = {
        recipient.id: recipient
        for recipient in db.scalars(
            select(Recipient)
            .where(Recipient.id.in_(select(Attempt.recipient_id).where(those)))
            .order_by(Recipient.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    attempts = db.scalars(
        select(Attempt).where(those).order_by(Attempt.id).with_for_update().execution_options(populate_existing=True)
    )
    return [(attempt, recipients[attempt.recipient_id]) for attempt in attempts]


def settled(db: Session, attempt_ids: Sequence[str]) -> list[str]:
    """Those of the ids that are attempts with a disposition."""
    return list(db.scalars(select(Attempt.id).where(Attempt.id.in_(attempt_ids), Attempt.disposition.is_not(None))))


def closed_since(db: Session, broadcast_id: int, since: datetime) -> list[int]:
    """Recipients that have got an outcome since then."""
    return list(
        db.scalars(select(Recipient.id).where(Recipient.broadcast_id == broadcast_id, Recipient.outcome_at >= since))
    )


def roll(db: Session, broadcast_id: int) -> tuple[int, int]:
    """How many are in the broadcast, and how many of them were taken out: when it changes, people came or went."""
    row = db.execute(
        select(func.count(), func.count(Recipient.dropped_at)).where(Recipient.broadcast_id == broadcast_id)
    ).one()
    return row[0], row[1]


def asked_again(db: Session, broadcast_id: int) -> list[Recipient]:
    """Recipients for whom one more call was asked for, without an outcome."""
    return list(
        db.scalars(
            select(Recipient)
            .where(
                Recipient.broadcast_id == broadcast_id,
                Recipient.again_at.is_not(None),
                Recipient.outcome.is_(None),
                Recipient.dropped_at.is_(None),
            )
            .order_by(Recipient.again_at, Recipient.id)
            .options(selectinload(Recipient.numbers), selectinload(Recipient.attempts))
        )
    )


def last_joined(db: Session, broadcast: Broadcast) -> float:
    """Seconds after the launch at which the last recipient came into it; 0: everybody was there from the start."""
    assert broadcast.launched_at is not None
    joined = db.scalar(select(func.max(Recipient.joined_at)).where(Recipient.broadcast_id == broadcast.id))
    return 0.0 if joined is None else max(0.0, (joined - broadcast.launched_at).total_seconds())


def finish(db: Session, broadcast: Broadcast, now: datetime) -> list[tuple[int, Outcome]]:
    """Nobody is left to call: every recipient without an outcome gets one; who, and which."""
    stopped = broadcast.state is BroadcastState.STOPPED
    given: list[tuple[int, Outcome]] = []
    recipients = db.scalars(
        select(Recipient)
        .where(Recipient.broadcast_id == broadcast.id, Recipient.outcome.is_(None))
        .order_by(Recipient.id)
        .with_for_update()
        .options(selectinload(Recipient.attempts))
        .execution_options(populate_existing=True)
    )
    for recipient in recipients:
        found = outcome(
            recipient.acknowledged_at is not None,
            [a.disposition for a in recipient.attempts if a.disposition is not None],
            over=True,
            stopped=stopped,
            dropped=recipient.dropped_ground if recipient.dropped_at is not None else "",
            by_text=_by_text(recipient) if broadcast.texts_alone and not stopped else None,
        )
        assert found is not None
        recipient.outcome, recipient.outcome_ground = found
        recipient.outcome_at = now
        given.append((recipient.id, found[0]))
    if not stopped:
        broadcast.state = BroadcastState.FINISHED
    broadcast.finished_at = now
    broadcast.waits_for = ""
    return given


def _by_text(recipient: Recipient) -> Ground:
    return Ground.NO_MOBILE if first_mobile(recipient.numbers) is None else Ground.NO_REPLY


def next_number(recipient: Recipient) -> RecipientNumber | None:
    """The number after the one that was tried last, in the person's order."""
    if not recipient.numbers:
        return None
    if not recipient.attempts:
        return recipient.numbers[0]
    last = recipient.attempts[-1].number_id
    position = next((i for i, number in enumerate(recipient.numbers) if number.id == last), -1)
    return recipient.numbers[(position + 1) % len(recipient.numbers)]

"""What the dialer reads and writes, each in the transaction of the caller.

Locks are taken in one order everywhere: broadcast, gateways, recipients (by id),
attempts. An acknowledgement locks its recipient and then its attempt, so whoever
commits first decides: no attempt is written after it (DESIGN rule 3).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from broadcast.chooser import Called, Choice, Dialled, Tried
from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from broadcast.people import first_mobile
from broadcast.settle import Ground, outcome
from dutycenter.calls.models import Leg
from dutycenter.db.bulk import insert_all
from dutycenter.ledger.models import LedgerEntry
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import AttemptKind, BroadcastState, Direction, Outcome

PAGE = 200  # recipients that are read at a time

Word = tuple[Any, ...]
"""What ``words`` tells of one attempt: compared, never looked into."""

NO_WORD: Word = ("", None, False, None, None, None)

_NOTICE = Attempt.kind == AttemptKind.NOTICE

LAUNCHED = (BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.STOPPED)


class LeaseLost(Exception):
    """Another dialer works on this broadcast now: write nothing."""


def take(
    db: Session, owner: str, now: datetime, until: datetime, gone: Collection[str] = (), held: Collection[int] = ()
) -> list[tuple[int, int]]:
    """Take every broadcast under way that nobody holds; ids with their fencing numbers.

    Args:
        gone: owners that are known to have died; theirs are free at once.
        held: broadcasts that this owner works on; others of its own it has lost hold of.
    """
    rows = db.scalars(
        select(Broadcast).where(*_free(owner, now, gone, held)).order_by(Broadcast.id).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.lease_owner, row.lease_until = owner, until
        row.lease_fence += 1
    return [(row.id, row.lease_fence) for row in rows]


def held_by_others(db: Session, owner: str) -> list[str]:
    """Owners of leases on broadcasts that are under way."""
    return list(
        db.scalars(
            select(Broadcast.lease_owner)
            .where(Broadcast.state.in_(LAUNCHED), Broadcast.finished_at.is_(None), Broadcast.lease_owner != owner)
            .distinct()
        )
    )


def waiting(db: Session, owner: str, now: datetime, gone: Collection[str] = (), held: Collection[int] = ()) -> bool:
    """Is there a broadcast under way that ``take`` would take?"""
    return db.scalar(select(Broadcast.id).where(*_free(owner, now, gone, held)).limit(1)) is not None


def _free(owner: str, now: datetime, gone: Collection[str], held: Collection[int]) -> list[ColumnElement[bool]]:
    lost_hold = and_(Broadcast.lease_owner == owner, Broadcast.id.not_in(held))
    lapsed = or_(Broadcast.lease_until.is_(None), Broadcast.lease_until < now)
    free = or_(lapsed, Broadcast.lease_owner.in_(gone), lost_hold)
    return [Broadcast.state.in_(LAUNCHED), Broadcast.finished_at.is_(None), free]


def hold(db: Session, broadcast_id: int, fence: int, until: datetime) -> Broadcast:
    """The broadcast, locked, its lease renewed.

    Raises:
        LeaseLost: the fencing number is no longer ours.
    """
    broadcast = db.scalar(
        select(Broadcast)
        .where(Broadcast.id == broadcast_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if broadcast is None or broadcast.lease_fence != fence or broadcast.finished_at is not None:
        raise LeaseLost(f"broadcast {broadcast_id} is no longer ours")
    broadcast.lease_until = until
    return broadcast


def release(db: Session, broadcast_id: int, fence: int, now: datetime) -> None:
    """Give the lease back, so that another dialer need not wait for its end."""
    broadcast = db.get(Broadcast, broadcast_id, with_for_update=True)
    if broadcast is not None and broadcast.lease_fence == fence:
        broadcast.lease_until = now


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


def gateways(db: Session, *, lock: bool = False) -> Sequence[Gateway]:
    """All gateways in their order; locked while calls are shared out among broadcasts."""
    query = select(Gateway).order_by(Gateway.id).execution_options(populate_existing=True)
    return db.scalars(query.with_for_update() if lock else query).all()


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


@dataclass(frozen=True)
class Written:
    """An attempt that has its row: once that is committed the switch may be told."""

    attempt_id: str
    recipient_id: int
    number_id: int
    number: str
    gateway: str
    created_at: datetime


def write_attempts(
    db: Session, broadcast_id: int, choices: Sequence[Choice], now: datetime, message_version: int = 1
) -> tuple[list[Written], list[Choice]]:
    """Write the chosen attempts down; those that may not be are given back.

    An attempt is refused when the person has an outcome, was taken out, or has a
    leg up, in this or any other broadcast. Who may have several numbers ring at
    once may have so many legs, each on a number of its own.
    """
    ids = sorted({choice.recipient_id for choice in choices})
    recipients = {
        recipient.id: recipient
        for recipient in db.scalars(
            select(Recipient)
            .where(Recipient.id.in_(ids))
            .order_by(Recipient.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    engaged = _engaged(db, recipients.values())
    written: list[Written] = []
    refused: list[Choice] = []
    for choice in choices:
        recipient = recipients[choice.recipient_id]
        identity = _identity(recipient)
        closed = recipient.outcome is not None or recipient.acknowledged_at is not None
        legs = engaged.setdefault(identity, set())
        own = {number for owner, number in legs if owner == recipient.id}
        full = len(own) < len(legs) or len(own) >= recipient.legs or choice.number_id in own
        if closed or recipient.dropped_at is not None or (legs and full):
            refused.append(choice)
            continue
        legs.add((recipient.id, choice.number_id))
        recipient.again_at = None
        written.append(Written(str(uuid.uuid4()), recipient.id, choice.number_id, choice.number, choice.gateway, now))
    db.flush()
    if written:
        attempts = [
            {
                "id": w.attempt_id, "broadcast_id": broadcast_id, "recipient_id": w.recipient_id,
                "number_id": w.number_id, "gateway": w.gateway, "created_at": now, "message_version": message_version,
            }
            for w in written
        ]  # fmt: skip
        made = [
            {
                "channel_uuid": w.attempt_id, "direction": Direction.OUTBOUND, "attempt_id": w.attempt_id,
                "number": w.number, "gateway": w.gateway, "created_at": now,
            }
            for w in written
        ]  # fmt: skip
        insert_all(db, Attempt, attempts)
        insert_all(db, Leg, made)
    return written, refused


def _identity(recipient: Recipient) -> tuple[str, int]:
    """One person may be a recipient of several broadcasts, and has one ear."""
    return ("person", recipient.person_id) if recipient.person_id is not None else ("recipient", recipient.id)


def _engaged(db: Session, recipients: Iterable[Recipient]) -> dict[tuple[str, int], set[tuple[int, int]]]:
    """Whose legs are up now: recipient and number of each, by person."""
    people = [r.person_id for r in recipients if r.person_id is not None]
    loose = [r.id for r in recipients if r.person_id is None]
    rows = db.execute(
        select(Recipient.id, Recipient.person_id, Attempt.number_id)
        .join(Attempt, Attempt.recipient_id == Recipient.id)
        .where(Attempt.disposition.is_(None), or_(Recipient.person_id.in_(people), Recipient.id.in_(loose)))
    )
    engaged: dict[tuple[str, int], set[tuple[int, int]]] = {}
    for recipient, person, number in rows:
        identity = ("person", person) if person is not None else ("recipient", recipient)
        engaged.setdefault(identity, set()).add((recipient, number))
    return engaged


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

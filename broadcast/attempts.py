"""Attempts are rows before the switch is told of them: who may be called at this moment, written down and committed.

Recipients are locked in the order of their ids, as everywhere (see :mod:`broadcast.store`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.chooser import Choice
from broadcast.models import Attempt, Recipient
from dutycenter.calls.models import Leg
from dutycenter.db.bulk import insert_all
from dutycenter.vocabulary import Direction


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

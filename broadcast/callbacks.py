"""Who calls back: the people of a broadcast whose number it is, and whose word is still waited for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Recipient, RecipientNumber
from dutycenter.calls.conferences import open_room
from dutycenter.calls.numbers import clean_number, dialled_form
from dutycenter.interfaces import IVoice, VoiceError
from dutycenter.vocabulary import Outcome
from dutycenter.work import Work

log = logging.getLogger(__name__)

MOST_PEOPLE = 4
"""So many people of one number are offered by name; more are no menu, and the desk asks."""


def find(db: Session, number: str, since: datetime) -> Sequence[Recipient]:
    """Who may be calling from this number: people of the latest broadcast that waits for one of them.

    First those who have not answered; when all have, those who acknowledged and
    have not reported at the place, where the broadcast asks for that; at last
    those who acknowledged and whom an open conference waits for.

    Args:
        number: as the caller's equipment sent it.
        since: broadcasts that ended before are over.
    """
    wanted = dialled_form(clean_number(number))
    if not wanted:
        return ()
    theirs = list(
        db.scalars(
            select(Recipient)
            .join(RecipientNumber, RecipientNumber.recipient_id == Recipient.id)
            .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
            .where(
                RecipientNumber.number == wanted,
                Broadcast.launched_at.is_not(None),
                or_(Broadcast.finished_at.is_(None), Broadcast.finished_at >= since),
            )
            .distinct()
            .order_by(Recipient.broadcast_id.desc(), Recipient.id)
        )
    )
    unanswered = [r for r in theirs if r.acknowledged_at is None and r.outcome is not Outcome.DECLINED]
    acknowledged = [r for r in theirs if r.acknowledged_at is not None]
    on_the_way = [r for r in acknowledged if r.arrived_at is None and r.broadcast.ask_arrival]
    waited_for = unanswered or on_the_way or _with_a_conference(db, acknowledged)
    latest = [r for r in waited_for if r.broadcast_id == waited_for[0].broadcast_id]
    return latest if len(latest) <= MOST_PEOPLE else ()


def _with_a_conference(db: Session, people: Sequence[Recipient]) -> list[Recipient]:
    rooms = {broadcast: open_room(db, f"broadcast:{broadcast}") for broadcast in {r.broadcast_id for r in people}}
    return [r for r in people if rooms[r.broadcast_id] is not None]


def speak_names(work: Work) -> None:
    """Make the names of people who share a number, ahead of their calling back. Run by the clerk."""
    with work.read() as request:
        shared = (
            select(RecipientNumber.number)
            .join(Recipient, Recipient.id == RecipientNumber.recipient_id)
            .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
            .where(Broadcast.launched_at.is_not(None), Broadcast.finished_at.is_(None))
            .group_by(Recipient.broadcast_id, RecipientNumber.number)
            .having(func.count(Recipient.id.distinct()) > 1)
        )
        names = request.db.scalars(
            select(Recipient.name)
            .join(RecipientNumber, RecipientNumber.recipient_id == Recipient.id)
            .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
            .where(Broadcast.finished_at.is_(None), RecipientNumber.number.in_(shared))
            .distinct()
        ).all()
        voice: IVoice = request.find_service(IVoice)
    for name in names:
        try:
            voice.say(name)
        except VoiceError as error:
            log.error("The name %r could not be spoken; who calls back is put through to the desk: %s", name, error)

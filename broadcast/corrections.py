"""Who heard an older version of a message and answered it is told of the correction, in a round of its own.

Nobody is called again in a broadcast that they have acknowledged; so the
correction is a broadcast beside it. Who is due follows from the rows alone: found
late it is still found, and found twice it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, selectinload

from broadcast.models import TOLD, Broadcast, BroadcastMessage, Recipient, RecipientNumber
from broadcast.services import UNDER_WAY
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import BroadcastState, RecipientRole
from dutycenter.work import Work

LATELY = timedelta(days=1)


def tell_corrections(work: Work) -> None:
    """The clerk's share: rounds for whoever is due."""
    with work.read() as request:
        since = request.find_service(IClock).now() - LATELY
        ids = list(
            request.db.scalars(
                select(Broadcast.id)
                .where(Broadcast.message_version > 1, Broadcast.corrects_id.is_(None), Broadcast.launched_at > since)
                .order_by(Broadcast.id)
            )
        )
        waiting = [one for one in ids if due(request.db, request.db.get(Broadcast, one))]
    for broadcast_id in waiting:
        with work.write() as request:
            broadcast = request.db.get(Broadcast, broadcast_id, with_for_update=True, populate_existing=True)
            tell(request.db, request.find_service(ILedger), broadcast, request.find_service(IClock).now())


def due(db: Session, broadcast: Broadcast) -> Sequence[int]:
    """Recipients who heard an older version and are in no round that tells of the newest one."""
    told = aliased(Recipient)
    round_ = aliased(Broadcast)
    is_told = (
        select(told.id)
        .join(round_, round_.id == told.broadcast_id)
        .where(told.corrects_id == Recipient.id, round_.corrects_version == broadcast.message_version)
    )
    return db.scalars(
        select(Recipient.id)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.told_version < broadcast.message_version,
            ~is_told.exists(),
        )
        .order_by(Recipient.id)
    ).all()


def tell(db: Session, ledger: ILedger, broadcast: Broadcast, now: datetime) -> Broadcast | None:
    """Call whoever is due; the round, or None when nobody is. The broadcast is locked by the caller."""
    ids = due(db, broadcast)
    if not ids:
        return None
    rounds = db.scalars(
        select(Broadcast)
        .where(Broadcast.corrects_id == broadcast.id, Broadcast.state.in_(UNDER_WAY))
        .order_by(Broadcast.id)
        .with_for_update()
    ).all()
    for older in rounds:
        if older.corrects_version != broadcast.message_version:
            older.state = BroadcastState.STOPPED
            ledger.append("broadcast.stopped", f"broadcast:{older.id}", {"superseded": broadcast.message_version})
    round_ = next((one for one in rounds if one.corrects_version == broadcast.message_version), None)
    joined = round_ is not None
    if round_ is None:
        round_ = _round(db, broadcast, now)
    people = db.scalars(
        select(Recipient).where(Recipient.id.in_(ids)).order_by(Recipient.id).options(selectinload(Recipient.numbers))
    ).all()
    for one in people:
        db.add(_again(one, round_, now if joined else None))
    db.flush()
    ledger.append(
        "broadcast.people_added" if joined else "broadcast.launched",
        f"broadcast:{round_.id}",
        {"corrects": broadcast.id, "version": broadcast.message_version, "recipients": list(ids)},
    )
    return round_


def _round(db: Session, broadcast: Broadcast, now: datetime) -> Broadcast:
    said = db.scalars(
        select(BroadcastMessage).where(
            BroadcastMessage.broadcast_id == broadcast.id,
            BroadcastMessage.audience == TOLD,
            BroadcastMessage.version == broadcast.message_version,
        )
    ).one()
    made = Broadcast(
        incident_id=broadcast.incident_id,
        title=broadcast.title,
        message=said.text,
        prompt_path=said.prompt_path,
        prompt_seconds=said.prompt_seconds,
        exercise=broadcast.exercise,
        state=BroadcastState.RUNNING,
        channels=broadcast.channels,
        rounds=broadcast.rounds,
        pause=broadcast.pause,
        ring_timeout=broadcast.ring_timeout,
        reached_rule=broadcast.reached_rule,
        sms_when=broadcast.sms_when,
        ask_arrival=False,  # the corrected broadcast asks
        corrects_id=broadcast.id,
        corrects_version=broadcast.message_version,
        created_at=now,
        created_by_id=said.created_by_id,
        launched_at=now,
    )
    db.add(made)
    db.flush()
    return made


def _again(one: Recipient, round_: Broadcast, joined_at: datetime | None) -> Recipient:
    return Recipient(
        broadcast_id=round_.id,
        person_id=one.person_id,
        name=one.name,
        department=one.department,
        department_short=one.department_short,
        post=one.post,
        weight=one.weight,
        legs=one.legs,
        role=RecipientRole.LISTED if joined_at is None else RecipientRole.ADDED,
        joined_at=joined_at,
        corrects_id=one.id,
        numbers=[RecipientNumber(number=n.number, kind=n.kind, position=n.position) for n in one.numbers],
    )

"""A desk's telephone that rings because somebody at it asked: picked up, it dials, or comes into a room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Call, CallParty, Conference, ConferenceMember, Leg
from dutycenter.vocabulary import Direction


@dataclass(frozen=True)
class OwnRing:
    """What rings at the desk of whoever asked for it."""

    desk_channel_uuid: str
    since: datetime
    subject: str  # of the ledger: the call that is given back, or the room
    dials: str = ""  # the number, once it is picked up
    room: str = ""  # the title of the room that it comes into


def own_rings(db: Session, desk: str | None) -> list[OwnRing]:
    """What rings at this desk, because somebody there wants to call back or to join, now; the first comes first."""
    if not desk:
        return []
    found = _asked_for(db, Leg.number == desk, Leg.answered_at.is_(None), Leg.ended_at.is_(None))
    return sorted(found, key=lambda one: one.since)


def asked_for(db: Session, channel_uuid: str) -> str:
    """The ledger's subject for which somebody let their own telephone ring by this leg; empty for any other leg."""
    return next((one.subject for one in _asked_for(db, Leg.channel_uuid == channel_uuid)), "")


def _asked_for(db: Session, *those: ColumnElement[bool]) -> list[OwnRing]:
    # A call is given back after its end; whoever is brought into a call is a party of it.
    back = (
        select(Leg, Call)
        .join(Call, Call.id == Leg.call_id)
        .outerjoin(CallParty, CallParty.channel_uuid == Leg.channel_uuid)
        .where(*those, Leg.direction == Direction.OUTBOUND, Leg.created_at >= Call.ended_at, CallParty.id.is_(None))
    )
    joins = (
        select(Leg, Conference)
        .join(ConferenceMember, ConferenceMember.channel_uuid == Leg.channel_uuid)
        .join(Conference, Conference.id == ConferenceMember.conference_id)
        .where(*those, ConferenceMember.account_id.is_not(None))
    )
    return [
        OwnRing(
            leg.channel_uuid, leg.created_at, f"call:{call.id}",
            dials=call.callback_number or call.caller_number,
        )
        for leg, call in db.execute(back)
    ] + [
        OwnRing(leg.channel_uuid, leg.created_at, f"conference:{room.id}", room=room.title)
        for leg, room in db.execute(joins)
    ]  # fmt: skip

"""Two rows of the directory that become one person: who was to serve still serves."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from sqlalchemy import select

from dutycenter.directory.duplicates import PeopleMerged, PeopleParted
from dutycenter.interfaces import IClock
from dutycenter.roster.models import Shift, ShiftMember

SHIFTS = "shifts"


def take_over(event: PeopleMerged) -> None:
    """The kept person serves in the gone one's place in every shift that has not ended."""
    now = event.request.find_service(IClock).now()
    coming = select(ShiftMember).join(Shift).where(ShiftMember.person_id == event.gone, Shift.ends_at > now)
    event.told[SHIFTS] = _move(event.request.db, coming, event.kept)


def give_back(event: PeopleParted) -> None:
    """And back again."""
    moved = select(ShiftMember).where(
        ShiftMember.person_id == event.kept, ShiftMember.shift_id.in_(event.told.get(SHIFTS, []))
    )
    _move(event.request.db, moved, event.gone)


def _move(db: Any, members: Any, person_id: int) -> list[int]:
    moved = []
    for member in db.scalars(members).all():
        there = select(ShiftMember.id).where(
            ShiftMember.shift_id == member.shift_id, ShiftMember.person_id == person_id
        )
        if db.scalar(there) is None:
            member.person_id = person_id
            moved.append(member.shift_id)
    return moved


def includeme(config: Configurator) -> None:
    config.add_subscriber(take_over, PeopleMerged)
    config.add_subscriber(give_back, PeopleParted)

"""Two rows of the directory that become one person: who was to serve still serves, and who logs in is still somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.directory.duplicates import PeopleMerged, PeopleParted
from dutycenter.interfaces import IClock
from dutycenter.roster.changes.states import OPEN
from dutycenter.roster.models import DutyChange, Rotation, Shift, ShiftMember

SHIFTS, ROTATIONS, ACCOUNTS = "shifts", "rotations", "accounts"
CHANGES = {"person_id": "changes_of", "other_id": "changes_to"}


def take_over(event: PeopleMerged) -> None:
    """The kept person stands in the gone one's place in every shift that has not ended, in rotations and requests."""
    db, now = event.request.db, event.request.find_service(IClock).now()
    coming = select(ShiftMember).join(Shift).where(ShiftMember.person_id == event.gone, Shift.ends_at > now)
    event.told[SHIFTS] = _move(db, coming, event.kept)
    for column, key in CHANGES.items():
        mine = select(DutyChange).where(getattr(DutyChange, column) == event.gone, DutyChange.state.in_(OPEN))
        event.told[key] = _set(db, mine, column, event.kept)
    if db.scalar(select(Account.id).where(Account.person_id == event.kept)) is None:
        event.told[ACCOUNTS] = _set(db, select(Account).where(Account.person_id == event.gone), "person_id", event.kept)
    event.told[ROTATIONS] = _replace(db, event.gone, event.kept)


def give_back(event: PeopleParted) -> None:
    """And back again."""
    db, told = event.request.db, event.told
    moved = select(ShiftMember).where(
        ShiftMember.person_id == event.kept, ShiftMember.shift_id.in_(told.get(SHIFTS, []))
    )
    _move(db, moved, event.gone)
    for column, key in CHANGES.items():
        _set(db, select(DutyChange).where(DutyChange.id.in_(told.get(key, []))), column, event.gone)
    _set(db, select(Account).where(Account.id.in_(told.get(ACCOUNTS, []))), "person_id", event.gone)
    for rotation_id, before in told.get(ROTATIONS, {}).items():
        rotation = db.get(Rotation, int(rotation_id))
        if rotation is not None and rotation.pattern == _with(before, event.gone, event.kept):
            rotation.pattern = before


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


def _set(db: Any, rows: Any, column: str, person_id: int) -> list[int]:
    found = db.scalars(rows).all()
    for row in found:
        setattr(row, column, person_id)
    return [row.id for row in found]


def _replace(db: Any, gone: int, kept: int) -> dict[str, Any]:
    """The person in every rotation; the patterns as they were."""
    before = {}
    for rotation in db.scalars(select(Rotation).order_by(Rotation.id)).all():
        after = _with(rotation.pattern, gone, kept)
        if after != rotation.pattern:
            before[str(rotation.id)] = rotation.pattern
            rotation.pattern = after
    return before


def _with(pattern: Mapping[str, Any], gone: int, kept: int) -> dict[str, Any]:
    def group(ids: list[int]) -> list[int]:
        return list(dict.fromkeys(kept if one == gone else one for one in ids))

    wheels = [{**wheel, "groups": [group(ids) for ids in wheel["groups"]]} for wheel in pattern["wheels"]]
    return {**pattern, "wheels": wheels}


def includeme(config: Configurator) -> None:
    config.add_subscriber(take_over, PeopleMerged)
    config.add_subscriber(give_back, PeopleParted)

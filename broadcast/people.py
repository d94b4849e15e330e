"""Whom a broadcast can call, on which numbers, and whom it can't and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, selectinload

from broadcast.aside import uncollected
from broadcast.models import Recipient, RecipientNumber
from broadcast.settle import Ground
from dutycenter.db.bulk import insert_all
from dutycenter.directory.hours import hold
from dutycenter.directory.models import Deputy, Person, PersonGroup, PersonGroupMember, PhoneNumber
from dutycenter.directory.numbers import MOBILE
from dutycenter.directory.services import is_away
from dutycenter.switch.gateways import carries, prefixes_of
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import NumberKind

Number = TypeVar("Number", RecipientNumber, PhoneNumber)
_DIALLED = re.compile(r"[0-9]{3,20}", re.ASCII)


@dataclass(frozen=True)
class Candidate:
    """A person of the directory as a broadcast sees them: ``ground`` says why they can't be called."""

    person: Person
    numbers: Sequence[PhoneNumber]
    ground: Ground | None = None
    deputies: Sequence[Person] = ()
    groups: Sequence[str] = ()

    @property
    def callable(self) -> bool:
        return self.ground is None


@dataclass(frozen=True)
class Lines:
    """What may be dialled: the prefixes of every gateway in service, and numbers that stay free."""

    prefixes: Sequence[Sequence[str]]  # one per gateway; empty: every number
    kept_free: frozenset[str] = frozenset()
    zone: tzinfo = UTC  # of the duty room, in which the hours of numbers are written
    within: frozenset[int] | None = None  # departments of whom whoever launches may call; None: all

    def carry(self, number: str) -> bool:
        """May any gateway carry this number?"""
        return any(carries(prefixes, number) for prefixes in self.prefixes)


def lines_of(
    db: Session, kept_free: Iterable[str] = (), zone: tzinfo = UTC, within: frozenset[int] | None = None
) -> Lines:
    """The gateways in service as they stand in the store."""
    gateways = db.scalars(select(Gateway).where(Gateway.enabled).order_by(Gateway.id))
    return Lines([prefixes_of(gateway) for gateway in gateways], frozenset(kept_free), zone, within)


@uncollected()
def candidates(db: Session, ids: Sequence[int], now: datetime, lines: Lines) -> list[Candidate]:
    """The people of these ids in the directory's order, each with what can be dialled.

    Unknown ids are left out; a person named twice comes once.
    """
    query = (
        select(Person)
        .where(Person.id.in_(set(ids)))
        .options(
            selectinload(Person.department),
            selectinload(Person.numbers),
            selectinload(Person.deputies).selectinload(Deputy.deputy),
        )
    )
    found = db.scalars(query).all()
    groups = _groups_of(db, [person.id for person in found])
    ordered = sorted(found, key=lambda p: (p.department.position, p.department_id, p.position, p.id))
    return [_candidate(person, now, lines, groups.get(person.id, ())) for person in ordered]


def _groups_of(db: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of the groups that these people are in."""
    rows = db.execute(
        select(PersonGroupMember.person_id, PersonGroup.name)
        .join(PersonGroup, PersonGroup.id == PersonGroupMember.group_id)
        .where(PersonGroupMember.person_id.in_(ids))
        .order_by(PersonGroup.name)
    )
    groups: dict[int, list[str]] = {}
    for person_id, name in rows:
        groups.setdefault(person_id, []).append(name)
    return groups


def recipient_of(candidate: Candidate, **more: Any) -> Recipient:
    """A recipient's row with name, department and numbers as they are now; ``more``: other columns."""
    numbers = [RecipientNumber(**number) for number in _numbers_of(candidate)]
    return Recipient(**_columns_of(candidate) | more, numbers=numbers)


def enlist(db: Session, broadcast_id: int, chosen: Sequence[tuple[Candidate, Mapping[str, Any]]]) -> None:
    """Write the recipients of a broadcast with their numbers, in this order; with each: its other columns.

    In bulk: thousands of them are written while everybody else waits for the store.
    """
    if not chosen:
        return
    rows = [{**_columns_of(candidate), **more, "broadcast_id": broadcast_id} for candidate, more in chosen]
    ids = db.scalars(insert(Recipient).returning(Recipient.id, sort_by_parameter_order=True), rows).all()
    numbers = [
        number | {"recipient_id": id_}
        for id_, (candidate, _more) in zip(ids, chosen, strict=True)
        for number in _numbers_of(candidate)
    ]
    insert_all(db, RecipientNumber, numbers)


def _columns_of(candidate: Candidate) -> dict[str, Any]:
    person = candidate.person
    return {
        "person_id": person.id,
        "name": person.name,
        "department": person.department.name,
        "department_short": person.department.short_name,
        "post": person.post,
        "groups": list(candidate.groups),
        "weight": person.weight,
        "outcome_ground": "" if candidate.ground is None else candidate.ground.value,
    }


def _numbers_of(candidate: Candidate) -> list[dict[str, Any]]:
    return [
        {"number": number.number, "kind": number.kind, "position": position}
        for position, number in enumerate(candidate.numbers)
    ]


def first_mobile(numbers: Iterable[Number]) -> Number | None:
    """The first of somebody's numbers that can take a text."""
    mobiles = (n for n in numbers if n.kind is NumberKind.MOBILE and MOBILE.fullmatch(n.number))
    return next(mobiles, None)


def _candidate(person: Person, now: datetime, lines: Lines, groups: Sequence[str]) -> Candidate:
    deputies = tuple(d.deputy for d in person.deputies if d.deputy.removed_at is None and not is_away(d.deputy, now))
    usable, ground = _usable(person.numbers, lines)
    if person.removed_at is not None:
        ground = Ground.REMOVED
    elif lines.within is not None and person.department_id not in lines.within:
        ground = Ground.NOT_OURS
    elif is_away(person, now):
        ground = Ground.AWAY
    local = now.astimezone(lines.zone)
    in_hours_first = sorted(usable, key=lambda number: not hold(number.hours, local))
    return Candidate(person, in_hours_first if ground is None else (), ground, deputies, groups)


def _usable(numbers: Sequence[PhoneNumber], lines: Lines) -> tuple[list[PhoneNumber], Ground | None]:
    """The numbers to dial in the person's order; if there are none, the reason that is easiest to mend."""
    if not numbers:
        return [], Ground.NO_NUMBER
    well_formed = [number for number in numbers if _DIALLED.fullmatch(number.number)]
    if not well_formed:
        return [], Ground.UNUSABLE_NUMBER
    free = [n for n in well_formed if n.kind is not NumberKind.DUTY and n.number not in lines.kept_free]
    if not free:
        return [], Ground.DUTY_NUMBER
    carried = [number for number in free if lines.carry(number.number)]
    return (carried, None) if carried else ([], Ground.NO_LINE)

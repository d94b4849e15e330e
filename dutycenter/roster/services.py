"""Shifts: who is on duty now, and who serves when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from dutycenter.directory.models import Person
from dutycenter.directory.services import Directory
from dutycenter.interfaces import ILedger
from dutycenter.roster.checks import Served, Serving
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import DutyChange, Shift, ShiftMember
from dutycenter.vocabulary import ShiftDuty

_ = TranslationStringFactory("dutycenter")

LONGEST_SHIFT = timedelta(hours=36)
MOST_MEMBERS = 20


@dataclass(frozen=True)
class OnDuty:
    """Who is on duty at a moment, whoever is in the room before whoever is on call."""

    shifts: tuple[Shift, ...]
    leaders: tuple[Person, ...]
    chiefs: tuple[Person, ...]
    officers: tuple[Person, ...]
    on_call: frozenset[int] = frozenset()  # ids of those who are at the telephone, not in the room

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, leaders first."""
        return (*self.leaders, *self.chiefs, *self.officers)

    @property
    def until(self) -> datetime | None:
        """When the first of them is relieved."""
        return min((shift.ends_at for shift in self.shifts), default=None)


class Rosters:
    """Reads and changes the roster.

    Args:
        db: any session of the store.
        ledger: where each change is told.
        directory: to look people up.
    """

    def __init__(self, db: Session, ledger: ILedger, directory: Directory) -> None:
        self.db = db
        self.ledger = ledger
        self.directory = directory

    def any(self) -> bool:
        """Is there any roster at all?"""
        return self.db.scalar(select(Shift.id).limit(1)) is not None

    def on_duty(self, now: datetime) -> OnDuty:
        """Who is on duty at this moment."""
        shifts = self.between(now, now + timedelta(microseconds=1))
        members = sorted((member for shift in shifts for member in shift.members), key=lambda m: m.on_call)
        in_the_room = {member.person_id for member in members if not member.on_call}
        on_call = frozenset(member.person_id for member in members) - in_the_room

        def having(duty: ShiftDuty) -> tuple[Person, ...]:
            return tuple(dict.fromkeys(member.person for member in members if member.duty is duty))

        return OnDuty(
            tuple(shifts), having(ShiftDuty.LEADER), having(ShiftDuty.CHIEF), having(ShiftDuty.OFFICER), on_call
        )

    def between(self, starts_at: datetime, ends_at: datetime) -> list[Shift]:
        """Shifts that touch this time, in order."""
        return list(
            self.db.scalars(
                select(Shift)
                .where(Shift.starts_at < ends_at, Shift.ends_at > starts_at)
                .options(
                    selectinload(Shift.members).selectinload(ShiftMember.person).selectinload(Person.numbers),
                    selectinload(Shift.members).selectinload(ShiftMember.person).selectinload(Person.department),
                )
                .order_by(Shift.starts_at, Shift.id)
            )
        )

    def shift(self, shift_id: int) -> Shift | None:
        """The shift of this id."""
        return self.db.get(Shift, shift_id)

    def hold(self, shift: Shift) -> None:
        """Read the shift as it is now, and keep others from changing it until the transaction ends."""
        self.db.refresh(shift, with_for_update=True)

    def set_members(self, shift: Shift, wanted: Sequence[Serving]) -> int | None:
        """Who serves in a shift; the ledger entry, or None when nothing changed.

        Raises:
            RosterFault: somebody unknown, twice, or in another shift at that time.
        """
        if len(wanted) > MOST_MEMBERS:
            raise RosterFault(_("${n} people are the most in a shift.", mapping={"n": MOST_MEMBERS}))
        ids = [one.person_id for one in wanted]
        if len(set(ids)) < len(ids):
            raise RosterFault(_("Each person serves once in a shift."))
        people = {person.id: person for person in self.directory.people(ids)}
        if len(people) < len(ids):
            raise RosterFault(_("Whoever serves must be in the directory."))
        self._refuse_overlaps(shift, people)
        return self.put(shift, shift.name, wanted)

    def put(self, shift: Shift, name: str, wanted: Sequence[Serving]) -> int | None:
        """The same, for whoever has looked at conflicts before: the ledger entry, or None when nothing changed."""
        before = _told(shift)
        kept = {serving(member): member for member in shift.members}
        shift.name = name
        shift.members = [
            kept.get(one) or ShiftMember(person_id=one.person_id, duty=one.duty, on_call=one.on_call) for one in wanted
        ]
        self.db.flush()
        after = _told(shift)
        if before == after:
            return None
        return self.ledger.append("shift.edited", f"shift:{shift.id}", {"before": before, "after": after})

    def _refuse_overlaps(self, shift: Shift, people: dict[int, Person]) -> None:
        for other in self.between(shift.starts_at, shift.ends_at):
            if other.id == shift.id:
                continue
            for member in other.members:
                if member.person_id in people:
                    raise RosterFault(
                        _("${name} serves in another shift at that time.", mapping={"name": member.person.name})
                    )

    def add(self, starts_at: datetime, ends_at: datetime, name: str) -> Shift:
        """A new shift, nobody in it yet.

        Raises:
            RosterFault: it ends before it begins, or is longer than anybody can serve.
        """
        if not starts_at < ends_at:
            raise RosterFault(_("The shift ends before it begins."))
        if ends_at - starts_at > LONGEST_SHIFT:
            raise RosterFault(_("A shift has 36 hours at most."))
        if not name.strip() or len(name) > 32 or not name.isprintable():
            raise RosterFault(_("Give the shift a name of 32 characters at most, such as 白班."))
        return self.create(Served(starts_at, ends_at, name.strip()))

    def create(self, wanted: Served) -> Shift:
        """A new shift with those who serve in it, for whoever has looked at conflicts before."""
        members = [ShiftMember(person_id=m.person_id, duty=m.duty, on_call=m.on_call) for m in wanted.members]
        shift = Shift(starts_at=wanted.starts_at, ends_at=wanted.ends_at, name=wanted.name, members=members)
        self.db.add(shift)
        self.db.flush()
        self.ledger.append("shift.created", f"shift:{shift.id}", _told(shift))
        return shift

    def remove(self, shift: Shift) -> None:
        """Take a shift out of the roster."""
        self.ledger.append("shift.removed", f"shift:{shift.id}", _told(shift))
        for column in (DutyChange.shift_id, DutyChange.other_shift_id):  # requests stay on record, and can't be done
            self.db.execute(update(DutyChange).where(column == shift.id).values({column: None}))
        self.db.delete(shift)


def _told(shift: Shift) -> dict[str, Any]:
    return {
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "name": shift.name,
        "members": [
            {"duty": member.duty.value, "person": member.person_id, **({"on_call": True} if member.on_call else {})}
            for member in shift.members
        ],
    }


def serving(member: ShiftMember) -> Serving:
    """A person's part in a shift, as the checks read it."""
    return Serving(member.duty, member.person_id, member.on_call, member.person.name)


def served(shift: Shift) -> Served:
    """A shift, as the checks read it."""
    return Served(
        shift.starts_at, shift.ends_at, shift.name, tuple(serving(member) for member in shift.members), shift.id
    )


def factory(context: object, request: Request) -> Rosters:
    """The request's rosters."""
    return Rosters(request.db, request.find_service(ILedger), request.find_service(Directory))

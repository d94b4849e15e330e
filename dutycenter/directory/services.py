"""The directory: who there is, how they are reached, and who can't be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from dutycenter.directory.hours import hold
from dutycenter.directory.models import Department, Deputy, District, Person, PhoneNumber
from dutycenter.directory.numbers import area_code_of, is_dialable, same_line
from dutycenter.directory.search import matches, rank, wanted_of
from dutycenter.directory.tree import branch_of
from dutycenter.vocabulary import NumberKind
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

PAGE = 50  # people on one page of the list
HIGHEST = 4  # levels of superiors


@dataclass(frozen=True)
class Reach:
    """Whether and where a person can be called.

    Args:
        numbers: to be tried in this order, those in their hours first; empty when the person can't be called.
        why: why not, as a translation string; None when there are numbers.
        deputies: who stands in, in order, for a person who can't be called.
    """

    numbers: tuple[PhoneNumber, ...]
    why: TranslationString | None
    deputies: tuple[Person, ...] = ()


class Directory:
    """Reads the directory.

    Args:
        db: any session of the store.
        area_code: of the authority, with its 0, for callers whose number lacks it.
        own_numbers: the duty room's own numbers: nobody calls out to them.
        within: departments, by id, to which lists and searches keep; None: all.
        zone: of the duty room, in which the hours of numbers are written.
    """

    def __init__(
        self,
        db: Session,
        area_code: str = "",
        own_numbers: Iterable[str] = (),
        within: frozenset[int] | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self.db = db
        self.area_code = area_code
        self.own_numbers = frozenset(own_numbers)
        self.within = within
        self.zone = zone
        self._leaders: dict[int, Person | None] = {}

    def departments(self) -> list[Department]:
        """The departments in their order, without those removed."""
        query = select(Department).where(*self.open_departments()).options(selectinload(Department.district))
        return list(self.db.scalars(query.order_by(Department.position, Department.id)))

    def open_departments(self) -> list[ColumnElement[bool]]:
        """The conditions under which a department stands in lists."""
        here: list[ColumnElement[bool]] = [Department.removed_at.is_(None)]
        return here if self.within is None else [*here, Department.id.in_(self.within)]

    def department(self, department_id: int) -> Department | None:
        """The department of this id, also one that was removed."""
        return self.db.get(Department, department_id)

    def covers(self, department_id: int) -> bool:
        """Do lists and searches keep to departments among which this one is?"""
        return self.within is None or department_id in self.within

    def districts(self) -> list[District]:
        """All districts by code."""
        return list(self.db.scalars(select(District).order_by(District.code)))

    def person(self, person_id: int) -> Person | None:
        """The person of this id, also one who was removed."""
        return self.db.scalars(_people(Person.id == person_id)).first()

    def people(self, ids: Iterable[int] | None = None) -> list[Person]:
        """The people of these ids, or all; without those removed, in the order of lists."""
        conditions = [Person.removed_at.is_(None)]
        if ids is not None:
            wanted = list(ids)
            if not wanted:
                return []
            conditions.append(Person.id.in_(wanted))
        return list(self.db.scalars(_people(*conditions)))

    def people_of(self, department_id: int) -> list[Person]:
        """A department's people in their order."""
        return list(self.db.scalars(_people(Person.department_id == department_id, Person.removed_at.is_(None))))

    def search(self, text: str, limit: int = 20) -> list[Person]:
        """People by name, pinyin, initials, post, department or number; best matches first."""
        wanted = wanted_of(text)
        if not wanted:
            return []
        return list(self.db.scalars(_people(*self.listed(), matches(wanted), first=rank(wanted)).limit(limit)))

    def person_by_number(self, number: str) -> Person | None:
        """Whose number it is, if exactly one person has it."""
        forms = same_line(number, self.area_code)
        if not forms:
            return None
        held = select(PhoneNumber.person_id).where(PhoneNumber.number.in_(forms))
        found = self.db.scalars(_people(Person.removed_at.is_(None), Person.id.in_(held)).limit(2)).all()
        return found[0] if len(found) == 1 else None

    def callable(self, person: Person, now: datetime) -> Reach:
        """On which numbers this person can be called now, or why not."""
        if person.removed_at is not None:
            return Reach((), _("No longer in the directory"))
        if is_away(person, now):
            return Reach((), _("On leave"), self._stand_ins(person, now))
        usable = [number for number in person.numbers if is_dialable(number.number, number.kind)]
        free = [n for n in usable if n.kind is not NumberKind.DUTY and not self.own_numbers & {*self._forms(n)}]
        working = [number for number in free if not has_failed(number)]
        if working:
            local = now.astimezone(self.zone)
            return Reach(tuple(sorted(working, key=lambda number: not hold(number.hours, local))), None)
        if not person.numbers:
            why = _("No telephone number")
        elif not usable:
            why = _("No number that can be dialled")
        elif not free:
            why = _("Only a duty room's number, which broadcasts leave free")
        else:
            why = _("Every number failed when it was last called")
        return Reach((), why, self._stand_ins(person, now))

    def page(self, page: int, *conditions: ColumnElement[bool]) -> list[Person]:
        """One page of those who are listed and meet the conditions; pages count from 1."""
        return list(self.db.scalars(_people(*self.listed(), *conditions).limit(PAGE).offset((page - 1) * PAGE)))

    def people_where(self, *conditions: ColumnElement[bool]) -> list[Person]:
        """Everybody who is listed and meets the conditions, ready to be written down whole."""
        whole = (
            selectinload(Person.superior).selectinload(Person.department),
            selectinload(Person.department).selectinload(Department.district),
            selectinload(Person.deputies).selectinload(Deputy.deputy).selectinload(Person.department),
        )
        return list(self.db.scalars(_people(*self.listed(), *conditions).options(*whole)))

    def counts(self, *conditions: ColumnElement[bool]) -> dict[int, int]:
        """How many people who meet the conditions each department lists, by its id."""
        query = select(Person.department_id, func.count()).join(Department).where(*self.listed(), *conditions)
        return {row[0]: row[1] for row in self.db.execute(query.group_by(Person.department_id))}

    def troubled(self, now: datetime) -> ColumnElement[bool]:
        """Whether a person can't be called now, as a condition: what ``callable`` says, for lists of thousands.

        Kept numbers that can't be dialled as they are escape it; none are taken in.
        """
        own = {form for number in self.own_numbers for form in same_line(number, self.area_code)}
        good = exists().where(
            PhoneNumber.person_id == Person.id,
            PhoneNumber.kind != NumberKind.DUTY,
            PhoneNumber.number.not_in(own),
            or_(PhoneNumber.failed_at.is_(None), PhoneNumber.verified_at >= PhoneNumber.failed_at),
        )
        away = and_(Person.away_from <= now, or_(Person.away_until.is_(None), Person.away_until > now))
        return or_(away, ~good)

    def uncallable(self, now: datetime, people: Sequence[Person] | None = None) -> list[tuple[Person, Reach]]:
        """Everybody who can't be called now, and why."""
        reached = ((person, self.callable(person, now)) for person in (self.people() if people is None else people))
        return [(person, reach) for person, reach in reached if reach.why is not None]

    def superiors(self, person: Person) -> list[Person]:
        """Who stands above a person, the nearest first: the one who is named, else whoever leads the department
        (the first in its order), else whoever leads the one above it."""
        found: list[Person] = []
        below = person
        while len(found) < HIGHEST and (boss := self._superior(below)) is not None:
            if boss is person or boss in found:
                break
            found.append(boss)
            below = boss
        return found

    def _superior(self, person: Person) -> Person | None:
        if person.superior is not None and person.superior.removed_at is None:
            return person.superior
        department: Department | None = person.department
        for _level in range(HIGHEST):
            if department is None:
                return None
            leads = self._leader(department.id)
            if leads is not None and leads.id != person.id:
                return leads
            department = self.db.get(Department, department.parent_id) if department.parent_id else None
        return None

    def _leader(self, department_id: int) -> Person | None:
        if department_id not in self._leaders:
            self._leaders[department_id] = self.db.scalars(
                select(Person)
                .where(Person.department_id == department_id, Person.removed_at.is_(None))
                .order_by(Person.position, Person.id)
                .limit(1)
            ).first()
        return self._leaders[department_id]

    def listed(self) -> list[ColumnElement[bool]]:
        """The conditions under which somebody stands in lists."""
        here: list[ColumnElement[bool]] = [Person.removed_at.is_(None)]
        if self.within is not None:
            here.append(Person.department_id.in_(self.within))
        return here

    def _forms(self, number: PhoneNumber) -> list[str]:
        return same_line(number.number, self.area_code)

    def _stand_ins(self, person: Person, now: datetime) -> tuple[Person, ...]:
        present = (entry.deputy for entry in person.deputies)
        return tuple(deputy for deputy in present if deputy.removed_at is None and not is_away(deputy, now))


def is_away(person: Person, now: datetime) -> bool:
    """Is the person on leave at this moment? An end that isn't known is no end."""
    return is_away_during(person, now, now)


def is_away_during(person: Person, starts_at: datetime, ends_at: datetime) -> bool:
    """Is the person on leave at any moment from the one to the other? An end that isn't known is no end."""
    if person.away_from is None or ends_at < person.away_from:
        return False
    return person.away_until is None or starts_at < person.away_until


def has_failed(number: PhoneNumber) -> bool:
    """Did the number fail after it was last known to be right?"""
    if number.failed_at is None:
        return False
    return number.verified_at is None or number.verified_at < number.failed_at


def _people(*conditions: ColumnElement[bool], first: ColumnElement[int] | None = None) -> Select[Person]:
    order: list[Any] = [Department.position, Department.id, Person.position, Person.id]
    return (
        select(Person)
        .join(Department, Department.id == Person.department_id)
        .where(*conditions)
        .options(
            selectinload(Person.numbers),
            selectinload(Person.department),
            selectinload(Person.deputies).selectinload(Deputy.deputy),
        )
        .order_by(*(order if first is None else [first, *order]))
    )


def factory(context: object, request: Request) -> Directory:
    """The request's directory, kept to the branch to which who is logged in is bound."""
    identity = None if "dutycenter.actor" in request.environ else request.identity
    return bound_to(request, None if identity is None else identity.department_id)


def bound_to(request: Request, department_id: int | None) -> Directory:
    """The directory, its lists and searches kept to a department and what is below it."""
    settings = settings_of(request.registry)
    hotline = settings.hotline_number
    within = None if department_id is None else branch_of(request.db, department_id)
    return Directory(request.db, area_code_of(hotline), (hotline,), within, settings.time_zone)

"""Finding whom to call while one types: departments, posts, duties, groups, plans, people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.messages import Translate
from broadcast.plans.content import Who
from broadcast.plans.models import Plan
from dutycenter.directory.models import Department, Person, PersonGroup
from dutycenter.directory.names import pinyin_of
from dutycenter.directory.services import Directory
from dutycenter.frame.labels import label
from dutycenter.vocabulary import ShiftDuty, WhoKind

EACH = 8  # of a kind
FEW_DEPARTMENTS = 24

ICONS = {
    WhoKind.DEPARTMENT: "building",
    WhoKind.POST: "person-badge",
    WhoKind.DUTY: "calendar-check",
    WhoKind.GROUP: "people",
    WhoKind.PERSON: "person",
    WhoKind.PLAN: "journal-check",
}


@dataclass(frozen=True)
class Pick:
    """One line that may be picked."""

    who: Who
    title: str
    detail: str = ""

    @property
    def icon(self) -> str:
        return ICONS[self.who.kind]


def picks(db: Session, directory: Directory, text: str, translate: Translate, *, plans: bool) -> list[Pick]:
    """What the text may mean; without any text what is picked most: plans, duties, groups, departments."""
    wanted = text.strip()
    found = [*_duties(wanted, translate), *_groups(db, wanted), *_departments(directory, wanted)]
    if plans:
        found = [*_plans(db, wanted), *found]
    if wanted:
        found += [*_posts(directory, wanted), *_people(directory, wanted)]
    return found


def _plans(db: Session, wanted: str) -> Iterator[Pick]:
    query = select(Plan).where(Plan.removed_at.is_(None), Plan.title.contains(wanted, autoescape=True))
    for plan in db.scalars(query.order_by(Plan.title).limit(EACH)):
        yield Pick(Who(WhoKind.PLAN, str(plan.id)), plan.title)


def _duties(wanted: str, translate: Translate) -> Iterator[Pick]:
    for duty in ShiftDuty:
        said = translate(label(duty))
        if wanted.casefold() in said.casefold():
            yield Pick(Who(WhoKind.DUTY, duty.value), said)


def _groups(db: Session, wanted: str) -> Iterator[Pick]:
    query = select(PersonGroup).where(PersonGroup.name.contains(wanted, autoescape=True))
    for group in db.scalars(query.order_by(PersonGroup.name).limit(EACH)):
        yield Pick(Who(WhoKind.GROUP, str(group.id)), group.name)


def _departments(directory: Directory, wanted: str) -> Iterator[Pick]:
    db = directory.db
    people = (
        select(func.count())
        .select_from(Person)
        .where(Person.department_id == Department.id, Person.removed_at.is_(None))
        .scalar_subquery()
    )
    query = select(Department.id).where(*directory.open_departments()).order_by(Department.position, Department.id)
    if not wanted:
        ids = list(db.scalars(query.limit(FEW_DEPARTMENTS)))
    else:
        names = db.execute(query.add_columns(Department.name, Department.short_name))
        ids = [row.id for row in names if any(_sounds(name, wanted) for name in (row.name, row.short_name))][:EACH]
    found = {row[0].id: row for row in db.execute(select(Department, people).where(Department.id.in_(ids)))}
    for one in ids:
        department, count = found[one]
        yield Pick(Who(WhoKind.DEPARTMENT, str(one)), department.short_name or department.name, str(count))


def _sounds(name: str, wanted: str) -> bool:
    """Is it part of the name, of its pinyin, or the beginning of its initials?"""
    if wanted.casefold() in name.casefold():
        return True
    if not wanted.isascii():
        return False
    pinyin, initials = _spelled(name)
    return wanted.lower() in pinyin or initials.startswith(wanted.lower())


@lru_cache(maxsize=4096)
def _spelled(name: str) -> tuple[str, str]:
    return pinyin_of(name)


def _posts(directory: Directory, wanted: str) -> Iterator[Pick]:
    query = (
        select(Person.post, func.count())
        .where(*directory.listed(), Person.post != "", Person.post.contains(wanted, autoescape=True))
        .group_by(Person.post)
        .order_by(func.count().desc(), Person.post)
    )
    for post, count in directory.db.execute(query.limit(EACH)):
        yield Pick(Who(WhoKind.POST, post), post, str(count))


def _people(directory: Directory, wanted: str) -> Sequence[Pick]:
    return [
        Pick(Who(WhoKind.PERSON, str(person.id)), person.name, f"{person.department.short_name} {person.post}".strip())
        for person in directory.search(wanted, EACH)
    ]

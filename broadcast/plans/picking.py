"""Finding whom to call while one types: departments, posts, duties, groups, plans, people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.messages import Translate
from broadcast.plans.content import Who
from broadcast.plans.models import Plan
from dutycenter.directory.models import Department, Person, PersonGroup
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
    found = [*_duties(wanted, translate), *_groups(db, wanted), *_departments(db, wanted)]
    if plans:
        found = [*_plans(db, wanted), *found]
    if wanted:
        found += [*_posts(db, wanted), *_people(directory, wanted)]
    return found


def _plans(db: Session, wanted: str) -> Iterator[Pick]:
    query = select(Plan).where(Plan.removed_at.is_(None), Plan.title.contains(wanted, autoescape=True))
    for plan in db.scalars(query.order_by(Plan.title).limit(EACH)):
        yield Pick(Who(WhoKind.PLAN, str(plan.id)), plan.title)


def _duties(wanted: str, translate: Translate) -> Iterator[Pick]:
    for duty in ShiftDuty:
        said = translate(label(duty))
        if wanted.casefold() in said.casefold():
            yield Pick(Who(WhoKind.DUTY, duty.value), said, translate(label(WhoKind.DUTY)))


def _groups(db: Session, wanted: str) -> Iterator[Pick]:
    query = select(PersonGroup).where(PersonGroup.name.contains(wanted, autoescape=True))
    for group in db.scalars(query.order_by(PersonGroup.name).limit(EACH)):
        yield Pick(Who(WhoKind.GROUP, str(group.id)), group.name)


def _departments(db: Session, wanted: str) -> Iterator[Pick]:
    named = Department.name.contains(wanted, autoescape=True) | Department.short_name.contains(wanted, autoescape=True)
    people = (
        select(func.count())
        .select_from(Person)
        .where(Person.department_id == Department.id, Person.removed_at.is_(None))
        .scalar_subquery()
    )
    query = select(Department, people).where(named).order_by(Department.position, Department.id)
    for department, count in db.execute(query.limit(EACH if wanted else FEW_DEPARTMENTS)):
        yield Pick(Who(WhoKind.DEPARTMENT, str(department.id)), department.short_name or department.name, str(count))


def _posts(db: Session, wanted: str) -> Iterator[Pick]:
    query = (
        select(Person.post, func.count())
        .where(Person.removed_at.is_(None), Person.post != "", Person.post.contains(wanted, autoescape=True))
        .group_by(Person.post)
        .order_by(func.count().desc(), Person.post)
    )
    for post, count in db.execute(query.limit(EACH)):
        yield Pick(Who(WhoKind.POST, post), post, str(count))


def _people(directory: Directory, wanted: str) -> Sequence[Pick]:
    return [
        Pick(Who(WhoKind.PERSON, str(person.id)), person.name, f"{person.department.short_name} {person.post}".strip())
        for person in directory.search(wanted, EACH)
    ]

"""Who served."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dutycenter.directory.models import Department, Person
from dutycenter.roster.models import Shift, ShiftMember
from reports.facts import Served
from reports.period import Span
from reports.queries.base import inside
from reports.sqltime import seconds_between


def shifts(db: Session, span: Span) -> list[Span]:
    """All shifts that touch the month and have somebody in them."""
    query = (
        select(Shift.starts_at, Shift.ends_at)
        .where(Shift.starts_at < span.end, Shift.ends_at > span.start)
        .where(select(ShiftMember.id).where(ShiftMember.shift_id == Shift.id).exists())
        .order_by(Shift.starts_at, Shift.id)
    )
    return [Span(start, end) for start, end in db.execute(query)]


def served(db: Session, span: Span) -> list[Served]:
    """Shifts and hours by person and duty, of shifts that began in the month."""
    query = (
        select(
            Person.name,
            Department.short_name,
            ShiftMember.duty,
            func.count(),
            func.sum(seconds_between(Shift.starts_at, Shift.ends_at)),
        )
        .select_from(ShiftMember)
        .join(Shift, ShiftMember.shift_id == Shift.id)
        .join(Person, ShiftMember.person_id == Person.id)
        .join(Department, Person.department_id == Department.id)
        .where(inside(Shift.starts_at, span))
        .group_by(Person.id, Person.name, Department.short_name, ShiftMember.duty)
        .order_by(func.count().desc(), Person.id, ShiftMember.duty)
    )
    return [Served(name, unit, duty, int(count), int(total)) for name, unit, duty, count, total in db.execute(query)]

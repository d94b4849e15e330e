"""Finding people while somebody types: by name, pinyin, initials, post, department or number."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, func, or_, select

from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.directory.numbers import bare

SHORTEST_NUMBER_SEARCH = 3  # digits; fewer stand in everybody's number


def wanted_of(text: str) -> str:
    """What is looked for: without blanks and capitals."""
    return "".join(text.split()).casefold()


def matches(wanted: str) -> ColumnElement[bool]:
    """Whether a person, joined to their department, is meant by what was typed."""
    conditions = [
        func.lower(column).contains(wanted, autoescape=True)
        for column in (Person.name, Person.post, Department.name, Department.short_name)
    ]
    if wanted.isascii():
        conditions += [
            Person.pinyin.contains(wanted, autoescape=True),
            Person.initials.startswith(wanted, autoescape=True),
        ]
    digits = bare(wanted)
    if digits.isdigit() and len(digits) >= SHORTEST_NUMBER_SEARCH:
        holders = select(PhoneNumber.person_id).where(PhoneNumber.number.contains(digits, autoescape=True))
        conditions.append(Person.id.in_(holders))
    return or_(*conditions)


def rank(wanted: str) -> ColumnElement[int]:
    """How well a person who matches fits: 0 is the very one."""
    name = func.lower(Person.name)
    return case(
        (name == wanted, 0),
        (or_(Person.pinyin == wanted, Person.initials == wanted), 1),
        (name.startswith(wanted, autoescape=True), 2),
        (Person.pinyin.startswith(wanted, autoescape=True), 3),
        (Person.initials.startswith(wanted, autoescape=True), 4),
        (name.contains(wanted, autoescape=True), 5),
        (Person.pinyin.contains(wanted, autoescape=True), 6),
        else_=9,
    )

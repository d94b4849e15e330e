"""What of the directory a few rows of a sheet may name, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from dutycenter.directory.imports.columns import LINKS, Column, merged, parts, read_link
from dutycenter.directory.imports.planning import Known
from dutycenter.directory.models import Department, Deputy, Person, PhoneNumber
from dutycenter.directory.numbers import bare
from dutycenter.directory.services import Directory
from dutycenter.typed import row_id

Cells = Mapping[str, str]


def known_to(db: Session, directory: Directory, rows: Sequence[Cells], expected: frozenset[str]) -> Known:
    """What these rows may name.

    Args:
        db: any session of the store.
        directory: keeps to the departments that may be changed.
        rows: a few hundred at most.
        expected: names that the whole sheet brings.
    """
    departments = directory.departments()
    ours = {name: one for one in departments for name in (one.short_name, one.name)}
    everywhere = db.scalars(select(Department.name).where(Department.removed_at.is_(None)))
    numbers = {bare(draft.number) for cells in rows for draft in merged((), cells)}
    found = db.scalars(
        select(Person)
        .where(
            Person.removed_at.is_(None),
            or_(
                Person.name.in_(_names(rows)),
                Person.id.in_({row_id(cells[Column.ID]) for cells in rows if Column.ID in cells}),
                Person.id.in_(select(PhoneNumber.person_id).where(PhoneNumber.number.in_(numbers))),
            ),
        )
        .options(
            selectinload(Person.department),
            selectinload(Person.numbers),
            selectinload(Person.superior).selectinload(Person.department),
            selectinload(Person.deputies).selectinload(Deputy.deputy).selectinload(Person.department),
        )
        .order_by(Person.id)
    ).all()
    people, holders = defaultdict(list), defaultdict(list)
    for person in found:
        people[person.name].append(person)
        for number in person.numbers:
            holders[number.number].append(person)
    return Known(
        departments=ours,
        elsewhere=frozenset(everywhere) - {one.name for one in departments},
        districts=frozenset(district.name for district in directory.districts()),
        people=people,
        by_id={person.id: person for person in found},
        holders=holders,
        expected=expected,
        bound=directory.within is not None,
    )


def _names(rows: Sequence[Cells]) -> set[str]:
    linked = {read_link(part)[0] for cells in rows for column in LINKS for part in parts(cells.get(column, ""))}
    return linked | {cells[Column.NAME] for cells in rows if Column.NAME in cells}

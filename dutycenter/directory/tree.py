"""Departments as a tree: what belongs to a branch, and which part of the tree stands open in a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.directory.models import Department, District


@dataclass(frozen=True)
class Line:
    """One line of the tree as it stands open: a department, or a district whose departments stand below it.

    ``people`` and ``troubled`` count everybody below the line too.
    """

    of: Department | District
    depth: int
    people: int
    troubled: int
    is_open: bool
    has_more: bool

    @property
    def is_district(self) -> bool:
        return isinstance(self.of, District)


def branch(parents: Iterable[tuple[int, int | None]], root: int) -> frozenset[int]:
    """A department and everything below it.

    Args:
        parents: (id, id of the one above or None) of every department; a ring in them does no harm.
        root: where the branch begins.
    """
    below: dict[int | None, list[int]] = defaultdict(list)
    for found, parent in parents:
        below[parent].append(found)
    whole, ahead = set[int](), [root]
    while ahead:
        one = ahead.pop()
        if one not in whole:
            whole.add(one)
            ahead += below[one]
    return frozenset(whole)


def branch_of(db: Session, root: int) -> frozenset[int]:
    """``branch`` over the store."""
    rows = db.execute(select(Department.id, Department.parent_id))
    return branch(((row.id, row.parent_id) for row in rows), root)


def outline(
    departments: Sequence[Department],
    people: Mapping[int, int],
    troubled: Mapping[int, int],
    *,
    department_id: int | None = None,
    district_id: int | None = None,
) -> list[Line]:
    """The tree with the chosen department or district open, and everything else closed.

    Args:
        departments: in their order; one whose parent is not among them stands at the top.
        people: how many each department has of its own, by id.
        troubled: how many of them can't be called.
        department_id: the chosen department.
        district_id: the chosen district.
    """
    return list(_Outline(departments, people, troubled, department_id, district_id).lines())


class _Outline:
    def __init__(
        self,
        departments: Sequence[Department],
        people: Mapping[int, int],
        troubled: Mapping[int, int],
        department_id: int | None,
        district_id: int | None,
    ) -> None:
        known = {department.id: department for department in departments}
        self.below: dict[int | None, list[Department]] = defaultdict(list)
        for department in departments:
            self.below[department.parent_id if department.parent_id in known else None].append(department)
        self.path = _path(known, department_id)
        top = known[self.path[-1]] if self.path else None
        self.district_id = top.district_id if top is not None else district_id
        self.counts = (people, troubled)

    def lines(self) -> Iterable[Line]:
        of_districts: dict[int, list[Department]] = defaultdict(list)
        districts: dict[int, District] = {}
        for department in self.below[None]:
            if department.district is None:
                yield from self._department(department, 0)
            else:
                districts[department.district.id] = department.district
                of_districts[department.district.id].append(department)
        for key, district in sorted(districts.items(), key=lambda item: item[1].code):
            is_open = key == self.district_id
            people, troubled = (sum(self._whole(d, counts) for d in of_districts[key]) for counts in self.counts)
            yield Line(district, 0, people, troubled, is_open, has_more=True)
            if is_open:
                for department in of_districts[key]:
                    yield from self._department(department, 1)

    def _department(self, department: Department, depth: int) -> Iterable[Line]:
        below = self.below[department.id]
        people, troubled = (self._whole(department, counts) for counts in self.counts)
        is_open = department.id in self.path
        yield Line(department, depth, people, troubled, is_open, bool(below))
        if is_open:
            for one in below:
                yield from self._department(one, depth + 1)

    def _whole(self, department: Department, counts: Mapping[int, int]) -> int:
        return counts.get(department.id, 0) + sum(self._whole(one, counts) for one in self.below[department.id])


def _path(known: Mapping[int, Department], department_id: int | None) -> list[int]:
    """From the department up to the top."""
    path: list[int] = []
    while department_id is not None and department_id in known and department_id not in path:
        path.append(department_id)
        department_id = known[department_id].parent_id
    return path

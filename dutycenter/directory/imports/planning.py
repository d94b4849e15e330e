"""What a row of a sheet would do to the directory as it is now, and what is wrong with it in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyramid.i18n import TranslationString, TranslationStringFactory

from dutycenter.directory.editing import CheckedNumber, DirectoryFault, Editing, PersonDraft, draft_of
from dutycenter.directory.imports.columns import (
    BETWEEN,
    KINDS,
    Column,
    cells_of,
    is_emptied,
    merged,
    parts,
    read_link,
    write_link,
    write_numbers,
)
from dutycenter.directory.models import Department, Person
from dutycenter.directory.numbers import bare
from dutycenter.typed import row_id
from dutycenter.vocabulary import NumberKind, RowVerdict

_ = TranslationStringFactory("dutycenter")

LONGEST_DEPARTMENT = 128
Fault = tuple[str, TranslationString]  # column, what is wrong


@dataclass(frozen=True)
class Known:
    """What of the directory rows may name.

    Args:
        departments: those that are there and may be changed, by full and short name.
        elsewhere: names of departments that may not be changed.
        districts: names of districts.
        people: by name, with their numbers and deputies; nobody who was removed.
        by_id: the same people.
        holders: whose each number is that the rows name.
        expected: names that the sheet itself brings.
        bound: new departments must stand below one that is there.
    """

    departments: Mapping[str, Department]
    elsewhere: frozenset[str]
    districts: frozenset[str]
    people: Mapping[str, Sequence[Person]]
    by_id: Mapping[int, Person]
    holders: Mapping[str, Sequence[Person]]
    expected: frozenset[str] = frozenset()
    bound: bool = False

    def covers(self, person: Person) -> bool:
        """May this person be changed?"""
        return person.department.name in self.departments


@dataclass(frozen=True)
class Planned:
    """What a row would do.

    ``draft`` is there unless the row is wrong; ``faults`` of a row that is not wrong are
    worth a look; ``waits``: it names people who are not there yet.
    """

    verdict: RowVerdict
    person: Person | None = None
    draft: PersonDraft | None = None
    changes: Sequence[tuple[str, str, str]] = ()
    faults: Sequence[Fault] = ()
    waits: bool = False


class Planner:
    """Plans rows one after another; a person whom an earlier row of the sheet means is not given twice.

    Args:
        editing: checks what a row would make of a person.
        meant: whom rows before meant: the row of each.
    """

    def __init__(self, editing: Editing, meant: dict[object, int]) -> None:
        self.editing = editing
        self._meant = meant

    def plan(self, line: int, cells: Mapping[str, str], known: Known) -> Planned:
        """What this row would do."""
        row = _Row(cells, known)
        draft = row.draft()
        person = row.person
        if not row.faults:
            who = (draft.name, row.department_name) if person is None else person.id
            first = self._meant.setdefault(who, line)
            if first != line:
                row.fault(Column.NAME, _("Row ${line} means the same person.", mapping={"line": first}))
        numbers: list[CheckedNumber] = []
        try:
            numbers = self.editing.check(draft, person, in_new_department=row.brings_department)
        except DirectoryFault as fault:
            said = {column for column, _words in row.faults}
            for name, words in fault.faults.items():
                if (column := _column(name, draft)) not in said:
                    row.fault(column, words)
        if row.faults:
            return Planned(RowVerdict.WRONG, person, faults=row.faults)
        changes = row.changes(draft, numbers)
        verdict = RowVerdict.NEW if person is None else RowVerdict.CHANGED if changes else RowVerdict.SAME
        return Planned(verdict, person, draft, changes, row.shared(numbers), row.waits)


class _Row:
    """One row, read against what is known."""

    def __init__(self, cells: Mapping[str, str], known: Known) -> None:
        self.cells = cells
        self.known = known
        self.faults: list[Fault] = []
        self.waits = False
        self.department_name = cells.get(Column.DEPARTMENT, "")
        self.department = known.departments.get(self.department_name)
        self.person = self._who()
        self.deputies = self._people(Column.DEPUTIES)
        self.superior = self._people(Column.SUPERIOR)
        if self.brings_department:
            self._check_new_department()

    @property
    def brings_department(self) -> bool:
        return bool(self.department_name) and self.department is None

    def fault(self, column: str, words: TranslationString) -> None:
        self.faults.append((column, words))

    def draft(self) -> PersonDraft:
        """What the row would make of the person."""
        person, cells = self.person, self.cells
        was = PersonDraft("", 0) if person is None else draft_of(person)
        if person is None and not self.department_name:
            self.fault(Column.DEPARTMENT, _("Somebody new needs a department."))
        department_id = self.department.id if self.department is not None else was.department_id
        return replace(
            was,
            name=cells.get(Column.NAME, was.name),
            department_id=department_id,
            post=_text(cells.get(Column.POST), was.post),
            address=_text(cells.get(Column.ADDRESS), was.address),
            numbers=merged(was.numbers, cells),
            deputies=[one.id for one in self.deputies] if cells.get(Column.DEPUTIES) else was.deputies,
            superior_id=self._superior_id(was),
        )

    def changes(self, draft: PersonDraft, numbers: Sequence[CheckedNumber]) -> list[tuple[str, str, str]]:
        """Cell by cell what the row would change."""
        before = {} if self.person is None else cells_of(self.person)
        after = dict(before) | {
            Column.NAME: draft.name,
            Column.DEPARTMENT: self._department_after(before),
            Column.POST: draft.post,
            Column.ADDRESS: draft.address,
            **{
                column: write_numbers((n.number, n.hours) for n in numbers if n.kind is kind)
                for column, kind in KINDS.items()
            },
        }
        for column, people in ((Column.DEPUTIES, self.deputies), (Column.SUPERIOR, self.superior)):
            if self.cells.get(column):
                after[column] = self.cells[column] if self.waits else BETWEEN.join(write_link(one) for one in people)
                after[column] = "" if is_emptied(after[column]) else after[column]
        return [
            (column.value, before.get(column, ""), after.get(column, ""))
            for column in Column
            if column is not Column.ID and before.get(column, "") != after.get(column, "")
        ]

    def shared(self, numbers: Sequence[CheckedNumber]) -> list[Fault]:
        """Mobile numbers that are somebody else's too."""
        return [
            (
                Column.MOBILE,
                _("${number} is also the number of ${name}.", mapping={"number": number.number, "name": other.name}),
            )
            for number in numbers
            if number.kind is NumberKind.MOBILE
            for other in self.known.holders.get(number.number, ())
            if other is not self.person
        ]

    def _check_new_department(self) -> None:
        district, above = self.cells.get(Column.DISTRICT, ""), self.cells.get(Column.ABOVE, "")
        if self.department_name in self.known.elsewhere or (self.known.bound and above not in self.known.departments):
            self.fault(Column.DEPARTMENT, _("This department is not among those that you look after."))
        elif len(self.department_name) > LONGEST_DEPARTMENT or not self.department_name.isprintable():
            self.fault(Column.DEPARTMENT, _("Enter the department's name."))
        if district and district not in self.known.districts:
            self.fault(Column.DISTRICT, _("There is no district of this name."))

    def _department_after(self, before: Mapping[str, str]) -> str:
        if self.department is not None:
            return self.department.name
        return self.department_name or before.get(Column.DEPARTMENT, "")

    def _superior_id(self, was: PersonDraft) -> int | None:
        if not self.cells.get(Column.SUPERIOR):
            return was.superior_id
        return self.superior[0].id if self.superior else None

    def _who(self) -> Person | None:
        """Whom the row means: by number, else by name and department, else by name and a number of theirs."""
        raw, name = self.cells.get(Column.ID, ""), self.cells.get(Column.NAME, "")
        if raw:
            person = self.known.by_id.get(row_id(raw))
            if person is None or not self.known.covers(person):
                self.fault(Column.ID, _("Nobody has this number. Leave the cell empty for somebody new."))
            return person
        if not name:
            self.fault(Column.NAME, _("The name is missing."))
            return None
        alike = [one for one in self.known.people.get(name, ()) if self.known.covers(one)]
        here = [one for one in alike if self.department is not None and one.department_id == self.department.id]
        if not here:
            here = [one for one in alike if self._shares_number(one)]
        if len(here) > 1:
            here = [one for one in here if self._shares_number(one)] or here
        if len(here) > 1:
            words = _("Several people of this name are in the department; say which in the column 编号 (person no.).")
            self.fault(Column.NAME, words)
        return here[0] if here else None

    def _shares_number(self, person: Person) -> bool:
        wanted = {draft.number for draft in merged((), self.cells)}
        return any(bare(number) == kept.number for number in wanted for kept in person.numbers)

    def _people(self, column: Column) -> list[Person]:
        """Who is named in a cell; somebody whom the sheet brings is found once their row is taken in."""
        found = []
        for text in parts(self.cells.get(column, "")):
            name, department = read_link(text)
            alike = [
                one
                for one in self.known.people.get(name, ())
                if not department or department in (one.department.name, one.department.short_name)
            ]
            if len(alike) > 1 and not department:
                alike = [one for one in alike if one.department_id == self._home_id()] or alike
            if len(alike) == 1:
                found.append(alike[0])
            elif alike:
                words = _("There are several ${name}: write ${name}（部门）.", mapping={"name": name})
                self.fault(column, words)
            elif name in self.known.expected:
                self.waits = True
            else:
                self.fault(column, _("${name} is not in the directory.", mapping={"name": name}))
        if column is Column.SUPERIOR and len(found) > 1:
            self.fault(column, _("One superior is the most."))
        return found

    def _home_id(self) -> int | None:
        if self.department is not None:
            return self.department.id
        return None if self.person is None else self.person.department_id


def _text(cell: str | None, before: str) -> str:
    if not cell:
        return before
    return "" if is_emptied(cell) else cell


def _column(field: str, draft: PersonDraft) -> str:
    """The column to which a fault of a draft belongs."""
    kind, _dash, place = field.partition("-")
    if kind == "number" and place:
        wanted = draft.numbers[int(place)].kind
        return next(column.value for column, one in KINDS.items() if one.value == wanted)
    return {"numbers": Column.MOBILE.value, "away": ""}.get(field, field)

"""Changing the directory. Every change is told to the ledger whole, so that it can be undone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dutycenter.directory.hours import HoursFault, read_hours
from dutycenter.directory.models import Department, Deputy, District, Person, PhoneNumber
from dutycenter.directory.names import pinyin_of
from dutycenter.directory.numbers import NumberFault, dialled
from dutycenter.directory.services import Directory
from dutycenter.directory.tree import branch_of
from dutycenter.interfaces import IClock, ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import NumberKind

_ = TranslationStringFactory("dutycenter")

MOST_NUMBERS = 8
MOST_DEPUTIES = 5
UNDONE_BY = ("person.created", "person.edited")
SHORT = 32  # characters of a short name


class DirectoryFault(ValueError):
    """A change that cannot be made: ``faults`` says what is wrong, by field."""

    def __init__(self, faults: Mapping[str, TranslationString]) -> None:
        super().__init__(", ".join(faults))
        self.faults = dict(faults)


class ChangedMeanwhile(Exception):
    """What was to be undone has been changed since."""


class NumberDraft(NamedTuple):
    """A number as somebody typed it."""

    kind: str
    number: str
    hours: str = ""


class CheckedNumber(NamedTuple):
    """A number as it is kept."""

    kind: NumberKind
    number: str
    hours: str
    verified_at: datetime | None = None
    failed_at: datetime | None = None


@dataclass(frozen=True)
class PersonDraft:
    """What somebody typed of a person; numbers in the order of calling."""

    name: str
    department_id: int
    post: str = ""
    numbers: Sequence[NumberDraft] = ()
    deputies: Sequence[int] = ()
    superior_id: int | None = None  # None: whoever leads the department
    address: str = ""
    away_from: datetime | None = None
    away_until: datetime | None = None
    faults: Mapping[str, TranslationString] = field(default_factory=dict)  # found while reading the form


@dataclass(frozen=True)
class DepartmentDraft:
    """What somebody typed of a department."""

    name: str
    short_name: str = ""  # empty: the name
    parent_id: int | None = None  # None: it stands at the top
    district_id: int | None = None


class Editing:
    """Changes people and departments.

    Args:
        db: the session of the change.
        ledger: where each change is told.
        clock: the moment.
        directory: to look people up.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, directory: Directory) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.directory = directory

    def create(self, draft: PersonDraft) -> tuple[Person, int]:
        """A new person, and the ledger entry that says so.

        Raises:
            DirectoryFault: what is wrong, by field.
        """
        numbers = self.check(draft, None)
        last = self.db.scalar(select(func.max(Person.position)).where(Person.department_id == draft.department_id))
        person = Person(department_id=draft.department_id, position=(last or 0) + 1, weight=1)
        self._apply(person, draft, numbers)
        self.db.add(person)
        self.db.flush()
        return person, self.ledger.append("person.created", _subject(person), {"after": snapshot(person)})

    def save(self, person: Person, draft: PersonDraft) -> int | None:
        """Change a person; the ledger entry, or None when nothing changed.

        Raises:
            DirectoryFault: what is wrong, by field.
        """
        numbers = self.check(draft, person)
        before = snapshot(person)
        self._apply(person, draft, numbers)
        self.db.flush()
        after = snapshot(person)
        if before == after:
            return None
        return self.ledger.append("person.edited", _subject(person), {"before": before, "after": after})

    def remove(self, person: Person) -> None:
        """Take a person out of the directory; what they did stays in the record. Idempotent."""
        if person.removed_at is None:
            person.removed_at = self.clock.now()
            self.ledger.append("person.removed", _subject(person), {"name": person.name})

    def restore(self, person: Person) -> None:
        """Undo ``remove``. Idempotent."""
        if person.removed_at is not None:
            person.removed_at = None
            self.ledger.append("person.restored", _subject(person), {"name": person.name})

    def undo(self, person: Person, entry_id: int) -> None:
        """Put a person back to what they were before the change that this ledger entry tells of; who was
        taken in by it is removed.

        Raises:
            LookupError: the entry tells of no change of this person.
            ChangedMeanwhile: somebody changed the person since.
        """
        entry = self.db.get(LedgerEntry, entry_id)
        if entry is None or entry.subject != _subject(person) or entry.action not in UNDONE_BY:
            raise LookupError(entry_id)
        told = json.loads(entry.data)
        if _edited(snapshot(person)) != _edited(told["after"]):
            raise ChangedMeanwhile
        if entry.action == "person.created":
            self.remove(person)
            return
        self._put_back(person, told["before"])
        self.db.flush()
        self.ledger.append(
            "person.edited",
            _subject(person),
            {"before": told["after"], "after": snapshot(person), "undoes": entry_id},
        )

    def save_department(self, department: Department | None, draft: DepartmentDraft) -> Department:
        """Change a department, or add one at the end.

        Raises:
            DirectoryFault: what is wrong, by field.
        """
        name, short_name = draft.name.strip(), draft.short_name.strip()
        self._check_department(department, name, short_name, draft)
        action, before = "department.edited", {} if department is None else _told(department)
        if department is None:
            department = self.db.scalar(select(Department).where(Department.name == name))  # one that was removed
            if department is not None:
                department.removed_at = None
        if department is None:
            action = "department.created"
            last = self.db.scalar(select(func.max(Department.position)))
            department = Department(position=(last or 0) + 1)
            self.db.add(department)
        department.name, department.short_name = name, short_name or name[:SHORT]
        department.parent_id, department.district_id = draft.parent_id, draft.district_id
        self.db.flush()
        self.ledger.append(action, f"department:{department.id}", _told(department) | {"before": before})
        return department

    def save_district(self, district: District | None, code: str, name: str) -> District:
        """Change a district, or add one.

        Raises:
            DirectoryFault: what is wrong, by field.
        """
        code, name = code.strip(), name.strip()
        other = self.db.scalar(select(District.id).where(District.code == code))
        faults = {}
        if not (code.isascii() and code.isdigit() and 2 <= len(code) <= 12):
            faults["code"] = _("A district's code has 2 to 12 digits, such as 430191.")
        elif other is not None and (district is None or other != district.id):
            faults["code"] = _("Another district has this code.")
        if not name or len(name) > 64 or not name.isprintable():
            faults["name"] = _("Enter the district's name.")
        if faults:
            raise DirectoryFault(faults)
        action, before = "district.edited", {} if district is None else {"code": district.code, "name": district.name}
        if district is None:
            action, district = "district.created", District()
            self.db.add(district)
        district.code, district.name = code, name
        self.db.flush()
        self.ledger.append(action, f"district:{district.id}", {"code": code, "name": name, "before": before})
        return district

    def remove_department(self, department: Department) -> None:
        """Take a department out of the directory. Idempotent.

        Raises:
            DirectoryFault: somebody is in it, or a department stands below it.
        """
        if department.removed_at is not None:
            return
        people = select(Person.id).where(Person.department_id == department.id, Person.removed_at.is_(None))
        below = select(Department.id).where(Department.parent_id == department.id, Department.removed_at.is_(None))
        if any(self.db.scalar(query.limit(1)) is not None for query in (people, below)):
            raise DirectoryFault({"department": _("Only a department without people and departments can be removed.")})
        department.removed_at = self.clock.now()
        self.ledger.append("department.removed", f"department:{department.id}", _told(department))

    def _check_department(
        self, department: Department | None, name: str, short_name: str, draft: DepartmentDraft
    ) -> None:
        faults = {}
        if not name or len(name) > 128 or not name.isprintable():
            faults["name"] = _("Enter the department's name.")
        elif self._other_department(name, department):
            faults["name"] = _("There is a department of this name already.")
        if len(short_name) > SHORT or not short_name.isprintable():
            faults["short_name"] = _("A short name has 32 characters at most.")
        if self.directory.within is not None and (
            draft.parent_id is None or not self.directory.covers(draft.parent_id)
        ):
            faults["parent"] = _("This department is not among those that you look after.")
        elif draft.parent_id is not None:
            below = frozenset[int]() if department is None else branch_of(self.db, department.id)
            if self.directory.department(draft.parent_id) is None or draft.parent_id in below:
                faults["parent"] = _("Choose a department that does not itself stand below this one.")
        if draft.district_id is not None and self.db.get(District, draft.district_id) is None:
            faults["district"] = _("Choose a district from the list.")
        if faults:
            raise DirectoryFault(faults)

    def _other_department(self, name: str, department: Department | None) -> bool:
        found = self.db.scalar(select(Department.id).where(Department.name == name, Department.removed_at.is_(None)))
        return found is not None and (department is None or found != department.id)

    def check(
        self, draft: PersonDraft, person: Person | None, *, in_new_department: bool = False
    ) -> list[CheckedNumber]:
        """The numbers of a draft as they would be kept.

        Args:
            draft: what somebody wants.
            person: whom it would change; None: somebody new.
            in_new_department: their department is not there yet, and is not asked for.

        Raises:
            DirectoryFault: what is wrong with the draft, by field.
        """
        faults = dict(draft.faults)
        if not draft.name.strip() or len(draft.name) > 64 or not draft.name.isprintable():
            faults["name"] = _("Enter the person's name, 64 characters at most.")
        if len(draft.post) > 64 or not draft.post.isprintable():
            faults["post"] = _("A post has 64 characters at most.")
        if not (in_new_department or self._may_be_in(draft.department_id)):
            faults["department"] = _("Choose a department.")
        if draft.away_from and draft.away_until and draft.away_until <= draft.away_from:
            faults["away"] = _("The leave ends before it begins.")
        elif draft.away_until and not draft.away_from:
            faults["away"] = _("Say when the leave begins.")
        if len(draft.address) > 255 or not draft.address.isprintable():
            faults["address"] = _("An address has 255 characters at most.")
        faults |= self._deputy_faults(draft, person)
        if draft.superior_id is not None and not self._may_lead(draft.superior_id, person):
            faults["superior"] = _("A superior must be somebody else in the directory.")
        numbers = _checked_numbers(draft.numbers, faults)
        if faults:
            raise DirectoryFault(faults)
        return numbers

    def _may_be_in(self, department_id: int) -> bool:
        department = self.directory.department(department_id)
        return department is not None and department.removed_at is None and self.directory.covers(department.id)

    def _deputy_faults(self, draft: PersonDraft, person: Person | None) -> dict[str, TranslationString]:
        if person is not None and person.id in draft.deputies:
            return {"deputies": _("Nobody is their own deputy.")}
        if len(set(draft.deputies)) < len(draft.deputies):
            return {"deputies": _("Each deputy stands in the list once.")}
        if len(draft.deputies) > MOST_DEPUTIES:
            return {"deputies": _("${n} deputies are the most.", mapping={"n": MOST_DEPUTIES})}
        if len(self.directory.people(draft.deputies)) < len(draft.deputies):
            return {"deputies": _("A deputy must be somebody in the directory.")}
        return {}

    def _may_lead(self, superior_id: int, person: Person | None) -> bool:
        return (person is None or person.id != superior_id) and bool(self.directory.people([superior_id]))

    def _apply(self, person: Person, draft: PersonDraft, numbers: Sequence[CheckedNumber]) -> None:
        person.name, person.post = draft.name.strip(), draft.post.strip()
        person.department_id = draft.department_id
        person.pinyin, person.initials = pinyin_of(person.name)
        person.superior_id, person.address = draft.superior_id, draft.address.strip()
        person.away_from, person.away_until = draft.away_from, draft.away_until
        self._set_numbers(person, numbers)
        self._set_deputies(person, draft.deputies)

    def _put_back(self, person: Person, told: Mapping[str, Any]) -> None:
        person.name, person.post = told["name"], told["post"]
        person.department_id = told["department_id"]
        person.pinyin, person.initials = pinyin_of(person.name)
        # Changes from before these were kept don't tell of them.
        person.superior_id, person.address = told.get("superior"), told.get("address", "")
        person.away_from, person.away_until = _moment(told["away_from"]), _moment(told["away_until"])
        self._set_numbers(
            person,
            [
                CheckedNumber(
                    NumberKind(n["kind"]),
                    n["number"],
                    n.get("hours", ""),
                    _moment(n["verified_at"]),
                    _moment(n["failed_at"]),
                )
                for n in told["numbers"]
            ],
        )
        known = {deputy.id for deputy in self.directory.people(told["deputies"])}
        self._set_deputies(person, [deputy for deputy in told["deputies"] if deputy in known])

    def _set_numbers(self, person: Person, wanted: Sequence[CheckedNumber]) -> None:
        # A number that stays keeps what is known of it.
        kept = {number.number: number for number in person.numbers}
        rows = []
        for position, one in enumerate(wanted):
            row = kept.get(one.number) or PhoneNumber(
                number=one.number, verified_at=one.verified_at, failed_at=one.failed_at
            )
            row.kind, row.hours, row.position = one.kind, one.hours, position
            rows.append(row)
        person.numbers = rows

    def _set_deputies(self, person: Person, wanted: Sequence[int]) -> None:
        kept = {entry.deputy_id: entry for entry in person.deputies}
        rows = []
        for position, deputy_id in enumerate(wanted):
            row = kept.get(deputy_id) or Deputy(deputy_id=deputy_id)
            row.position = position
            rows.append(row)
        person.deputies = rows


def draft_of(person: Person) -> PersonDraft:
    """A person as a draft that changes nothing."""
    return PersonDraft(
        name=person.name,
        department_id=person.department_id,
        post=person.post,
        numbers=[NumberDraft(number.kind.value, number.number, number.hours) for number in person.numbers],
        deputies=[entry.deputy_id for entry in person.deputies],
        superior_id=person.superior_id,
        address=person.address,
        away_from=person.away_from,
        away_until=person.away_until,
    )


def snapshot(person: Person) -> dict[str, Any]:
    """What can be edited of a person, as the ledger tells it."""
    return {
        "name": person.name,
        "post": person.post,
        "department_id": person.department_id,
        "away_from": _text(person.away_from),
        "away_until": _text(person.away_until),
        "numbers": [
            {
                "kind": number.kind.value,
                "number": number.number,
                "hours": number.hours,
                "verified_at": _text(number.verified_at),
                "failed_at": _text(number.failed_at),
            }
            for number in sorted(person.numbers, key=lambda n: n.position)
        ],
        "deputies": [entry.deputy_id for entry in sorted(person.deputies, key=lambda d: d.position)],
        "superior": person.superior_id,
        "address": person.address,
    }


def version_of(person: Person) -> str:
    """What a form was filled in on: the same as long as nobody edits the person."""
    told = json.dumps(_edited(snapshot(person)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _edited(told: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot without what calls and people found out about numbers since; older ones told of less."""
    numbers = [(n["kind"], n["number"], n.get("hours", "")) for n in told["numbers"]]
    return {"superior": None, "address": ""} | dict(told) | {"numbers": numbers}


def _told(department: Department) -> dict[str, Any]:
    return {
        "name": department.name,
        "short_name": department.short_name,
        "parent": department.parent_id,
        "district": department.district_id,
    }


def _checked_numbers(typed: Sequence[NumberDraft], faults: dict[str, TranslationString]) -> list[CheckedNumber]:
    numbers: list[CheckedNumber] = []
    for place, draft in enumerate(typed):
        if not draft.number.strip():
            continue
        try:
            kind = NumberKind(draft.kind)
            number = CheckedNumber(kind, dialled(draft.number, kind), str(read_hours(draft.hours)))
        except (NumberFault, HoursFault) as fault:
            faults[f"number-{place}"] = fault.words
            continue
        except ValueError:
            faults[f"number-{place}"] = _("Choose what kind of number this is.")
            continue
        if number.number in (other.number for other in numbers):
            faults[f"number-{place}"] = _("This number stands here twice.")
        numbers.append(number)
    if len(numbers) > MOST_NUMBERS:
        faults["numbers"] = _("${n} numbers are the most.", mapping={"n": MOST_NUMBERS})
    return numbers


def _subject(person: Person) -> str:
    return f"person:{person.id}"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def factory(context: object, request: Request) -> Editing:
    """The request's editing of the directory."""
    return Editing(
        request.db, request.find_service(ILedger), request.find_service(IClock), request.find_service(Directory)
    )

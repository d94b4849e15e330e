"""People who stand in the directory twice: found, made one, or told apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.registry import Registry
from pyramid.request import Request
from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from dutycenter.directory.editing import MOST_DEPUTIES, MOST_NUMBERS, Editing, PersonDraft, draft_of
from dutycenter.directory.models import Deputy, DifferentPeople, Person, PersonGroupMember, PhoneNumber
from dutycenter.directory.services import Directory
from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import NumberKind

_ = TranslationStringFactory("dutycenter")

MOST_PAIRS = 50


@dataclass(frozen=True)
class Pair:
    """Two rows that may be one person, and what they have in common."""

    one: Person
    other: Person
    ground: TranslationString


@dataclass
class PeopleMerged:
    """An event: whoever names ``gone`` by id for what is to come names ``kept`` from now on.

    ``told`` takes what a listener changed, by its own key, for the ledger and for the way back.
    """

    request: Request
    kept: int
    gone: int
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PeopleParted:
    """An event: the merge that told this is undone."""

    request: Request
    kept: int
    gone: int
    told: dict[str, Any]


class Duplicates:
    """Finds and settles duplicates.

    Args:
        request: for those who listen to ``PeopleMerged``.
        db: the session of the change.
        ledger: where each decision is told.
        editing: changes people.
        directory: keeps to those whom the reader may see.
    """

    def __init__(self, request: Request, db: Session, ledger: ILedger, editing: Editing, directory: Directory) -> None:
        self.request = request
        self.registry: Registry = request.registry
        self.db = db
        self.ledger = ledger
        self.editing = editing
        self.directory = directory

    def pairs(self) -> list[Pair]:
        """Those that nobody has decided on yet: the same mobile number, or the same name in a department."""
        one, other = aliased(Person), aliased(Person)
        alike = and_(one.name == other.name, one.department_id == other.department_id)
        found: dict[tuple[int, int], TranslationString] = {}
        for row in self.db.execute(self._open(one.name, one, other, alike)):
            found[row[0], row[1]] = _("${name} stands twice in this department.", mapping={"name": row[2]})
        mine, theirs = aliased(PhoneNumber), aliased(PhoneNumber)
        shared = and_(mine.person_id == one.id, theirs.person_id == other.id, mine.number == theirs.number)
        mobile = mine.kind == NumberKind.MOBILE
        for row in self.db.execute(self._open(mine.number, one, other, and_(shared, mobile))):
            found[row[0], row[1]] = _("Both have the number ${number}.", mapping={"number": row[2]})
        people = {p.id: p for p in self.directory.people({p for pair in found for p in pair})} if found else {}
        return [Pair(people[a], people[b], ground) for (a, b), ground in sorted(found.items())[:MOST_PAIRS]]

    def _open(self, common: Any, one: Any, other: Any, alike: ColumnElement[bool]) -> Select[Any]:
        """Ids of both and what they have in common."""
        decided = exists().where(DifferentPeople.one_id == one.id, DifferentPeople.other_id == other.id)
        conditions = [one.id < other.id, one.removed_at.is_(None), other.removed_at.is_(None), alike, ~decided]
        if self.directory.within is not None:
            conditions += [p.department_id.in_(self.directory.within) for p in (one, other)]
        query: Select[Any] = select(one.id, other.id, common)
        return query.where(*conditions).order_by(one.id, other.id).limit(MOST_PAIRS)

    def tell_apart(self, one: Person, other: Person) -> None:
        """They are two people; nobody is asked about them again. Idempotent."""
        first, second = sorted((one.id, other.id))
        if self.db.get(DifferentPeople, (first, second)) is None:
            self.db.add(DifferentPeople(one_id=first, other_id=second))
            self.ledger.append("person.told_apart", f"person:{first}", {"other": second})

    def ask_again(self, one: Person, other: Person) -> None:
        """Undo ``tell_apart``. Idempotent."""
        first, second = sorted((one.id, other.id))
        row = self.db.get(DifferentPeople, (first, second))
        if row is not None:
            self.db.delete(row)
            self.ledger.append("person.asked_again", f"person:{first}", {"other": second})

    def merge(self, kept: Person, gone: Person) -> int:
        """Make two rows one: ``kept`` takes over what only ``gone`` has, and whoever names ``gone`` names ``kept``.

        What happened to ``gone`` stays with that row, which leaves the directory. The ledger's entry is given.
        """
        if kept.id == gone.id or kept.removed_at is not None or gone.removed_at is not None:
            raise ValueError("two people who are in the directory are merged")
        known = {number.number: number for number in gone.numbers}
        edited = self.editing.save(kept, _joined(kept, gone))
        for number in kept.numbers:
            if number.number in known and number.verified_at is None and number.failed_at is None:
                number.verified_at, number.failed_at = known[number.number].verified_at, known[number.number].failed_at
        told = {
            "gone": gone.id,
            "edited": edited,
            "deputy_of": self._move_deputies(gone.id, kept.id),
            "superior_of": self._move_superiors(gone.id, kept.id),
            "groups": self._move_groups(gone.id, kept.id),
        }
        event = PeopleMerged(self.request, kept.id, gone.id)
        self.registry.notify(event)
        self.editing.remove(gone)
        return self.ledger.append("person.merged", f"person:{kept.id}", told | {"elsewhere": event.told})

    def part(self, kept: Person, entry_id: int) -> Person:
        """Undo a merge; whoever is two again.

        Raises:
            LookupError: the entry tells of no merge of this person.
            ChangedMeanwhile: the person was changed since.
        """
        entry = self.db.get(LedgerEntry, entry_id)
        if entry is None or entry.action != "person.merged" or entry.subject != f"person:{kept.id}":
            raise LookupError(entry_id)
        told = json.loads(entry.data)
        gone = self.directory.person(told["gone"])
        if gone is None or gone.removed_at is None:
            raise LookupError(entry_id)
        if told["edited"] is not None:
            self.editing.undo(kept, told["edited"])
        self.editing.restore(gone)
        self._move_deputies(kept.id, gone.id, told["deputy_of"])
        self._move_superiors(kept.id, gone.id, told["superior_of"])
        self._move_groups(kept.id, gone.id, told["groups"])
        self.registry.notify(PeopleParted(self.request, kept.id, gone.id, told["elsewhere"]))
        self.ledger.append("person.parted", f"person:{kept.id}", {"gone": gone.id, "undoes": entry_id})
        return gone

    def _move_deputies(self, old: int, new: int, only: Sequence[int] | None = None) -> list[int]:
        """Whom ``old`` stands in for; ``new`` does so from now on, once, and for nobody of itself."""
        query = select(Deputy).where(Deputy.deputy_id == old, Deputy.person_id.not_in((old, new)))
        if only is not None:
            query = query.where(Deputy.person_id.in_(only))
        moved = []
        for row in self.db.scalars(query):
            taken = select(Deputy.id).where(Deputy.person_id == row.person_id, Deputy.deputy_id == new)
            if self.db.scalar(taken) is None:
                row.deputy_id = new
                moved.append(row.person_id)
        return moved

    def _move_superiors(self, old: int, new: int, only: Sequence[int] | None = None) -> list[int]:
        query = select(Person).where(Person.superior_id == old, Person.id.not_in((old, new)))
        if only is not None:
            query = query.where(Person.id.in_(only))
        people = self.db.scalars(query).all()
        for person in people:
            person.superior_id = new
        return [person.id for person in people]

    def _move_groups(self, old: int, new: int, only: Sequence[int] | None = None) -> list[int]:
        query = select(PersonGroupMember).where(PersonGroupMember.person_id == old)
        if only is not None:
            query = query.where(PersonGroupMember.group_id.in_(only))
        moved = []
        for row in self.db.scalars(query).all():
            if self.db.get(PersonGroupMember, (row.group_id, new)) is None:
                self.db.add(PersonGroupMember(group_id=row.group_id, person_id=new))
                self.db.delete(row)
                moved.append(row.group_id)
        return moved


def _joined(kept: Person, gone: Person) -> PersonDraft:
    draft, other = draft_of(kept), draft_of(gone)
    own = {number.number for number in draft.numbers}
    deputies = [one for one in dict.fromkeys([*draft.deputies, *other.deputies]) if one not in (kept.id, gone.id)]
    superior = draft.superior_id or other.superior_id
    return replace(
        draft,
        post=draft.post or other.post,
        address=draft.address or other.address,
        numbers=[*draft.numbers, *(n for n in other.numbers if n.number not in own)][:MOST_NUMBERS],
        deputies=deputies[:MOST_DEPUTIES],
        superior_id=None if superior in (kept.id, gone.id) else superior,
    )


def factory(context: object, request: Request) -> Duplicates:
    """The request's duplicates."""
    return Duplicates(
        request,
        request.db,
        request.find_service(ILedger),
        request.find_service(Editing),
        request.find_service(Directory),
    )

"""Groups: people of several departments who are called together."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from dutycenter.directory.editing import DirectoryFault
from dutycenter.directory.models import Person, PersonGroup
from dutycenter.interfaces import ILedger

_ = TranslationStringFactory("dutycenter")

LONGEST_NAME = 64


class Groups:
    """Reads and changes groups; every change is told to the ledger whole."""

    def __init__(self, db: Session, ledger: ILedger) -> None:
        self.db = db
        self.ledger = ledger

    def listed(self) -> Sequence[PersonGroup]:
        """All groups by name, with their people."""
        query = select(PersonGroup).options(selectinload(PersonGroup.people).selectinload(Person.department))
        return self.db.scalars(query.order_by(PersonGroup.name)).all()

    def group(self, group_id: int) -> PersonGroup | None:
        """The group of this id."""
        return self.db.get(PersonGroup, group_id)

    def save(self, group: PersonGroup | None, name: str, people: Sequence[int]) -> PersonGroup:
        """A new group, or another name and other people for one that is there.

        Raises:
            DirectoryFault: what is wrong, by field.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise DirectoryFault({"name": _("Give the group a name of 64 characters at most.")})
        other = self.db.scalar(select(PersonGroup.id).where(PersonGroup.name == name))
        if other is not None and (group is None or group.id != other):
            raise DirectoryFault({"name": _("There is a group of this name already.")})
        action = "group.edited" if group is not None else "group.created"
        if group is None:
            group = PersonGroup(name=name)
            self.db.add(group)
        before = [person.id for person in group.people]
        group.name = name
        known = self.db.scalars(select(Person).where(Person.id.in_(set(people)), Person.removed_at.is_(None)))
        group.people = sorted(known, key=lambda person: person.id)
        self.db.flush()
        after = [person.id for person in group.people]
        self.ledger.append(action, f"group:{group.id}", {"name": name, "before": before, "after": after})
        return group

    def remove(self, group: PersonGroup) -> None:
        """Take a group away; its people stay. Plans that name it are found by their check."""
        told = {"name": group.name, "people": [person.id for person in group.people]}
        self.ledger.append("group.removed", f"group:{group.id}", told)
        self.db.delete(group)


def factory(context: object, request: Request) -> Groups:
    """The request's groups."""
    return Groups(request.db, request.find_service(ILedger))

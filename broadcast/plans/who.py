"""Whom a plan or a selection means at this moment: departments, posts, who is on duty, groups, people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.plans.content import Who, read
from broadcast.plans.models import Plan, PlanVersion
from dutycenter.directory.models import Department, Person, PersonGroup, PersonGroupMember
from dutycenter.directory.tree import branch_of
from dutycenter.interfaces import Turn
from dutycenter.roster.services import OnDuty
from dutycenter.vocabulary import ShiftDuty, WhoKind

TWO_LEGS = 2


@dataclass(frozen=True)
class Meant:
    """Whom a selection means.

    ``turns``: how each person is called, by id, in the order of the selection;
    ``empty``: those parts of it that mean nobody at the moment.
    """

    turns: dict[int, Turn] = field(default_factory=dict)
    empty: tuple[Who, ...] = ()
    by_who: dict[str, tuple[int, ...]] = field(default_factory=dict)  # token: ids

    @property
    def people(self) -> list[int]:
        return list(self.turns)


class Meaning:
    """Resolves selections against the directory and the roster.

    Args:
        db: any session of the store.
        on_duty: who is on duty at a moment.
    """

    def __init__(self, db: Session, on_duty: Callable[[datetime], OnDuty]) -> None:
        self.db = db
        self.on_duty = on_duty

    def of(self, selection: Iterable[Who], now: datetime, wave_pause: int = 0) -> Meant:
        """Everybody whom the selection means now; who is named twice keeps the earlier tier.

        Args:
            wave_pause: seconds between the beginnings of two tiers.
        """
        turns: dict[int, Turn] = {}
        by_who: dict[str, tuple[int, ...]] = {}
        empty: list[Who] = []
        for who in sorted(selection, key=lambda one: one.tier):
            ids = tuple(self._ids(who, now))
            by_who[who.token] = ids
            if not ids:
                empty.append(who)
            for person in ids:
                before = turns.get(person, Turn(who.tier, 1, who.tier * wave_pause))
                legs = TWO_LEGS if who.both else before.legs
                turns[person] = Turn(before.tier, legs, before.since)
        return Meant(turns, tuple(empty), by_who)

    def _ids(self, who: Who, now: datetime) -> Sequence[int]:
        if who.kind is WhoKind.DUTY:
            return [person.id for person in self._serving(ShiftDuty(who.ref), now) if person.removed_at is None]
        if who.kind is WhoKind.PLAN:
            return self._of_plan(who, now)
        here = select(Person.id).join(Department).where(Person.removed_at.is_(None))
        if who.kind is WhoKind.DEPARTMENT:
            here = here.where(Person.department_id.in_(branch_of(self.db, who.id or 0)))
        elif who.kind is WhoKind.POST:
            here = here.where(Person.post == who.ref)
        elif who.kind is WhoKind.GROUP:
            members = select(PersonGroupMember.person_id).where(PersonGroupMember.group_id == who.id)
            here = here.where(Person.id.in_(members))
        else:
            here = here.where(Person.id == who.id)
        order = (Department.position, Department.id, Person.position, Person.id)
        return self.db.scalars(here.order_by(*order)).all()

    def _serving(self, duty: ShiftDuty, now: datetime) -> tuple[Person, ...]:
        serving = self.on_duty(now)
        found = {
            ShiftDuty.LEADER: serving.leaders,
            ShiftDuty.CHIEF: serving.chiefs,
            ShiftDuty.OFFICER: serving.officers,
        }
        return found[duty]

    def _of_plan(self, who: Who, now: datetime) -> list[int]:
        version = self.db.scalar(
            select(PlanVersion)
            .join(Plan, (Plan.id == PlanVersion.plan_id) & (Plan.version == PlanVersion.version))
            .where(Plan.id == who.id, Plan.removed_at.is_(None))
        )
        if version is None:
            return []
        # A plan names no plans, so this ends.
        named = [one for one in read(version.content).who if one.kind is not WhoKind.PLAN]
        return self.of(named, now).people


@dataclass(frozen=True)
class Named:
    """A part of a selection with its words: ``title`` is a name, or empty for what is no longer there."""

    who: Who
    title: str


def names_of(db: Session, selection: Iterable[Who]) -> list[Named]:
    """The names of what a selection is made of; duties are named by their label."""
    chosen = list(selection)
    tables: dict[WhoKind, tuple[type, str]] = {
        WhoKind.DEPARTMENT: (Department, "short_name"),
        WhoKind.PERSON: (Person, "name"),
        WhoKind.GROUP: (PersonGroup, "name"),
        WhoKind.PLAN: (Plan, "title"),
    }
    names: dict[tuple[WhoKind, int], str] = {}
    for kind, (model, column) in tables.items():
        ids = {who.id for who in chosen if who.kind is kind}
        rows = db.execute(select(model.id, getattr(model, column)).where(model.id.in_(ids))) if ids else ()  # type: ignore[attr-defined]
        names |= {(kind, found): name for found, name in rows}
    return [
        Named(who, who.ref if who.kind in (WhoKind.POST, WhoKind.DUTY) else names.get((who.kind, who.id or 0), ""))
        for who in chosen
    ]

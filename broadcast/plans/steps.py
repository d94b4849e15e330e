"""Takes the steps that are due, in the dialer's own transaction and under its lease.

``escalation`` decides; here it is written down: a stand-in as a recipient, a
knock at the door as a task, and for each person and step a row that no restart
writes twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import EVERYBODY, SUPERIORS, Broadcast, Recipient
from broadcast.people import Candidate, Lines, candidates, lines_of, recipient_of
from broadcast.plans.content import read_steps
from broadcast.plans.escalation import Standing, due, pursued
from broadcast.plans.models import Escalation, KnockTask
from dutycenter.directory.models import Department, Person
from dutycenter.directory.services import Directory
from dutycenter.interfaces import EscalationStep, ILedger
from dutycenter.ledger.parts import in_parts
from dutycenter.vocabulary import EscalationKind, RecipientRole

LOOK = 2.0  # the product's seconds: who declines has their deputy called so soon

NO_DEPUTY, NO_SUPERIOR, ALREADY = "no_deputy", "no_superior", "already_called"


class Steps:
    """The escalation steps of one running broadcast.

    Args:
        kept: the broadcast's ``steps`` column.
        kept_free: numbers that are never called.
        zone: of the duty room.
    """

    def __init__(self, kept: Sequence[Mapping[str, Any]], kept_free: Collection[str] = (), zone: tzinfo = UTC) -> None:
        self.steps = read_steps(kept)
        self.kept_free = kept_free
        self.zone = zone
        self.waiting = bool(self.steps)  # somebody may still have a step to come
        self.again_at: float | None = 0.0
        self._eager = any(step.kind is EscalationKind.DEPUTY for step in self.steps)

    def due(self, now: float, *, idle: bool) -> bool:
        """Is it time to look? ``now`` in seconds after the launch."""
        return self.waiting and (idle or (self.again_at is not None and now >= self.again_at))

    def people_changed(self) -> None:
        """Somebody came into the broadcast or was taken out: look again."""
        self.waiting, self.again_at = bool(self.steps), 0.0

    def take(
        self,
        db: Session,
        ledger: ILedger,
        broadcast: Broadcast,
        now: datetime,
        seconds: float,
        *,
        idle: bool,
        listening: Collection[int],
    ) -> list[tuple[EscalationKind, int]]:
        """Look, and take what is due; the steps taken, and for how many people."""
        people = _standings(db, broadcast, listening)
        taken, deputies = _taken(db, broadcast.id)
        goal_met = broadcast.goal_met_at is not None
        found = due(self.steps, people, taken, deputies, seconds, idle=idle, goal_met=goal_met)
        self.waiting = found.waiting
        looks = [found.again_at] if found.again_at is not None else []
        if self._eager or any(p.listening and pursued(p) for p in people):
            looks.append(seconds + LOOK)
        self.again_at = min(looks, default=None)
        by_step: dict[int, list[int]] = defaultdict(list)
        for position, recipient_id in found.steps:
            by_step[position].append(recipient_id)
        for position, ids in sorted(by_step.items()):
            _Taking(db, broadcast, now, lines_of(db, self.kept_free, self.zone)).take(
                ledger, position, self.steps[position], ids
            )
        return [(self.steps[position].kind, len(ids)) for position, ids in sorted(by_step.items())]


def _standings(db: Session, broadcast: Broadcast, listening: Collection[int]) -> list[Standing]:
    began = broadcast.launched_at
    assert began is not None
    rows = db.execute(
        select(
            Recipient.id,
            Recipient.role,
            Recipient.acknowledged_at,
            Recipient.outcome,
            Recipient.outcome_ground,
            Recipient.dropped_at,
            Recipient.joined_at,
        )
        .where(Recipient.broadcast_id == broadcast.id)
        .order_by(Recipient.id)
    )
    return [
        Standing(
            row.id,
            row.role,
            row.acknowledged_at is not None,
            row.outcome,
            row.outcome_ground,
            row.dropped_at is not None,
            row.id in listening,
            0.0 if row.joined_at is None else (row.joined_at - began).total_seconds(),
        )
        for row in rows
    ]


def _taken(db: Session, broadcast_id: int) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Steps taken so far, and who is called in somebody's place."""
    taken: dict[int, set[int]] = defaultdict(set)
    deputies: dict[int, set[int]] = defaultdict(set)
    rows = db.execute(
        select(Escalation.recipient_id, Escalation.step, Escalation.kind, Escalation.stand_in_id).where(
            Escalation.broadcast_id == broadcast_id
        )
    )
    for recipient_id, step, kind, stand_in in rows:
        taken[recipient_id].add(step)
        if kind is EscalationKind.DEPUTY and stand_in is not None:
            deputies[recipient_id].add(stand_in)
    return taken, deputies


@dataclass(frozen=True)
class _Found:
    stand_in: Recipient | None = None
    ground: str = ""


class _Taking:
    """One step for some people."""

    def __init__(self, db: Session, broadcast: Broadcast, now: datetime, lines: Lines) -> None:
        self.db = db
        self.broadcast = broadcast
        self.now = now
        self.lines = lines

    def take(self, ledger: ILedger, position: int, step: EscalationStep, ids: Sequence[int]) -> None:
        recipients = list(
            self.db.scalars(
                select(Recipient).where(Recipient.id.in_(ids)).order_by(Recipient.id).with_for_update()
            )
        )  # fmt: skip
        doing = {
            EscalationKind.DEPUTY: self._deputies,
            EscalationKind.SUPERIOR: self._superiors,
            EscalationKind.KNOCK: self._knocks,
        }
        found = doing[step.kind](step, recipients)
        self.db.flush()
        self.db.add_all(
            Escalation(
                broadcast_id=self.broadcast.id,
                recipient_id=recipient.id,
                step=position,
                kind=step.kind,
                at=self.now,
                stand_in_id=None if one.stand_in is None else one.stand_in.id,
                ground=one.ground,
            )
            for recipient, one in zip(recipients, found, strict=True)
        )
        people = [
            {
                "recipient": recipient.id,
                "stand_in": None if one.stand_in is None else one.stand_in.id,
                "ground": one.ground,
            }
            for recipient, one in zip(recipients, found, strict=True)
        ]
        told = {"step": position, "kind": step.kind.value}
        ledger.append_all(in_parts("broadcast.escalated", f"broadcast:{self.broadcast.id}", told, "people", people))

    # --- deputies -----------------------------------------------------------------

    def _deputies(self, step: EscalationStep, recipients: Sequence[Recipient]) -> list[_Found]:
        called = self._called(EVERYBODY)
        people = self._candidates({r.person_id for r in recipients if r.person_id is not None})
        wanted = {deputy.id for candidate in people.values() for deputy in candidate.deputies}
        able = self._candidates(wanted)
        found = []
        for recipient in recipients:
            candidate = people.get(recipient.person_id or 0)
            deputies = [] if candidate is None else [able[d.id] for d in candidate.deputies if d.id in able]
            found.append(self._stand_in(deputies, called, recipient, RecipientRole.DEPUTY, NO_DEPUTY))
        return found

    def _stand_in(
        self,
        able: Sequence[Candidate],
        called: dict[int, Recipient],
        recipient: Recipient,
        role: RecipientRole,
        none: str,
    ) -> _Found:
        """The first who can be called and is not called yet; else the first who is called anyway."""
        callable_ones = [candidate for candidate in able if candidate.callable]
        for candidate in callable_ones:
            if candidate.person.id not in called:
                made = recipient_of(
                    candidate,
                    role=role,
                    weight=recipient.weight,
                    stands_for_id=recipient.id,
                    audience=SUPERIORS if role is RecipientRole.SUPERIOR else EVERYBODY,
                    joined_at=self.now,
                )
                made.broadcast_id = self.broadcast.id
                self.db.add(made)
                called[candidate.person.id] = made
                return _Found(made)
        if callable_ones:
            return _Found(called[callable_ones[0].person.id], ALREADY)
        return _Found(ground=none)

    # --- superiors ----------------------------------------------------------------

    def _superiors(self, step: EscalationStep, recipients: Sequence[Recipient]) -> list[_Found]:
        """Each superior is called once, however many of theirs are not reached; those themselves not reached last."""
        directory = Directory(self.db)
        told = self._called(SUPERIORS)
        persons = {p.id: p for p in self.db.scalars(select(Person).where(Person.id.in_(_ids(recipients))))}
        above = {r.id: directory.superiors(persons[r.person_id]) if r.person_id in persons else [] for r in recipients}
        able = self._candidates({boss.id for bosses in above.values() for boss in bosses})
        out_of_reach = self._out_of_reach()
        found = []
        for recipient in recipients:
            bosses = [able[boss.id] for boss in above[recipient.id] if boss.id in able and able[boss.id].callable]
            ordered = sorted(bosses, key=lambda boss: boss.person.id in out_of_reach)
            if ordered and ordered[0].person.id in told:
                found.append(_Found(told[ordered[0].person.id], ALREADY))
            else:
                found.append(self._stand_in(ordered[:1], told, recipient, RecipientRole.SUPERIOR, NO_SUPERIOR))
        return found

    def _out_of_reach(self) -> set[int]:
        return set(
            self.db.scalars(
                select(Recipient.person_id).where(
                    Recipient.broadcast_id == self.broadcast.id,
                    Recipient.person_id.is_not(None),
                    Recipient.acknowledged_at.is_(None),
                    Recipient.audience == EVERYBODY,
                )
            )
        )

    # --- doors --------------------------------------------------------------------

    def _knocks(self, step: EscalationStep, recipients: Sequence[Recipient]) -> list[_Found]:
        unit = self.db.get(Department, step.unit_id) if step.unit_id is not None else None
        persons = {p.id: p for p in self.db.scalars(select(Person).where(Person.id.in_(_ids(recipients))))}
        known = set(
            self.db.scalars(
                select(KnockTask.recipient_id).where(KnockTask.recipient_id.in_([r.id for r in recipients]))
            )
        )
        for recipient in recipients:
            if recipient.id in known:
                continue
            person = persons.get(recipient.person_id or 0)
            own = person.department if person is not None else None
            goes = unit or own
            self.db.add(
                KnockTask(
                    broadcast_id=self.broadcast.id,
                    recipient_id=recipient.id,
                    unit_id=None if goes is None else goes.id,
                    unit=recipient.department if goes is None else goes.name,
                    address="" if person is None else person.address,
                    created_at=self.now,
                )
            )
        return [_Found() for _ in recipients]

    # --- within -------------------------------------------------------------------

    def _called(self, audience: str) -> dict[int, Recipient]:
        """Whoever is called with this message already, by person."""
        rows = self.db.scalars(
            select(Recipient).where(
                Recipient.broadcast_id == self.broadcast.id,
                Recipient.person_id.is_not(None),
                Recipient.audience == audience,
            )
        )
        return {row.person_id: row for row in rows if row.person_id is not None}

    def _candidates(self, ids: Collection[int]) -> dict[int, Candidate]:
        return {c.person.id: c for c in candidates(self.db, list(ids), self.now, self.lines)}


def _ids(recipients: Sequence[Recipient]) -> list[int]:
    return [r.person_id for r in recipients if r.person_id is not None]

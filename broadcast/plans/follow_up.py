"""What followed of a broadcast, for its board: the plan, the steps taken, doors, corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast
from broadcast.plans.models import Escalation, KnockTask, PlanVersion
from dutycenter.vocabulary import EscalationKind


@dataclass(frozen=True)
class FollowUp:
    """``plan``: the version that it carries out; ``steps``: how many people each kind was taken for;
    ``rounds``: broadcasts that tell of its corrections; ``corrects``: the one whose correction it tells."""

    plan: PlanVersion | None
    steps: Sequence[tuple[EscalationKind, int]]
    doors: int
    doors_open: int
    rounds: Sequence[Broadcast]
    corrects: Broadcast | None

    @property
    def any(self) -> bool:
        """Is there anything to show?"""
        return bool(self.plan or self.steps or self.doors or self.rounds or self.corrects)


def follow_up(db: Session, broadcast: Broadcast) -> FollowUp:
    """Read it from the rows."""
    steps = db.execute(
        select(Escalation.kind, func.count()).where(Escalation.broadcast_id == broadcast.id).group_by(Escalation.kind)
    )
    counted = {kind: count for kind, count in steps}  # noqa: C416 (rows are no tuples to mypy)
    still_open = KnockTask.done_at.is_(None) & KnockTask.withdrawn_at.is_(None)
    doors = db.execute(
        select(func.count(), func.count().filter(still_open)).where(KnockTask.broadcast_id == broadcast.id)
    ).one()
    rounds = db.scalars(select(Broadcast).where(Broadcast.corrects_id == broadcast.id).order_by(Broadcast.id)).all()
    return FollowUp(
        db.get(PlanVersion, broadcast.plan_version_id) if broadcast.plan_version_id is not None else None,
        [(kind, counted[kind]) for kind in EscalationKind if kind in counted],
        doors[0],
        doors[1],
        rounds,
        db.get(Broadcast, broadcast.corrects_id) if broadcast.corrects_id is not None else None,
    )

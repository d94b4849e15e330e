"""Knocking on doors: tasks for a unit, worked through on a list, with a way back after a slip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pyramid.request import Request
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from broadcast.models import Recipient
from broadcast.plans.models import KnockTask
from broadcast.settle import Ground
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import KnockResult

MOST_NOTE = 500


def withdraw(db: Session, recipient_id: int, now: datetime) -> None:
    """The person was reached: nobody need go to their door any more."""
    db.execute(
        update(KnockTask)
        .where(KnockTask.recipient_id == recipient_id, KnockTask.done_at.is_(None), KnockTask.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )


def open_tasks(db: Session) -> int:
    """How many doors are still to be knocked at."""
    query = select(func.count()).select_from(KnockTask)
    return db.scalar(query.where(KnockTask.done_at.is_(None), KnockTask.withdrawn_at.is_(None))) or 0


class Knocks:
    """Reads and works through the list.

    Args:
        db: the session of the change.
        ledger: where each change leaves its entry.
        clock: the product's time.
        account_id: who acts, if it is an account.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, account_id: int | None) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.account_id = account_id

    def listed(self, broadcast_id: int | None = None) -> Sequence[KnockTask]:
        """The tasks of one broadcast, or all that are open; by unit, open ones first."""
        query = select(KnockTask).options(
            selectinload(KnockTask.recipient).selectinload(Recipient.numbers),
            selectinload(KnockTask.broadcast),
            selectinload(KnockTask.done_by),
        )
        if broadcast_id is None:
            query = query.where(KnockTask.done_at.is_(None), KnockTask.withdrawn_at.is_(None))
        else:
            query = query.where(KnockTask.broadcast_id == broadcast_id)
        return self.db.scalars(query.order_by(KnockTask.unit_id, KnockTask.unit, KnockTask.id)).all()

    def done(self, task_id: int, result: KnockResult, note: str) -> KnockTask | None:
        """What was found at the door; None when the task is no longer open.

        Whoever was told face to face is called no more; the outcome follows at the end.
        """
        task = self._locked(task_id)
        if task is None or task.done_at is not None or task.withdrawn_at is not None:
            return None
        now = self.clock.now()
        task.result, task.note = result, note.strip()[:MOST_NOTE]
        task.done_at, task.done_by_id = now, self.account_id
        if result is KnockResult.TOLD and task.recipient.outcome is None:
            task.recipient.dropped_at, task.recipient.dropped_ground = now, Ground.IN_PERSON.value
        self._tell(task, "knocked", result=result.value, note=task.note)
        return task

    def reopen(self, task_id: int) -> KnockTask | None:
        """Take ``done`` back; None when it was not done."""
        task = self._locked(task_id)
        if task is None or task.done_at is None:
            return None
        recipient = task.recipient
        if recipient.outcome is None and recipient.dropped_ground == Ground.IN_PERSON:
            recipient.dropped_at, recipient.dropped_ground = None, ""
        task.result, task.done_at, task.done_by_id = None, None, None
        self._tell(task, "knock_reopened")
        return task

    def _locked(self, task_id: int) -> KnockTask | None:
        known = self.db.get(KnockTask, task_id)
        if known is None:
            return None
        # Recipients before what hangs on them, as everywhere.
        self.db.get(Recipient, known.recipient_id, with_for_update=True, populate_existing=True)
        return self.db.get(KnockTask, task_id, with_for_update=True, populate_existing=True)

    def _tell(self, task: KnockTask, verb: str, **data: object) -> None:
        self.ledger.append(
            f"broadcast.{verb}",
            f"broadcast:{task.broadcast_id}",
            {"task": task.id, "recipient": task.recipient_id, "unit": task.unit, **data},
        )


def factory(context: object, request: Request) -> Knocks:
    """The request's list of doors."""
    identity = request.identity if "dutycenter.actor" not in request.environ else None
    return Knocks(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        None if identity is None else identity.id,
    )

"""An exercise's recordings are told apart from real ones."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast
from dutycenter.calls.models import Recording
from dutycenter.interfaces import IClock
from dutycenter.work import Work

LATELY = timedelta(days=1)


def mark_recordings(db: Session, broadcast_id: int) -> None:
    """An exercise's recordings say that they are of one."""
    attempts = select(Attempt.id).where(Attempt.broadcast_id == broadcast_id)
    db.execute(
        update(Recording)
        .where(Recording.attempt_id.in_(attempts), Recording.exercise.is_(False))
        .values(exercise=True)
        .execution_options(synchronize_session=False)
    )


def mark_late_recordings(work: Work) -> None:
    """The clerk's share: recordings whose rows came after their attempts had been settled."""
    with work.read() as request:
        lately = request.find_service(IClock).now() - LATELY
        late = request.db.scalars(
            select(Broadcast.id)
            .join(Attempt, Attempt.broadcast_id == Broadcast.id)
            .join(Recording, Recording.attempt_id == Attempt.id)
            .where(Broadcast.exercise, Recording.exercise.is_(False), Broadcast.launched_at > lately)
            .distinct()
        ).all()
    for broadcast_id in late:
        with work.write() as request:
            mark_recordings(request.db, broadcast_id)

"""Where broadcasts stand, counted in the rows: two statements however many they are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient
from dutycenter.interfaces import Standing


def standings(db: Session, broadcasts: Sequence[Broadcast]) -> list[Standing]:
    """How many each of them calls, what became of these, and how many have a leg up."""
    ids = [broadcast.id for broadcast in broadcasts]
    outcomes: dict[int, dict[str, int]] = {one: {} for one in ids}
    recipients = dict.fromkeys(ids, 0)
    counts = db.execute(
        select(Recipient.broadcast_id, Recipient.outcome, func.count())
        .where(Recipient.broadcast_id.in_(ids))
        .group_by(Recipient.broadcast_id, Recipient.outcome)
    )
    for one, outcome, count in counts:
        recipients[one] += count
        if outcome is not None:
            outcomes[one][outcome.value] = count
    legs = db.execute(
        select(Attempt.broadcast_id, func.count(Attempt.recipient_id.distinct()))
        .where(Attempt.broadcast_id.in_(ids), Attempt.disposition.is_(None), Attempt.ended_at.is_(None))
        .group_by(Attempt.broadcast_id)
    )
    calling = {one: count for one, count in legs}  # noqa: C416 (rows are no tuples to mypy)
    return [
        Standing(
            b.id,
            b.title,
            b.state.value,
            b.exercise,
            recipients[b.id],
            outcomes[b.id],
            calling.get(b.id, 0),
            b.stands_still,
            b.corrects_id,
        )
        for b in broadcasts
    ]

"""What settled attempts show of the directory's numbers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.directory.proving import Proof
from dutycenter.vocabulary import Disposition, ReachedRule

RIGHT = frozenset({Disposition.ACKNOWLEDGED, Disposition.DECLINED, Disposition.TRANSFERRED})
"""A person took the call and did what only a person does."""
TELLING = RIGHT | {Disposition.HEARD, Disposition.NO_SUCH_NUMBER}


def proofs_of(db: Session, ids: Sequence[str]) -> list[Proof]:
    """What these attempts show: the number is right, or there is no such number.

    Nobody answering, a busy line or a telephone that is off says nothing of the number;
    a rehearsal says nothing of real ones.
    """
    rows = db.execute(
        select(
            Recipient.person_id, RecipientNumber.number, Attempt.ended_at, Attempt.disposition, Broadcast.reached_rule
        )
        .join(Recipient, Recipient.id == Attempt.recipient_id)
        .join(RecipientNumber, RecipientNumber.id == Attempt.number_id)
        .join(Broadcast, Broadcast.id == Attempt.broadcast_id)
        .where(
            Attempt.id.in_(ids),
            Attempt.disposition.in_(TELLING),
            Attempt.ended_at.is_not(None),
            Recipient.person_id.is_not(None),
            ~Broadcast.rehearsed,
        )
    )
    return [
        Proof(row.person_id, row.number, row.ended_at, row.disposition is not Disposition.NO_SUCH_NUMBER)
        for row in rows
        if row.disposition is not Disposition.HEARD or row.reached_rule is ReachedRule.HEARD
    ]

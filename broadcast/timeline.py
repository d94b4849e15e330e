"""A broadcast's lines in the timeline of its incident."""

from __future__ import annotations

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.messages import Translate
from broadcast.models import Broadcast, Recipient
from dutycenter.incidents.services import Incidents
from dutycenter.vocabulary import BroadcastState, Outcome

_ = TranslationStringFactory("dutycenter")

KIND = "broadcast"


def enter_launch(incidents: Incidents, db: Session, broadcast: Broadcast, translate: Translate) -> None:
    """The incident calls people out."""
    if broadcast.incident_id is None:
        return
    people = sum(_outcomes(db, broadcast.id).values())
    words = _("Broadcast launched: ${title}, ${people} people", mapping={"title": broadcast.title, "people": people})
    incidents.note(broadcast.incident_id, translate(words), KIND, {"broadcast": broadcast.id})


def enter_end(incidents: Incidents, db: Session, broadcast: Broadcast, translate: Translate) -> None:
    """The broadcast has ended, with what it came to."""
    if broadcast.incident_id is None:
        return
    counts = _outcomes(db, broadcast.id)
    values = {
        "title": broadcast.title,
        "people": sum(counts.values()),
        "acknowledged": counts.get(Outcome.ACKNOWLEDGED, 0),
        "declined": counts.get(Outcome.DECLINED, 0),
    }
    if broadcast.state is BroadcastState.STOPPED:
        words = _(
            "Broadcast stopped: ${title}; ${acknowledged} of ${people} acknowledged, ${declined} can't come",
            mapping=values,
        )
    else:
        words = _(
            "Broadcast finished: ${title}; ${acknowledged} of ${people} acknowledged, ${declined} can't come",
            mapping=values,
        )
    incidents.note(broadcast.incident_id, translate(words), KIND, {"broadcast": broadcast.id})


def _outcomes(db: Session, broadcast_id: int) -> dict[Outcome | None, int]:
    rows = db.execute(
        select(Recipient.outcome, func.count())
        .where(Recipient.broadcast_id == broadcast_id)
        .group_by(Recipient.outcome)
    )
    return {outcome: count for outcome, count in rows}  # noqa: C416 (rows are no tuples to mypy)

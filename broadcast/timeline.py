"""A broadcast's lines in the timeline of its incident."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.messages import Translate
from broadcast.models import Broadcast, Recipient
from dutycenter.incidents.services import Incidents
from dutycenter.vocabulary import BroadcastState, EscalationKind, Outcome

_ = TranslationStringFactory("dutycenter")

KIND = "broadcast"


def enter_launch(incidents: Incidents, db: Session, broadcast: Broadcast, translate: Translate) -> None:
    """The incident calls people out."""
    if broadcast.incident_id is None:
        return
    people = sum(_outcomes(db, broadcast.id).values())
    words = _(
        "Broadcast launched: ${title}; ${people} to be called", mapping={"title": broadcast.title, "people": people}
    )
    incidents.note(broadcast.incident_id, translate(words), KIND, {"broadcast": broadcast.id}, words)


def enter_answer(incidents: Incidents, recipient: Recipient, what: str, translate: Translate, zone: ZoneInfo) -> None:
    """A person's word that somebody took down, or where they are; the broadcast has an incident."""
    at = recipient.arrives_at.astimezone(zone).strftime("%H:%M") if recipient.arrives_at else ""
    values = {"name": recipient.name, "minutes": recipient.arrives_in_minutes, "at": at}
    words = {
        "acknowledged": _("${name} acknowledged, by calling back or at the desk", mapping=values),
        "declined": _("${name} can't come, said by calling back or at the desk", mapping=values),
        "arrives": _("${name} arrives in ${minutes} min, about ${at}", mapping=values),
        "arrived": _("${name} has arrived", mapping=values),
        "not_arrived": _("${name} has not arrived after all", mapping=values),
    }
    incident_id = recipient.broadcast.incident_id
    assert incident_id is not None
    data = {"broadcast": recipient.broadcast_id, "recipient": recipient.id}
    incidents.note(incident_id, translate(words[what]), KIND, data, words[what])


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
    if broadcast.corrects_id is not None:
        words = _(
            "Correction told: ${title}; ${acknowledged} of ${people} who had answered acknowledged it", mapping=values
        )
    elif broadcast.state is BroadcastState.STOPPED:
        words = _(
            "Broadcast stopped: ${title}; ${acknowledged} of ${people} acknowledged, ${declined} can't come",
            mapping=values,
        )
    else:
        words = _(
            "Broadcast finished: ${title}; ${acknowledged} of ${people} acknowledged, ${declined} can't come",
            mapping=values,
        )
    incidents.note(broadcast.incident_id, translate(words), KIND, {"broadcast": broadcast.id}, words)


def enter_step(
    incidents: Incidents, broadcast: Broadcast, kind: EscalationKind, people: int, translate: Translate
) -> None:
    """People have not acknowledged, be it that they can't come, and what follows has begun."""
    if broadcast.incident_id is None:
        return
    values = {"title": broadcast.title, "people": people}
    words = {
        EscalationKind.DEPUTY: _("${title}: deputies are called for ${people} who did not acknowledge", mapping=values),
        EscalationKind.SUPERIOR: _(
            "${title}: superiors are called for ${people} who did not acknowledge", mapping=values
        ),
        EscalationKind.KNOCK: _(
            "${title}: doors are to be knocked at for ${people} who did not acknowledge", mapping=values
        ),
    }[kind]
    incidents.note(broadcast.incident_id, translate(words), KIND, {"broadcast": broadcast.id}, words)


def _outcomes(db: Session, broadcast_id: int) -> dict[Outcome | None, int]:
    rows = db.execute(
        select(Recipient.outcome, func.count())
        .where(Recipient.broadcast_id == broadcast_id)
        .group_by(Recipient.outcome)
    )
    return {outcome: count for outcome, count in rows}  # noqa: C416 (rows are no tuples to mypy)

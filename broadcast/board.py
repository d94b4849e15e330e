"""What the board shows: each person's state, worked out from the rows when somebody looks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from broadcast.pursuit import next_try
from broadcast.settle import Ground
from broadcast.sms.models import TextMessage, TextReply
from dutycenter.calls.models import Recording
from dutycenter.frame.labels import label
from dutycenter.vocabulary import BroadcastState, Disposition, Outcome

_ = TranslationStringFactory("dutycenter")


class Place(StrEnum):
    """Where a person stands on the board."""

    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    AT_DESK = "desk"  # asked for the duty desk, waits for it or talks to it
    TALKING = "talking"
    RINGING = "ringing"
    AGAIN = "again"  # tried, and will be called again
    WAITING = "waiting"  # not tried yet
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    NOT_CALLED = "not_called"


PLACES: dict[Place, tuple[str, str, str]] = {
    Place.ACKNOWLEDGED: (_("Acknowledged"), "check-circle-fill", "good"),
    Place.DECLINED: (_("Can't come"), "x-octagon", "act"),
    Place.AT_DESK: (_("At the duty desk"), "headset", "info"),
    Place.TALKING: (_("Talking"), "telephone-fill", "info"),
    Place.RINGING: (_("Ringing"), "telephone-outbound", "info"),
    Place.AGAIN: (_("To be called again"), "arrow-repeat", ""),
    Place.WAITING: (_("Not called yet"), "hourglass", ""),
    Place.REACHED: (_("Reached, not acknowledged"), "ear", "warn"),
    Place.NOT_REACHED: (_("Not reached"), "telephone-x", "act"),
    Place.NOT_CALLED: (_("Cannot be called"), "dash-circle", ""),
}
"""Words, icon and tone of each; the tone ``good`` is for acknowledgements and nothing else."""

TEXTED: dict[Place, str] = {Place.WAITING: _("No answer yet"), Place.NOT_CALLED: _("Cannot be sent a text")}
"""Other words where texts alone are sent: nobody waits for a call there."""

GROUNDS: dict[str, str] = {
    Ground.REMOVED: _("no longer in the directory"),
    Ground.AWAY: _("away"),
    Ground.NO_NUMBER: _("no telephone number"),
    Ground.UNUSABLE_NUMBER: _("no number that can be dialled"),
    Ground.DUTY_NUMBER: _("only the duty room's own number"),
    Ground.NOT_OURS: _("outside the department of whoever launches"),
    Ground.NO_MOBILE: _("no mobile number"),
    Ground.NO_REPLY: _("no answer to the text"),
    Ground.NO_LINE: _("no line may carry the numbers"),
    Ground.STOPPED: _("stopped before the first call"),
    Ground.DROPPED: _("taken out by hand"),
    Ground.IN_PERSON: _("told face to face"),
}

_BY_OUTCOME = {
    Outcome.ACKNOWLEDGED: Place.ACKNOWLEDGED,
    Outcome.DECLINED: Place.DECLINED,
    Outcome.REACHED: Place.REACHED,
    Outcome.NOT_REACHED: Place.NOT_REACHED,
    Outcome.NOT_CALLED: Place.NOT_CALLED,
}


def ground_words(ground: str) -> str:
    """Why an outcome is what it is, to be translated; empty when nothing needs saying."""
    if ground in GROUNDS:
        return GROUNDS[ground]
    return label(Disposition(ground)) if ground in set(Disposition) else ""


@dataclass(frozen=True)
class PersonLine:
    """One person on the board."""

    recipient: Recipient
    place: Place
    since: datetime | None = None  # of what is happening now
    number: RecipientNumber | None = None  # in use now, or next
    last: Attempt | None = None
    next_at: datetime | None = None
    text: TextMessage | None = None  # the latest
    reply: TextReply | None = None  # the latest text that came back

    @property
    def happened_at(self) -> datetime | None:
        """When something happened to this person last."""
        moments = [self.since]
        if self.last is not None:
            moments.append(self.last.ended_at or self.last.answered_at or self.last.created_at)
        if self.text is not None:
            moments.append(self.text.settled_at or self.text.accepted_at or self.text.written_at)
        if self.reply is not None:
            moments.append(self.reply.received_at)
        return max((moment for moment in moments if moment is not None), default=None)

    @property
    def words(self) -> str:
        usual = PLACES[self.place][0]
        return TEXTED.get(self.place, usual) if self.recipient.broadcast.texts_alone else usual

    @property
    def icon(self) -> str:
        return PLACES[self.place][1]

    @property
    def tone(self) -> str:
        return PLACES[self.place][2]


@dataclass
class DepartmentTile:
    """A department's people."""

    name: str
    people: list[PersonLine] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(line.place is Place.ACKNOWLEDGED for line in self.people)


@dataclass(frozen=True)
class Board:
    """Everything that one look at a broadcast shows."""

    broadcast: Broadcast
    departments: Sequence[DepartmentTile]
    counts: dict[Place, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def over(self) -> bool:
        return self.broadcast.finished_at is not None

    @property
    def ending(self) -> bool:
        """Stopped, but somebody is still on the telephone."""
        return self.broadcast.state is BroadcastState.STOPPED and not self.over

    @property
    def calling(self) -> int:
        return self.counts[Place.RINGING] + self.counts[Place.TALKING] + self.counts[Place.AT_DESK]

    @property
    def bars(self) -> list[tuple[Place, int, float, float]]:
        """The parts of the progress bar: place, people, beginning and width in per cent."""
        at, parts = 0.0, []
        for place in Place:
            if count := self.counts[place]:
                width = 100.0 * count / self.total
                parts.append((place, count, at, width))
                at += width
        return parts


def board(db: Session, broadcast: Broadcast, now: datetime) -> Board:
    """The board of a broadcast at this moment."""
    departments: dict[str, DepartmentTile] = {}
    counts = dict.fromkeys(Place, 0)
    for line in lines(db, broadcast, now):
        counts[line.place] += 1
        name = line.recipient.department
        departments.setdefault(name, DepartmentTile(name)).people.append(line)
    return Board(broadcast, list(departments.values()), counts)


def lines(db: Session, broadcast: Broadcast, now: datetime, ids: Collection[int] | None = None) -> list[PersonLine]:
    """Where these people stand, or all of the broadcast."""
    query = (
        select(Recipient)
        .where(Recipient.broadcast_id == broadcast.id)
        .order_by(Recipient.id)
        .options(selectinload(Recipient.numbers), selectinload(Recipient.attempts))
    )
    texts = select(TextMessage).where(TextMessage.broadcast_id == broadcast.id).order_by(TextMessage.id)
    replies = (
        select(TextReply)
        .join(Recipient, Recipient.id == TextReply.recipient_id)
        .where(Recipient.broadcast_id == broadcast.id)
        .order_by(TextReply.id)
    )
    if ids is not None:
        query = query.where(Recipient.id.in_(ids))
        texts = texts.where(TextMessage.recipient_id.in_(ids))
        replies = replies.where(TextReply.recipient_id.in_(ids))
    last_text = {text.recipient_id: text for text in db.scalars(texts)}
    last_reply = {reply.recipient_id: reply for reply in db.scalars(replies)}
    return [
        replace(person_line(broadcast, r, now), text=last_text.get(r.id), reply=last_reply.get(r.id))
        for r in db.scalars(query)
    ]


def person_line(broadcast: Broadcast, recipient: Recipient, now: datetime) -> PersonLine:
    """Where one person stands."""
    attempts = recipient.attempts
    last = attempts[-1] if attempts else None
    numbers = {number.id: number for number in recipient.numbers}
    up = next((a for a in attempts if a.disposition is None and a.ended_at is None), None)
    if recipient.acknowledged_at is not None or recipient.outcome is Outcome.ACKNOWLEDGED:
        return PersonLine(recipient, Place.ACKNOWLEDGED, recipient.acknowledged_at, last=last)
    if recipient.outcome is not None:
        return PersonLine(recipient, _BY_OUTCOME[recipient.outcome], recipient.outcome_at, last=last)
    if recipient.outcome_ground or recipient.dropped_at is not None:
        told = recipient.dropped_ground == Ground.IN_PERSON
        return PersonLine(recipient, Place.ACKNOWLEDGED if told else Place.NOT_CALLED, recipient.dropped_at)
    if up is not None:
        if up.key == "4":
            return PersonLine(recipient, Place.DECLINED, up.answered_at, numbers.get(up.number_id), last)
        if up.desk_asked_at is not None:
            since = up.desk_talked_at or up.desk_asked_at
            return PersonLine(recipient, Place.AT_DESK, since, numbers.get(up.number_id), last)
        place = Place.RINGING if up.answered_at is None else Place.TALKING
        return PersonLine(recipient, place, up.answered_at or up.created_at, numbers.get(up.number_id), last)
    if last is None:
        return PersonLine(recipient, Place.WAITING, number=recipient.numbers[0] if recipient.numbers else None)
    following = next_try(broadcast, recipient)
    if following is None:
        return PersonLine(recipient, Place.NOT_REACHED, last.ended_at, last=last)
    number, ready_at = following
    return PersonLine(recipient, Place.AGAIN, number=number, last=last, next_at=ready_at)


@dataclass(frozen=True)
class LegLine:
    """One call to a person, for whoever asks."""

    attempt: Attempt
    number: RecipientNumber | None
    recording_id: int | None


def legs(db: Session, recipient: Recipient) -> list[LegLine]:
    """Every call to this person, latest first, with its recording if there is one."""
    ids = [attempt.id for attempt in recipient.attempts]
    found = db.execute(select(Recording.attempt_id, Recording.id).where(Recording.attempt_id.in_(ids)))
    recordings = {attempt_id: recording_id for attempt_id, recording_id in found}  # noqa: C416 (rows are no tuples to mypy)
    numbers = {number.id: number for number in recipient.numbers}
    return [
        LegLine(attempt, numbers.get(attempt.number_id), recordings.get(attempt.id))
        for attempt in reversed(recipient.attempts)
    ]

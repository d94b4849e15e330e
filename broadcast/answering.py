"""The side of ``IBroadcasts`` that a conversation asks: what to say on a leg, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast import callbacks
from broadcast.answers import Answers
from broadcast.messages import Translate
from broadcast.models import Attempt, Broadcast, BroadcastMessage, Recipient, RecipientNumber
from broadcast.timeline import enter_answer
from dutycenter.calls.conferences import open_room
from dutycenter.calls.numbers import clean_number, dialled_form
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import (
    Answer,
    Asking,
    Callback,
    CalledBack,
    CalledOut,
    DeskStage,
    IClock,
    IVoice,
    Notice,
    Prompt,
)
from dutycenter.settings import Settings
from dutycenter.vocabulary import AttemptKind, Means, ReachedRule

TOLD_OF = (Means.CALLBACK, Means.DESK)
"""Answers that somebody gave or took by hand: each is a line in the incident's timeline."""


class Answering:
    """What conversations, desks and text messages need of the broadcasts; see ``IBroadcasts``."""

    db: Session
    clock: IClock
    settings: Settings
    answers: Answers
    voice: Callable[[], IVoice]
    incidents: Callable[[], Incidents]
    translate: Translate

    # --- what is to be said -------------------------------------------------------

    def notice(self, attempt_id: str) -> Notice | None:
        """See ``IBroadcasts.notice``."""
        attempt = self.db.get(Attempt, attempt_id)
        if attempt is None:
            return None
        recipient = attempt.recipient
        broadcast = recipient.broadcast
        reminder = attempt.kind is AttemptKind.REMINDER
        said = self._said(recipient, attempt.message_version)
        return Notice(
            attempt_id=attempt_id,
            broadcast_id=broadcast.id,
            recipient_name=recipient.name,
            exercise=broadcast.exercise,
            message=said.path,
            message_seconds=said.seconds,
            settled=recipient.arrived_at is not None if reminder else recipient.acknowledged_at is not None,
            heard_counts=broadcast.reached_rule is ReachedRule.HEARD and not reminder,
            recipient_id=recipient.id,
            rang=max(0.0, (self.clock.now() - attempt.created_at).total_seconds()),
            reminder=reminder,
            asks_arrival=broadcast.ask_arrival,
            conference=self._room(broadcast.id),
        )

    def callback(self, number: str) -> Callback | None:
        """See ``IBroadcasts.callback``."""
        since = self.clock.now() - timedelta(hours=self.settings.callback_hours)
        found = callbacks.find(self.db, number, since)
        if not found:
            return None
        broadcast = found[0].broadcast
        several = len(found) > 1
        said = self._said(found[0], broadcast.message_version)
        return Callback(
            broadcast_id=broadcast.id,
            exercise=broadcast.exercise,
            message=said.path,
            message_seconds=said.seconds,
            people=[CalledBack(r.id, r.name, self.voice().kept(r.name) if several else None) for r in found],
            acknowledged=found[0].acknowledged_at is not None,
            asks_arrival=broadcast.ask_arrival and found[0].arrived_at is None,
            conference=self._room(broadcast.id),
        )

    def _said(self, recipient: Recipient, version: int) -> Prompt:
        """The message as this person hears it in a version."""
        row = self.db.scalar(
            select(BroadcastMessage).where(
                BroadcastMessage.broadcast_id == recipient.broadcast_id,
                BroadcastMessage.audience == recipient.audience,
                BroadcastMessage.version == version,
            )
        )
        found = recipient.broadcast if row is None else row
        return Prompt(Path(found.prompt_path), found.prompt_seconds)

    def _room(self, broadcast_id: int) -> str:
        room = open_room(self.db, f"broadcast:{broadcast_id}")
        return "" if room is None else room.room

    # --- answers ------------------------------------------------------------------

    def acknowledge(self, attempt_id: str, key: str) -> None:
        """See ``IBroadcasts.acknowledge``."""
        self.answers.acknowledge(attempt_id, key)

    def decline(self, attempt_id: str, key: str) -> None:
        """See ``IBroadcasts.decline``."""
        self.answers.decline(attempt_id, key)

    def heard(self, attempt_id: str, answer: Answer) -> None:
        """See ``IBroadcasts.heard``."""
        self.answers.heard(attempt_id, answer)

    def acknowledge_by(self, recipient_id: int, means: str, key: str = "") -> bool:
        """See ``IBroadcasts.acknowledge_by``."""
        changed = self.answers.acknowledge_by(recipient_id, Means(means), key)
        return changed and self._told(recipient_id, "acknowledged", Means(means))

    def decline_by(self, recipient_id: int, means: str, key: str = "") -> bool:
        """See ``IBroadcasts.decline_by``."""
        changed = self.answers.decline_by(recipient_id, Means(means), key)
        return changed and self._told(recipient_id, "declined", Means(means))

    def arrives(self, recipient_id: int, minutes: int, means: str) -> bool:
        """See ``IBroadcasts.arrives``."""
        changed = self.answers.arrives(recipient_id, minutes, Means(means))
        return changed and self._told(recipient_id, "arrives", None)

    def arrived(self, recipient_id: int, means: str) -> bool:
        """See ``IBroadcasts.arrived``."""
        changed = self.answers.arrived(recipient_id, Means(means))
        return changed and self._told(recipient_id, "arrived", None)

    def not_arrived(self, recipient_id: int) -> bool:
        """That they had arrived was a slip; False when nobody had said so."""
        return self.answers.not_arrived(recipient_id) and self._told(recipient_id, "not_arrived", None)

    def _told(self, recipient_id: int, what: str, means: Means | None) -> bool:
        """Enter it into the incident's timeline; only answers by hand, where ``means`` is given."""
        recipient = self.db.get(Recipient, recipient_id)
        if recipient is not None and recipient.broadcast.incident_id is not None and means in (None, *TOLD_OF):
            enter_answer(self.incidents(), recipient, what, self.translate, self.settings.time_zone)
        return True

    # --- at the desk --------------------------------------------------------------

    def at_desk(self, attempt_id: str, stage: DeskStage) -> None:
        """See ``IBroadcasts.at_desk``."""
        self.answers.at_desk(attempt_id, stage)

    def called_out(self, number: str, limit: int) -> Sequence[CalledOut]:
        """See ``IBroadcasts.called_out``."""
        wanted = dialled_form(clean_number(number))
        if not wanted:
            return []
        rows = self.db.execute(
            select(Recipient, Broadcast)
            .join(RecipientNumber, RecipientNumber.recipient_id == Recipient.id)
            .join(Broadcast, Broadcast.id == Recipient.broadcast_id)
            .where(RecipientNumber.number == wanted, Broadcast.launched_at.is_not(None))
            .order_by(Broadcast.launched_at.desc(), Recipient.id)
            .limit(limit)
        )
        return [
            CalledOut(
                broadcast.id,
                broadcast.title,
                broadcast.exercise,
                broadcast.launched_at or broadcast.created_at,
                recipient.name,
                recipient.acknowledged_at is not None,
            )
            for recipient, broadcast in rows
        ]

    def asking(self, attempt_ids: Sequence[str]) -> Mapping[str, Asking]:
        """See ``IBroadcasts.asking``."""
        rows = self.db.execute(
            select(Attempt.id, Recipient, Broadcast)
            .join(Recipient, Recipient.id == Attempt.recipient_id)
            .join(Broadcast, Broadcast.id == Attempt.broadcast_id)
            .where(Attempt.id.in_(attempt_ids))
        )
        return {
            attempt_id: Asking(
                recipient.id,
                broadcast.id,
                recipient.name,
                recipient.department,
                recipient.post,
                broadcast.title,
                broadcast.exercise,
                recipient.acknowledged_at is not None,
            )
            for attempt_id, recipient, broadcast in rows
        }

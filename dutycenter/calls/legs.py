"""Legs and recordings as the switch tells of them: the lower half of ``Calls``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dutycenter.calls.models import Leg, Recording
from dutycenter.calls.numbers import clean_number
from dutycenter.calls.own_rings import asked_for
from dutycenter.calls.rows import checked_file, checked_uuid, locked_leg, locked_recording
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import Direction, RecordingKind, RecordingState

LOST = "LOST"  # our word, not the switch's: it knows nothing of the channel any more


class Legs:
    """Every leg, in or out, and what was recorded of it."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock

    def leg_created(
        self,
        channel_uuid: str,
        direction: Direction,
        number: str,
        gateway: str,
        attempt_id: str | None = None,
        at: datetime | None = None,
    ) -> Leg:
        """The switch made a leg, or will: ``attempt_id`` when it belongs to a broadcast."""
        leg, made = locked_leg(self.db, checked_uuid(channel_uuid), direction, at or self.clock.now())
        number = clean_number(number)
        told = {"direction": direction, "number": number, "gateway": gateway[:64], "attempt_id": attempt_id}
        news = {name: value for name, value in told.items() if value and not getattr(leg, name)}
        if direction is not leg.direction and leg.call_id is None:
            news["direction"] = direction
        for name, value in news.items():
            setattr(leg, name, value)
        if attempt_id:
            self._give_recordings(channel_uuid, attempt_id)
        if made or news:
            self.ledger.append("leg.created" if made else "leg.identified", f"leg:{channel_uuid}", told)
        return leg

    def leg_answered(self, channel_uuid: str, at: datetime | None = None) -> None:
        """The leg was answered."""
        at = at or self.clock.now()
        leg, _ = locked_leg(self.db, checked_uuid(channel_uuid), Direction.OUTBOUND, at)
        if leg.answered_at is None:
            leg.answered_at = max(at, leg.created_at)
            self.ledger.append("leg.answered", f"leg:{channel_uuid}")
            self._tell_desk(channel_uuid, "desk.talks")

    # --- recordings ------------------------------------------------------------

    def recording_started(
        self, channel_uuid: str, file_name: str, at: datetime | None = None, *, attempt_id: str | None = None
    ) -> Recording:
        """The switch writes a recording of this leg."""
        at = at or self.clock.now()
        recording, made = self._recording(channel_uuid, file_name, at, attempt_id)
        recording.started_at = min(recording.started_at, at)
        if made:
            self.ledger.append("recording.started", f"recording:{recording.id}", {"file": recording.file_name})
        return recording

    def recording_stopped(
        self, channel_uuid: str, file_name: str, at: datetime | None = None, *, attempt_id: str | None = None
    ) -> Recording:
        """The switch is done with a recording: the clerk takes it in."""
        at = at or self.clock.now()
        recording, _ = self._recording(channel_uuid, file_name, at, attempt_id)
        if recording.state is RecordingState.RECORDING:
            recording.state = RecordingState.STOPPED
            recording.stopped_at = max(at, recording.started_at)
            self.ledger.append("recording.stopped", f"recording:{recording.id}", {"file": recording.file_name})
        return recording

    def _end_leg(self, channel_uuid: str, direction: Direction, cause: str, at: datetime) -> bool:
        leg, _ = locked_leg(self.db, channel_uuid, direction, at)
        if leg.ended_at is not None:
            if leg.hangup_cause == LOST:
                leg.hangup_cause = cause
            return False
        leg.ended_at = max(at, leg.created_at)
        leg.hangup_cause = cause
        self.ledger.append("leg.ended", f"leg:{channel_uuid}", {"cause": cause})
        return True

    def _recording(
        self, channel_uuid: str, file_name: str, at: datetime, attempt_id: str | None
    ) -> tuple[Recording, bool]:
        name = checked_file(file_name)
        recording, made = locked_recording(self.db, checked_uuid(channel_uuid), name, at)
        if made:
            leg = self.db.execute(
                select(Leg.call_id, Leg.attempt_id).where(Leg.channel_uuid == channel_uuid)
            ).one_or_none()
            recording.call_id = leg.call_id if leg else None
            attempt_id = attempt_id or (leg.attempt_id if leg else None)
        if attempt_id and recording.attempt_id is None:
            recording.attempt_id, recording.kind = attempt_id[:36], RecordingKind.NOTICE
        self.db.flush()
        return recording, made

    def _give_recordings(self, channel_uuid: str, attempt_id: str) -> None:
        self.db.execute(
            update(Recording)
            .where(Recording.channel_uuid == channel_uuid, Recording.attempt_id.is_(None))
            .values(attempt_id=attempt_id, kind=RecordingKind.NOTICE)
        )

    def _tell_desk(self, desk_channel_uuid: str, action: str) -> None:
        leg = self.db.get_one(Leg, desk_channel_uuid)
        reason = leg.rings_for or asked_for(self.db, desk_channel_uuid)
        if reason:
            self.ledger.append(action, f"desk:{leg.number}", {"channel": desk_channel_uuid, "for": reason})

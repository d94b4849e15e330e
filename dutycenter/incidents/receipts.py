"""What each person said to a broadcast, for the timeline of its incident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Recording
from dutycenter.frame.labels import label
from dutycenter.interfaces import NoticeLeg
from dutycenter.vocabulary import Disposition, Outcome, RecordingState

TO_HEAR = (RecordingState.STOPPED, RecordingState.KEPT)
AT_ONCE = 500  # ids in one query


@dataclass
class Receipt:
    """One person: what became of them, and the recordings of the calls to them."""

    name: str
    department: str
    words: str  # to be translated: the outcome, or how the last call ended
    acknowledged_at: datetime | None
    calls: int = 0
    recordings: list[int] = field(default_factory=list)


def receipts(legs: Iterable[NoticeLeg], recordings: dict[str, int]) -> list[Receipt]:
    """The people of a broadcast by its legs: who acknowledged first, in the order in which they did."""
    found: dict[tuple[int | None, str], Receipt] = {}
    for leg in legs:
        one = found.setdefault((leg.person_id, leg.name), Receipt(leg.name, leg.department, "", leg.acknowledged_at))
        one.calls += 1
        one.words = _words(leg) or one.words
        if leg.attempt_id in recordings:
            one.recordings.append(recordings[leg.attempt_id])
    return sorted(found.values(), key=lambda one: (one.acknowledged_at is None, one.acknowledged_at))


def recordings_of(db: Session, attempts: list[str]) -> dict[str, int]:
    """The recording of each attempt that has one to hear."""
    found: dict[str, int] = {}
    for start in range(0, len(attempts), AT_ONCE):
        part = attempts[start : start + AT_ONCE]
        rows = db.execute(
            select(Recording.attempt_id, Recording.id).where(
                Recording.attempt_id.in_(part), Recording.state.in_(TO_HEAR)
            )
        )
        found.update({str(attempt): recording for attempt, recording in rows})
    return found


def _words(leg: NoticeLeg) -> str:
    if leg.outcome:
        return label(Outcome(leg.outcome))
    return label(Disposition(leg.disposition)) if leg.disposition else ""

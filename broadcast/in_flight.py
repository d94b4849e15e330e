"""Attempts in flight: what is known of a leg, from its row and from the switch, until it has a disposition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from broadcast.attempts import Written
from broadcast.models import Attempt
from broadcast.settle import (
    Answered,
    Dropped,
    Ended,
    FlowDone,
    Happening,
    Known,
    Lost,
    Pressed,
    Source,
    merge,
    merge_all,
    was_machine,
)
from broadcast.store import NO_WORD, Word
from dutycenter.calls.legs import LOST
from dutycenter.vocabulary import EscalationKind

WORD_PATIENCE = 3.0  # real seconds that a conversation has for its last word, and the switch for a cause


@dataclass
class Open:
    """An attempt without a disposition."""

    attempt_id: str
    recipient_id: int
    number_id: int
    gateway: str
    since: float  # monotonic
    known: Known = field(default_factory=Known)
    word: Word = NO_WORD  # what others had written of it when it was last looked at
    changed: bool = False
    over_since: float | None = None  # monotonic: when its end became known here
    missing_since: float | None = None  # monotonic: first look in which the switch didn't know it

    def happened(self, happening: Happening) -> None:
        """Take in what has become known."""
        after = merge(self.known, happening)
        self.changed = self.changed or after != self.known
        self.known = after

    @property
    def up(self) -> bool:
        return self.known.ended_at is None


@dataclass
class Orders:
    """What the switch is to be told once the turn is committed."""

    originate: list[Written] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    escalated: list[tuple[EscalationKind, int]] = field(default_factory=list)  # steps taken, for how many people


@dataclass(frozen=True)
class Recorded:
    """What ``record`` changed: the leg's row as it is to be, and whether it has just been answered."""

    leg: dict[str, Any]
    answered: bool


def record(attempt: Attempt, known: Known) -> Recorded | None:
    """Write into the row what is known of the leg; None when that is nothing new. The leg's row is the caller's."""
    answered = known.answered_at is not None and attempt.answered_at is None
    ended = known.ended_at is not None and attempt.ended_at is None
    if not (answered or ended or known.cause not in ("", attempt.hangup_cause)):
        return None
    if known.answered_at is not None and answered:
        attempt.answered_at = max(known.answered_at, attempt.created_at)
    if known.ended_at is not None and ended:
        attempt.ended_at = max(known.ended_at, attempt.answered_at or attempt.created_at)
    attempt.hangup_cause = LOST if known.lost and not known.cause else known.cause
    leg = {
        "channel_uuid": attempt.id, "answered_at": attempt.answered_at,
        "ended_at": attempt.ended_at, "hangup_cause": attempt.hangup_cause,
    }  # fmt: skip
    return Recorded(leg, answered and not ended)


def happenings_of(attempt: Attempt) -> list[Happening]:
    """What an attempt's row says has happened."""
    said: list[Happening] = []
    if attempt.answered_at is not None:
        said.append(Answered(attempt.answered_at))
    if attempt.ended_at is not None and attempt.hangup_cause == LOST:
        said.append(Lost(attempt.ended_at))
    elif attempt.ended_at is not None:
        said.append(Ended(attempt.ended_at, Source.NOBODY, attempt.hangup_cause))
    if attempt.dropped_at is not None:
        said.append(Dropped())
    if attempt.key:
        said.append(Pressed(attempt.key))
    if attempt.heard_seconds is not None:
        said.append(FlowDone(attempt.heard_to_end, machine=was_machine(attempt.machine_percent)))
    return said


def known_of(attempt: Attempt) -> Known:
    """What an attempt's row says is known."""
    return merge_all(Known(), happenings_of(attempt))

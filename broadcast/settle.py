"""One disposition for an attempt, one outcome for a recipient: pure, and order does not matter.

What is known of an attempt only ever grows. ``merge`` adds one happening to it
and gives the same result for any order and any number of repeats, so that
doubled, late and reordered events of the switch do no harm. ``disposition``
reads the result; who stores it stores it once (DESIGN rule 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from dutycenter.vocabulary import Disposition, Outcome

ACKNOWLEDGE, DECLINE, DESK = "1", "4", "3"
_KEY_RANK = {"": 0, DESK: 1, DECLINE: 2, ACKNOWLEDGE: 3}


class Source(IntEnum):
    """Who says that a leg is over; of two that name a cause, the higher one's counts."""

    NOBODY = 0
    JOB = 1  # the reply to ``bgapi originate``
    REFUSED = 2  # the switch did not take the command
    HANGUP = 3  # CHANNEL_HANGUP_COMPLETE


NOT_TAKEN = "NORMAL_TEMPORARY_FAILURE"  # so the dialplan ends an answered leg with which no conversation goes on
NO_ROOM = "DESTINATION_OUT_OF_ORDER"  # of a job that made no leg: the switch admits no more


@dataclass(frozen=True)
class Known:
    """All that is known of one attempt."""

    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: Source = Source.NOBODY
    cause: str = ""
    key: str = ""
    flow_done: bool = False  # the conversation has told all it knows
    heard_to_end: bool = False
    machine: bool = False  # more likely a machine than a person was at the other end
    dropped: bool = False  # we asked the switch to take the leg down
    lost: bool = False  # the switch knows nothing of the leg any more
    patience_over: bool = False  # no more word is expected

    @property
    def answered(self) -> bool:
        return self.answered_at is not None or self.flow_done

    @property
    def not_taken(self) -> bool:
        """Was it answered, and broke off because no conversation was there?"""
        return self.answered and self.cause == NOT_TAKEN

    @property
    def no_room(self) -> bool:
        """Had the switch no room for it?"""
        return not self.answered and self.ended_by is Source.JOB and self.cause == NO_ROOM


# --- happenings ---------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    at: datetime


@dataclass(frozen=True)
class Ended:
    at: datetime
    by: Source
    cause: str = ""


@dataclass(frozen=True)
class Pressed:
    key: str


@dataclass(frozen=True)
class FlowDone:
    heard_to_end: bool = False
    key: str = ""
    machine: bool = False  # more likely a machine than a person


@dataclass(frozen=True)
class Dropped:
    pass


@dataclass(frozen=True)
class Lost:
    at: datetime


@dataclass(frozen=True)
class PatienceOver:
    pass


Happening = Answered | Ended | Pressed | FlowDone | Dropped | Lost | PatienceOver


def merge(known: Known, happening: Happening) -> Known:
    """What is known once this has happened too; commutative, associative, idempotent."""
    match happening:
        case Answered(at):
            return replace(known, answered_at=_earlier(known.answered_at, at))
        case Ended(at, by, cause):
            known = replace(known, ended_at=_earlier(known.ended_at, at))
            if (cause != "", by, cause) > (known.cause != "", known.ended_by, known.cause):
                known = replace(known, ended_by=by, cause=cause)
            return known
        case Pressed(key):
            return replace(known, key=stronger(known.key, key))
        case FlowDone(heard_to_end, key, machine):
            return replace(
                known,
                flow_done=True,
                heard_to_end=known.heard_to_end or heard_to_end,
                machine=known.machine or machine,
                key=stronger(known.key, key),
            )
        case Dropped():
            return replace(known, dropped=True)
        case Lost(at):
            return replace(known, lost=True, ended_at=_earlier(known.ended_at, at))
        case PatienceOver():
            return replace(known, patience_over=True)


def merge_all(known: Known, happenings: Iterable[Happening]) -> Known:
    """``merge`` over many."""
    for happening in happenings:
        known = merge(known, happening)
    return known


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def stronger(one: str, other: str) -> str:
    """Of two keys the one that says more: acknowledging beats declining beats asking for the desk."""
    return max(one, other, key=lambda key: (_KEY_RANK.get(key, 0), key))


MACHINE_PERCENT = 50


def was_machine(percent: int | None) -> bool:
    """Does this estimate count as a machine? Without one it was a person."""
    return percent is not None and percent >= MACHINE_PERCENT


# --- readings -------------------------------------------------------------------


def disposition(known: Known, of_cause: Callable[[str], Disposition]) -> Disposition | None:
    """How the attempt ended, or None while that can't be said yet.

    Args:
        known: what is known of it.
        of_cause: the switch's hangup cause as a disposition.

    The leg must be over. A cause must be known, and of an answered leg what the
    person did; when no word of it comes (``patience_over``), what there is must do.
    """
    if known.ended_at is None:
        return None
    by_key = {ACKNOWLEDGE: Disposition.ACKNOWLEDGED, DECLINE: Disposition.DECLINED, DESK: Disposition.TRANSFERRED}
    if known.key in by_key:
        return by_key[known.key]
    word_missing = not known.flow_done if known.answered else not (known.cause or known.lost)
    if word_missing and not known.patience_over:
        return None
    vanished = (known.lost and not known.cause) or known.not_taken
    # What was heard of a leg that broke off in the middle is too little to call anybody a machine.
    if known.machine and not vanished:
        return Disposition.VOICEMAIL
    if known.heard_to_end and not known.machine:
        return Disposition.HEARD
    if known.dropped:
        return Disposition.DROPPED
    if vanished:
        return Disposition.LOST
    if known.answered:
        return Disposition.HUNG_UP_EARLY
    if known.no_room:
        return Disposition.CONGESTION
    return of_cause(known.cause) if known.cause else Disposition.FAILED


def carried(known: Known) -> bool | None:
    """Did our own side carry this leg? None when it tells nothing of that: the network ended it, or we did."""
    if known.no_room or (known.not_taken and not known.flow_done and not known.key):
        return False
    return True if known.answered else None


class Ground(StrEnum):
    """Why an outcome is what it is, where the attempts' own words don't say it."""

    REMOVED = "removed"  # no longer in the directory
    AWAY = "away"
    NO_NUMBER = "no_number"
    UNUSABLE_NUMBER = "unusable_number"  # none of the numbers can be dialled
    DUTY_NUMBER = "duty_number"  # only a duty room's own number, which stays free
    NOT_OURS = "not_ours"  # outside the department to which whoever launches is bound
    NO_MOBILE = "no_mobile"  # texts alone, and none of the numbers takes one
    NO_REPLY = "no_reply"  # texts alone, and no answer came in time
    NO_LINE = "no_line"  # no gateway may carry any of the numbers
    STOPPED = "stopped"  # the broadcast was stopped before this person's turn
    DROPPED = "taken_out"  # taken out by hand while it ran
    IN_PERSON = "in_person"  # told face to face, at their door


FINAL = frozenset({Disposition.ACKNOWLEDGED, Disposition.DECLINED})
"""After one of these nobody calls the person again."""

UNTRIED = frozenset({Disposition.CONGESTION, Disposition.GATEWAY_DOWN, Disposition.LOST})
"""The person's telephone did not ring, as far as is known, or nobody was there when they answered: it does not count as
one of the rounds."""

_TELLING = (
    Disposition.HUNG_UP_EARLY,
    Disposition.VOICEMAIL,
    Disposition.NO_ANSWER,
    Disposition.REJECTED,
    Disposition.BUSY,
    Disposition.SWITCHED_OFF,
    Disposition.NO_SUCH_NUMBER,
)


def outcome(
    acknowledged: bool,
    dispositions: Iterable[Disposition],
    *,
    over: bool,
    stopped: bool = False,
    dropped: str = "",
    by_text: Ground | None = None,
) -> tuple[Outcome, str] | None:
    """What became of a recipient and on what ground, or None while it is open.

    Args:
        acknowledged: by whatever means.
        dispositions: of all the attempts that have one, in any order.
        over: nobody will call this person any more.
        stopped: that is so because somebody stopped the broadcast.
        dropped: why this person was taken out of it, if they were.
        by_text: why a text has not reached this person, in a broadcast that calls nobody.

    A telephone picked up and laid aside is not "reached" (see the practice of
    叫应): only a key, or the message heard to its end, is.
    """
    seen = set(dispositions)
    if acknowledged or Disposition.ACKNOWLEDGED in seen:
        return Outcome.ACKNOWLEDGED, ""
    if Disposition.DECLINED in seen:
        return Outcome.DECLINED, ""
    if not over:
        return None
    if dropped == Ground.IN_PERSON:
        return Outcome.ACKNOWLEDGED, dropped
    if Disposition.TRANSFERRED in seen:
        return Outcome.REACHED, Disposition.TRANSFERRED.value
    if Disposition.HEARD in seen:
        return Outcome.REACHED, Disposition.HEARD.value
    for telling in _TELLING:
        if telling in seen:
            return Outcome.NOT_REACHED, telling.value
    if seen:
        return Outcome.NOT_REACHED, min(one.value for one in seen)
    if dropped:
        return Outcome.NOT_CALLED, dropped
    if by_text is not None:
        return (Outcome.NOT_REACHED if by_text is Ground.NO_REPLY else Outcome.NOT_CALLED), by_text.value
    return Outcome.NOT_CALLED, Ground.STOPPED.value if stopped else Ground.NO_LINE.value

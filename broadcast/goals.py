"""The goal of a broadcast, over the people that it calls.

A name in a goal stands for everybody whose post, department, the department's
short name, group, or own name it is, exactly; several of these together count as
one group. The language itself stands in :mod:`broadcast.goal_grammar`.
"""

from __future__ import annotations

import logging
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.goal_grammar import EVERYBODY, MOST_SECONDS, TOO_FEW, UNKNOWN, GoalError, Reading, Resolver, read_goal
from broadcast.messages import Translate
from broadcast.models import Broadcast, Recipient
from broadcast.people import Candidate
from dutycenter.interfaces import ILedger
from dutycenter.vocabulary import RecipientRole

_ = TranslationStringFactory("dutycenter")

log = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=30)  # an acknowledgement may be committed after its own moment
LEAST_SECONDS = 10
SHOWN = 8  # names that are offered where one is unknown


@dataclass(frozen=True)
class Member:
    """Somebody whom a goal may name. ``id`` is what the reading speaks of."""

    id: int
    names: frozenset[str]


def member_of_candidate(position: int, candidate: Candidate) -> Member:
    """A person of the directory, by their place among those who are chosen."""
    person = candidate.person
    department = person.department
    names = (person.post, department.name, department.short_name, person.name, *candidate.groups)
    return Member(position, _names(*names))


def member_of_recipient(recipient: Recipient, id_: int | None = None) -> Member:
    """A recipient with the names of the launch; ``id_`` instead of the row's own id."""
    names = _names(recipient.post, recipient.department, recipient.department_short, recipient.name, *recipient.groups)
    return Member(recipient.id if id_ is None else id_, names)


def _names(*names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names if name.strip())


def resolver(members: Iterable[Member]) -> Resolver:
    """Whom a name stands for."""
    groups: dict[str, list[int]] = {}
    everybody: list[int] = []
    for member in members:
        everybody.append(member.id)
        for name in member.names:
            groups.setdefault(name, []).append(member.id)

    def people(name: str) -> Collection[int] | None:
        return everybody if name == EVERYBODY else groups.get(name)

    return people


def read(text: str, members: Sequence[Member]) -> Reading:
    """A goal over these people; an empty text means everybody.

    Raises:
        GoalError: it cannot be read, or cannot be met by these people.
    """
    return read_goal(text.strip() or "100%", resolver(members))


def goal_fault(text: str, candidates: Sequence[Candidate], translate: Translate) -> str:
    """What is wrong with a goal for these people, in the reader's words; empty when nothing is.

    Only who can be called counts: a goal that the telephone can never meet is refused.
    """
    if not text.strip():
        return ""
    members = [member_of_candidate(i, c) for i, c in enumerate(candidates) if c.callable]
    try:
        read(text, members)
    except GoalError as error:
        return _fault(error, members, translate)
    return ""


def _fault(error: GoalError, members: Sequence[Member], translate: Translate) -> str:
    if error.words == UNKNOWN:
        known = _offered(error.found, members)
        return translate(
            _(
                "The goal names “${found}”, but nobody who can be called has it as post, department, group or name. "
                "Such names are: ${known}.",
                mapping={"found": error.found, "known": " · ".join(known) or "–"},
            )
        )
    if error.words == TOO_FEW:
        return translate(
            _(
                "The goal needs ${count} of “${found}”, but only ${there} of those chosen can be called.",
                mapping={**error.words.mapping, "found": error.found},
            )
        )
    mapping = {"at": error.position + 1, "expected": translate(error.words), "found": error.found}
    if not error.found:
        return translate(
            _("The goal cannot be read: at its end (character ${at}) ${expected} is missing.", mapping=mapping)
        )
    return translate(
        _(
            "The goal cannot be read at character ${at}: expected is ${expected}, but there stands “${found}”.",
            mapping=mapping,
        )
    )


def _offered(meant: str, members: Sequence[Member]) -> list[str]:
    """Names that may be meant: those alike first, then those of many people."""
    count = Counter(name for member in members for name in member.names)
    alike = {name for name in count if meant in name or name in meant}
    alike |= set(get_close_matches(meant, count, SHOWN))
    return sorted(count, key=lambda name: (name not in alike, -count[name], name))[:SHOWN]


def seconds_fault(seconds: int | None, translate: Translate) -> str:
    """What is wrong with a goal's limit; empty when nothing is."""
    if seconds is None or LEAST_SECONDS <= seconds <= MOST_SECONDS:
        return ""
    return translate(
        _(
            "The goal's time must be between ${least} seconds and seven days.",
            mapping={"least": LEAST_SECONDS},
        )
    )


def limit_of(text: str, candidates: Sequence[Candidate], seconds: int | None) -> int | None:
    """By when a goal that has no fault is to be met: what its text says, else ``seconds``."""
    if not text.strip():
        return seconds
    within = read(text, [member_of_candidate(i, c) for i, c in enumerate(candidates) if c.callable]).within
    return seconds if math.isinf(within) else round(within)


class Watch:
    """Tells when a running broadcast's goal was met.

    A projection of the rows, like everything that the dialer holds: loaded anew it
    comes to the same moment, that of the acknowledgement that was still missing.
    """

    def __init__(self, db: Session, broadcast: Broadcast) -> None:
        self._at: dict[int, datetime] = {}
        self._reading: Reading | None = None
        if broadcast.goal_met_at is None and (broadcast.goal or broadcast.goal_seconds is not None):
            self._reading = reading_of(db, broadcast)
        self._since: datetime | None = None

    def look(self, db: Session, ledger: ILedger, broadcast: Broadcast, now: datetime) -> None:
        """Write down that the goal is met, once, in the caller's transaction."""
        if self._reading is None or broadcast.goal_met_at is not None:
            return
        query = select(Recipient.id, Recipient.acknowledged_at).where(
            Recipient.broadcast_id == broadcast.id, Recipient.acknowledged_at.is_not(None)
        )
        if self._since is not None:
            query = query.where(Recipient.acknowledged_at >= self._since - OVERLAP)
        found = {recipient: at for recipient, at in db.execute(query) if at is not None and recipient not in self._at}
        self._since = now
        if not found:
            return
        self._at |= found
        met_at = moment(self._reading, self._at)
        if met_at is None:
            return
        broadcast.goal_met_at = met_at
        assert broadcast.launched_at is not None
        seconds = int((met_at - broadcast.launched_at).total_seconds())
        in_time = broadcast.goal_seconds is None or seconds <= broadcast.goal_seconds
        ledger.append(
            "broadcast.goal_met",
            f"broadcast:{broadcast.id}",
            {"goal": broadcast.goal, "at": met_at.isoformat(), "seconds": seconds, "in_time": in_time},
        )


def moment(reading: Reading, at: Mapping[int, datetime]) -> datetime | None:
    """When these acknowledgements met a goal: the moment of the last that it needed."""
    if not reading.met(at):
        return None
    times = sorted(set(at.values()))
    first = bisect_left(times, True, key=lambda t: reading.met([one for one, when in at.items() if when <= t]))
    return times[first]


def reading_of(db: Session, broadcast: Broadcast) -> Reading | None:
    """A broadcast's goal over the ids of its recipients; None if the rows no longer give one.

    Everybody is who had a number at launch; superiors who are told of others do not count.
    """
    rows = db.scalars(
        select(Recipient)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.numbers.any(),
            Recipient.role != RecipientRole.SUPERIOR,
        )
        .order_by(Recipient.id)
    )
    try:
        return read(broadcast.goal, [member_of_recipient(row) for row in rows])
    except GoalError:
        log.exception("The goal of broadcast %d cannot be read any more.", broadcast.id)
        return None

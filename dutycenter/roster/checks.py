"""What is missing in a roster and what cannot be: pure, so that a roster not yet saved is judged alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from dutycenter.vocabulary import ShiftDuty

REST = timedelta(hours=8)  # less between two shifts is no rest: they count as one stretch
AT_THE_DESK = (ShiftDuty.CHIEF, ShiftDuty.OFFICER)


@dataclass(frozen=True)
class Serving:
    """One person's part in a shift. ``on_call``: at the telephone, not in the duty room."""

    duty: ShiftDuty
    person_id: int
    on_call: bool = False
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Served:
    """A shift, as it is or as it would be; ``shift_id`` is 0 before it is saved."""

    starts_at: datetime
    ends_at: datetime
    name: str
    members: tuple[Serving, ...] = ()
    shift_id: int = 0


@dataclass(frozen=True)
class Gap:
    """A time without any shift."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Wanted:
    """How many are asked for in the duty room through a sensitive period."""

    starts_at: datetime
    ends_at: datetime
    name: str
    least: Mapping[ShiftDuty, int]


class Kind(StrEnum):
    """What is wrong; the order is that of urgency."""

    GAP = "gap"  # nobody on duty
    NOBODY_AT_DESK = "nobody_at_desk"
    NO_LEADER = "no_leader"
    TWICE = "twice"  # one person in two shifts at once
    AWAY = "away"  # on leave
    UNREACHABLE = "unreachable"  # no number that could be called
    TOO_FEW = "too_few"  # than a sensitive period asks
    TOO_LONG = "too_long"  # in a row


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Args:
        starts_at: from when.
        ends_at: until when.
        shift_id: of which shift; 0 for a gap or an unsaved shift.
        who: whose name; empty when it is about nobody.
        duty: of which duty there are too few.
        data: what the sentence says beside that.
    """

    kind: Kind
    starts_at: datetime
    ends_at: datetime
    shift_id: int = 0
    who: str = ""
    duty: ShiftDuty | None = None
    data: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Rules:
    """What the shifts are held against.

    Args:
        periods: sensitive ones.
        is_away: is this person on leave at any moment between two?
        unreachable: why this person cannot be called at a moment; None when they can.
        longest: the most in the duty room without a rest.
    """

    periods: Sequence[Wanted] = ()
    is_away: Callable[[int, datetime, datetime], bool] = lambda _person, _starts_at, _ends_at: False
    unreachable: Callable[[int, datetime], str | None] = lambda _person, _at: None
    longest: timedelta = timedelta(hours=24)


def findings(shifts: Sequence[Served], begin: datetime, end: datetime, rules: Rules) -> list[Finding]:
    """Everything that is wrong from ``begin`` to ``end``, in the order of time.

    Args:
        shifts: those that touch this time, and those around it that somebody may come from.
    """
    inside = [shift for shift in shifts if shift.starts_at < end and shift.ends_at > begin]
    found = [Finding(Kind.GAP, gap.starts_at, gap.ends_at) for gap in gaps_between(inside, begin, end)]
    for shift in inside:
        found += _of_shift(shift, shifts, rules)
    found += _twice(inside)
    found += (one for one in too_long(shifts, rules.longest) if one.starts_at < end and one.ends_at > begin)
    order = list(Kind)
    return sorted(found, key=lambda one: (one.starts_at, order.index(one.kind), one.shift_id, one.who))


def gaps_between(shifts: Sequence[Served], begin: datetime, end: datetime) -> list[Gap]:
    """The times from ``begin`` to ``end`` in which nobody is on duty."""
    gaps, covered = [], begin
    for shift in sorted(shifts, key=lambda s: s.starts_at):
        if shift.starts_at > covered:
            gaps.append(Gap(covered, min(shift.starts_at, end)))
        covered = max(covered, shift.ends_at)
        if covered >= end:
            return gaps
    gaps.append(Gap(covered, end))
    return gaps


def _of_shift(shift: Served, shifts: Sequence[Served], rules: Rules) -> Iterator[Finding]:
    span = (shift.starts_at, shift.ends_at, shift.shift_id)
    pieces = _pieces(shift, shifts)
    if any(not _there(serving, AT_THE_DESK) for _begin, _end, serving in pieces):
        yield Finding(Kind.NOBODY_AT_DESK, *span)
    if any(all(one.duty is not ShiftDuty.LEADER for one in serving) for _begin, _end, serving in pieces):
        yield Finding(Kind.NO_LEADER, *span)
    for member in shift.members:
        if rules.is_away(member.person_id, shift.starts_at, shift.ends_at):
            yield Finding(Kind.AWAY, *span, who=member.name)
        elif (why := rules.unreachable(member.person_id, shift.starts_at)) is not None:
            yield Finding(Kind.UNREACHABLE, *span, who=member.name, data={"why": why})
    for period in rules.periods:
        touched = [serving for begin, end, serving in pieces if begin < period.ends_at and end > period.starts_at]
        for duty, least in period.least.items():
            there = min((len(_there(serving, (duty,))) for serving in touched), default=least)
            if there < least:
                data = {"period": period.name, "least": least, "there": there}
                yield Finding(Kind.TOO_FEW, *span, duty=duty, data=data)


def _pieces(shift: Served, shifts: Sequence[Served]) -> list[tuple[datetime, datetime, list[Serving]]]:
    """A shift in pieces through which the same people serve, those of shifts beside it included."""
    beside = [other for other in shifts if other.starts_at < shift.ends_at and other.ends_at > shift.starts_at]
    edges = {shift.starts_at, shift.ends_at}
    edges.update(at for other in beside for at in (other.starts_at, other.ends_at))
    cuts = sorted(at for at in edges if shift.starts_at <= at <= shift.ends_at)
    return [
        (
            begin,
            end,
            [m for other in beside if other.starts_at <= begin and other.ends_at >= end for m in other.members],
        )
        for begin, end in pairwise(cuts)
    ]


def _there(serving: Sequence[Serving], duties: Sequence[ShiftDuty]) -> set[int]:
    """Who of these duties is in the duty room."""
    return {one.person_id for one in serving if one.duty in duties and not one.on_call}


def _twice(shifts: Sequence[Served]) -> Iterator[Finding]:
    for person, served in _by_person(shifts).items():
        for place, (shift, member) in enumerate(served):
            for other, _member in served[place + 1 :]:
                if other.starts_at >= shift.ends_at:
                    break
                until = min(shift.ends_at, other.ends_at)
                yield Finding(
                    Kind.TWICE, other.starts_at, until, other.shift_id, member.name,
                    data={"person": person, "first": shift.name, "second": other.name},
                )  # fmt: skip


def too_long(shifts: Sequence[Served], longest: timedelta) -> Iterator[Finding]:
    """Who serves longer than this in the duty room without a rest; a finding for each such stretch."""
    for served in _by_person(shifts, on_call=False).values():
        stretch: list[tuple[Served, Serving]] = []
        for shift, member in served:
            if stretch and shift.starts_at - max(s.ends_at for s, _m in stretch) >= REST:
                yield from _stretch(stretch, longest)
                stretch = []
            stretch.append((shift, member))
        yield from _stretch(stretch, longest)


def _stretch(stretch: Sequence[tuple[Served, Serving]], longest: timedelta) -> Iterator[Finding]:
    """One finding, at the shift in which it becomes too long."""
    worked, until = timedelta(), None
    first: Served | None = None
    for shift, _member in stretch:
        begin = shift.starts_at if until is None else max(until, shift.starts_at)
        worked += max(timedelta(), shift.ends_at - begin)
        until = shift.ends_at if until is None else max(until, shift.ends_at)
        if first is None and worked > longest:
            first = shift
    if first is not None and until is not None:
        hours = round(worked.total_seconds() / 3600)
        yield Finding(Kind.TOO_LONG, first.starts_at, until, first.shift_id, stretch[0][1].name, data={"hours": hours})


def _by_person(shifts: Sequence[Served], *, on_call: bool = True) -> dict[int, list[tuple[Served, Serving]]]:
    """Each person's shifts in the order of time, each shift once."""
    found: dict[int, list[tuple[Served, Serving]]] = defaultdict(list)
    for shift in sorted(shifts, key=lambda s: (s.starts_at, s.ends_at, s.shift_id)):
        for person, member in {m.person_id: m for m in shift.members if on_call or not m.on_call}.items():
            found[person].append((shift, member))
    return found

"""Rotations (轮班): groups of people that take turns, over shifts, days or weeks. Pure: a plan and what it would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dutycenter.roster.checks import Served, Serving
from dutycenter.vocabulary import DayChoice, DayKind, Pace, ShiftDuty

SUNDAY = 6


@dataclass(frozen=True)
class Slot:
    """A shift of a day: when it begins there, how long it is, and on which days it is served."""

    name: str
    begins: time
    hours: int
    on: DayChoice = DayChoice.EVERY


@dataclass(frozen=True)
class Wheel:
    """Groups that take turns in one duty.

    Args:
        groups: ids of people, those of a group serve together.
        pace: after what the next group's turn comes.
        on: days on which the wheel serves; on others it stands still.
        slots: names of the shifts in which it serves; all when there are none.
    """

    duty: ShiftDuty
    groups: tuple[tuple[int, ...], ...]
    pace: Pace = Pace.SHIFT
    on: DayChoice = DayChoice.EVERY
    on_call: bool = False
    slots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pattern:
    """A rotation: the shifts of a day, and the wheels that fill them."""

    slots: tuple[Slot, ...]
    wheels: tuple[Wheel, ...]


@dataclass(frozen=True)
class Turned:
    """What a pattern makes of a range of days.

    Args:
        shifts: in the order of time.
        then: whose turn it is in each wheel on the day after.
    """

    shifts: tuple[Served, ...]
    then: tuple[int, ...]


def serves_on(choice: DayChoice, kind: DayKind) -> bool:
    """Is a day of this kind among those chosen?"""
    return choice is DayChoice.EVERY or choice.value == kind.value


def turn(pattern: Pattern, days: Sequence[tuple[date, DayKind]], starts: Sequence[int], zone: ZoneInfo) -> Turned:
    """The shifts of these days.

    Args:
        days: in a row, each with what it is.
        starts: which group begins, for each wheel.
        zone: the duty room's; shifts begin by its clock.
    """
    places = [
        start % len(wheel.groups) if wheel.groups else 0 for start, wheel in zip(starts, pattern.wheels, strict=True)
    ]
    shifts: list[Served] = []
    served_this_week = [False] * len(places)
    for day, kind in days:
        served_today = [False] * len(places)
        for slot in sorted(pattern.slots, key=lambda one: one.begins):
            if not serves_on(slot.on, kind):
                continue
            members: dict[int, Serving] = {}
            for n, wheel in enumerate(pattern.wheels):
                if not wheel.groups or not serves_on(wheel.on, kind) or (wheel.slots and slot.name not in wheel.slots):
                    continue
                for person in wheel.groups[places[n]]:
                    members.setdefault(person, Serving(wheel.duty, person, wheel.on_call))
                served_today[n] = True
                if wheel.pace is Pace.SHIFT:
                    places[n] = (places[n] + 1) % len(wheel.groups)
            begins = datetime.combine(day, slot.begins, tzinfo=zone).astimezone(UTC)
            shifts.append(Served(begins, begins + timedelta(hours=slot.hours), slot.name, tuple(members.values())))
        for n, wheel in enumerate(pattern.wheels):
            served_this_week[n] |= served_today[n]
            day_is_over = wheel.pace is Pace.DAY and served_today[n]
            week_is_over = wheel.pace is Pace.WEEK and served_this_week[n] and day.weekday() == SUNDAY
            if day_is_over or week_is_over:
                places[n] = (places[n] + 1) % len(wheel.groups)
            if day.weekday() == SUNDAY:
                served_this_week[n] = False
    return Turned(tuple(shifts), tuple(places))


class Mode(StrEnum):
    """What becomes of what stands in the roster already."""

    FILL = "fill"  # it stays; only what is empty is filled
    REPLACE = "replace"


class What(StrEnum):
    """What a step does to a shift."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    SAME = "same"
    KEPT = "kept"  # it stands in the way, and stays


@dataclass(frozen=True)
class Step:
    """One shift before and after."""

    what: What
    before: Served | None
    after: Served | None

    @property
    def starts_at(self) -> datetime:
        """When the shift begins."""
        shift = self.after or self.before
        assert shift is not None
        return shift.starts_at


def steps(there: Sequence[Served], planned: Sequence[Served], mode: Mode, begin: datetime, now: datetime) -> list[Step]:
    """What a plan would change, in the order of time. What has begun is never touched, nor made up afterwards.

    Args:
        there: shifts that touch the range.
        planned: shifts that the plan asks for.
        begin: of the range: a shift that began before it stays.
    """
    found: list[Step] = []
    matched: set[int] = set()
    removed: dict[int, Served] = {}
    for wanted in planned:
        if wanted.starts_at <= now:
            continue
        same_time = next(
            (s for s in there if (s.starts_at, s.ends_at) == (wanted.starts_at, wanted.ends_at) and s.shift_id not in matched),
            None,
        )  # fmt: skip
        if same_time is not None:
            matched.add(same_time.shift_id)
            found.append(_on(same_time, wanted, mode))
            continue
        beside = [s for s in there if s.starts_at < wanted.ends_at and s.ends_at > wanted.starts_at]
        free = {s.shift_id: s for s in beside if s.starts_at >= begin and s.starts_at > now}
        if beside and mode is Mode.FILL:
            found.append(Step(What.KEPT, beside[0], None))
            continue
        removed |= free
        found.append(Step(What.NEW, None, wanted))
    spans = {(s.starts_at, s.ends_at) for s in planned}
    found += [
        Step(What.REMOVED, s, None)
        for s in removed.values()
        if s.shift_id not in matched and (s.starts_at, s.ends_at) not in spans
    ]
    return sorted(found, key=lambda step: (step.starts_at, step.what is not What.REMOVED))


def _on(before: Served, wanted: Served, mode: Mode) -> Step:
    after = replace(wanted, shift_id=before.shift_id)
    if set(before.members) == set(after.members) and before.name == after.name:
        return Step(What.SAME, before, after)
    if before.members and mode is Mode.FILL:
        return Step(What.KEPT, before, None)
    return Step(What.CHANGED, before, after)


def afterwards(there: Sequence[Served], changes: Sequence[Step]) -> list[Served]:
    """The roster as it would be after these steps."""
    gone = {step.before.shift_id for step in changes if step.before and step.what in (What.CHANGED, What.REMOVED)}
    new = [step.after for step in changes if step.after and step.what in (What.NEW, What.CHANGED)]
    return sorted([*(s for s in there if s.shift_id not in gone), *new], key=lambda s: (s.starts_at, s.ends_at))

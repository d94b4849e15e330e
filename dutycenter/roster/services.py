"""Shifts: who is on duty now, a week at a glance, and what is missing in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from dutycenter.directory.models import Person
from dutycenter.directory.services import Directory
from dutycenter.interfaces import ILedger
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import ShiftDuty
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

WEEK = timedelta(days=7)
LONGEST_SHIFT = timedelta(hours=36)
MOST_MEMBERS = 20


class RosterFault(ValueError):
    """A shift cannot be so. ``args[0]`` is a translation string for the reader."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


@dataclass(frozen=True)
class OnDuty:
    """Who is on duty at a moment."""

    shifts: tuple[Shift, ...]
    leaders: tuple[Person, ...]
    chiefs: tuple[Person, ...]
    officers: tuple[Person, ...]

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, leaders first."""
        return (*self.leaders, *self.chiefs, *self.officers)

    @property
    def until(self) -> datetime | None:
        """When the first of them is relieved."""
        return min((shift.ends_at for shift in self.shifts), default=None)


@dataclass(frozen=True)
class Gap:
    """A time without any shift."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Line:
    """One line of a day: a shift and what is wrong with it, or a gap."""

    shift: Shift | None
    gap: Gap | None
    warnings: tuple[tuple[str, TranslationString], ...]  # (whose name, or empty; what is wrong)
    now: bool


@dataclass(frozen=True)
class Day:
    """One day of the week's page."""

    day: date
    today: bool
    lines: tuple[Line, ...]


class Rosters:
    """Reads and changes the roster.

    Args:
        db: any session of the store.
        ledger: where each change is told.
        directory: to look people up.
        zone: the duty room's; a day begins at its midnight.
    """

    def __init__(self, db: Session, ledger: ILedger, directory: Directory, zone: ZoneInfo) -> None:
        self.db = db
        self.ledger = ledger
        self.directory = directory
        self.zone = zone

    def on_duty(self, now: datetime) -> OnDuty:
        """Who is on duty at this moment."""
        shifts = self.between(now, now + timedelta(microseconds=1))
        members = [member for shift in shifts for member in shift.members]

        def having(duty: ShiftDuty) -> tuple[Person, ...]:
            return tuple(dict.fromkeys(member.person for member in members if member.duty is duty))

        return OnDuty(tuple(shifts), having(ShiftDuty.LEADER), having(ShiftDuty.CHIEF), having(ShiftDuty.OFFICER))

    def between(self, starts_at: datetime, ends_at: datetime) -> list[Shift]:
        """Shifts that touch this time, in order."""
        return list(
            self.db.scalars(
                select(Shift)
                .where(Shift.starts_at < ends_at, Shift.ends_at > starts_at)
                .options(selectinload(Shift.members).selectinload(ShiftMember.person))
                .order_by(Shift.starts_at, Shift.id)
            )
        )

    def shift(self, shift_id: int) -> Shift | None:
        """The shift of this id."""
        return self.db.get(Shift, shift_id)

    def week(self, of: date, now: datetime) -> list[Day]:
        """The seven days from Monday, each with its shifts and the gaps between them."""
        monday = of - timedelta(days=of.weekday())
        begin, end = self._midnight(monday), self._midnight(monday + WEEK)
        shifts = self.between(begin, end)
        gaps = gaps_between(shifts, begin, end)
        today = now.astimezone(self.zone).date()
        return [
            Day(day, day == today, self._lines(day, shifts, gaps, now))
            for day in (monday + timedelta(days=n) for n in range(7))
        ]

    def _lines(self, day: date, shifts: Sequence[Shift], gaps: Sequence[Gap], now: datetime) -> tuple[Line, ...]:
        lines = [
            (shift.starts_at, Line(shift, None, self._warnings(shift), shift.starts_at <= now < shift.ends_at))
            for shift in shifts
            if shift.starts_at.astimezone(self.zone).date() == day
        ]
        lines += [
            (gap.starts_at, Line(None, gap, (), gap.starts_at <= now < gap.ends_at))
            for gap in gaps
            if gap.starts_at.astimezone(self.zone).date() == day
        ]
        return tuple(line for _starts_at, line in sorted(lines, key=lambda pair: pair[0]))

    def _warnings(self, shift: Shift) -> tuple[tuple[str, TranslationString], ...]:
        duties = {member.duty for member in shift.members}
        found: list[tuple[str, TranslationString]] = []
        if ShiftDuty.LEADER not in duties:
            found.append(("", _("No leader")))
        if not duties & {ShiftDuty.CHIEF, ShiftDuty.OFFICER}:
            found.append(("", _("Nobody at the desk")))
        for member in shift.members:
            reach = self.directory.callable(member.person, shift.starts_at)
            if reach.why is not None:
                found.append((member.person.name, reach.why))
        return tuple(found)

    def set_members(self, shift: Shift, wanted: Sequence[tuple[ShiftDuty, int]]) -> int | None:
        """Who serves in a shift; the ledger entry, or None when nothing changed.

        Raises:
            RosterFault: somebody unknown, twice, or in another shift at that time.
        """
        if len(wanted) > MOST_MEMBERS:
            raise RosterFault(_("${n} people are the most in a shift.", mapping={"n": MOST_MEMBERS}))
        ids = [person_id for _duty, person_id in wanted]
        if len(set(ids)) < len(ids):
            raise RosterFault(_("Each person serves once in a shift."))
        people = {person.id: person for person in self.directory.people(ids)}
        if len(people) < len(ids):
            raise RosterFault(_("Whoever serves must be in the directory."))
        self._refuse_overlaps(shift, people)
        before = _told(shift)
        kept = {(member.duty, member.person_id): member for member in shift.members}
        shift.members = [
            kept.get((duty, person_id)) or ShiftMember(person=people[person_id], person_id=person_id, duty=duty)
            for duty, person_id in wanted
        ]
        self.db.flush()
        after = _told(shift)
        if before == after:
            return None
        return self.ledger.append("shift.edited", f"shift:{shift.id}", {"before": before, "after": after})

    def _refuse_overlaps(self, shift: Shift, people: dict[int, Person]) -> None:
        for other in self.between(shift.starts_at, shift.ends_at):
            if other.id == shift.id:
                continue
            for member in other.members:
                if member.person_id in people:
                    raise RosterFault(
                        _("${name} serves in another shift at that time.", mapping={"name": member.person.name})
                    )

    def add(self, starts_at: datetime, ends_at: datetime, name: str) -> Shift:
        """A new shift, nobody in it yet.

        Raises:
            RosterFault: it ends before it begins, or is longer than anybody can serve.
        """
        if not starts_at < ends_at:
            raise RosterFault(_("The shift ends before it begins."))
        if ends_at - starts_at > LONGEST_SHIFT:
            raise RosterFault(_("A shift has 36 hours at most."))
        if not name.strip() or len(name) > 32 or not name.isprintable():
            raise RosterFault(_("Give the shift a name of 32 characters at most, such as 白班."))
        shift = Shift(starts_at=starts_at, ends_at=ends_at, name=name.strip())
        self.db.add(shift)
        self.db.flush()
        self.ledger.append("shift.created", f"shift:{shift.id}", _told(shift))
        return shift

    def remove(self, shift: Shift) -> None:
        """Take a shift out of the roster."""
        self.ledger.append("shift.removed", f"shift:{shift.id}", _told(shift))
        self.db.delete(shift)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)


def gaps_between(shifts: Sequence[Shift], begin: datetime, end: datetime) -> list[Gap]:
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


def _told(shift: Shift) -> dict[str, Any]:
    return {
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "name": shift.name,
        "members": [{"duty": member.duty.value, "person": member.person_id} for member in shift.members],
    }


def factory(context: object, request: Request) -> Rosters:
    """The request's rosters."""
    return Rosters(
        request.db,
        request.find_service(ILedger),
        request.find_service(Directory),
        settings_of(request.registry).time_zone,
    )

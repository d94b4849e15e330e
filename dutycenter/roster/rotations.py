"""Rotation templates: kept, tried on a range of days, applied, and undone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.directory.models import Person
from dutycenter.interfaces import IClock, ILedger
from dutycenter.roster.calendar import Calendar
from dutycenter.roster.checking import AROUND, RosterCheck
from dutycenter.roster.checks import Finding, Served
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import Rotation, RotationRun
from dutycenter.roster.pattern import MOST_SLOTS, MOST_WHEELS, read, step_read, step_written, written
from dutycenter.roster.rotation import Mode, Pattern, Step, What, afterwards, steps, turn
from dutycenter.roster.services import Rosters, served
from dutycenter.roster.times import midnight
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MOST_DAYS = 366
LISTED = 20
CHANGING = (What.NEW, What.CHANGED, What.REMOVED)


@dataclass(frozen=True)
class Wish:
    """A rotation on a range of days. ``starts``: which group begins, for each wheel."""

    first: date
    last: date
    mode: Mode
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Preview:
    """What a wish would do.

    Args:
        findings: gaps and conflicts of the roster as it would be.
        then: whose turn it is afterwards, in each wheel.
        digest: of the steps: what is applied is what was shown.
    """

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    then: tuple[int, ...]
    digest: str

    def count(self, what: What) -> int:
        """How many steps do this."""
        return sum(1 for step in self.steps if step.what is what)


class Rotations:
    """The duty room's rotations.

    Args:
        db: any session of the store.
        ledger: where each change is told.
        clock: the moment; what has begun is not touched.
        rosters: the shifts that are changed.
        calendar: which days are off.
        check: finds what would be wrong.
        zone: the duty room's.
        account_id: who acts.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, rosters: Rosters, calendar: Calendar, check: RosterCheck,
        zone: ZoneInfo, account_id: int | None,
    ) -> None:  # fmt: skip
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.rosters = rosters
        self.calendar = calendar
        self.check = check
        self.zone = zone
        self.account_id = account_id

    def all(self) -> list[Rotation]:
        """Every rotation that is not removed."""
        return list(self.db.scalars(select(Rotation).where(Rotation.removed_at.is_(None)).order_by(Rotation.id)))

    def get(self, rotation_id: int) -> Rotation | None:
        """The rotation of this id, unless it was removed."""
        found = self.db.get(Rotation, rotation_id)
        return None if found is None or found.removed_at is not None else found

    def runs(self) -> list[RotationRun]:
        """The latest applications, the last one first."""
        return list(self.db.scalars(select(RotationRun).order_by(RotationRun.id.desc()).limit(LISTED)))

    def run(self, run_id: int) -> RotationRun | None:
        """The application of this id."""
        return self.db.get(RotationRun, run_id)

    def save(self, rotation: Rotation | None, name: str, pattern: Pattern) -> Rotation:
        """Keep a rotation, or change one. What was applied stays as it is.

        Raises:
            RosterFault: it has no name, no shifts, nobody in it, or too much.
        """
        name = name.strip()
        if not name or len(name) > 64 or not name.isprintable():
            raise RosterFault(_("Give the rotation a name of ${n} characters at most.", mapping={"n": 64}))
        if not pattern.slots or len(pattern.slots) > MOST_SLOTS:
            raise RosterFault(_("A rotation has from 1 to ${n} shifts a day.", mapping={"n": MOST_SLOTS}))
        if not pattern.wheels or len(pattern.wheels) > MOST_WHEELS:
            raise RosterFault(_("Say in from 1 to ${n} rows who takes turns.", mapping={"n": MOST_WHEELS}))
        known = {slot.name for slot in pattern.slots}
        strange = [name for wheel in pattern.wheels for name in wheel.slots if name not in known]
        if strange:
            raise RosterFault(_("There is no shift “${name}” in this rotation.", mapping={"name": strange[0]}))
        before = None if rotation is None else {"name": rotation.name, **rotation.pattern}
        if rotation is None:
            rotation = Rotation(name=name, pattern={})
            self.db.add(rotation)
        rotation.name, rotation.pattern = name, written(pattern)
        self.db.flush()
        after = {"name": name, **rotation.pattern}
        if before is None:
            self._tell(rotation, "created", after)
        elif before != after:
            self._tell(rotation, "edited", {"before": before, "after": after})
        return rotation

    def remove(self, rotation: Rotation) -> None:
        """Take a template away; the shifts that it made stay."""
        rotation.removed_at = self.clock.now()
        self._tell(rotation, "removed", {"name": rotation.name})

    def suggested(self, rotation: Rotation, today: date) -> Wish:
        """Where it was applied last it goes on: the next days to its month's end, and whose turn it is then."""
        last = self.db.scalar(
            select(RotationRun)
            .where(RotationRun.rotation_id == rotation.id, RotationRun.undone_at.is_(None))
            .order_by(RotationRun.last.desc(), RotationRun.id.desc())
            .limit(1)
        )
        wheels = len(rotation.pattern["wheels"])
        follows = last is not None and last.last >= today and len(last.then) == wheels
        first = last.last + timedelta(days=1) if last is not None and follows else today + timedelta(days=1)
        month_end = (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        starts = tuple(last.then) if last is not None and follows else (0,) * wheels
        return Wish(first, month_end, Mode.FILL, starts)

    def preview(self, rotation: Rotation, wish: Wish) -> Preview:
        """What would change, and what would be wrong then. Changes nothing.

        Raises:
            RosterFault: the range cannot be one.
        """
        if wish.last < wish.first:
            raise RosterFault(_("The last day is before the first."))
        if (wish.last - wish.first).days >= MOST_DAYS:
            raise RosterFault(_("A rotation is applied to a year at most at once."))
        infos = self.calendar.days(wish.first, wish.last)
        begin, end = midnight(wish.first, self.zone), midnight(wish.last + timedelta(days=1), self.zone)
        pattern = read(rotation.pattern)
        people = self._people(pattern)
        turned = turn(pattern, [(day, info.kind) for day, info in infos.items()], wish.starts, self.zone)
        planned = [_with_names(shift, people) for shift in turned.shifts]
        around = self.rosters.between(begin - AROUND, end + AROUND)
        there = [served(shift) for shift in around]
        inside = [shift for shift in there if shift.starts_at < end + AROUND and shift.ends_at > begin]
        found = steps(inside, planned, wish.mode, begin, self.clock.now())
        serving = [*people.values(), *(member.person for shift in around for member in shift.members)]
        wrong = self.check.of(afterwards(there, found), max(begin, self.clock.now()), end, serving)
        return Preview(tuple(found), tuple(wrong), turned.then, _digest(found))

    def apply(self, rotation: Rotation, wish: Wish, digest: str) -> RotationRun:
        """Put a rotation into the roster, as its preview showed it.

        Raises:
            RosterFault: the range cannot be one, the roster changed since the preview, or nothing would change.
        """
        self.db.execute(select(Rotation.id).order_by(Rotation.id).with_for_update())  # one application at a time
        shown = self.preview(rotation, wish)
        if shown.digest != digest:
            raise RosterFault(_("The roster or the rotation changed meanwhile. Look at the preview again, then apply."))
        if not any(step.what in CHANGING for step in shown.steps):
            raise RosterFault(_("Nothing would change."))
        done = [self._do(step) for step in shown.steps if step.what in CHANGING]
        run = RotationRun(
            rotation=rotation, first=wish.first, last=wish.last, then=list(shown.then),
            steps=[step_written(step) for step in done], applied_at=self.clock.now(), applied_by_id=self.account_id,
        )  # fmt: skip
        self.db.add(run)
        self.db.flush()
        counts = {what.value: shown.count(what) for what in CHANGING}
        self._tell(rotation, "applied", {"run": run.id, "first": f"{wish.first}", "last": f"{wish.last}", **counts})
        return run

    def undo(self, run: RotationRun) -> int:
        """Take an application back; how many shifts stay, since they have begun or were changed since.

        Raises:
            RosterFault: it was undone already.
        """
        self.db.refresh(run, with_for_update=True)  # pressed twice: the second comes late
        if run.undone_at is not None:
            raise RosterFault(_("This was undone already."))
        done = [step_read(data) for data in run.steps]
        # What it took away comes back last: what it put in its place is gone by then.
        in_order = sorted(done, key=lambda step: step.what is What.REMOVED)
        stay = sum(1 for step in in_order if not self._undo(step))
        run.undone_at = self.clock.now()
        self._tell(run.rotation, "undone", {"run": run.id, "stay": stay})
        return stay

    def _do(self, step: Step) -> Step:
        """A step done; the shift that it made has its id."""
        if step.what is What.NEW:
            assert step.after is not None
            return Step(What.NEW, None, served(self.rosters.create(step.after)))
        assert step.before is not None
        shift = self.rosters.shift(step.before.shift_id)
        assert shift is not None
        if step.what is What.REMOVED:
            self.rosters.remove(shift)
        elif step.after is not None:
            self.rosters.put(shift, step.after.name, step.after.members)
        return step

    def _undo(self, step: Step) -> bool:
        if step.starts_at <= self.clock.now():
            return False
        if step.what is What.REMOVED:
            assert step.before is not None
            if self.rosters.between(step.before.starts_at, step.before.ends_at):
                return False
            self.rosters.create(step.before)
            return True
        assert step.after is not None
        shift = self.rosters.shift(step.after.shift_id)
        if shift is None or set(served(shift).members) != set(step.after.members) or shift.name != step.after.name:
            return False
        if step.before is None:
            self.rosters.remove(shift)
            self.db.flush()
        else:
            self.rosters.put(shift, step.before.name, step.before.members)
        return True

    def _people(self, pattern: Pattern) -> dict[int, Person]:
        ids = {one for wheel in pattern.wheels for group in wheel.groups for one in group}
        return {person.id: person for person in self.rosters.directory.people(ids)}

    def _tell(self, rotation: Rotation, what: str, data: dict[str, Any]) -> None:
        self.ledger.append(f"rotation.{what}", f"rotation:{rotation.id}", data)


def _with_names(shift: Served, people: Mapping[int, Person]) -> Served:
    """The shift with its people's names, without those who left the directory."""
    return Served(
        shift.starts_at, shift.ends_at, shift.name,
        tuple(
            type(m)(m.duty, m.person_id, m.on_call, people[m.person_id].name)
            for m in shift.members
            if m.person_id in people
        ),
    )  # fmt: skip


def _digest(found: Sequence[Step]) -> str:
    text = json.dumps([step_written(step) for step in found], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def factory(context: object, request: Request) -> Rotations:
    """The request's rotations."""
    identity = None if "dutycenter.actor" in request.environ else request.identity
    return Rotations(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Rosters),
        request.find_service(Calendar),
        request.find_service(RosterCheck),
        settings_of(request.registry).time_zone,
        None if identity is None else identity.id,
    )

"""Rotations: turns in order, nothing past touched, and an undo that brings back what was."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dutycenter.directory.models import Department, Person
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.calendar import day_info
from dutycenter.roster.checks import Served, Serving
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.roster.pattern import groups_text, groups_typed, read, step_read, step_written, written
from dutycenter.roster.rotation import Mode, Pattern, Slot, What, Wheel, afterwards, serves_on, steps, turn
from dutycenter.roster.rotations import Rotations, Wish
from dutycenter.roster.services import Rosters, served
from dutycenter.vocabulary import DayChoice, DayKind, Pace, ShiftDuty
from dutycenter.work import Work

CHINA = ZoneInfo("Asia/Shanghai")
LEADER, CHIEF, OFFICER = ShiftDuty
FIRST = date(2026, 9, 28)  # a Monday; National Day is near
DAY = Slot("白班", time(8), 12)
NIGHT = Slot("夜班", time(20), 12)
NOW = datetime(2026, 9, 28, tzinfo=UTC)


def days(count: int) -> list[tuple[date, DayKind]]:
    return [(day, day_info(day).kind) for day in (FIRST + timedelta(days=n) for n in range(count))]


def who(shifts: tuple[Served, ...], duty: ShiftDuty = OFFICER) -> list[tuple[int, ...]]:
    return [tuple(m.person_id for m in shift.members if m.duty is duty) for shift in shifts]


wheels = st.builds(
    Wheel,
    duty=st.sampled_from(list(ShiftDuty)),
    groups=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=2, unique=True).map(tuple), min_size=1, max_size=4)
    .map(tuple),
    pace=st.sampled_from(list(Pace)),
    on=st.sampled_from(list(DayChoice)),
    on_call=st.booleans(),
    slots=st.sampled_from([(), ("白班",), ("夜班",)]),
)  # fmt: skip
patterns = st.lists(wheels, min_size=1, max_size=3).map(lambda found: Pattern((DAY, NIGHT), tuple(found)))


class TestTurn:
    def test_groups_take_turns_by_shift_day_and_week(self) -> None:
        groups = ((1,), (2,), (3,))
        by = {pace: Pattern((DAY, NIGHT), (Wheel(OFFICER, groups, pace),)) for pace in Pace}
        assert who(turn(by[Pace.SHIFT], days(2), [1], CHINA).shifts) == [(2,), (3,), (1,), (2,)]
        assert who(turn(by[Pace.DAY], days(2), [0], CHINA).shifts) == [(1,), (1,), (2,), (2,)]
        assert who(turn(by[Pace.WEEK], days(8), [0], CHINA).shifts)[-3:] == [(1,), (2,), (2,)]

    def test_a_wheel_of_days_off_stands_still_on_workdays(self) -> None:
        pattern = Pattern((DAY,), (Wheel(LEADER, ((1,), (2,)), Pace.DAY, DayChoice.REST),))
        turned = turn(pattern, days(6), [0], CHINA)  # off from Thursday, October 1st
        assert who(turned.shifts, LEADER) == [(), (), (), (1,), (2,), (1,)]
        assert turned.then == (1,)

    @given(patterns, st.integers(1, 20), st.integers(0, 20))
    def test_two_ranges_in_a_row_are_one(self, pattern: Pattern, before: int, after: int) -> None:
        starts = [0] * len(pattern.wheels)
        whole = turn(pattern, days(before + after), starts, CHINA)
        first = turn(pattern, days(before), starts, CHINA)
        if any(w.pace is Pace.WEEK for w in pattern.wheels) and days(before)[-1][0].weekday() != 6:
            return  # a week that is cut in two is two weeks
        second = turn(pattern, days(before + after)[before:], first.then, CHINA)
        assert first.shifts + second.shifts == whole.shifts
        assert second.then == whole.then

    @given(patterns, st.integers(1, 30))
    def test_every_shift_is_served_by_the_groups_whose_turn_it_is(self, pattern: Pattern, count: int) -> None:
        turned = turn(pattern, days(count), [0] * len(pattern.wheels), CHINA)
        kinds = dict(days(count))
        assert len(turned.shifts) == 2 * count
        for shift in turned.shifts:
            kind = kinds[shift.starts_at.astimezone(CHINA).date()]
            serving = [w for w in pattern.wheels if serves_on(w.on, kind) and (not w.slots or shift.name in w.slots)]
            ids = {m.person_id for m in shift.members}
            assert len(ids) == len(shift.members)
            assert all(any(set(group) <= ids for group in wheel.groups) for wheel in serving)
            assert ids <= {one for wheel in serving for group in wheel.groups for one in group}

    @given(st.integers(1, 5), st.integers(1, 12))
    def test_turns_are_fair(self, groups: int, rounds: int) -> None:
        pattern = Pattern((DAY,), (Wheel(OFFICER, tuple((n,) for n in range(groups)), Pace.DAY),))
        turned = turn(pattern, days(groups * rounds), [0], CHINA)
        assert set(Counter(who(turned.shifts)).values()) == {rounds}


spans = st.tuples(st.integers(0, 20), st.integers(1, 3), st.lists(st.integers(1, 4), max_size=2, unique=True))


def rows(found: list[tuple[int, int, list[int]]], first_id: int) -> list[Served]:
    return [
        Served(
            NOW + timedelta(hours=6 * begin), NOW + timedelta(hours=6 * (begin + length)), "班",
            tuple(Serving(OFFICER, one) for one in people), first_id + n if first_id else 0,
        )
        for n, (begin, length, people) in enumerate(found)
    ]  # fmt: skip


class TestSteps:
    @given(
        st.lists(spans, max_size=6, unique_by=lambda row: row[:2]), st.lists(spans, max_size=6), st.sampled_from(Mode),
        st.integers(-2, 24),
    )  # fmt: skip
    def test_nothing_past_changes_and_filling_takes_nobody_away(
        self, before: list[tuple[int, int, list[int]]], wanted: list[tuple[int, int, list[int]]], mode: Mode, now: int
    ) -> None:
        there, planned, at = rows(before, 1), rows(wanted, 0), NOW + timedelta(hours=6 * now)
        found = steps(there, planned, mode, NOW, at)
        after = afterwards(there, found)
        assert [s for s in after if s.starts_at <= at and s.shift_id] == [s for s in sorted(
            there, key=lambda s: (s.starts_at, s.ends_at)) if s.starts_at <= at]  # fmt: skip
        assert all(step.starts_at > at for step in found if step.what in (What.NEW, What.CHANGED, What.REMOVED))
        if mode is Mode.FILL:
            kept = {s.shift_id: set(s.members) for s in after}
            assert all(kept[s.shift_id] == set(s.members) for s in there if s.members)
        for step in found:
            assert step_read(step_written(step)) == step

    def test_what_is_there_stays_or_is_replaced(self) -> None:
        there, planned = rows([(0, 2, [1]), (2, 2, [])], 1), rows([(0, 2, [2]), (2, 2, [3])], 0)
        earlier = NOW - timedelta(days=1)
        assert [s.what for s in steps(there, planned, Mode.FILL, NOW, earlier)] == [What.KEPT, What.CHANGED]
        assert [s.what for s in steps(there, planned, Mode.REPLACE, NOW, earlier)] == [What.CHANGED, What.CHANGED]
        odd = rows([(0, 3, [1])], 1)
        whats = [step.what for step in steps(odd, planned, Mode.REPLACE, NOW, earlier)]
        assert whats == [What.REMOVED, What.NEW, What.NEW]


class TestPattern:
    @given(patterns)
    def test_it_comes_back_as_it_was_written(self, pattern: Pattern) -> None:
        assert read(written(pattern)) == pattern

    def test_names_are_typed_and_told_apart(self) -> None:
        room = Department(name="总值班室", short_name="总值班室")
        people = {
            n: Person(id=n, name=name, department=room) for n, name in enumerate(["张伟", "陈静", "张伟"], start=1)
        }

        def find(name: str) -> list[Person]:
            return [person for person in people.values() if person.name == name]

        assert groups_typed("陈静、张伟#3\n\n 张伟#1", find) == ((2, 3), (1,))
        assert groups_text([(2, 3), (1, 99)], people) == "陈静 张伟#3\n张伟#1"
        for wrong in ("张伟", "李四", "陈静#3"):
            with pytest.raises(RosterFault):
                groups_typed(wrong, find)


class TestRotations:
    @pytest.fixture
    def people(self, work: Work) -> list[int]:
        with work.write() as request:
            room = Department(name="总值班室", short_name="总值班室")
            found = [Person(department=room, name=name, position=n) for n, name in enumerate("甲乙丙丁")]
            request.db.add_all(found)
            request.db.flush()
            return [person.id for person in found]

    def test_it_is_applied_as_it_was_shown_and_undone_but_for_what_changed_since(
        self, work: Work, people: list[int]
    ) -> None:
        pattern = Pattern(
            (DAY, NIGHT),
            (Wheel(LEADER, ((people[0],),), Pace.DAY), Wheel(OFFICER, ((people[1],), (people[2],)))),
        )
        with work.write() as request:
            today = request.find_service(IClock).now().astimezone(CHINA).date()
            begins = datetime.combine(today + timedelta(days=1), time(8), CHINA).astimezone(UTC)
            request.db.add(Shift(
                starts_at=begins, ends_at=begins + timedelta(hours=12), name="白班",
                members=[ShiftMember(person_id=people[3], duty=OFFICER)],
            ))  # fmt: skip
            request.find_service(Rotations).save(None, "两班", pattern)

        def roster() -> list[tuple[str, set[int]]]:
            with work.read() as request:
                found = request.find_service(Rosters).between(begins, begins + timedelta(days=3))
                return [(shift.name, {m.person_id for m in served(shift).members}) for shift in found]

        before = roster()
        with work.write() as request:
            rotations = request.find_service(Rotations)
            (rotation,) = rotations.all()
            first = today + timedelta(days=1)
            wish = Wish(first, first + timedelta(days=1), Mode.REPLACE, (0, 0))
            shown = rotations.preview(rotation, wish)
            assert shown.count(What.CHANGED) == 1
            assert shown.count(What.NEW) == 3
            with pytest.raises(RosterFault):
                rotations.apply(rotation, wish, "another")
            run = rotations.apply(rotation, wish, shown.digest)
            run_id = run.id
            assert rotations.suggested(rotation, today).first == first + timedelta(days=2)
            assert rotations.preview(rotation, wish).count(What.SAME) == 4
        assert roster() == [
            (n, {people[0], people[m]}) for n, m in (("白班", 1), ("夜班", 2), ("白班", 1), ("夜班", 2))
        ]

        with work.write() as request:  # somebody changes the last shift by hand
            rosters = request.find_service(Rosters)
            rosters.set_members(rosters.between(begins, begins + timedelta(days=3))[-1], [Serving(OFFICER, people[3])])
        with work.write() as request:
            rotations = request.find_service(Rotations)
            assert rotations.undo(rotations.run(run_id)) == 1
            with pytest.raises(RosterFault):
                rotations.undo(rotations.run(run_id))
        assert roster() == [*before, ("夜班", {people[3]})]
        with work.read() as request:
            actions = request.db.scalars(select(LedgerEntry.action)).all()
        assert Counter(actions)["rotation.applied"] == Counter(actions)["rotation.undone"] == 1
        assert Counter(actions)["shift.created"] == 3

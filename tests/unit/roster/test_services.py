from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.roster.services import RosterFault, Rosters, gaps_between
from dutycenter.vocabulary import NumberKind, ShiftDuty
from dutycenter.work import Work

MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)  # midnight in China
WEEK_END = MONDAY + timedelta(days=7)
LEADER, CHIEF, OFFICER = ShiftDuty


def hours(begin: float, end: float, *members: tuple[Person, ShiftDuty]) -> Shift:
    """A shift so many hours after Monday's midnight."""
    return Shift(
        starts_at=MONDAY + timedelta(hours=begin),
        ends_at=MONDAY + timedelta(hours=end),
        name="白班",
        members=[ShiftMember(person=person, duty=duty) for person, duty in members],
    )


@pytest.fixture
def people(work: Work) -> list[int]:
    """Three people with telephones, one without."""
    with work.write() as request:
        department = Department(name="总值班室", short_name="总值班室")
        found = [
            Person(
                department=department, name=name, position=n,
                numbers=[PhoneNumber(kind=NumberKind.MOBILE, number=f"1541234567{n}")] if n < 3 else [],
            )
            for n, name in enumerate(["李建国", "张伟", "陈静", "刘洋"])
        ]  # fmt: skip
        request.db.add_all(found)
        request.db.flush()
        return [person.id for person in found]


class TestOnDuty:
    def test_it_is_who_serves_at_this_moment(self, work: Work, people: list[int]) -> None:
        with work.write() as request:
            leader, officer, other, _ = (request.db.get_one(Person, one) for one in people)
            request.db.add_all([hours(8, 20, (officer, OFFICER), (leader, LEADER)), hours(20, 32, (other, OFFICER))])
        with work.read() as request:
            rosters = request.find_service(Rosters)
            day, dusk, before = (rosters.on_duty(MONDAY + timedelta(hours=hour)) for hour in (8, 20, 7.99))

            assert [person.name for person in day.people] == ["李建国", "张伟"]
            assert [person.name for person in day.leaders] == ["李建国"]
            assert day.until == MONDAY + timedelta(hours=20)
            assert [person.name for person in dusk.people] == ["陈静"]
            assert before.people == ()
            assert before.until is None


class TestWeek:
    def test_it_shows_gaps_and_what_is_wrong_with_a_shift(self, work: Work, people: list[int]) -> None:
        with work.write() as request:
            leader, officer, _, silent = (request.db.get_one(Person, one) for one in people)
            request.db.add_all(
                [hours(0, 12, (leader, LEADER), (officer, OFFICER)), hours(12, 20, (silent, OFFICER)), hours(24, 168)]
            )
        with work.read() as request:
            days = request.find_service(Rosters).week(date(2026, 11, 25), MONDAY + timedelta(hours=13))

        assert next(day.day for day in days) == date(2026, 11, 23)
        assert [day.today for day in days] == [True, *[False] * 6]
        good, bad, gap = days[0].lines
        assert good.warnings == ()
        assert [(name, str(words)) for name, words in bad.warnings] == [
            ("", "No leader"), ("刘洋", "No telephone number"),
        ]  # fmt: skip
        assert bad.now
        assert gap.gap is not None
        assert gap.gap.ends_at == MONDAY + timedelta(hours=24)
        assert [str(words) for _name, words in days[1].lines[0].warnings] == ["No leader", "Nobody at the desk"]


class TestGapsBetween:
    @given(st.lists(st.tuples(st.integers(-20, 200), st.integers(1, 40)), max_size=12))
    def test_every_hour_is_either_served_or_in_exactly_one_gap(self, spans: list[tuple[int, int]]) -> None:
        shifts = [hours(begin, begin + length) for begin, length in spans]
        gaps = gaps_between(shifts, MONDAY, WEEK_END)

        for hour in range(168):
            at = MONDAY + timedelta(hours=hour)
            served = any(shift.starts_at <= at < shift.ends_at for shift in shifts)
            assert sum(gap.starts_at <= at < gap.ends_at for gap in gaps) == (0 if served else 1)
        assert all(MONDAY <= gap.starts_at < gap.ends_at <= WEEK_END for gap in gaps)


class TestSetMembers:
    @pytest.fixture
    def shift_id(self, work: Work, people: list[int]) -> int:
        with work.write() as request:
            leader, officer, *_ = (request.db.get_one(Person, one) for one in people)
            shift = hours(8, 20, (officer, OFFICER))
            request.db.add_all([shift, hours(19, 32, (leader, LEADER))])
            request.db.flush()
            return shift.id

    def test_it_changes_who_serves_and_tells_before_and_after(
        self, work: Work, people: list[int], shift_id: int
    ) -> None:
        wanted = [(OFFICER, people[2]), (OFFICER, people[1])]
        with work.write() as request:
            rosters = request.find_service(Rosters)
            assert rosters.set_members(rosters.shift(shift_id), wanted) is not None
        with work.write() as request:
            rosters = request.find_service(Rosters)
            assert {(m.duty, m.person_id) for m in rosters.shift(shift_id).members} == set(wanted)

            assert request.db.scalars(select(LedgerEntry.action)).all() == ["shift.edited"]

    def test_the_same_again_tells_nothing(self, work: Work, people: list[int], shift_id: int) -> None:
        with work.write() as request:
            rosters = request.find_service(Rosters)
            assert rosters.set_members(rosters.shift(shift_id), [(OFFICER, people[1])]) is None

    @pytest.mark.parametrize("wanted", [[1, 1], [0], [99]], ids=["twice", "elsewhere then", "unknown"])
    def test_it_refuses_who_cannot_serve(self, work: Work, people: list[int], shift_id: int, wanted: list[int]) -> None:
        ids = [people[n] if n < len(people) else 999 for n in wanted]
        with work.write() as request:
            rosters = request.find_service(Rosters)
            shift = rosters.shift(shift_id)
            with pytest.raises(RosterFault):
                rosters.set_members(shift, [(OFFICER, one) for one in ids])

            assert [member.person_id for member in shift.members] == [people[1]]


class TestAdd:
    @pytest.mark.parametrize(("begin", "end", "name"), [(8, 8, "白班"), (9, 8, "白班"), (0, 37, "白班"), (8, 20, " ")])
    def test_it_refuses_shifts_that_nobody_could_serve(self, work: Work, begin: int, end: int, name: str) -> None:
        with work.write() as request, pytest.raises(RosterFault):
            request.find_service(Rosters).add(MONDAY + timedelta(hours=begin), MONDAY + timedelta(hours=end), name)

    def test_a_shift_can_be_added_and_removed(self, work: Work) -> None:
        with work.write() as request:
            rosters = request.find_service(Rosters)
            rosters.remove(rosters.add(MONDAY, MONDAY + timedelta(hours=12), "夜班"))
        with work.read() as request:
            assert request.find_service(Rosters).between(MONDAY, WEEK_END) == []
            assert request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all() == [
                "shift.created", "shift.removed",
            ]  # fmt: skip

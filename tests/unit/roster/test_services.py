from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.checks import Serving
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.roster.services import Rosters
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
        wanted = [Serving(LEADER, people[2], on_call=True), Serving(OFFICER, people[1])]
        with work.write() as request:
            rosters = request.find_service(Rosters)
            assert rosters.set_members(rosters.shift(shift_id), wanted) is not None
        with work.write() as request:
            rosters = request.find_service(Rosters)
            shift = rosters.shift(shift_id)
            assert {Serving(m.duty, m.person_id, m.on_call) for m in shift.members} == set(wanted)
            assert rosters.on_duty(shift.starts_at).on_call == {people[2]}

            assert request.db.scalars(select(LedgerEntry.action)).all() == ["shift.edited"]

    def test_the_same_again_tells_nothing(self, work: Work, people: list[int], shift_id: int) -> None:
        with work.write() as request:
            rosters = request.find_service(Rosters)
            assert rosters.set_members(rosters.shift(shift_id), [Serving(OFFICER, people[1])]) is None

    @pytest.mark.parametrize("wanted", [[1, 1], [0], [99]], ids=["twice", "elsewhere then", "unknown"])
    def test_it_refuses_who_cannot_serve(self, work: Work, people: list[int], shift_id: int, wanted: list[int]) -> None:
        ids = [people[n] if n < len(people) else 999 for n in wanted]
        with work.write() as request:
            rosters = request.find_service(Rosters)
            shift = rosters.shift(shift_id)
            with pytest.raises(RosterFault):
                rosters.set_members(shift, [Serving(OFFICER, one) for one in ids])

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

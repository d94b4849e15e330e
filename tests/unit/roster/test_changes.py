"""Swaps and stand-ins: nothing changes before all have said yes, and each step is told once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.accounts.services import Accounts
from dutycenter.directory.duplicates import Duplicates
from dutycenter.directory.models import Department, Person
from dutycenter.interfaces import IClock, ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.changes.people import DutyPeople
from dutycenter.roster.changes.services import DutyChanges, expire
from dutycenter.roster.changes.states import OPEN, Act, after
from dutycenter.roster.checks import Serving
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import DutyChange, Rotation, Shift, ShiftMember
from dutycenter.roster.rotation import Pattern, Slot, Wheel
from dutycenter.roster.rotations import Rotations
from dutycenter.roster.services import Rosters
from dutycenter.vocabulary import DutyChangeState as State
from dutycenter.vocabulary import Role, ShiftDuty
from dutycenter.work import Work

LEADER, CHIEF, OFFICER = ShiftDuty
NAMES = ("李建国", "张伟", "陈静", "吴磊")
ROLES = (Role.LEADER, Role.OFFICER, Role.OFFICER, Role.ADMINISTRATOR)


class TestStates:
    @given(st.lists(st.sampled_from(Act), max_size=12), st.booleans())
    def test_done_needs_both_and_the_third_where_it_is_asked(self, acts: list[Act], confirmation: bool) -> None:
        state, taken = State.ASKED, []
        for act in acts:
            then = after(state, act, confirmation=confirmation)
            if then is None:
                continue
            assert state in OPEN  # what is over stays as it is
            state = then
            taken.append(act)
        if state is State.DONE:
            assert taken == ([Act.AGREE, Act.CONFIRM] if confirmation else [Act.AGREE])
        assert len(taken) <= 2

    def test_no_act_leads_out_of_an_end(self) -> None:
        ends = set(State) - OPEN
        assert all(after(state, act, confirmation=c) is None for state, act, c in product(ends, Act, (True, False)))


@pytest.fixture
def shifts(work: Work) -> list[int]:
    """Four people with accounts; tomorrow's day shift (张伟) and night shift (陈静)."""
    with work.write() as request:
        room = Department(name="总值班室", short_name="总值班室")
        people = [Person(department=room, name=name, position=n) for n, name in enumerate(NAMES)]
        request.db.add_all(people)
        request.db.flush()
        now = request.find_service(IClock).now()
        for person, role in zip(people, ROLES, strict=True):
            request.db.add(Account(
                username=f"a{person.id}", name=person.name, role=role, password_hash="x", created_at=now,
                person_id=person.id,
            ))  # fmt: skip
        begin = now + timedelta(days=1)
        found = [
            Shift(
                starts_at=begin + timedelta(hours=12 * n), ends_at=begin + timedelta(hours=12 * n + 12), name=name,
                members=[ShiftMember(person=person, duty=OFFICER)],
            )
            for n, (name, person) in enumerate(zip(("白班", "夜班"), people[1:3], strict=True))
        ]  # fmt: skip
        request.db.add_all(found)
        request.db.flush()
        return [shift.id for shift in found]


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def acting(request: object, name: str, *, confirmation: bool = True, later: timedelta = timedelta()) -> DutyChanges:
    """The service, as this person uses it."""
    find = request.find_service  # type: ignore[attr-defined]
    db = request.db  # type: ignore[attr-defined]
    account = db.scalars(select(Account).where(Account.name == name)).one()
    return DutyChanges(
        db, find(ILedger), Clock(find(IClock).now() + later), find(Rosters), find(DutyPeople),
        request.registry["dutycenter.settings"].time_zone, confirmation, account.id, account.role,  # type: ignore[attr-defined]
    )  # fmt: skip


def person(request: object, name: str) -> int:
    return request.db.scalars(select(Person.id).where(Person.name == name)).one()  # type: ignore[attr-defined, no-any-return]


def serves(work: Work, shift_id: int) -> list[str]:
    with work.read() as request:
        return [member.person.name for member in request.db.get_one(Shift, shift_id).members]


def told(work: Work) -> list[str]:
    with work.read() as request:
        actions = request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id))
        return [action for action in actions if action.startswith(("duty_change", "shift"))]


def ask(work: Work, shifts: list[int], *, swap: bool) -> None:
    with work.write() as request:
        rosters, other = request.find_service(Rosters), "陈静" if swap else "吴磊"
        acting(request, "张伟").ask(
            rosters.shift(shifts[0]), person(request, "张伟"), person(request, other),
            rosters.shift(shifts[1]) if swap else None, "家中有事",
        )  # fmt: skip


def act(work: Work, name: str, what: Act, note: str = "", later: timedelta = timedelta()) -> State:
    with work.write() as request:
        changes = acting(request, name, later=later)
        return changes.act(request.db.scalars(select(DutyChange)).one(), what, note)


class TestSwap:
    def test_it_is_asked_agreed_confirmed_and_only_then_done(self, work: Work, shifts: list[int]) -> None:
        ask(work, shifts, swap=True)
        with pytest.raises(RosterFault):
            act(work, "张伟", Act.AGREE)  # nobody agrees for the other one
        assert act(work, "陈静", Act.AGREE) is State.AGREED
        with pytest.raises(RosterFault):
            act(work, "陈静", Act.CONFIRM)
        assert (serves(work, shifts[0]), serves(work, shifts[1])) == (["张伟"], ["陈静"])
        assert act(work, "李建国", Act.CONFIRM) is State.DONE
        assert (serves(work, shifts[0]), serves(work, shifts[1])) == (["陈静"], ["张伟"])
        assert told(work) == [
            "duty_change.asked", "duty_change.agreed", "shift.edited", "shift.edited", "duty_change.done",
        ]  # fmt: skip
        with pytest.raises(RosterFault):
            act(work, "张伟", Act.WITHDRAW)

    @pytest.mark.parametrize(
        ("takes", "in_return", "strained"), [("陈静", False, [("陈静", 24)]), ("陈静", True, []), ("吴磊", False, [])]
    )
    def test_two_shifts_in_a_row_are_said_before_anybody_agrees(
        self, work: Work, shifts: list[int], takes: str, in_return: bool, strained: list[tuple[str, int]]
    ) -> None:
        with work.write() as request:
            rosters, changes = request.find_service(Rosters), acting(request, "张伟")
            other = rosters.shift(shifts[1]) if in_return else None
            changes.ask(rosters.shift(shifts[0]), person(request, "张伟"), person(request, takes), other, "家中有事")
            found = changes.strains(request.db.scalars(select(DutyChange)).one())
            assert [(one.who, one.data["hours"]) for one in found] == strained

    def test_only_shifts_are_offered_in_which_one_does_not_serve_oneself(self, work: Work, shifts: list[int]) -> None:
        def offered() -> list[str]:
            with work.read() as request:
                changes, until = acting(request, "张伟"), request.find_service(IClock).now() + timedelta(days=9)
                shift, me = request.db.get_one(Shift, shifts[0]), person(request, "张伟")
                return [f"{other.name} {whose.name}" for other, whose in changes.offers(shift, me, until)]

        assert offered() == ["夜班 陈静"]
        with work.write() as request:
            night = request.db.get_one(Shift, shifts[1])
            night.members.append(ShiftMember(person_id=person(request, "张伟"), duty=OFFICER))
        assert offered() == []

    def test_consent_can_be_taken_back_until_it_is_confirmed(self, work: Work, shifts: list[int]) -> None:
        ask(work, shifts, swap=True)
        act(work, "陈静", Act.AGREE)
        assert act(work, "陈静", Act.DECLINE) is State.DECLINED
        assert serves(work, shifts[0]) == ["张伟"]

    def test_what_the_roster_no_longer_says_lapses(self, work: Work, shifts: list[int]) -> None:
        ask(work, shifts, swap=True)
        with work.write() as request:
            rosters = request.find_service(Rosters)
            rosters.remove(rosters.shift(shifts[1]))
        assert act(work, "陈静", Act.AGREE) is State.STALE
        assert serves(work, shifts[0]) == ["张伟"]

    def test_what_nobody_answered_expires_when_the_shift_begins(self, work: Work, shifts: list[int]) -> None:
        ask(work, shifts, swap=True)
        assert act(work, "陈静", Act.AGREE, later=timedelta(days=2)) is State.EXPIRED
        assert serves(work, shifts[0]) == ["张伟"]
        with work.write() as request:
            change = request.db.scalars(select(DutyChange)).one()
            change.state, change.until = State.ASKED, request.find_service(IClock).now() - timedelta(minutes=1)
        expire(work)
        expire(work)
        assert told(work)[1:] == ["duty_change.expired", "duty_change.expired"]


class TestStandIn:
    def test_an_administrator_speaks_for_who_is_at_no_screen_and_says_how(self, work: Work, shifts: list[int]) -> None:
        with work.write() as request:
            acting(request, "吴磊").ask(
                request.find_service(Rosters).shift(shifts[0]),
                person(request, "张伟"),
                person(request, "李建国"),
                None,
                "",
            )
        with pytest.raises(RosterFault):
            act(work, "吴磊", Act.AGREE)
        assert act(work, "吴磊", Act.AGREE, "14:20 电话答复") is State.AGREED
        for name in ("吴磊", "李建国"):  # who asked or answered, and who is concerned, confirm nothing
            with pytest.raises(RosterFault):
                act(work, name, Act.CONFIRM)

    @pytest.mark.parametrize(
        ("asks", "gives", "takes"),
        [("陈静", "张伟", "吴磊"), ("张伟", "张伟", "张伟"), ("张伟", "陈静", "吴磊"), ("吴磊", "陈静", "李建国")],
    )
    def test_nobody_gives_away_what_is_not_theirs(
        self, work: Work, shifts: list[int], asks: str, gives: str, takes: str
    ) -> None:
        with work.write() as request, pytest.raises(RosterFault):
            acting(request, asks).ask(
                request.find_service(Rosters).shift(shifts[0]), person(request, gives), person(request, takes), None, ""
            )

    def test_who_serves_elsewhere_then_cannot_stand_in_and_one_request_is_enough(
        self, work: Work, shifts: list[int]
    ) -> None:
        with work.write() as request:
            rosters = request.find_service(Rosters)
            shift = rosters.shift(shifts[0])
            beside = rosters.add(shift.starts_at, shift.ends_at, "备班")
            rosters.set_members(beside, [Serving(OFFICER, person(request, "吴磊"))])
        with pytest.raises(RosterFault):
            ask(work, shifts, swap=False)
        ask(work, shifts, swap=True)
        with pytest.raises(RosterFault):
            ask(work, shifts, swap=True)

    def test_without_confirmation_the_others_yes_is_enough(self, work: Work, shifts: list[int]) -> None:
        ask(work, shifts, swap=False)
        with work.write() as request:
            change = request.db.scalars(select(DutyChange)).one()
            assert acting(request, "吴磊", confirmation=False).act(change, Act.AGREE) is State.DONE
        assert serves(work, shifts[0]) == ["吴磊"]


class TestDutyPeople:
    def test_one_person_is_one_account(self, work: Work, shifts: list[int]) -> None:
        with work.write() as request:
            people, accounts = request.find_service(DutyPeople), request.find_service(Accounts)
            first, second = (a for a, _person in people.all() if a.role is Role.OFFICER)
            with pytest.raises(RosterFault):
                people.link(first, people.person_of(second.id))
            taken = people.person_of(second.id)
            people.link(second, None)
            people.link(first, taken)
            assert people.person_of(accounts.get(first.id).id) is taken


class TestMerging:
    def test_requests_rotations_and_accounts_follow_two_rows_that_become_one(
        self, work: Work, shifts: list[int]
    ) -> None:
        ask(work, shifts, swap=False)
        with work.write() as request:
            room = request.db.scalars(select(Department)).one()
            again = Person(department=room, name="吴磊（副）", position=9)
            request.db.add(again)
            request.db.flush()
            first_id, again_id = person(request, "吴磊"), again.id
            wheel = Wheel(OFFICER, ((first_id, again_id),))
            request.find_service(Rotations).save(None, "轮班", Pattern((Slot("白班", time(8), 12),), (wheel,)))
            entry = request.find_service(Duplicates).merge(again, request.db.get_one(Person, first_id))

        def state() -> tuple[bool, list[list[int]], bool]:
            with work.read() as request:
                change, rotation = (
                    request.db.scalars(select(DutyChange)).one(),
                    request.db.scalars(select(Rotation)).one(),
                )
                account = request.db.scalars(select(Account).where(Account.name == "吴磊")).one()
                return (
                    change.other_id == again_id,
                    rotation.pattern["wheels"][0]["groups"],
                    account.person_id == again_id,
                )

        assert state() == (True, [[again_id]], True)
        with work.write() as request:
            request.find_service(Duplicates).part(request.db.get_one(Person, again_id), entry)
        assert state() == (False, [[first_id, again_id]], False)

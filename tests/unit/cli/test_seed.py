from __future__ import annotations

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from dutycenter.accounts.models import Account
from dutycenter.accounts.services import Accounts
from dutycenter.cli.seed import seed_city
from dutycenter.cli.town import build
from dutycenter.directory.models import Department, Person
from dutycenter.directory.numbers import is_dialable
from dutycenter.directory.services import Directory
from dutycenter.interfaces import IClock
from dutycenter.roster.services import Rosters
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import Role
from dutycenter.work import Work

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


class TestSeedCity:
    def test_it_makes_a_city_that_can_work_at_once(self, work: Work) -> None:
        with work.write() as request:
            passwords = seed_city(request)
        with work.read() as request:
            now = request.find_service(IClock).now()
            directory = request.find_service(Directory)
            on_duty = request.find_service(Rosters).on_duty(now)

            assert len(directory.departments()) == 10
            assert len(directory.people()) == 60
            assert {str(reach.why) for _person, reach in directory.uncallable(now)} == {
                "No telephone number", "On leave", "Every number failed when it was last called",
            }  # fmt: skip
            assert on_duty.leaders
            assert on_duty.officers
            assert len(request.db.scalars(select(Gateway)).all()) == 2
            assert set(request.db.scalars(select(Account.role))) == set(Role)
            assert len(passwords) == 6
            linked = request.db.execute(select(Account.name, Person.name).join(Person, Account.person_id == Person.id))
            assert sorted((account, person) for account, person in linked) == [
                (name, name) for name in ("张伟", "李建国", "陈静")
            ]

    def test_a_second_time_changes_nothing(self, work: Work) -> None:
        with work.write() as request:
            passwords = seed_city(request)
        with work.write() as request:
            assert seed_city(request, people=200) == {}
        with work.write() as request:
            assert request.db.scalar(select(func.count(Person.id))) == 60
            assert request.find_service(Accounts).authenticate("officer", passwords["officer"], "") is not None


class TestBuild:
    def test_the_same_seed_makes_the_same_people(self) -> None:
        first, again, other = (build(60, seed, NOW, ZONE) for seed in (1, 1, 2))

        def lines(town: object) -> list[tuple[str, list[str]]]:
            return [(person.name, [n.number for n in person.numbers]) for person in town.people]  # type: ignore[attr-defined]

        assert lines(first) == lines(again)
        assert lines(first) != lines(other)

    def test_a_rehearsal_town_has_as_many_as_wanted_each_with_their_own_mobile(self) -> None:
        town = build(1000, 1, NOW, ZONE)
        mobiles = [n.number for person in town.people for n in person.numbers if n.kind == "mobile"]

        assert len(town.people) == 1000
        assert len(set(mobiles)) == len(mobiles)
        assert len({department.name for department in town.departments}) == len(town.departments)

    def test_no_number_can_ring_anywhere(self) -> None:
        numbers = [n for person in build(300, 1, NOW, ZONE).people for n in person.numbers]

        assert all(is_dialable(n.number, n.kind) for n in numbers)
        assert all(n.number.startswith(("154", "0732")) for n in numbers)

    def test_nobody_serves_two_shifts_on_end(self) -> None:
        shifts = build(60, 1, NOW, ZONE).shifts
        for before, after in itertools.pairwise(shifts):
            desks = [{m.person.name for m in shift.members if m.duty == "officer"} for shift in (before, after)]
            assert not desks[0] & desks[1]

    def test_a_handful_of_people_is_a_town_too(self) -> None:
        town = build(3, 1, NOW, ZONE)

        assert len(town.people) == 3
        assert isinstance(town.departments[0], Department)

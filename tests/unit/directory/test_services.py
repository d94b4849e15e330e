from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from dutycenter.directory.models import Department, Deputy, Person, PhoneNumber
from dutycenter.directory.names import pinyin_of
from dutycenter.directory.services import Directory, has_failed, is_away
from dutycenter.vocabulary import NumberKind
from dutycenter.work import Work

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOTLINE = "07318888"


def person(name: str, post: str = "科长", *numbers: tuple[NumberKind, str]) -> Person:
    pinyin, initials = pinyin_of(name)
    kept = [PhoneNumber(kind=kind, number=number, position=n) for n, (kind, number) in enumerate(numbers)]
    return Person(name=name, pinyin=pinyin, initials=initials, post=post, numbers=kept)


@contextmanager
def directory(work: Work, *people: Person) -> Iterator[Directory]:
    """A directory of one department with these people."""
    with work.write() as request:
        department = Department(name="云江市水利局", short_name="水利局")
        for position, one in enumerate(people):
            one.department, one.position = department, position
        request.db.add_all([department, *people])
        request.db.flush()
        yield Directory(request.db, "0731", (HOTLINE,))


class TestSearch:
    @pytest.fixture
    def people(self) -> list[Person]:
        return [
            person("章伟明", "科长", (NumberKind.MOBILE, "15400000001")),
            person("张伟", "局长", (NumberKind.MOBILE, "15412345678"), (NumberKind.OFFICE, "073255512345")),
            person("王章", "100%负责人", (NumberKind.MOBILE, "15400000002")),
        ]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("张伟", ["张伟"]),
            ("zhangwei", ["张伟", "章伟明"]),
            ("ZhangWei", ["张伟", "章伟明"]),
            ("zhang wei", ["张伟", "章伟明"]),
            ("zw", ["张伟", "章伟明"]),
            ("局长", ["张伟"]),
            ("5678", ["张伟"]),
            ("0732-555", ["张伟"]),
            ("水利", ["章伟明", "张伟", "王章"]),
            ("100%", ["王章"]),
            ("%", ["王章"]),
            ("_", []),
            ("", []),
            ("没有", []),
            ("'; DROP TABLE people; --", []),
        ],
    )
    def test_it_finds_by_whatever_one_knows_best_matches_first(
        self, work: Work, people: list[Person], text: str, found: list[str]
    ) -> None:
        with directory(work, *people) as service:
            assert [one.name for one in service.search(text)] == found

    def test_who_was_removed_is_not_found(self, sqlite_work: Work, people: list[Person]) -> None:
        people[1].removed_at = NOW
        with directory(sqlite_work, *people) as service:
            assert [one.name for one in service.search("zw")] == ["章伟明"]
            assert len(service.people()) == 2
            assert service.person(people[1].id) is people[1]


class TestPersonByNumber:
    def test_it_knows_a_caller_by_any_form_of_the_number(self, work: Work) -> None:
        caller = person("张伟", "", (NumberKind.MOBILE, "15412345678"), (NumberKind.OFFICE, "88861234"))
        with directory(work, caller) as service:
            for number in ("15412345678", "+8615412345678", "015412345678", "073188861234", "88861234"):
                assert service.person_by_number(number) is caller

    def test_a_number_that_two_share_is_nobodys(self, work: Work) -> None:
        shared = (NumberKind.OFFICE, "88861234")
        with directory(work, person("张伟", "", shared), person("陈静", "", shared)) as service:
            assert service.person_by_number("88861234") is None

    @pytest.mark.parametrize("number", ["", "anonymous", "1%", "\x00", "9" * 500])
    def test_what_is_no_number_is_nobodys(self, sqlite_work: Work, number: str) -> None:
        with directory(sqlite_work, person("张伟", "", (NumberKind.MOBILE, "15412345678"))) as service:
            assert service.person_by_number(number) is None


class TestCallable:
    def test_numbers_come_in_their_order_without_those_that_failed(self, work: Work) -> None:
        one = person(
            "张伟", "", (NumberKind.MOBILE, "15412345678"), (NumberKind.OFFICE, "073255512345"),
            (NumberKind.HOME, "073255512346"),
        )  # fmt: skip
        one.numbers[0].failed_at = NOW
        with directory(work, one) as service:
            reach = service.callable(one, NOW)

        assert [number.number for number in reach.numbers] == ["073255512345", "073255512346"]
        assert reach.why is None

    @pytest.mark.parametrize(
        ("numbers", "why"),
        [
            ([], "No telephone number"),
            ([(NumberKind.MOBILE, "123")], "No number that can be dialled"),
            ([(NumberKind.OFFICE, "110")], "No number that can be dialled"),
            ([(NumberKind.DUTY, "073255512345")], "Only a duty room's number, which broadcasts leave free"),
            ([(NumberKind.OFFICE, HOTLINE)], None),
        ],
    )
    def test_it_says_why_somebody_cant_be_called(
        self, sqlite_work: Work, numbers: list[tuple[NumberKind, str]], why: str | None
    ) -> None:
        with directory(sqlite_work, person("张伟", "", *numbers)) as service:
            reach = service.callable(service.people()[0], NOW)

        assert reach.numbers == ()
        assert why is None or str(reach.why) == why

    def test_whoever_is_away_is_not_called_but_their_present_deputies_are_named(self, work: Work) -> None:
        head, second, third = person("张伟"), person("陈静"), person("刘洋")
        head.deputies = [Deputy(deputy=second, position=0), Deputy(deputy=third, position=1)]
        for one in (head, second):
            one.away_from, one.away_until = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
        with directory(work, head, second, third) as service:
            reach = service.callable(head, NOW)

            assert str(reach.why) == "On leave"
            assert reach.deputies == (third,)
            assert [str(found.why) for _person, found in service.uncallable(NOW)] == [
                "On leave", "On leave", "No telephone number",
            ]  # fmt: skip


class TestIsAway:
    @pytest.mark.parametrize(
        ("begins", "ends", "away"),
        [(None, None, False), (0, None, True), (1, None, False), (-2, -1, False), (-2, 0, False), (0, 1, True)],
    )
    def test_from_the_first_moment_to_before_the_last(self, begins: int | None, ends: int | None, away: bool) -> None:
        one = Person(
            away_from=None if begins is None else NOW + timedelta(hours=begins),
            away_until=None if ends is None else NOW + timedelta(hours=ends),
        )

        assert is_away(one, NOW) is away


class TestHasFailed:
    @pytest.mark.parametrize(
        ("failed", "verified", "out"),
        [(None, None, False), (0, None, True), (0, -1, True), (0, 1, False), (None, 0, False)],
    )
    def test_what_was_verified_since_is_good_again(self, failed: int | None, verified: int | None, out: bool) -> None:
        number = PhoneNumber(
            failed_at=None if failed is None else NOW + timedelta(hours=failed),
            verified_at=None if verified is None else NOW + timedelta(hours=verified),
        )

        assert has_failed(number) is out

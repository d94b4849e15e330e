from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dutycenter.directory.editing import ChangedMeanwhile, DirectoryFault, Editing, NumberDraft, PersonDraft, snapshot
from dutycenter.directory.models import Department, Person
from dutycenter.directory.services import Directory
from dutycenter.ledger.models import LedgerEntry
from dutycenter.work import Work

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBERS = [("mobile", "154 1234 5678"), ("office", "0732-5551234"), ("home", "")]


@pytest.fixture
def department_id(work: Work) -> int:
    with work.write() as request:
        department = Department(name="云江市水利局", short_name="水利局")
        request.db.add(department)
        request.db.flush()
        return department.id


def draft(department_id: int, **changes: object) -> PersonDraft:
    values: dict[str, object] = {"name": "张伟", "post": "科长", "numbers": NUMBERS}
    values["numbers"] = [NumberDraft(*one) for one in (values | changes)["numbers"]]  # type: ignore[attr-defined]
    changes.pop("numbers", None)
    return PersonDraft(department_id=department_id, **values | changes)  # type: ignore[arg-type]


def create(work: Work, wanted: PersonDraft) -> int:
    with work.write() as request:
        person, _entry = request.find_service(Editing).create(wanted)
        return person.id


def actions(work: Work) -> list[str]:
    with work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


class TestCreate:
    def test_a_person_is_found_and_callable_at_once(self, work: Work, department_id: int) -> None:
        create(work, draft(department_id))

        with work.read() as request:
            directory = request.find_service(Directory)
            person = directory.search("zw")[0]
            assert [n.number for n in directory.callable(person, NOW).numbers] == ["15412345678", "07325551234"]
        assert actions(work) == ["person.created"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 65}, "name"),
            ({"name": "a\nb"}, "name"),
            ({"post": "x" * 65}, "post"),
            ({"department_id": 999}, "department"),
            ({"numbers": [("mobile", "110")]}, "number-0"),
            ({"numbers": [("mobile", ""), ("fax", "88861234")]}, "number-1"),
            ({"numbers": [("mobile", "15412345678"), ("office", "+86 154 1234 5678")]}, "number-1"),
            ({"numbers": [("office", f"8{n:03}") for n in range(9)]}, "numbers"),
            ({"deputies": [999]}, "deputies"),
            ({"away_from": NOW, "away_until": NOW}, "away"),
            ({"away_until": NOW}, "away"),
        ],
    )
    def test_it_says_what_is_wrong_by_field_and_changes_nothing(
        self, work: Work, department_id: int, changes: dict[str, object], field: str
    ) -> None:
        values = {"department_id": department_id, **changes}
        with pytest.raises(DirectoryFault) as refused:
            create(work, draft(**values))  # type: ignore[arg-type]

        assert set(refused.value.faults) == {field}
        assert actions(work) == []


class TestSave:
    def test_a_number_that_stays_keeps_what_is_known_of_it(self, work: Work, department_id: int) -> None:
        person_id = create(work, draft(department_id))
        with work.write() as request:
            request.db.get_one(Person, person_id).numbers[0].verified_at = NOW
        with work.write() as request:
            person = request.find_service(Directory).person(person_id)
            request.find_service(Editing).save(person, draft(department_id, numbers=list(reversed(NUMBERS))))

        with work.read() as request:
            numbers = request.db.get_one(Person, person_id).numbers
            assert [(n.number, n.verified_at) for n in numbers] == [("07325551234", None), ("15412345678", NOW)]

    def test_saving_the_same_again_tells_nothing(self, work: Work, department_id: int) -> None:
        person_id = create(work, draft(department_id))
        with work.write() as request:
            person = request.find_service(Directory).person(person_id)
            assert request.find_service(Editing).save(person, draft(department_id)) is None

        assert actions(work) == ["person.created"]

    def test_nobody_stands_in_for_themselves(self, work: Work, department_id: int) -> None:
        person_id = create(work, draft(department_id))
        with work.write() as request:
            person = request.find_service(Directory).person(person_id)
            with pytest.raises(DirectoryFault):
                request.find_service(Editing).save(person, draft(department_id, deputies=[person_id]))


class TestUndo:
    def test_it_puts_everything_back(self, work: Work, department_id: int) -> None:
        deputy_id = create(work, draft(department_id, name="陈静"))
        person_id = create(work, draft(department_id, deputies=[deputy_id], away_from=NOW))
        with work.write() as request:
            person = request.find_service(Directory).person(person_id)
            before = snapshot(person)
            changed = draft(department_id, name="张威", numbers=[], away_from=NOW + timedelta(days=1))
            entry = request.find_service(Editing).save(person, changed)
        with work.write() as request:
            person = request.find_service(Directory).person(person_id)
            request.find_service(Editing).undo(person, entry)

        with work.read() as request:
            person = request.find_service(Directory).person(person_id)
            assert snapshot(person) == before
            assert person.pinyin == "zhangwei"

    def test_it_never_takes_back_what_somebody_else_did_since(self, work: Work, department_id: int) -> None:
        person_id = create(work, draft(department_id))
        with work.write() as request:
            editing, person = request.find_service(Editing), request.find_service(Directory).person(person_id)
            entry = editing.save(person, draft(department_id, post="局长"))
            editing.save(person, draft(department_id, post="副局长"))
            with pytest.raises(ChangedMeanwhile):
                editing.undo(person, entry)
            with pytest.raises(LookupError):
                editing.undo(person, 999)


class TestRemove:
    def test_it_can_be_undone_and_is_told_once(self, work: Work, department_id: int) -> None:
        person_id = create(work, draft(department_id))
        with work.write() as request:
            editing, person = request.find_service(Editing), request.find_service(Directory).person(person_id)
            editing.remove(person)
            editing.remove(person)
            assert str(request.find_service(Directory).callable(person, NOW).why) == "No longer in the directory"
            editing.restore(person)
            editing.restore(person)

        assert actions(work) == ["person.created", "person.removed", "person.restored"]

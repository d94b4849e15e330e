from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dutycenter.directory.duplicates import Duplicates
from dutycenter.directory.editing import ChangedMeanwhile, Editing, NumberDraft, PersonDraft, draft_of, snapshot
from dutycenter.directory.groups import Groups
from dutycenter.directory.models import Department, Person
from dutycenter.interfaces import IClock
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import ShiftDuty
from dutycenter.work import Work

Ids = dict[str, int]


@pytest.fixture
def ids(work: Work) -> Ids:
    """Two rows of 张伟 in one department, 李强 whose deputy and superior is the second, and 王芳 with the first's mobile."""
    with work.write() as request:
        department = Department(name="水利局", short_name="水利局")
        request.db.add(department)
        request.db.flush()
        editing = request.find_service(Editing)

        def make(name: str, *numbers: str, **more: object) -> int:
            drafts = [NumberDraft("mobile" if n.startswith("1") else "office", n) for n in numbers]
            return editing.create(PersonDraft(name, department.id, numbers=drafts, **more))[0].id  # type: ignore[arg-type]

        first = make("张伟", "15400000001", "07328220000")
        second = make("张伟", "15400000002", "07328220000", address="河东路 1 号")
        li = make("李强", "15400000003", "07328220000", deputies=[second], superior_id=second)
        wang = make("王芳", "15400000001")
        request.find_service(Groups).save(None, "防汛", [second, li])
        now = request.find_service(IClock).now()
        for hours in (-48, 24):
            begins = now + timedelta(hours=hours)
            shift = Shift(starts_at=begins, ends_at=begins + timedelta(hours=12))
            shift.members = [ShiftMember(person_id=second, duty=ShiftDuty.OFFICER)]
            request.db.add(shift)
        return {"first": first, "second": second, "li": li, "wang": wang}


def pairs(work: Work) -> list[tuple[int, int, str]]:
    with work.read() as request:
        found = request.find_service(Duplicates).pairs()
        return [(pair.one.id, pair.other.id, str(pair.ground.interpolate())) for pair in found]


def state(work: Work) -> tuple[object, ...]:
    with work.read() as request:
        people = {p.id: (snapshot(p), p.removed_at is None) for p in request.db.scalars(select(Person))}
        groups = [[p.id for p in group.people] for group in request.find_service(Groups).listed()]
        shifts = request.db.scalars(select(ShiftMember.person_id).order_by(ShiftMember.shift_id)).all()
        return people, groups, shifts


def test_the_same_mobile_or_the_same_name_in_a_department(work: Work, ids: Ids) -> None:
    assert pairs(work) == [
        (ids["first"], ids["second"], "张伟 stands twice in this department."),
        (ids["first"], ids["wang"], "Both have the number 15400000001."),
    ]  # a telephone that an office shares says nothing


def test_told_apart_nobody_is_asked_again_until_it_is_taken_back(work: Work, ids: Ids) -> None:
    for _time in range(2):
        with work.write() as request:
            wang, first = (request.db.get(Person, ids[name]) for name in ("wang", "first"))
            request.find_service(Duplicates).tell_apart(wang, first)
    assert [pair[:2] for pair in pairs(work)] == [(ids["first"], ids["second"])]
    with work.write() as request:
        wang, first = (request.db.get(Person, ids[name]) for name in ("wang", "first"))
        request.find_service(Duplicates).ask_again(first, wang)
    assert len(pairs(work)) == 2


def test_merged_one_has_all_and_everybody_who_named_the_other_names_them(work: Work, ids: Ids) -> None:
    before = state(work)
    with work.write() as request:
        first, second = (request.db.get(Person, ids[name]) for name in ("first", "second"))
        second.numbers[0].verified_at = datetime(2026, 11, 1, tzinfo=UTC)
        entry = request.find_service(Duplicates).merge(first, second)
    with work.read() as request:
        first = request.db.get(Person, ids["first"])
        assert [n.number for n in first.numbers] == ["15400000001", "07328220000", "15400000002"]
        assert first.numbers[2].verified_at == datetime(2026, 11, 1, tzinfo=UTC)
        assert first.address == "河东路 1 号"
        li = request.db.get(Person, ids["li"])
        assert (li.superior_id, [d.deputy_id for d in li.deputies]) == (first.id, [first.id])
        assert request.db.get(Person, ids["second"]).removed_at is not None
    _people, groups, shifts = state(work)
    assert groups == [[ids["first"], ids["li"]]]
    assert shifts == [ids["second"], ids["first"]]  # what was served stays with whom it names

    with work.write() as request:
        request.find_service(Duplicates).part(request.db.get(Person, ids["first"]), entry)
        request.db.get(Person, ids["second"]).numbers[0].verified_at = None
    assert state(work) == before


def test_a_merge_is_not_undone_over_a_later_change(work: Work, ids: Ids) -> None:
    with work.write() as request:
        first, second = (request.db.get(Person, ids[name]) for name in ("first", "second"))
        entry = request.find_service(Duplicates).merge(first, second)
    with work.write() as request:
        first = request.db.get(Person, ids["first"])
        request.find_service(Editing).save(first, PersonDraft(**{**draft_of(first).__dict__, "post": "局长"}))
    with pytest.raises(ChangedMeanwhile), work.write() as request:
        request.find_service(Duplicates).part(request.db.get(Person, ids["first"]), entry)
    with pytest.raises(LookupError), work.write() as request:
        request.find_service(Duplicates).part(request.db.get(Person, ids["li"]), entry)

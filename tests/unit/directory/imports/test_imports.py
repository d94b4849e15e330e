"""A sheet from hand-in to undo, on both stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dutycenter.directory.editing import Editing, NumberDraft, PersonDraft, draft_of, snapshot
from dutycenter.directory.imports import jobs
from dutycenter.directory.imports.columns import cells_of
from dutycenter.directory.imports.models import DirectoryImport, ImportRow
from dutycenter.directory.imports.services import KEPT, Imports
from dutycenter.directory.models import Department, District, Person
from dutycenter.kept_words import kept
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import ImportState, RowVerdict
from dutycenter.work import Work

HEADS = "编号,姓名,部门,上级部门,区县,职务,手机,办公电话,替代人员,上级\n"


@pytest.fixture
def people(work: Work) -> dict[str, int]:
    """张伟 and 李强 of one department, 王芳 of another; their ids."""
    with work.write() as request:
        water, rescue = (
            Department(name="云江市水利局", short_name="水利局"),
            Department(name="应急局", short_name="应急局"),
        )
        request.db.add_all([water, rescue, District(code="430191", name="临江区")])
        request.db.flush()
        editing = request.find_service(Editing)
        made = {}
        for name, department, mobile in (
            ("张伟", water, "15400000001"), ("李强", water, "15400000002"), ("王芳", rescue, "15400000003"),
        ):  # fmt: skip
            numbers = [NumberDraft("mobile", mobile), NumberDraft("office", "0732-8220000", "工作日")]
            person, _entry = editing.create(PersonDraft(name, department.id, "科长", numbers))
            made[name] = person.id
        return made


def hand_in(work: Work, *rows: str, heads: str = HEADS) -> int:
    with work.write() as request:
        sheet = request.find_service(Imports).hand_in("C:\\名单\\people.csv", (heads + "\n".join(rows)).encode())
        sheet_id = sheet.id
    jobs.work_on(work)
    return int(sheet_id)


def move(work: Work, sheet_id: int, verb: str) -> bool:
    with work.write() as request:
        imports = request.find_service(Imports)
        moved = getattr(imports, verb)(imports.find(sheet_id))
    jobs.work_on(work)
    return bool(moved)


def state(work: Work, sheet_id: int) -> ImportState:
    with work.read() as request:
        return request.find_service(Imports).find(sheet_id).state


def rows(work: Work, sheet_id: int) -> list[tuple[RowVerdict, list[list[str]], list[str]]]:
    with work.read() as request:
        found = request.db.scalars(Imports.of(request.find_service(Imports).find(sheet_id)))
        return [
            (row.verdict, row.changes, [str(kept(words).interpolate()) for _column, words in row.faults])
            for row in found
        ]


def directory(work: Work) -> list[Mapping[str, object]]:
    """Everybody who is listed, as the ledger would tell of them."""
    with work.read() as request:
        return [
            snapshot(person)
            for person in request.db.scalars(select(Person).where(Person.removed_at.is_(None)).order_by(Person.id))
        ]


class TestPreview:
    def test_it_says_row_by_row_what_would_change_and_saves_nothing(self, work: Work, people: dict[str, int]) -> None:
        before = directory(work)
        sheet = hand_in(
            work,
            ",张伟,水利局,,,副局长,,,,",
            ",李强,云江市水利局,,,,15400000002,,,",
            f"{people['王芳']},王方,,,,,,-,,",
            ",刘洋,水文站,水利局,临江区,站长,154 0000 0009,0732-8229999 (08:30-17:30),张伟,王芳",
        )
        assert state(work, sheet) is ImportState.PREVIEW
        assert rows(work, sheet) == [
            (RowVerdict.CHANGED, [["post", "科长", "副局长"]], []),
            (RowVerdict.SAME, [], []),
            (RowVerdict.CHANGED, [["name", "王芳", "王方"], ["office", "07328220000 (workdays)", ""]], []),
            (
                RowVerdict.NEW,
                [
                    ["name", "", "刘洋"], ["department", "", "水文站"], ["post", "", "站长"],
                    ["mobile", "", "15400000009"], ["office", "", "07328229999 (08:30-17:30)"],
                    ["deputies", "", "张伟（云江市水利局）"], ["superior", "", "王芳（应急局）"],
                ],
                [],
            ),
        ]  # fmt: skip
        with work.read() as request:
            assert request.find_service(Imports).find(sheet).new_departments == [["水文站", "水利局", "临江区"]]
        assert directory(work) == before

    def test_what_is_wrong_is_said_in_words(self, work: Work, people: dict[str, int]) -> None:
        sheet = hand_in(
            work,
            ",,水利局,,,,,,,",
            ",新人,,,,,,,,",
            ",新人,水利局,,,,123,,,",
            "999,张伟,,,,,,,,",
            ",张伟,水利局,,,,,,没有这人,",
            ",李强,水利局,,,,,,李强,",
            ",李强,水利局,,,,,,,",
            ",新人,新局,,不存在区,,,,,",
            ",赵六,水利局,,,,15400000001,,,",
        )
        said = [(verdict, faults) for verdict, _changes, faults in rows(work, sheet)]
        assert [verdict for verdict, _faults in said] == [RowVerdict.WRONG] * 8 + [RowVerdict.NEW]
        words = ("name is missing", "needs a department", "11 digits", "Nobody has this number", "没有这人 is not in",
                 "own deputy", "Row 7 means", "no district", "15400000001 is also the number of 张伟")  # fmt: skip
        for part, (_verdict, faults) in zip(words, said, strict=True):
            assert any(part in fault for fault in faults), (part, faults)

    def test_two_of_one_name_are_told_apart_by_their_number(self, work: Work, people: dict[str, int]) -> None:
        with work.write() as request:
            twin = draft_of(request.db.get(Person, people["张伟"]))
            request.find_service(Editing).create(
                PersonDraft("张伟", twin.department_id, "", [NumberDraft("mobile", "15400000007")])
            )
        sheet = hand_in(work, ",张伟,水利局,,,局长,,,,", ",张伟,水利局,,,局长,15400000001,,,")
        found = rows(work, sheet)
        assert found[0][0] is RowVerdict.WRONG
        assert "Several people" in found[0][2][0]
        assert found[1][:2] == (RowVerdict.CHANGED, [["post", "科长", "局长"]])

    def test_a_sheet_that_cannot_be_read_says_why(self, work: Work) -> None:
        sheet = hand_in(work, "a,b", heads="x,y\n")
        assert state(work, sheet) is ImportState.UNREADABLE
        assert not move(work, sheet, "confirm")

    def test_the_directory_written_out_and_handed_in_again_changes_nothing(
        self, work: Work, people: dict[str, int]
    ) -> None:
        from dutycenter.directory.imports.writing import rows_of, write_xlsx
        from dutycenter.directory.services import Directory

        with work.write() as request:
            zhang = request.db.get(Person, people["张伟"])
            editing = request.find_service(Editing)
            editing.save(
                zhang, PersonDraft(**{**draft_of(zhang).__dict__, "deputies": [people["王芳"], people["李强"]]})
            )
        with work.write() as request:
            content = write_xlsx(rows_of(request.find_service(Directory).people_where(), str), str)
            sheet = request.find_service(Imports).hand_in("back.xlsx", content).id
        jobs.work_on(work)
        assert [verdict for verdict, _changes, _faults in rows(work, sheet)] == [RowVerdict.SAME] * 3


class TestTakingIn:
    SHEET = (
        ",张伟,水利局,,,副局长,,,刘洋,",
        ",刘洋,水文站,水利局,临江区,站长,15400000009,,陈静,张伟",
        ",陈静,水文站,,,,15400000010,,刘洋,",
        ",坏人,,,,,,,,",
    )

    def test_it_is_taken_in_once_and_undone_whole(self, work: Work, people: dict[str, int]) -> None:
        before = directory(work)
        sheet = hand_in(work, *self.SHEET)
        assert move(work, sheet, "confirm")
        jobs.work_on(work)
        assert not move(work, sheet, "confirm")

        assert state(work, sheet) is ImportState.DONE
        with work.read() as request:
            named = {p.name: p for p in request.db.scalars(select(Person).where(Person.removed_at.is_(None)))}
            assert set(named) == {*people, "刘洋", "陈静"}
            assert named["刘洋"].department.parent_id == named["张伟"].department_id
            assert named["刘洋"].department.district.name == "临江区"
            assert [entry.deputy.name for entry in named["刘洋"].deputies] == ["陈静"]
            assert [entry.deputy.name for entry in named["陈静"].deputies] == ["刘洋"]
            assert [entry.deputy.name for entry in named["张伟"].deputies] == ["刘洋"]
            assert cells_of(named["刘洋"])["superior"] == "张伟（云江市水利局）"

        assert move(work, sheet, "undo")
        assert state(work, sheet) is ImportState.UNDONE
        assert directory(work) == before
        with work.read() as request:
            station = request.db.scalars(select(Department).where(Department.name == "水文站")).one()
            assert station.removed_at is not None
            actions = set(
                request.db.scalars(select(LedgerEntry.action).where(LedgerEntry.subject == f"import:{sheet}"))
            )
            assert actions == {
                f"import.{w}" for w in ("handed_in", "previewed", "confirmed", "done", "undo_asked", "undone")
            }

    def test_a_clerk_who_dies_in_the_middle_is_followed_by_one_who_goes_on(
        self, work: Work, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "TAKEN_IN", 1)
        sheet = hand_in(work, *(f",新人{n},水利局,,,,,,," for n in range(4)))
        with work.write() as request:
            imports = request.find_service(Imports)
            imports.confirm(imports.find(sheet))
        taken, left = jobs._take_in, iter([True, True])

        def dies(*about: object) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            taken(*about)  # type: ignore[arg-type]

        monkeypatch.setattr(jobs, "_take_in", dies)
        with pytest.raises(KeyboardInterrupt):
            jobs.work_on(work)
        monkeypatch.setattr(jobs, "_take_in", taken)
        jobs.work_on(work)

        assert state(work, sheet) is ImportState.DONE
        with work.read() as request:
            assert request.db.scalar(select(func.count()).select_from(Person)) == len(people) + 4

    def test_what_changed_meanwhile_is_left_alone(self, work: Work, people: dict[str, int]) -> None:
        sheet = hand_in(work, ",张伟,水利局,,,副局长,,,,", ",李强,水利局,,,副局长,,,,")
        with work.write() as request:
            zhang = request.db.get(Person, people["张伟"])
            request.find_service(Editing).save(zhang, PersonDraft(**{**draft_of(zhang).__dict__, "post": "书记"}))
        move(work, sheet, "confirm")
        found = rows(work, sheet)
        assert found[0][0] is RowVerdict.WRONG
        assert "changed since the preview" in found[0][2][-1]
        with work.write() as request:
            posts = [request.db.get(Person, people[name]).post for name in ("张伟", "李强")]
            assert posts == ["书记", "副局长"]
            li = request.db.get(Person, people["李强"])
            request.find_service(Editing).save(li, PersonDraft(**{**draft_of(li).__dict__, "post": "主任"}))
        move(work, sheet, "undo")
        assert "Not undone" in rows(work, sheet)[1][2][-1]
        with work.read() as request:
            assert request.db.get(Person, people["李强"]).post == "主任"

    def test_after_a_season_its_rows_are_forgotten_and_nothing_else(self, work: Work, people: dict[str, int]) -> None:
        old, fresh = (hand_in(work, f",{name},水利局,,,副局长,,,,") for name in ("张伟", "李强"))
        assert move(work, old, "confirm")
        with work.write() as request:
            request.find_service(Imports).find(old).done_at -= KEPT + timedelta(hours=1)
        jobs.forget(work)
        assert [len(rows(work, sheet)) for sheet in (old, fresh)] == [0, 1]
        with work.read() as request:
            assert request.db.get(Person, people["张伟"]).post == "副局长"

    def test_discarded_nothing_is_kept(self, work: Work, people: dict[str, int]) -> None:
        sheet = hand_in(work, *self.SHEET)
        assert move(work, sheet, "discard")
        with work.read() as request:
            assert request.db.scalar(select(func.count()).select_from(ImportRow)) == 0
            assert request.db.get(DirectoryImport, sheet).content is None
        assert not move(work, sheet, "confirm")

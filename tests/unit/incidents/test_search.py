"""Search: each word somewhere, in whatever is written of an incident; filters that are kept; hostile text is no formula."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import select

from dutycenter.calls.models import Call
from dutycenter.directory.models import Department, Person
from dutycenter.incidents.documents.services import Documents
from dutycenter.incidents.instructions.services import Instructions
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.incidents.search import newest as finding
from dutycenter.incidents.search.newest import newest
from dutycenter.incidents.search.query import Query
from dutycenter.incidents.search.saved import NoSuchSearch, SavedSearches, SearchFault
from dutycenter.incidents.search.sheet import write_sheet
from dutycenter.incidents.search.words import found_in
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import CallState, Level, SituationKind
from dutycenter.work import Work

ZONE = ZoneInfo("Asia/Shanghai")


def found(work: Work, **asked: str) -> list[str]:
    with work.read() as request:
        query = Query.read(asked)
        rows = select(Incident.title).where(*query.filters(request.find_service(IClock).now(), ZONE))
        if query.words:
            filters = query.filters(request.find_service(IClock).now(), ZONE)
            rows = rows.where(Incident.id.in_(newest(request.db, query.words, 10, filters=filters).ids))
        return list(request.db.scalars(rows.order_by(Incident.id)))


@pytest.fixture
def town(work: Work, officer: int) -> None:
    with work.write() as request:
        db, incidents, now = request.db, request.find_service(Incidents), request.find_service(IClock).now()
        bridge = incidents.create({"title": "甲", "course": "两车相撞", "level": "III"})
        flood = incidents.create({"title": "乙", "reporter_name": "王强", "measures": "100%已转移"}, reported_at=now - timedelta(days=40))  # fmt: skip
        incidents.note(bridge.id, "拖车到场")
        report = request.find_service(Documents).draft(bridge.id, SituationKind.FIRST, officer, "zh_CN")
        request.find_service(Documents).save(report.id, {"body": "吊车两台"}, 1, officer, keep=False)
        request.find_service(Instructions).give(
            flood.id, leader="李建国", text="加固堤防", owner="市水利局", given_at=None,
            due_at=now + timedelta(hours=1), account_id=officer,
        )  # fmt: skip
        person = Person(name="赵敏", department=Department(name="市水利局", short_name="水利局"))
        call = Call(channel_uuid="c-1", caller_number="13800000002", called_number="12345", state=CallState.ENDED, arrived_at=now)  # fmt: skip
        db.add_all([person, call])
        db.flush()
        call.person_id = person.id
        incidents.link_call(flood.id, call.id)
        db.add(Deadline(incident=flood, report="written", due_at=now - timedelta(hours=1)))


@pytest.mark.usefixtures("town")
class TestQuery:
    @pytest.mark.parametrize(
        ("asked", "titles"),
        [
            ({}, ["甲", "乙"]), ({"q": "相撞"}, ["甲"]), ({"q": "拖车"}, ["甲"]), ({"q": "吊车"}, ["甲"]),
            ({"q": "堤防"}, ["乙"]), ({"q": "水利局"}, ["乙"]), ({"q": "0000002"}, ["乙"]), ({"q": "赵敏"}, ["乙"]),
            ({"q": "王强 堤防"}, ["乙"]), ({"q": "王强 拖车"}, []), ({"q": "100%"}, ["乙"]), ({"q": "1_0"}, []),
            ({"q": "' OR 1=1 --"}, []), ({"level": "III"}, ["甲"]), ({"level": "XX", "district": "x"}, ["甲", "乙"]),
            ({"district": "7"}, []), ({"overdue": "yes"}, ["乙"]), ({"from": "2001-01-01", "until": "2001-02-01"}, []),
            ({"channel": "fax"}, []), ({"until": "9999-12-31"}, ["甲", "乙"]),
        ],
    )  # fmt: skip
    def test_it_finds_what_is_written_anywhere(self, work: Work, asked: dict[str, str], titles: list[str]) -> None:
        assert found(work, **asked) == titles

    def test_it_says_where(self, work: Work) -> None:
        with work.read() as request:
            places = {
                place
                for place, there in found_in("吊车").items()
                if any(request.db.scalar(one.limit(1)) for one in there)
            }
            assert places == {"reports"}


class TestNewest:
    """However it is found: read from the newest on, or named by the index and held against the rest."""

    def test_it_is_the_beginning_of_all_there_are(self, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, small in (
            ("READ_FIRST", 4),
            ("READ_AT_ONCE", 8),
            ("RARE", 4),
            ("FEW", 12),
            ("COUNTED", 6),
            ("CHUNK", 3),
        ):
            monkeypatch.setattr(finding, name, small)
        # common, common long ago, common of late, rare, the oldest alone; a number that shares only pairs of digits
        held = [
            f"塌方{'沿江' * (n < 30)}{'国道' * (n > 40)}{'围堰' * (n % 13 == 5)}{'首起' * (n == 0)} 1380000{n:04}"
            for n in range(60)
        ]
        with work.write() as request:
            ids = [request.find_service(Incidents).create({"title": one, "level": "II" if n % 2 else "III"}).id for n, one in enumerate(held)]  # fmt: skip
        words = ("塌方", "沿江", "国道", "围堰", "首起", "无此", "0000057", "0012", "8000004", "塌")
        with work.read() as request:
            for asked in [*((one,) for one in words), *pairwise(words), ("沿江", "围堰")]:
                for odd in (False, True):
                    all_of = [id_ for n, (id_, text) in enumerate(zip(ids, held, strict=True)) if all(one in text for one in asked) and (n % 2 or not odd)][::-1]  # fmt: skip
                    for wanted in (1, 9):
                        filters = [Incident.level == Level.II] if odd else []
                        found = newest(request.db, asked, wanted, filters=filters)
                        assert list(found.ids) == all_of[: len(found.ids)], (asked, odd)
                        assert len(found.ids) >= wanted if found.more else len(found.ids) == len(all_of), (asked, odd)


class TestSaved:
    def test_they_are_ones_own_or_shared(self, work: Work, officer: int) -> None:
        with work.write() as request:

            def searches(account: int) -> SavedSearches:
                return SavedSearches(request.db, request.find_service(ILedger), request.find_service(IClock), account)

            mine = searches(officer)
            with pytest.raises(SearchFault):
                mine.keep("空", {}, shared=False)
            first = mine.keep("超时", {"overdue": "yes"}, shared=False)
            again = mine.keep("超时", {"overdue": "yes", "level": "I"}, shared=True)
            assert [search.id for search in mine.all()] == [again.id]
            theirs = searches(officer + 1)
            assert [search.id for search in theirs.all()] == [again.id]
            with pytest.raises(NoSuchSearch):
                theirs.remove(again.id)
            mine.remove(again.id)
            assert theirs.all() == []
            mine.take_back(again.id)
            assert len(mine.all()) == 1
            assert first.removed_at is not None


def test_a_hostile_text_is_no_formula() -> None:
    rows = [
        ["=cmd|' /C calc'!A0", 3, datetime(2026, 11, 27, 1, tzinfo=UTC), None],
        ["http://evil.example", 0, None, "+1"],
    ]
    content = write_sheet(
        "事件", [("题", "text"), ("数", "count"), ("时", "moment"), ("话", "long")], rows, [("q", "=1")], ZONE
    )
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [[cell.data_type for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["s", "n", "d", "n"], ["s", "n", "n", "s"],
    ]  # fmt: skip
    assert sheet["A2"].value == "=cmd|' /C calc'!A0"
    assert sheet["C2"].value == datetime(2026, 11, 27, 9)
    assert sheet["A3"].hyperlink is None

"""What is known first is written first, numbered without gaps, and never overwritten in silence."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from dutycenter.calls.models import Call
from dutycenter.calls.services import Calls
from dutycenter.incidents.elements import LONG, TooLong
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents, NoSuchIncident, Overtaken
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level
from dutycenter.work import Work


def create(work: Work, **texts: str) -> Incident:
    with work.write() as request:
        return request.find_service(Incidents).create(texts)


def missed_call(work: Work) -> int:
    with work.write() as request:
        calls, channel = request.find_service(Calls), str(uuid.uuid4())
        call = calls.arrive(channel, "13800138000", "07318888")
        calls.ended(channel, "NORMAL_CLEARING")
        return call.id


class TestCreate:
    def test_it_needs_nothing(self, work: Work) -> None:
        incident = create(work)
        assert (incident.sequence, incident.status) == (1, IncidentStatus.OPEN)

    def test_numbers_have_no_gaps_when_many_write_at_once_and_some_fail(self, work: Work) -> None:
        def write(number: int) -> None:
            with work.write() as request:
                request.find_service(Incidents).create({"place": f"第{number}街"})
                if number % 3 == 0:
                    raise RuntimeError("the desk crashed")

        with ThreadPoolExecutor(5) as pool:
            failed = [job.exception() is not None for job in [pool.submit(write, number) for number in range(12)]]
        assert sum(failed) == 4
        with work.read() as request:
            sequences = request.db.scalars(select(Incident.sequence).order_by(Incident.sequence)).all()
            assert sequences == list(range(1, 9))

    def test_it_reads_what_it_can_and_keeps_what_it_cannot(self, work: Work) -> None:
        incident = create(
            work, incident_class="accident", level="III", dead="2", injured="三人", occurred_at="2026-11-23T14:30"
        )
        assert (incident.incident_class, incident.level) == (IncidentClass.ACCIDENT, Level.III)
        assert (incident.dead, incident.injured) == (2, None)
        assert incident.occurred_at is not None
        assert incident.occurred_at.isoformat() == "2026-11-23T06:30:00+00:00"
        with work.read() as request:
            (entry,) = request.find_service(Incidents).get(incident.id).entries
            assert entry.data == {"unread": {"injured": "三人"}}

    def test_it_takes_its_title_from_the_course(self, sqlite_work: Work) -> None:
        assert create(sqlite_work, course="湘江大桥发生追尾事故,三车相撞。").title == "湘江大桥发生追尾事故,三车相撞"

    def test_a_kind_brings_its_class(self, sqlite_work: Work) -> None:
        assert create(sqlite_work, subtype="12C00").incident_class is IncidentClass.ACCIDENT

    def test_a_text_that_is_too_long_is_refused_by_name(self, work: Work) -> None:
        with pytest.raises(TooLong) as refusal:
            create(work, course="长" * 100_000)
        assert (refusal.value.element.name, refusal.value.element.limit) == ("course", LONG)
        assert create(work).sequence == 1

    @pytest.mark.parametrize("absurd", ["-1", "1e9", "99999999", "٣", "1.5", " "])
    def test_absurd_numbers_are_not_believed(self, sqlite_work: Work, absurd: str) -> None:
        assert create(sqlite_work, dead=absurd).dead is None

    def test_characters_that_turn_the_text_around_are_left_out(self, sqlite_work: Work) -> None:
        assert create(sqlite_work, reporter_name="王\u202e建国\x00").reporter_name == "王建国"

    def test_a_district_that_is_none_is_not_believed(self, sqlite_work: Work) -> None:
        assert create(sqlite_work, district_id="4711").district_id is None


class TestEdit:
    def test_each_change_is_a_line_and_an_entry(self, work: Work) -> None:
        incident = create(work, place="解放路")
        with work.write(actor="user:7") as request:
            request.find_service(Incidents).edit(incident.id, {"place": "解放西路", "dead": "1", "level": ""})
        with work.read() as request:
            entries = request.find_service(Incidents).get(incident.id).entries[1:]
            assert [(e.actor, e.data) for e in entries] == [
                ("user:7", {"field": "place", "was": "解放路", "now": "解放西路"}),
                ("user:7", {"field": "dead", "was": "", "now": "1"}),
            ]
            told = request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "incident.edited"))
            assert [json.loads(data)["field"] for data in told] == ["place", "dead"]

    def test_what_somebody_else_wrote_is_not_overwritten(self, work: Work) -> None:
        incident = create(work, place="解放路")
        with work.write() as request:
            request.find_service(Incidents).edit(incident.id, {"place": "五一路"}, was={"place": "解放路"})
        with work.write() as request, pytest.raises(Overtaken) as overtaken:
            request.find_service(Incidents).edit(incident.id, {"place": "中山路"}, was={"place": "解放路"})
        assert (overtaken.value.theirs, overtaken.value.mine) == ("五一路", "中山路")

    def test_two_who_write_the_same_agree(self, work: Work) -> None:
        incident = create(work, place="解放路")
        with work.write() as request:
            incidents = request.find_service(Incidents)
            incidents.edit(incident.id, {"place": "五一路"}, was={"place": "解放路"})
            incidents.edit(incident.id, {"place": "五一路"}, was={"place": "解放路"})

    def test_an_unknown_one_is_not_found(self, work: Work) -> None:
        with work.write() as request, pytest.raises(NoSuchIncident):
            request.find_service(Incidents).edit(4711, {"place": "x"})


class TestLinkCall:
    def test_an_unanswered_call_is_dealt_with_by_it(self, work: Work, officer: int) -> None:
        call_id, incident = missed_call(work), create(work)
        for _ in range(2):
            with work.write() as request:
                request.find_service(Incidents).link_call(incident.id, call_id, officer)
        with work.read() as request:
            call = request.db.get(Call, call_id)
            assert (call.open, call.settled_how) == (False, incident.number)
            assert [c.id for c in request.find_service(Incidents).get(incident.id).calls] == [call_id]

    def test_it_can_be_undone(self, work: Work, officer: int) -> None:
        call_id, incident = missed_call(work), create(work)
        with work.write() as request:
            request.find_service(Incidents).link_call(incident.id, call_id, officer)
        with work.write() as request:
            request.find_service(Incidents).unlink_call(incident.id, call_id)
        with work.read() as request:
            assert request.find_service(Incidents).get(incident.id).calls == []


class TestClose:
    def test_it_closes_once_and_opens_again(self, work: Work) -> None:
        incident = create(work)
        with work.write() as request:
            incidents = request.find_service(Incidents)
            incidents.close(incident.id, "人员已全部撤出")
            assert incidents.close(incident.id).status is IncidentStatus.CLOSED
        with work.write() as request, pytest.raises(ValueError, match="Say why"):
            request.find_service(Incidents).reopen(incident.id, "  ")
        with work.write() as request:
            assert request.find_service(Incidents).reopen(incident.id, "复燃").closed_at is None
        with work.read() as request:
            entries = request.find_service(Incidents).get(incident.id).entries
            assert [(entry.kind, entry.text) for entry in entries] == [
                ("created", ""), ("closed", "人员已全部撤出"), ("reopened", "复燃"),
            ]  # fmt: skip


class TestByNumber:
    @pytest.mark.parametrize("number", ["", "2026", "x-1", "2026-", "20266-1", "2026-" + "9" * 40])
    def test_it_knows_what_is_no_number(self, sqlite_work: Work, number: str) -> None:
        with sqlite_work.read() as request:
            assert request.find_service(Incidents).by_number(number) is None

    def test_it_finds_it(self, work: Work) -> None:
        incident = create(work)
        with work.read() as request:
            found = request.find_service(Incidents).by_number(f" {incident.number} ")
            assert found is not None
            assert found.id == incident.id

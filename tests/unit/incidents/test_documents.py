"""Written reports: drafted from the record, kept as versions, frozen once sent, confirmed by telephone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.incidents.documents.content import TextFault, passages
from dutycenter.incidents.documents.models import SituationReport
from dutycenter.incidents.documents.open_items import open_documents
from dutycenter.incidents.documents.services import Documents, Frozen, Overwritten
from dutycenter.incidents.models import Deadline, DeadlineRule, Incident
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role, SendingMeans, SituationKind
from dutycenter.work import Work

FIRST, FOLLOW_UP, FINAL = SituationKind


@pytest.fixture
def incident(work: Work) -> int:
    with work.write() as request:
        request.db.add(DeadlineRule(report="written", minutes=60, citation="样例"))
        request.db.flush()
        texts = {
            "title": "湘江大桥追尾",
            "place": "湘江大桥",
            "course": "两车相撞,占一车道",
            "dead": "0",
            "injured": "2",
        }
        return request.find_service(Incidents).create(texts).id


@pytest.fixture
def second(work: Work, officer: int) -> int:
    with work.write() as request:
        now = request.find_service(IClock).now()
        account = Account(username="chenjing", name="陈静", role=Role.OFFICER, password_hash="-", must_change=False, created_at=now)  # fmt: skip
        request.db.add(account)
        request.db.flush()
        return account.id


def draft(work: Work, incident: int, officer: int, kind: SituationKind = FIRST) -> SituationReport:
    with work.write() as request:
        report = request.find_service(Documents).draft(incident, kind, officer, "zh_CN")
        request.db.flush()
        request.db.expunge(report)
        return report


def send(work: Work, report: SituationReport, officer: int, **more: object) -> int:
    with work.write() as request:
        now = request.find_service(Documents).get(report.id)
        options = {"seen_version": now.version, "to_confirm": True, **more}
        documents = request.find_service(Documents)
        return documents.send(report.id, "省政府总值班室", SendingMeans.FAX, "", officer, **options).id


def said(work: Work) -> list[str]:
    with work.read() as request:
        query = select(LedgerEntry.action).where(LedgerEntry.action.like("situation%")).order_by(LedgerEntry.id)
        return [action.partition(".")[2] for action in request.db.scalars(query)]


class TestContent:
    def test_headings_part_the_text(self) -> None:
        parts = passages("开头。\n一、基本情况\n第一段。\n\n第二段,2. 不是标题。\n2. Measures\nx")
        assert [(p.title, p.paragraphs) for p in parts] == [
            ("", ("开头。",)), ("基本情况", ("第一段。", "第二段,2. 不是标题。")), ("Measures", ("x",)),
        ]  # fmt: skip


class TestDraft:
    def test_a_follow_up_tells_only_what_is_new_and_is_numbered(self, work: Work, incident: int, officer: int) -> None:
        first = draft(work, incident, officer)
        assert (first.kind, first.ordinal) == (FIRST, 1)
        assert "两车相撞" in first.body
        assert "受伤2" in first.body.replace(" ", "")
        assert draft(work, incident, officer, FINAL).id == first.id  # one draft at a time
        send(work, first, officer)
        quiet = draft(work, incident, officer, FIRST)  # a second first report becomes a follow-up
        assert (quiet.kind, quiet.ordinal) == (FOLLOW_UP, 1)
        assert "暂无新情况" in quiet.body
        assert "两车相撞" not in quiet.body
        with work.write() as request:
            request.find_service(Documents).discard(quiet.id)
            request.find_service(Incidents).edit(incident, {"dead": "1"})
            request.find_service(Incidents).note(incident, "拖车已到场")
        news = draft(work, incident, officer, FOLLOW_UP)
        assert (news.ordinal, news.addressee) == (1, first.addressee)
        assert "死亡1" in news.body.replace(" ", "")
        assert "拖车已到场" in news.body
        assert "两车相撞" not in news.body
        with pytest.raises(Frozen), work.write() as request:  # another was begun meanwhile
            request.find_service(Documents).take_back(quiet.id)
        send(work, news, officer)
        assert draft(work, incident, officer, FOLLOW_UP).ordinal == 2
        with work.write() as request:
            request.find_service(Incidents).close(incident, "道路已恢复通行")
            open_one = request.find_service(Documents).unsent(incident)[0]
            request.find_service(Documents).discard(open_one.id)
        final = draft(work, incident, officer, FINAL)
        assert "道路已恢复通行" in final.body
        assert "两车相撞" in final.body


class TestSave:
    def test_nothing_is_overwritten_silently_and_versions_come_back(
        self, work: Work, incident: int, officer: int, second: int
    ) -> None:
        report = draft(work, incident, officer)
        with work.write() as request:
            documents = request.find_service(Documents)
            assert documents.save(report.id, {"body": "甲写的"}, 1, officer, keep=False).version == 2
            assert documents.get(report.id).versions == []
        with pytest.raises(Overwritten), work.write() as request:
            request.find_service(Documents).save(report.id, {"body": "乙没看见"}, 1, second, keep=False)
        with work.write() as request:  # what one typed is kept before another goes on
            request.find_service(Documents).save(report.id, {"body": "乙写的"}, 2, second, keep=True)
        with work.write() as request:
            documents = request.find_service(Documents)
            assert [version.body for version in documents.get(report.id).versions] == ["乙写的", "甲写的"]
            documents.restore(report.id, 1, officer)
        with work.read() as request:
            report = request.find_service(Documents).get(report.id)
            assert (report.body, report.edited_by_id) == ("甲写的", officer)
            assert [version.number for version in report.versions] == [3, 2, 1]
        with pytest.raises(TextFault), work.write() as request:
            request.find_service(Documents).save(report.id, {"title": "长" * 256}, report.version, officer, keep=False)
        assert said(work) == ["drafted", "saved", "kept", "saved", "kept", "saved", "kept"]


class TestSend:
    def test_it_freezes_with_its_hash_and_stops_the_clock(self, work: Work, incident: int, officer: int) -> None:
        report = draft(work, incident, officer)
        with pytest.raises(Overwritten):
            send(work, report, officer, seen_version=7)
        sending = send(work, report, officer)
        with work.read() as request:
            row = request.db.get(Incident, incident)
            assert row.deadlines[0].met_at is not None
            assert [e.kind for e in row.entries] == ["created", "deadline_met", "report"]
            entry = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "situation_report.sent")).one()
            stored = request.find_service(Documents).get(report.id)
            assert json.loads(entry.data)["sha256"] == stored.sha256
            assert json.loads(entry.data)["content"]["body"] == stored.body
            assert len(stored.sm3 or "") == 64
        for act in (
            lambda d: d.save(report.id, {"body": "改"}, 1, officer, keep=False),
            lambda d: d.discard(report.id),
            lambda d: d.restore(report.id, 1, officer),
        ):
            with pytest.raises(Frozen), work.write() as request:
                act(request.find_service(Documents))
        send(work, report, officer, to_confirm=False)  # to somebody else too
        with work.read() as request:
            assert [item.subject for item in open_documents(request)] == [f"situation_report_sending:{sending}"]
        with work.write() as request:
            documents = request.find_service(Documents)
            with pytest.raises(TextFault):
                documents.confirm(sending, " ", officer)
            documents.confirm(sending, "省值班室 王强", officer)
            documents.confirm(sending, "别人", officer)
            assert documents.unconfirmed() == []
            documents.unconfirm(sending)
            assert [one.id for one in documents.unconfirmed()] == [sending]

    def test_a_follow_up_does_not_stand_in_for_yesterdays(self, work: Work, incident: int, officer: int) -> None:
        with work.write() as request:
            now = request.find_service(IClock).now()
            row = request.db.get(Incident, incident)
            for hours, missed in ((-12, now), (2, None)):
                request.db.add(Deadline(incident=row, report="follow_up", due_at=now + timedelta(hours=hours), missed_at=missed))  # fmt: skip
        send(work, draft(work, incident, officer), officer)
        send(work, draft(work, incident, officer, FOLLOW_UP), officer)
        with work.read() as request:
            met = {d.due_at > now: d.met_at is not None for d in request.db.get(Incident, incident).deadlines if d.report == "follow_up"}  # fmt: skip
            assert met == {False: False, True: True}

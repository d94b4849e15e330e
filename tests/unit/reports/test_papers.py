"""Papers about one thing: whole, in both languages, and nothing but text from outside."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, select

from broadcast.models import Attempt, Broadcast, BroadcastMessage, Receipt, Recipient
from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Recording
from dutycenter.incidents.models import Incident, IncidentEntry
from dutycenter.interfaces import ILedger, IReports
from dutycenter.ledger.sealer import seal
from dutycenter.roster.duty_log.models import DutyLogEntry
from dutycenter.roster.handover.models import Handover, HandoverItem
from dutycenter.roster.models import Shift
from dutycenter.settings import load
from dutycenter.vocabulary import BroadcastState, Outcome, ReportKind, Role
from dutycenter.work import Work
from reports.house import House
from reports.making import Making, NothingToTell, make_paper
from reports.paper import Calendar, Paper, Table
from reports.period import Month
from reports.progress import silent
from reports.render import render_html, render_pdf
from reports.words import Words
from tests.conftest import make_tables, open_store
from tests.support import city

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOSTILE = "<a href='http://evil.example/'>=HYPERLINK(1)</a>"
SHA = "ab" * 32


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    settings = load({"voice": "silent"}, here=tmp_path_factory.mktemp("papers"))
    make_tables(settings.database_url)
    work = open_store(settings)
    with work.write() as request:
        db = request.db
        city.live(db, city.found(db), Month(2026, 10), busy=0.2)
        incident = db.get(Incident, 1)
        incident.title, incident.course, incident.reporter_name = HOSTILE, HOSTILE, "张三"
        db.add(IncidentEntry(incident_id=1, at=incident.reported_at, kind="note", text="已通知消防", actor="user:1"))
        incident.calls.append(db.get(Call, 1))
        for recording in db.scalars(select(Recording)):
            recording.call_id = 1 if recording.channel_uuid == db.get(Call, 1).channel_uuid else None
            recording.attempt_id = recording.channel_uuid if recording.kind == "notice" else None
            recording.sha256, recording.sm3 = SHA, SHA[::-1]
        shift = db.get(Shift, 3)
        giver, taker = (
            Account(username=name, name=name, role=Role.OFFICER, password_hash="x", created_at=NOW)
            for name in ("giver", "taker")
        )
        db.add(Handover(
            giver=giver, taker=taker, offered_at=shift.ends_at, accepted_at=shift.ends_at + timedelta(minutes=5),
            items=[HandoverItem(text=HOSTILE, taken_at=shift.ends_at, remark="已知")],
        ))  # fmt: skip
        wrong = DutyLogEntry(
            year=2026, number=7, at=shift.starts_at, written_at=NOW, author_name="张伟", text="水位3米"
        )
        db.add(wrong)
        db.flush()
        db.add(DutyLogEntry(year=2026, number=8, at=shift.starts_at, written_at=NOW, author_name="张伟", text="水位2米",
                            corrects_id=wrong.id))  # fmt: skip
        ledger: ILedger = request.find_service(ILedger)
        ledger.append("incident.created", "incident:1")
        ledger.append("recording.replayed", f"recording:{db.scalars(select(Recording.id).where(Recording.call_id == 1)).first()}",
                      actor="user:1")  # fmt: skip
    seal(work)
    yield work
    work.registry["dutycenter.engine"].dispose()


def made(store: Work, kind: ReportKind, about: str, language: str = "zh_CN", now: datetime = NOW) -> Paper:
    engine = store.registry["dutycenter.engine"]
    return make_paper(kind, about, Making(engine, Words(language, ZONE), House("云江市", "总值班室"), now, silent))


def tables(paper: Paper) -> list[Table]:
    return [block for section in paper.sections for block in section.all_blocks if isinstance(block, Table)]


ABOUT = {
    ReportKind.BRIEF: "1", ReportKind.RECEIPTS: "1", ReportKind.SHIFT_LOG: "3", ReportKind.ROSTER: "2026-10-05",
    ReportKind.HANDOVER: "1", ReportKind.EVIDENCE: "1",
}  # fmt: skip


class TestEveryPaper:
    @pytest.mark.parametrize("kind", ABOUT)
    def test_is_a_pdf_of_text_alone_and_the_same_as_long_as_nothing_happens(
        self, store: Work, kind: ReportKind
    ) -> None:
        pdf = render_pdf(made(store, kind, ABOUT[kind]))
        assert pdf == render_pdf(made(store, kind, ABOUT[kind], now=NOW + timedelta(days=30)))
        reader = PdfReader(io.BytesIO(pdf))
        notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
        assert not any("/URI" in str(note) for note in notes)
        assert len(reader.pages) < 12
        last = re.sub(r"— \d+ —", "", reader.pages[-1].extract_text())
        assert len(last) > 20, "signatures stand alone on a page"

    @pytest.mark.parametrize("kind", ABOUT)
    def test_speaks_english_where_that_is_wished(self, store: Work, kind: ReportKind) -> None:
        html = render_html(made(store, kind, ABOUT[kind], "en"))
        assert 'lang="en"' in html
        assert "%(" not in html

    @pytest.mark.parametrize("kind", [kind for kind in ABOUT if kind is not ReportKind.ROSTER])
    @pytest.mark.parametrize("about", ["99999", "x", "-1", "1" * 30])
    def test_says_when_there_is_nothing_to_tell(self, store: Work, kind: ReportKind, about: str) -> None:
        with pytest.raises(NothingToTell):
            made(store, kind, about)

    def test_a_week_that_is_none_is_refused(self, store: Work) -> None:
        with pytest.raises(NothingToTell):
            made(store, ReportKind.ROSTER, "2026-13-01")


class TestBrief:
    def test_hostile_words_are_text(self, store: Work) -> None:
        html = render_html(made(store, ReportKind.BRIEF, "1"))
        assert "<a href='http" not in html
        assert "&lt;a href=" in html
        assert "已通知消防" in html


class TestReceipts:
    def test_everybody_and_every_try_is_named_with_the_recordings_hash(self, store: Work) -> None:
        paper = made(store, ReportKind.RECEIPTS, "1")
        result, receipts, attempts = tables(paper)
        with store.read() as request:
            people = request.db.scalars(select(Recipient).where(Recipient.broadcast_id == 1)).all()
            tries = request.db.scalars(select(Attempt).where(Attempt.broadcast_id == 1)).all()
            title = request.db.get(Broadcast, 1).title
        assert paper.subtitle == title
        assert int(result.rows[-1][1].text) == len(receipts.rows) == len(people)
        assert len(attempts.rows) == len(tries)
        hashed = [row[-1].text for row in attempts.rows if row[-1].text != "—"]
        assert hashed == [SHA] * sum(attempt.answered_at is not None for attempt in tries)

    def test_where_the_message_was_corrected_it_says_who_answered_what(self, store: Work) -> None:
        with store.write() as request:
            db, broadcast = request.db, request.db.scalars(select(Broadcast).order_by(Broadcast.id.desc())).first()
            about = broadcast.id
            first, second = db.scalars(select(Recipient).where(Recipient.broadcast_id == about).limit(2))
            first.told_version = second.told_version = 1
            broadcast.message_version, broadcast.message = 2, "到南门。"
            for version, text in ((1, "到北门。"), (2, "到南门。")):
                db.add(BroadcastMessage(broadcast_id=about, version=version, text=text, prompt_path="", prompt_seconds=1.0,
                                        created_at=NOW))  # fmt: skip
            round_ = Broadcast(title="x", message="到南门。", state=BroadcastState.FINISHED, corrects_id=about, corrects_version=2,
                               channels=1, rounds=1, pause=1, ring_timeout=20, exercise=False, prompt_path="",
                               prompt_seconds=1.0, created_at=NOW, launched_at=NOW)  # fmt: skip
            db.add(round_)
            db.flush()
            db.add(Recipient(broadcast_id=round_.id, name=first.name, department="", department_short="", post="",
                             corrects_id=first.id, acknowledged_at=NOW))  # fmt: skip
            names = first.name, second.name
            assert about > 1, "the others look at the first"
        paper = made(store, ReportKind.RECEIPTS, str(about))
        words = render_html(paper)
        assert "第 1 版" in words
        assert "到北门。" in words
        said = {row[1].text: row[-1].text for row in tables(paper)[1].rows}
        assert "更正已于" in said[names[0]]
        assert said[names[1]].endswith("尚未告知更正")

    def test_it_says_in_words_why_somebody_was_not_called(self, store: Work) -> None:
        with store.write() as request:
            person = request.db.scalars(select(Recipient).where(Recipient.broadcast_id == 1)).first()
            request.db.execute(delete(Receipt).where(Receipt.recipient_id == person.id))
            person.outcome, person.outcome_ground, name = Outcome.NOT_CALLED, "no_number", person.name
        _result, receipts, _attempts = tables(made(store, ReportKind.RECEIPTS, "1"))
        assert [row[-1].text for row in receipts.rows if row[1].text == name] == ["没有电话号码"]


class TestShiftLog:
    def test_calls_of_the_shift_stand_in_order(self, store: Work) -> None:
        (log,) = tables(made(store, ReportKind.SHIFT_LOG, "3"))
        with store.read() as request:
            shift = request.db.get(Shift, 3)
            inside = (Call.arrived_at >= shift.starts_at, Call.arrived_at < shift.ends_at)
            calls = request.db.scalars(select(Call).where(*inside)).all()
        assert sum(row[2].text == "来电" for row in log.rows) == len(calls) > 0
        written = [(row[2].text, row[3].text) for row in log.rows if "日志" in row[2].text]
        assert written == [("日志第 7 号", "水位3米"), ("日志第 8 号", "更正第 7 号，水位2米")]
        assert [row[0].text for row in log.rows] == [str(n) for n in range(1, len(log.rows) + 1)]


class TestRoster:
    def test_a_week_has_its_shifts(self, store: Work) -> None:
        (week,) = tables(made(store, ReportKind.ROSTER, "2026-10-05"))
        assert len(week.rows) == 15  # the night before reaches into Monday

    def test_a_week_without_one_says_so(self, store: Work) -> None:
        assert tables(made(store, ReportKind.ROSTER, "2027-03-01")) == []

    def test_a_month_is_one_sheet_across(self, store: Work) -> None:
        paper = made(store, ReportKind.ROSTER, "2026-10")
        (calendar,) = (b for s in paper.sections for b in s.all_blocks if isinstance(b, Calendar))
        assert [len(week) for week in calendar.weeks] == [7] * 5
        days = {day.text: day for week in calendar.weeks for day in week if not day.other}
        assert len(days) == 31
        assert days["10-1"].note == "休 国庆节"
        assert days["10-1"].shade
        assert days["10"].note == "班 国庆节"  # a Saturday that pays for it
        assert all(name and "带" in who for name, who in days["5"].lines)
        reader = PdfReader(io.BytesIO(render_pdf(paper)))
        (page,) = reader.pages
        assert page.mediabox.width > page.mediabox.height

    def test_a_month_of_a_year_not_published_says_so(self, store: Work) -> None:
        html = render_html(made(store, ReportKind.ROSTER, "2031-01", "en"))
        assert "holidays of 2031 are not known" in html


class TestHandover:
    def test_it_names_items_and_both_signatures(self, store: Work) -> None:
        paper = made(store, ReportKind.HANDOVER, "1")
        (items,) = tables(paper)
        assert [cell.text for cell in items.rows[0]][1::2] == [HOSTILE, "已知"]
        assert all("签字" in value for _name, value in paper.cover)
        assert "<a href='http" not in render_html(paper)

    def test_items_that_the_product_wrote_are_in_the_papers_language(self, store: Work) -> None:
        with store.write() as request:
            handover = request.db.get(Handover, 1)
            words = ["${report} of ${number} is written and not sent", {"report": ["First report", {}], "number": "7"}]
            handover.items.append(HandoverItem(text="First report of 7 is written and not sent", words=words))
            handover.items.append(HandoverItem(text="as it was signed", words=["words of an older release", {}]))
        said = {language: [row[1].text for row in tables(made(store, ReportKind.HANDOVER, "1", language))[0].rows]
                for language in ("zh_CN", "en")}  # fmt: skip
        assert said["zh_CN"][1:] == ["7 的初报已起草，尚未报出", "as it was signed"]
        assert said["en"][1:] == ["First report of 7 is written and not sent", "words of an older release"]


class TestEvidence:
    def test_recordings_entries_custody_and_head(self, store: Work) -> None:
        paper = made(store, ReportKind.EVIDENCE, "1")
        recordings, custody, entries = tables(paper)[:3]
        assert recordings.rows[0][-2].text == SHA
        assert [row[2].text for row in custody.rows] == ["收听"]
        assert {row[2].text for row in entries.rows} >= {"incident.created", "recording.replayed"}
        assert "qr" in render_html(paper)


class TestPort:
    def test_another_room_gets_a_pdf_through_the_port(self, store: Work) -> None:
        out = store.settings.var / "statement.pdf"
        with store.read() as request:
            assert request.find_service(IReports).write("evidence", "1", "en", out) == out
            with pytest.raises(ValueError):
                request.find_service(IReports).write("evidence", "404", "en", out)
        assert out.read_bytes().startswith(b"%PDF")

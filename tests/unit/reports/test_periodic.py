"""The paper itself: right for a full month, one incident and nothing; the same bytes twice; nothing from outside in it."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from broadcast.models import Broadcast, Recipient
from dutycenter.directory.models import District
from dutycenter.incidents.models import Incident
from dutycenter.ledger.sealer import seal
from dutycenter.settings import load
from dutycenter.vocabulary import BroadcastState, IncidentStatus, Level, Outcome, SourceChannel
from dutycenter.work import Work
from reports import queries
from reports.gather import gather
from reports.house import House
from reports.paper import Figure, Paper, Proof, Table
from reports.period import Month, Period
from reports.periodic import periodic_paper
from reports.render import RefusedFetch, render_html, render_pdf
from reports.words import Words
from tests.conftest import make_tables, open_store
from tests.support import city

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Month(2026, 10)
LATER = datetime(2026, 12, 1, tzinfo=UTC)
HOSTILE = "<script>x</script><a href='http://evil.example/'>$\\frac{1}{2}$</a><img src=http://evil.example/p.png>"


def paper_of(work: Work, now: datetime = LATER, period: Period = OCTOBER, language: str = "zh_CN") -> Paper:
    facts = gather(work.registry["dutycenter.engine"], period, ZONE, now)
    return periodic_paper(facts, Words(language, ZONE), House("云江市人民政府", "云江市人民政府总值班室"))


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def one_incident(work: Work, **values: object) -> None:
    at = datetime(2026, 10, 14, 3, tzinfo=UTC)
    with work.write() as request:
        request.db.add(Incident(**{
            "year": 2026, "sequence": 1, "status": IncidentStatus.OPEN, "channel": SourceChannel.PHONE,
            "reported_at": at, "created_at": at, "title": "山体滑坡", **values,
        }))  # fmt: skip


def three_months(work: Work) -> None:
    """Three believable months, sealed."""
    with work.write() as request:
        people = city.found(request.db)
        for month, busy in ((OCTOBER.year_before, 0.4), (OCTOBER.before, 0.5), (OCTOBER, 1.0)):
            city.live(request.db, people, month, busy=busy)
    seal(work)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """A store with three believable months, for tests that only read."""
    settings = load({"voice": "silent"}, here=tmp_path_factory.mktemp("busy"))
    make_tables(settings.database_url)
    work = open_store(settings)
    three_months(work)
    yield work
    work.registry["dutycenter.engine"].dispose()


@pytest.fixture(scope="module")
def full(busy: Work) -> Paper:
    return paper_of(busy)


@pytest.fixture(scope="module")
def printed(full: Paper) -> bytes:
    return render_pdf(full)


def blocks(paper: Paper) -> list[object]:
    return [
        block
        for section in paper.sections
        for block in (*section.blocks, *(block for part in section.parts for block in part.blocks))
    ]


class TestFullMonth:
    def test_every_sum_agrees_with_its_rows(self, full: Paper) -> None:
        tables = [block for block in blocks(full) if isinstance(block, Table) and block.total]
        assert len(tables) > 8
        for table in tables:
            for column, title in enumerate(table.head):
                cells = [row[column].text.replace(",", "") for row in table.rows]
                if title in ("占比", "按时率", "确认率") or not all(re.fullmatch(r"\d+", cell) for cell in cells):
                    continue
                assert sum(map(int, cells[:-1])) == int(cells[-1]), (table.title, title)

    def test_tables_and_figures_are_numbered_in_order_and_each_has_its_source(self, full: Paper) -> None:
        shown = [block for block in blocks(full) if isinstance(block, Table | Figure | Proof)]
        assert [block.label for block in shown if isinstance(block, Table)] == [
            f"表 {n}" for n in range(1, 1 + sum(isinstance(b, Table) for b in shown))
        ]
        assert [block.label for block in shown] == [source.label for source in full.sources]
        named = {name for source in full.sources for name in source.queries}
        assert named
        assert all(callable(getattr(queries, name)) for name in named)

    def test_the_pages_hold_together(self, printed: bytes) -> None:
        pages = pages_of(printed)
        assert "值班工作月报" in pages[0]
        assert pages[1].strip() == ""
        assert "— 1 —" in pages[2]
        for number, page in enumerate(pages[2:], start=1):
            lines = [line.strip() for line in page.splitlines() if line.strip()]
            assert f"— {number} —" in lines[-1] + lines[0], number
            body = [line for line in lines if not re.fullmatch(r"— \d+ —", line)]
            assert (
                not re.match(r"(（[一二三四五六七八九十]+）|[一二三四五六七八九十]+、)\S+$", body[-1]) or number == 1
            ), f"a heading is left alone at the foot of page {number}: {body[-1]}"
            assert not re.match(r"表 \d+　", body[-1]), f"a caption is left alone on page {number}"

    def test_the_contents_name_the_right_pages(self, printed: bytes) -> None:
        pages = pages_of(printed)
        contents = re.findall(r"([一二三四五六七八九十]+、[^.\s]+)[.\s]+(\d+)", pages[2])
        assert len(contents) == 8
        for heading, page in contents:
            assert heading in pages[int(page) + 1].replace(" ", ""), (heading, page)

    def test_the_same_data_gives_the_same_bytes(self, busy: Work, printed: bytes) -> None:
        assert render_pdf(paper_of(busy, now=LATER + timedelta(days=500))) == printed
        information = PdfReader(io.BytesIO(printed)).metadata
        assert information is not None
        assert "/CreationDate" not in information
        assert "/ModDate" not in information

    def test_both_databases_tell_the_same(self, work: Work, full: Paper) -> None:
        three_months(work)
        assert [section for section in paper_of(work).sections if section.title != "证据状态"] == [
            section for section in full.sections if section.title != "证据状态"
        ]

    def test_exercises_are_told_apart(self, busy: Work, sqlite_work: Work, full: Paper) -> None:
        source, target = (
            sqlite3.connect(make_url(w.settings.database_url).database or "") for w in (busy, sqlite_work)
        )
        with closing(source), closing(target):
            source.backup(target)
        with sqlite_work.write() as request:
            drills = select(Broadcast.id).where(Broadcast.exercise)
            request.db.execute(update(Broadcast).where(Broadcast.exercise).values(title="换了名字"))
            request.db.execute(
                update(Recipient).where(Recipient.broadcast_id.in_(drills)).values(outcome=Outcome.NOT_REACHED)
            )
        after = paper_of(sqlite_work)
        unlike = [a.title for a, b in zip(full.sections, after.sections, strict=True) if a != b]
        assert unlike == ["演练"]

    def test_fonts_are_embedded_and_nothing_links_out(self, printed: bytes) -> None:
        reader = PdfReader(io.BytesIO(printed))
        links = [
            note.get_object()
            for page in reader.pages
            for note in page.get("/Annots", [])
        ]  # fmt: skip
        assert links
        assert all("/A" not in link or link["/A"].get("/S") == "/GoTo" for link in links)


class TestEmptyMonth:
    def test_it_says_so_in_every_chapter(self, work: Work) -> None:
        text = "".join(pages_of(render_pdf(paper_of(work)))).replace("\n", "")
        for words in ("未接报突发事件", "值班电话无来电", "未发起叫应通知", "未开展演练", "本月无录音", "尚无签名树头"):
            assert words in text
        assert "None" not in text
        assert "nan" not in text

    def test_it_has_no_table_or_figure_of_zeros(self, sqlite_work: Work) -> None:
        assert [block for block in blocks(paper_of(sqlite_work)) if isinstance(block, Table | Figure | Proof)] == []


class TestOneIncident:
    def test_its_sentences_are_those_of_one(self, work: Work) -> None:
        one_incident(work, level=Level.III)
        text = "".join(pages_of(render_pdf(paper_of(work)))).replace("\n", "")
        assert "接报突发事件1起" in text
        assert "类别为未分类" in text
        assert "该事件正在处置" in text
        assert "无可比数据" in text
        assert "山体滑坡" in text

    def test_growth_over_an_empty_month_is_said_in_words(self, sqlite_work: Work) -> None:
        one_incident(sqlite_work, reported_at=datetime(2026, 8, 2, tzinfo=UTC), sequence=2)
        one_incident(sqlite_work)
        assert "上月为零" in render_html(paper_of(sqlite_work)).replace('<span class="h">', "").replace("</span>", "")


class TestRunningMonth:
    def test_it_says_that_it_is_not_over(self, sqlite_work: Work) -> None:
        one_incident(sqlite_work)
        paper = paper_of(sqlite_work, now=datetime(2026, 10, 15, tzinfo=UTC))
        assert "尚未结束" in paper.banner
        assert "尚未结束" in paper_of(sqlite_work, now=datetime(2026, 10, 31, 15, 59, tzinfo=UTC)).banner
        assert paper_of(sqlite_work, now=datetime(2026, 10, 31, 16, tzinfo=UTC)).banner == ""


class TestHostileNames:
    def test_they_are_printed_as_text(self, sqlite_work: Work) -> None:
        with sqlite_work.write() as request:
            request.db.add(District(code="430102", name=HOSTILE[:64]))
            at = datetime(2026, 10, 14, 3, tzinfo=UTC)
            broadcast = Broadcast(
                title=HOSTILE, message="", state=BroadcastState.FINISHED, launched_at=at, created_at=at
            )
            broadcast.recipients = [
                Recipient(name="x", department=HOSTILE[:128], outcome=Outcome.ACKNOWLEDGED, acknowledged_at=at),
                Recipient(name="x", department="=1+1\n\u202e$x^2$", outcome=Outcome.NOT_REACHED),
            ]
            request.db.add(broadcast)
        one_incident(sqlite_work, title=HOSTILE, level=Level.I, district_id=1)
        paper = paper_of(sqlite_work)
        html = render_html(paper)
        assert "<script" not in html
        assert "<img src=http" not in html
        assert "&lt;script&gt;" in html
        pdf = render_pdf(paper)
        text = "".join(pages_of(pdf)).replace("\n", "")
        assert "<script>x</script>" in text
        reader = PdfReader(io.BytesIO(pdf))
        links = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
        assert not any("/URI" in str(link) for link in links)

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9/x.css", "file:///etc/passwd", "data:text/css,x", "paper:../cli.py"]
    )
    def test_nothing_but_its_own_files_may_be_fetched(
        self, sqlite_work: Work, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        html = f'<link rel="stylesheet" href="{url}"><p>x</p>'
        monkeypatch.setattr("reports.render.render_html", lambda paper: html)
        with pytest.raises(RefusedFetch, match="may not fetch"):
            render_pdf(paper_of(sqlite_work))

"""The spreadsheet: the paper's own tables, charts that it draws itself, and nothing that runs."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from dutycenter.directory.models import District
from dutycenter.incidents.models import Incident
from dutycenter.vocabulary import IncidentStatus, Level, SourceChannel
from dutycenter.work import Work
from reports.gather import gather
from reports.house import House
from reports.paper import Figure, Paper, Table
from reports.period import Month
from reports.periodic import periodic_paper
from reports.sheet import render_sheet
from reports.words import Words
from tests.support import city

ZONE = ZoneInfo("Asia/Shanghai")
HOSTILE = ('=HYPERLINK("http://evil.example","x")', "+1+1", "@SUM(A1)", "http://evil.example/", "{=1+1}")


def paper_of(work: Work) -> Paper:
    facts = gather(work.registry["dutycenter.engine"], Month(2026, 10), ZONE, datetime(2026, 12, 1, tzinfo=UTC))
    return periodic_paper(facts, Words("zh_CN", ZONE), House("云江市", "总值班室"))


@pytest.fixture
def busy(sqlite_work: Work) -> Work:
    with sqlite_work.write() as request:
        city.live(request.db, city.found(request.db), Month(2026, 10), busy=0.3)
    return sqlite_work


class TestRenderSheet:
    def test_it_has_every_table_and_a_chart_of_its_own_for_every_figure(self, busy: Work) -> None:
        paper = paper_of(busy)
        content = render_sheet(paper)
        book = load_workbook(io.BytesIO(content))
        cells = {str(cell.value) for sheet in book for line in sheet for cell in line if cell.value is not None}
        blocks = [block for section in paper.sections for block in section.all_blocks]
        for table in (block for block in blocks if isinstance(block, Table)):
            assert f"{table.label}  {table.title}" in cells
        charts = [
            name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if name.startswith("xl/charts/chart")
        ]
        assert len(charts) == sum(isinstance(block, Figure) for block in blocks) > 3

    def test_numbers_are_numbers(self, busy: Work) -> None:
        book = load_workbook(io.BytesIO(render_sheet(paper_of(busy))))
        rows = {line[0].value: line[1] for line in book["电话值守"] if line[0].value}
        assert rows["已接听"].data_type == "n"
        assert rows["已接听"].value > 0

    def test_the_same_data_gives_the_same_bytes(self, busy: Work) -> None:
        assert render_sheet(paper_of(busy)) == render_sheet(paper_of(busy))

    def test_hostile_names_are_strings(self, sqlite_work: Work) -> None:
        at = datetime(2026, 10, 14, 3, tzinfo=UTC)
        with sqlite_work.write() as request:
            for number, text in enumerate(HOSTILE, start=1):
                request.db.add(District(code=f"43010{number}", name=text))
                request.db.flush()
                request.db.add(Incident(year=2026, sequence=number, status=IncidentStatus.OPEN, channel=SourceChannel.PHONE,
                                        reported_at=at, created_at=at, title=text, level=Level.I,
                                        district_id=number))  # fmt: skip
        content = render_sheet(paper_of(sqlite_work))
        book = load_workbook(io.BytesIO(content))
        cells = [cell for sheet in book for line in sheet for cell in line if cell.value is not None]
        assert set(HOSTILE) <= {cell.value for cell in cells}
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
        parts = zipfile.ZipFile(io.BytesIO(content))
        assert not any(b"evil" in parts.read(name) for name in parts.namelist() if name.endswith(".rels"))
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets"))

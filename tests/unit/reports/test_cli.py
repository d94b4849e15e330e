"""``dutycenter report month``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from dutycenter.bootstrap import open_work
from dutycenter.cli import main
from dutycenter.db.base import Base
from dutycenter.ledger.models import LedgerEntry


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    path = tmp_path / "test.ini"
    path.write_text("[app:main]\nrehearsal = true\nvoice = silent\n")
    Base.metadata.create_all(open_work(path, "test").registry["dutycenter.engine"])
    return path


def run(ini: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-c", str(ini), "report", "month", *words])


class TestReportMonth:
    def test_it_writes_the_paper_and_keeps_a_copy_that_the_ledger_knows(self, ini: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.pdf"
        result = run(ini, "2026-01", "--out", str(out))
        assert result.exit_code == 0, result.output
        assert str(out) in result.output
        with open_work(ini, "test").read() as request:
            (made,) = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "report.made"))
        kept = tmp_path / "var" / "reports" / json.loads(made.data)["file"]
        assert kept.read_bytes() == out.read_bytes()

    @pytest.mark.parametrize("month", ["2026-13", "october", "2026-1"])
    def test_a_slip_in_the_month_is_named(self, ini: Path, tmp_path: Path, month: str) -> None:
        result = run(ini, month, "--out", str(tmp_path / "out.pdf"))
        assert result.exit_code == 2
        assert month in result.output
        assert "Traceback" not in result.output

    def test_the_future_cannot_be_told(self, ini: Path, tmp_path: Path) -> None:
        result = run(ini, "2998-01", "--out", str(tmp_path / "out.pdf"))
        assert result.exit_code == 1
        assert "has not begun yet" in result.output

    def test_a_place_that_cannot_be_written_is_named(self, ini: Path, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("")
        result = run(ini, "2026-01", "--out", str(blocked / "out.pdf"))
        assert result.exit_code == 1
        assert "cannot be written" in result.output

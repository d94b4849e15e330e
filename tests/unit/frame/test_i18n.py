from __future__ import annotations

import os
from pathlib import Path

import pytest

from dutycenter.frame import i18n
from dutycenter.frame.i18n import compile_catalogues

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Duty"\nmsgstr "值班"\n'


@pytest.fixture
def po(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of one room."""
    place = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES" / "dutycenter.po"
    place.parent.mkdir(parents=True)
    place.write_text(PO, encoding="utf-8")
    monkeypatch.setattr(i18n, "packages", lambda: [tmp_path])
    return place


class TestCompileCatalogues:
    def test_it_compiles_what_is_missing_and_only_once(self, po: Path) -> None:
        assert compile_catalogues() == 1
        assert "值班".encode() in po.with_suffix(".mo").read_bytes()
        assert compile_catalogues() == 0

    def test_it_compiles_again_what_changed(self, po: Path) -> None:
        compile_catalogues()
        po.write_text(PO.replace("值班", "值守"), encoding="utf-8")
        os.utime(po, (po.stat().st_atime, po.with_suffix(".mo").stat().st_mtime + 1))

        assert compile_catalogues() == 1
        assert "值守".encode() in po.with_suffix(".mo").read_bytes()

    def test_it_leaves_nothing_half_written_behind(self, po: Path) -> None:
        compile_catalogues()

        assert sorted(file.name for file in po.parent.iterdir()) == ["dutycenter.mo", "dutycenter.po"]

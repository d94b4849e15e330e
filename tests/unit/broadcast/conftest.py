"""A town on either database, its clock standing until it is moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyramid.i18n import make_localizer

from dutycenter.frame.i18n import catalogue_folders, compile_catalogues
from dutycenter.work import Work
from tests.support.twin import Manner, ManualClock, Town, founded


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The product's clock in these tests."""
    made = ManualClock()
    monkeypatch.setattr("dutycenter.clock_for", lambda settings: made)
    return made


@pytest.fixture
def town(work: Work, clock: ManualClock, tmp_path: Path) -> Town:
    """An empty town on either database."""
    return founded(work, clock, tmp_path)


@pytest.fixture
def small_town(sqlite_work: Work, clock: ManualClock, tmp_path: Path) -> Town:
    """An empty town on SQLite, for what no database can change."""
    return founded(sqlite_work, clock, tmp_path)


@pytest.fixture
def manner() -> type[Manner]:
    """How a person of the town treats a call."""
    return Manner


@pytest.fixture(scope="session")
def chinese() -> Callable[[str], str]:
    """Translates as for a Chinese reader."""
    compile_catalogues()
    return make_localizer("zh_CN", [str(folder) for folder in catalogue_folders()]).translate

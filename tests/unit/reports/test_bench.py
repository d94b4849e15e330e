"""The bench fills a month on both databases, and its two ways of counting agree."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from dutycenter.db.engine import make_engine
from reports.bench import counted, row_by_row, same_totals
from reports.bulk import NotEmpty, Size, fill

ZONE = ZoneInfo("Asia/Shanghai")


class TestFill:
    def test_both_ways_of_counting_agree(self, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("reports.bulk.BLOCK", 90)  # rows come in several blocks, the last one not full
        engine = make_engine(store_url)
        fill(engine, Size(600, 400, 3), ZONE, lambda line: None)
        slow = row_by_row(engine, ZONE)
        assert slow == same_totals(counted(engine, ZONE))
        assert (slow["calls"], slow["attempts"], slow["kept"]) == (600, 400, 600)
        with pytest.raises(NotEmpty):
            fill(engine, Size(1, 1, 1), ZONE, lambda line: None)
        engine.dispose()

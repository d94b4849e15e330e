"""The bench of the scheduler: what it writes, and that it fails when it should."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from broadcast import bench
from broadcast.bench import contenders, quality, speed
from broadcast.kernel import Bound
from broadcast.kernel.people import Instance

FIGURES = {
    "events_per_s_1k", "events_per_s_100k", "python_ratio_1k", "python_ratio_100k", "forecast_s",
    "decision_us_median", "decision_us_p999", "bytes_per_recipient",
}  # fmt: skip
POLICIES = {
    "dutycenter", "dutycenter-hedged", "dutycenter-learned", "dutycenter-unknown", "fifo", "weight",
    "fixed-rate", "fixed-rate-tuned", "goalert", "batches", "cycles", "by-hand",
}  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bench on instances that take no time."""
    monkeypatch.setattr(bench, "INSTANCES", ((Instance(1_000, 100, 30.0), 2),))
    monkeypatch.setattr(bench, "SEEDS", 2)
    monkeypatch.setattr(speed, "LARGE", Instance(300, 20, 5.0))
    monkeypatch.setattr(speed, "HUGE", Instance(2_000, 50, 30.0))
    monkeypatch.setattr(contenders, "REHEARSALS", 3)


@pytest.mark.usefixtures("small")
def test_it_writes_every_figure(tmp_path: Path) -> None:
    found = CliRunner().invoke(bench.bench, ["--quick", "--json", str(tmp_path / "figures.json")])
    assert found.exit_code == 0, found.output
    assert "1,000 people, 100 channels" in found.output
    report: dict[str, Any] = json.loads((tmp_path / "figures.json").read_text())
    assert set(report["kernel"]) == FIGURES
    assert all(value > 0.0 for value in report["kernel"].values())
    assert {row["policy"] for row in report["rows"]} == POLICIES
    assert len(report["rows"]) == 2 * len(POLICIES)
    assert len(report["bounds"]) == 2
    row = report["rows"][0]
    assert set(row) == {
        "instance", "seed", "policy", "t95_s", "weighted_mean_s", "important_mean_s", "reached", "attempts",
    }  # fmt: skip


@pytest.mark.usefixtures("small")
def test_it_fails_when_a_bound_is_beaten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "lower_bound", lambda *_: Bound(5000.0, 1.0, 1.0, "wrong", "wrong"))
    out = io.StringIO()
    assert bench.run(True, out, None) == 1
    assert "IMPOSSIBLE" in out.getvalue()
    assert "dutycenter beats the bound of T95" in out.getvalue()


def test_no_infinity_reaches_the_json() -> None:
    assert bench._plain({"a": [1.0, math.inf, {"b": math.nan}], "c": "x"}) == {"a": [1.0, None, {"b": None}], "c": "x"}

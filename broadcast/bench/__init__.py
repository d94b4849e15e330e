"""The bench of the scheduler: all policies side by side on the same drawn people.

``dutycenter broadcast bench`` prints tables and fails if anything beats a lower
bound by more than three standard errors, which would mean that the bound or the
simulation is wrong. docs/scheduling.md explains every column.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import click

from broadcast.bench.quality import INSTANCES, SEEDS, side_by_side
from broadcast.bench.robustness import when_wrong
from broadcast.bench.speed import kernel_figures


def _plain(value: Any) -> Any:
    """For JSON, which has neither infinity nor NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def run(quick: bool, out: TextIO, json_path: Path | None) -> int:
    """Measure, print, and write JSON; 1 if anything beats a bound, else 0.

    ``quick`` takes the 1,000 people and the kernel figures alone.
    """
    instances = [(i, 8) for i, _ in INSTANCES if i.people == 1_000] if quick else list(INSTANCES)
    kernel = kernel_figures(out, quick)
    rows, bounds, beaten = side_by_side(instances, SEEDS, out)
    robust = [] if quick else when_wrong(out)
    if json_path is not None:
        report = {
            "rows": [asdict(r) for r in rows],
            "bounds": [asdict(b) for b in bounds],
            "kernel": kernel,
            "robustness": robust,
        }
        json_path.write_text(json.dumps(_plain(report), indent=1) + "\n", encoding="utf-8")
    for line in beaten:
        print(f"IMPOSSIBLE  {line}", file=out)
    return 1 if beaten else 0


@click.command()
@click.option("--quick", is_flag=True, help="1,000 people and the kernel's speed alone, under 45 s.")
@click.option(
    "--json", "json_path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def bench(quick: bool, json_path: Path | None) -> None:
    """Measure the broadcast scheduler against today's policies and its bounds."""
    sys.exit(run(quick, sys.stdout, json_path))

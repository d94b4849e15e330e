"""``dutycenter rehearse``: the whole story without hands, and proof that its rules held.

Its processes are the product's own, on a store of their own; only the switch is
simulated. What the product claims is checked against the switch's own record.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from dutycenter.cli.common import plain_errors
from dutycenter.cli.rehearse.invariants import check
from dutycenter.cli.rehearse.result import Result
from dutycenter.cli.rehearse.story import Story
from dutycenter.cli.rehearse.town import Town, fresh_folder

MOST_PEOPLE = 5000


@click.command()
@click.option("--people", default=60, show_default=True, type=click.IntRange(1, MOST_PEOPLE), help="People called out.")
@click.option("--channels", default=20, show_default=True, type=click.IntRange(1, 1000), help="Channels at once.")
@click.option("--speed", default=20.0, show_default=True, type=click.FloatRange(1, 60), help="Times faster than real.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Decides who the people are.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Where it keeps store and recordings; fresh by default."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the result to this file.")
@plain_errors
def rehearse(people: int, channels: int, speed: float, seed: int, folder: Path | None, json_file: Path | None) -> None:
    """Five calls in, an incident, a call-out, receipts, seal, verification, the month as PDF."""
    started = time.monotonic()
    town = Town.found(fresh_folder(folder), people=people, speed=speed, seed=seed)
    click.echo(f"Rehearsal in {town.folder}, {speed:g} times faster than real.")
    result = Result(town)
    with town.inhabited() as work:
        Story(town, work, channels, result, lambda line: click.echo(f"  {line}")).play()
    for name, verdict in check(town, work, result, channels).items():
        result.invariants[name] = verdict
    work.registry["dutycenter.engine"].dispose()
    result.seconds = time.monotonic() - started
    result.table(click.echo)
    if json_file:
        json_file.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if not result.holds:
        raise SystemExit(1)

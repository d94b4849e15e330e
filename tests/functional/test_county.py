"""The county's rule on the rehearsal switch, by the processes of an installation: a ninth of its people.

``python -m tests.bench.county --rehearsed`` carries out the whole.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from broadcast.models import Broadcast
from dutycenter.cli.rehearse.town import Town
from dutycenter.interfaces import IClock
from dutycenter.switch.models import Gateway
from dutycenter.switch.rehearsal.control import Control
from dutycenter.work import Work
from tests.support.county import County, Manners

CHARACTERS = {
    Manners.LISTENS: "silent",
    Manners.NEVER_ANSWERS: "rings_out",
    Manners.ANSWERS_LATE: "second_time",
    Manners.LEAVES_ONCE: "leaves_once",
    Manners.ALWAYS_LEAVES: "leaves_early",
    Manners.SWITCHED_OFF: "switched_off",
}
LIMIT = 15 * 60.0  # seconds of the town after which it is given up


def rehearsed(county: County, speed: float, folder: Path) -> list[str]:
    """The whole story in a town of its own; what was measured, in words."""
    town = Town.found(folder, people=8, speed=speed, seed=1)
    with town.inhabited() as work:
        try:
            return _carry_out(county, town, work)
        finally:
            work.registry["dutycenter.engine"].dispose()


def _carry_out(county: County, town: Town, work: Work) -> list[str]:
    county.settle(work)
    with work.write() as request:
        for gateway in request.db.scalars(select(Gateway)):
            gateway.enabled = gateway.name == "pstn"
            gateway.channels, gateway.reserved, gateway.calls_per_second = county.channels + 4, 4, 30.0
    control = Control(town.settings)
    for place in range(county.people):
        control.character(county.number(place), CHARACTERS[county.manners(place)])
    made = county.launch(work)
    clock: IClock = work.registry["dutycenter.clock"]
    end = clock.monotonic() + LIMIT
    while not _ended(work, made):
        assert clock.monotonic() < end, (town.folder / "processes.log").read_text()[-3000:]
        clock.sleep(2.0)
    return county.judge(work, made, _calls(town.folder / "rehearsal.jsonl"))


def _ended(work: Work, made: int) -> bool:
    with work.read() as request:
        return request.db.get_one(Broadcast, made).finished_at is not None


def _calls(journal: Path) -> list[tuple[datetime, str]]:
    """When the switch called whom, by its own record."""
    lines = map(json.loads, journal.read_text(encoding="utf-8").splitlines())
    return [(datetime.fromisoformat(line["at"]), line["number"]) for line in lines if line["what"] == "originate"]


class TestCounty:
    def test_all_are_woken_or_their_superiors_told_in_time(self, tmp_path: Path) -> None:
        rehearsed(County(people=56, channels=22), 12.0, tmp_path)

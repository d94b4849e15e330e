"""A switch that does what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from pyramid.config import Configurator

from dutycenter.accounts.models import Account
from dutycenter.calls.follower import run_follower
from dutycenter.interfaces import Channel, IClock, ISwitch, SwitchEvent
from dutycenter.vocabulary import Role
from dutycenter.work import Work
from tests.support.desk_switch import DeskSwitch


class StandInSwitch(DeskSwitch):
    """What the rooms above ask of ``ISwitch``, answered from plain lists."""

    def __init__(self) -> None:
        super().__init__()
        self.up: list[Channel] = []
        self.levels: dict[str, int] = {}

    def channels(self) -> list[Channel]:
        self.reach()
        return list(self.up)

    def tier_level(self, queue: str, agent: str, level: int) -> None:
        self.reach()
        self.levels[agent] = level


@pytest.fixture
def officers(work: Work) -> tuple[int, int]:
    with work.write() as request:
        now = request.find_service(IClock).now()
        rows = [
            Account(username=name, name=name, role=Role.OFFICER, password_hash="-", desk=desk, created_at=now)
            for name, desk in (("zhang", "1001"), ("chen", "1002"))
        ]
        request.db.add_all(rows)
        request.db.flush()
        return rows[0].id, rows[1].id


class Told:
    """``ISwitchEvents`` that tells a list of events once."""

    def __init__(self, events: Iterable[SwitchEvent]) -> None:
        self.events = list(events)

    def follow(
        self, names: Iterable[str], on_event: Callable[[SwitchEvent], None], on_connect: Callable[[], None]
    ) -> None:
        wanted = set(names)
        on_connect()
        for event in self.events:
            if event.name in wanted:
                on_event(event)

    def stop(self) -> None:
        return None


@pytest.fixture
def switch(work: Work) -> StandInSwitch:
    """The work's ``ISwitch``, as the test wants it."""
    stand_in = StandInSwitch()
    Configurator(registry=work.registry, autocommit=True).register_service(stand_in, ISwitch)
    return stand_in


@pytest.fixture
def follow(work: Work, switch: StandInSwitch) -> Callable[[Iterable[SwitchEvent]], None]:
    """Let the follower hear these events, once."""
    return lambda events: run_follower(work, Told(events))

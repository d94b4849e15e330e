"""A switch that does what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from pyramid.config import Configurator

from dutycenter.accounts.models import Account
from dutycenter.calls.follower import run_follower
from dutycenter.interfaces import Channel, IClock, ISwitch, SwitchAway, SwitchEvent
from dutycenter.vocabulary import Role
from dutycenter.work import Work


class StandInSwitch:
    """What the rooms above ask of ``ISwitch``, answered from plain lists."""

    def __init__(self) -> None:
        self.up: list[Channel] = []
        self.away = False
        self.talked: list[str] = []
        self.statuses: list[tuple[str, str]] = []
        self.levels: dict[str, int] = {}

    def channels(self) -> list[Channel]:
        self._reach()
        return list(self.up)

    def talk(self, channel_uuid: str) -> None:
        self._reach()
        self.talked.append(channel_uuid)

    def agent_status(self, agent: str, status: str) -> None:
        self._reach()
        self.statuses.append((agent, status))

    def tier_level(self, queue: str, agent: str, level: int) -> None:
        self._reach()
        self.levels[agent] = level

    def _reach(self) -> None:
        if self.away:
            raise SwitchAway("nobody listens")


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

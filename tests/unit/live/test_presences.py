"""People at one place see each other, and nobody is seen who has gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.interfaces import IClock
from dutycenter.live.hub import Hub, hub_of
from dutycenter.live.models import Presence
from dutycenter.live.presences import FORGOTTEN_SECONDS, Here, Presences, sweep
from dutycenter.vocabulary import Role
from dutycenter.work import Work

PATIENCE = 10.0


@pytest.fixture
def account(work: Work) -> int:
    with work.write() as request:
        row = Account(
            username="zhangwei", name="张伟", role=Role.OFFICER, password_hash="-", must_change=False,
            created_at=request.find_service(IClock).now(),
        )  # fmt: skip
        request.db.add(row)
        request.db.flush()
        return row.id


@pytest.fixture
def hub(work: Work) -> Iterator[Hub]:
    hub = hub_of(work.registry)
    yield hub
    hub.close()


def come(work: Work, account: int, spot: str = "") -> None:
    with work.write() as request:
        request.find_service(Presences).come("intake:7", "ab", account, spot)


def next_presence(stream: Iterator[bytes]) -> dict[str, str]:
    for part in stream:
        for event in part.decode().split("\n\n"):
            if event.startswith("data: {") and "presence" in event:
                return dict(json.loads(event.removeprefix("data: ")))
    raise AssertionError("the stream ended")


class TestPresences:
    def test_coming_again_moves_and_leaving_forgets(self, work: Work, account: int) -> None:
        come(work, account)
        come(work, account, "place")
        with work.write() as request:
            presences = request.find_service(Presences)
            assert presences.at("intake:7") == [Here("intake:7", "ab", account, "place")]
            assert presences.at("intake:8") == []
            presences.leave("intake:7", "ab")
            presences.leave("intake:7", "ab")
            assert presences.all() == []

    def test_a_tab_that_says_nothing_any_more_is_gone(self, work: Work, account: int) -> None:
        come(work, account)
        with work.write() as request:
            request.db.scalars(select(Presence)).one().seen_at -= timedelta(seconds=FORGOTTEN_SECONDS + 1)
        with work.read() as request:
            assert request.find_service(Presences).all() == []
        sweep(work)
        with work.read() as request:
            assert request.db.scalars(select(Presence)).all() == []


class TestStream:
    def test_it_tells_who_comes_moves_and_goes_but_not_who_merely_stays(
        self, work: Work, hub: Hub, account: int
    ) -> None:
        stream = hub.stream(None, PATIENCE)
        next(stream)
        told = {"kind": "intake", "id": "7", "action": "presence"}
        come(work, account)
        assert next_presence(stream) == told
        come(work, account, "place")
        assert next_presence(stream) == told
        come(work, account, "place")
        with work.write() as request:
            request.find_service(Presences).leave("intake:7", "ab")
        assert next_presence(stream) == told
        assert [listener.waiting.qsize() for listener in hub._listeners] == [0]

"""One board for all who watch, right for whoever comes back late."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from broadcast.live_board import LiveBoard, live_board
from broadcast.models import Broadcast
from dutycenter.interfaces import IBroadcasts, ILedger
from dutycenter.ledger.services import Cursor

PATIENCE = 20.0


@pytest.fixture
def watched(town) -> Iterator[object]:
    """Six people, launched, and a board of them."""
    town.settle(6, departments=2)
    town.gateway()
    town.made = town.launch()
    town.board = live_board(town.work.registry, town.made, "zh_CN")
    yield town
    town.board.close()


def people(town) -> list[int]:
    with town.work.read() as request:
        return [r.id for r in request.db.get(Broadcast, town.made).recipients]


def acknowledge(town, index: int) -> int:
    rid = people(town)[index]
    with town.work.write() as request:
        assert request.find_service(IBroadcasts).acknowledge_by(rid, "desk")
    return rid


def news(stream: Iterator[bytes]) -> tuple[Cursor, dict[str, object]]:
    """The next news of a stream."""
    ends = time.monotonic() + PATIENCE
    for block in stream:
        assert time.monotonic() < ends, "no news"
        if block.startswith(b"id:"):
            place, _event, data = block.decode().split("\n")[:3]
            return Cursor.parse(place.removeprefix("id: ")), json.loads(data.removeprefix("data: "))
    raise AssertionError("the stream ended")


def score(html: str) -> str:
    return re.findall(r'<b class="num">(\d+)</b><span class="num"> / (\d+)', html)[0]


class TestStream:
    def test_whoever_comes_without_a_place_gets_everything_and_then_what_changes(self, watched) -> None:
        stream = watched.board.stream(None, PATIENCE)
        _place, whole = news(stream)
        assert set(map(int, whole["tiles"])) == set(people(watched))
        assert score(whole["score"]) == ("0", "6")
        rid = acknowledge(watched, 2)
        _place, change = news(stream)
        assert list(change["tiles"]) == [str(rid)]
        assert "已确认" in change["tiles"][str(rid)]
        assert score(change["score"]) == ("1", "6")
        assert change["departments"] == {"第0局": "1 / 3", "第1局": "0 / 3"}
        stream.close()
        assert watched.board.viewers == 0

    def test_after_a_sleep_it_brings_all_that_was_missed_and_nothing_else(self, watched) -> None:
        stream = watched.board.stream(None, PATIENCE)
        place, _whole = news(stream)
        stream.close()
        missed = [acknowledge(watched, index) for index in (0, 3, 5)]
        watched.board.refresh()
        _place, change = news(watched.board.stream(place, PATIENCE))
        assert sorted(map(int, change["tiles"])) == missed
        assert score(change["score"]) == ("3", "6")

    def test_a_process_that_never_saw_the_place_brings_everything(self, watched) -> None:
        place, _whole = news(watched.board.stream(None, PATIENCE))
        acknowledge(watched, 1)
        fresh = LiveBoard(watched.work.registry, watched.made, "zh_CN")
        _place, change = news(fresh.stream(place, PATIENCE))
        fresh.close()
        assert len(change["tiles"]) == 6
        assert score(change["score"]) == ("1", "6")

    def test_it_beats_so_that_silence_means_something(self, watched, monkeypatch) -> None:
        monkeypatch.setattr("broadcast.live_board.BEAT_SECONDS", 0.05)
        stream = watched.board.stream(None, PATIENCE)
        news(stream)
        assert next(stream).startswith(b"event: beat")


class TestCost:
    def test_a_hundred_viewers_cost_the_store_what_one_costs(self, watched) -> None:
        streams = [watched.board.stream(None, PATIENCE) for _ in range(100)]
        for stream in streams:
            news(stream)
        asked: list[str] = []
        engine = watched.work.registry["dutycenter.engine"]
        rid = acknowledge(watched, 4)
        event.listen(engine, "before_cursor_execute", lambda c, cursor, sql, *_: asked.append(sql))
        changes = [news(stream)[1] for stream in streams]
        assert all(list(change["tiles"]) == [str(rid)] for change in changes)
        assert len({id(block) for block in watched.board._blocks.values()}) == 1
        assert len([sql for sql in asked if "FROM recipients" in sql]) < 8

    def test_only_those_to_whom_something_happened_are_read_again(self, watched, monkeypatch) -> None:
        watched.board.refresh()
        read: list[object] = []
        from broadcast import live_board as module

        usual = module.lines
        monkeypatch.setattr(module, "lines", lambda db, b, now, ids: read.append(ids) or usual(db, b, now, ids))
        rid = acknowledge(watched, 0)
        watched.board.refresh()
        watched.board.refresh()
        with watched.work.write() as request:
            request.find_service(ILedger).append("broadcast.acknowledged", "broadcast:999", {"recipient": 1})
            request.find_service(ILedger).append("broadcast.hindered", f"broadcast:{watched.made}", {"by": "lines"})
        watched.board.refresh()
        with watched.work.write() as request:
            request.find_service(ILedger).append("broadcast.people_added", f"broadcast:{watched.made}", {})
        watched.board.refresh()
        assert read == [{rid}, None]

"""A browser hears of every change once, wherever it comes in."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from dutycenter.interfaces import ILedger
from dutycenter.ledger.services import Cursor
from dutycenter.live.hub import FIRST, MAX_BACKLOG, MAX_WAITING, RESET, Hub, Listener, hub_of
from dutycenter.work import Work

PATIENCE = 10.0


def happen(work: Work, *subjects: str) -> None:
    with work.write() as request:
        for subject in subjects:
            request.find_service(ILedger).append("call.arrived", subject)


def told(stream: Iterator[bytes], many: int) -> list[tuple[str, Cursor]]:
    """The next ``many`` changes: subject and place."""
    found = []
    for part in stream:
        for block in part.decode().split("\n\n"):
            if block.startswith("id:"):
                place, data = block.split("\n")[:2]
                change = json.loads(data.removeprefix("data: "))
                found.append((f"{change['kind']}:{change['id']}", Cursor.parse(place.removeprefix("id: "))))
        if len(found) >= many:
            return found
    raise AssertionError(f"the stream ended after {found}")


@pytest.fixture
def hub(work: Work) -> Iterator[Hub]:
    hub = hub_of(work.registry)
    yield hub
    hub.close()


class TestStream:
    def test_it_tells_what_happens_while_one_listens(self, work: Work, hub: Hub) -> None:
        stream = hub.stream(None, PATIENCE)
        assert next(stream) == FIRST
        happen(work, "call:1", "incident:7")
        assert [subject for subject, _ in told(stream, 2)] == ["call:1", "incident:7"]
        stream.close()
        assert hub.listeners == 0

    def test_it_goes_on_where_it_was_cut_off(self, work: Work, hub: Hub) -> None:
        happen(work, "call:1", "call:2", "call:3")
        (_, (_, place), _) = told(hub.stream(Cursor(), PATIENCE), 3)
        assert [s for s, _ in told(hub.stream(place, PATIENCE), 1)] == ["call:3"]

    def test_a_new_page_hears_what_happened_while_it_was_loading(self, work: Work, hub: Hub) -> None:
        happen(work, "call:1")
        assert [s for s, _ in told(hub.stream(None, PATIENCE), 1)] == ["call:1"]

    def test_nothing_is_told_twice_and_nothing_left_out_when_one_comes_in_the_middle(
        self, work: Work, hub: Hub
    ) -> None:
        first = hub.stream(None, PATIENCE)
        next(first)
        many = 30

        def go_on() -> None:
            for number in range(many):
                happen(work, f"call:{number}")

        writer = threading.Thread(target=go_on)
        writer.start()
        heard = told(hub.stream(None, PATIENCE), many)
        writer.join()
        assert [subject for subject, _ in heard] == [f"call:{number}" for number in range(many)]
        assert told(first, many) == heard

    def test_a_stream_ends_by_itself(self, work: Work, hub: Hub) -> None:
        began = time.monotonic()
        assert b"".join(hub.stream(None, 0.2)).startswith(FIRST)
        assert time.monotonic() - began < PATIENCE

    def test_who_missed_too_much_reads_everything_again(self, work: Work, hub: Hub) -> None:
        happen(work, *(f"call:{number}" for number in range(MAX_BACKLOG + 1)))
        stream = hub.stream(Cursor(), PATIENCE)
        assert [next(stream), next(stream)] == [FIRST, RESET]
        happen(work, "call:new")
        assert [s for s, _ in told(stream, 1)] == ["call:new"]


class TestSlowListener:
    def test_it_is_told_to_read_again_and_holds_no_more_than_its_queue(self, work: Work, hub: Hub) -> None:
        stream = hub.stream(None, PATIENCE)
        next(stream)
        happen(work, "call:0")
        told(stream, 1)
        happen(work, *(f"call:{number}" for number in range(MAX_WAITING + 50)))
        (listener,) = hub._listeners
        until = time.monotonic() + PATIENCE
        while not listener.behind and time.monotonic() < until:
            threading.Event().wait(0.02)
        assert next(stream) == RESET

    def test_catching_up_empties_its_queue(self) -> None:
        listener = Listener()
        listener.behind = True
        listener.catch_up()
        assert (listener.behind, listener.waiting.qsize()) == (False, 0)


class TestLiveView:
    def test_a_place_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError):
            Cursor.parse("yesterday")

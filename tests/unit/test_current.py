"""Requests that take turns within one thread never see each other."""

from __future__ import annotations

import gevent
from gevent.event import Event
from pyramid.threadlocal import get_current_request, manager

from dutycenter.current import keep_by_context


class TestKeepByContext:
    def test_greenlets_of_one_thread_each_have_their_own_request(self) -> None:
        keep_by_context()
        other_came, other_goes = Event(), Event()
        seen = {}

        def first() -> None:
            manager.push({"request": "first", "registry": None})
            other_came.wait()
            seen["first"] = get_current_request()
            manager.pop()
            other_goes.set()

        def second() -> None:
            manager.push({"request": "second", "registry": None})
            other_came.set()
            other_goes.wait()
            seen["second"] = get_current_request()
            manager.pop()

        gevent.joinall([gevent.spawn(first), gevent.spawn(second)], raise_error=True)
        assert seen == {"first": "first", "second": "second"}
        assert get_current_request() is None

    def test_a_request_within_another_gives_way_to_it_again(self) -> None:
        keep_by_context()
        manager.push({"request": "outer", "registry": None})
        manager.push({"request": "inner", "registry": None})
        assert manager.pop()["request"] == "inner"
        assert get_current_request() == "outer"
        manager.pop()
        assert manager.pop() is None

"""One holder at a time; a new one has a higher fence."""

from __future__ import annotations

from datetime import timedelta

from dutycenter.db.lease import Lease, hold, release
from dutycenter.work import Work

LONG, OVER = timedelta(minutes=5), timedelta(seconds=-1)


def try_hold(work: Work, owner: str, length: timedelta = LONG) -> Lease | None:
    with work.write() as request:
        return hold(request.db, "clerk", owner, length)


class TestHold:
    def test_one_holds_and_keeps_it(self, work: Work) -> None:
        first = try_hold(work, "a")
        assert first is not None
        assert try_hold(work, "b") is None
        assert try_hold(work, "a") == first

    def test_a_lapsed_lease_goes_to_another_with_a_higher_fence(self, work: Work) -> None:
        first = try_hold(work, "a", OVER)
        second = try_hold(work, "b")
        assert first is not None
        assert second is not None
        assert second.fence > first.fence
        assert try_hold(work, "a") is None

    def test_what_is_released_is_free_at_once(self, work: Work) -> None:
        try_hold(work, "a")
        with work.write() as request:
            release(request.db, "clerk", "a")
        assert try_hold(work, "b") is not None

    def test_releasing_what_another_holds_changes_nothing(self, work: Work) -> None:
        try_hold(work, "a")
        with work.write() as request:
            release(request.db, "clerk", "b")
        assert try_hold(work, "b") is None

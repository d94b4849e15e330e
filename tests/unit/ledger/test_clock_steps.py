"""The clock set back, by seconds that no order of entries would show: noticed, put on record once, named."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.interfaces import ILedger
from dutycenter.ledger.keys import verifying_key
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import seal
from dutycenter.ledger.steps import LEAST, SET_BACK, StepWatch
from dutycenter.ledger.verify import Fault, prove
from dutycenter.work import Work

SECOND = 1_000_000_000


class Host:
    """A host's two clocks; reading either takes a while, as it does on a busy machine."""

    def __init__(self) -> None:
        self.gone = 0
        self.ahead = 1_700_000_000 * SECOND
        self.pauses: list[int] = []

    def wall(self) -> int:
        return self._now() + self.ahead

    def steady(self) -> int:
        return self._now()

    def _now(self) -> int:
        self.gone += self.pauses.pop() if self.pauses else 1000
        return self.gone


def watch(work: Work) -> StepWatch:
    with work.read() as request:
        found: StepWatch = request.find_service(StepWatch)
        return found


def append(work: Work, *actions: str) -> list[int]:
    with work.write() as request:
        return [request.find_service(ILedger).append(action, "call:1") for action in actions]


def faults(work: Work) -> list[Fault]:
    seal(work)
    with work.read() as request:
        return prove(request.db, verifying_key(work.settings.ledger_key_file), None).faults


class TestWatch:
    @given(st.lists(st.integers(0, 5 * SECOND), max_size=60))
    def test_a_process_that_stands_still_is_no_step(self, pauses: list[int]) -> None:
        host = Host()
        seen = StepWatch(host.wall, host.steady)
        host.pauses = pauses
        assert [seen.look() for _ in range(20)] == [0] * 20

    @given(st.lists(st.integers(-5 * SECOND, 5 * SECOND), max_size=20))
    def test_every_step_back_is_seen_with_its_size(self, steps: list[int]) -> None:
        host = Host()
        seen, before = StepWatch(host.wall, host.steady), 0
        for step in steps:
            host.ahead += step
            found = seen.look() - before
            before += found
            if step > 0:
                assert found == 0
            if step < -2 * LEAST:
                assert -step - SECOND // 1000 < found <= -step + LEAST  # with what was too little before
        seen.told(before)
        assert seen.look() == 0


class TestSetBack:
    @pytest.mark.parametrize("seconds", [0.1, 3])
    def test_a_step_that_the_order_does_not_show_is_named(self, work: Work, seconds: float) -> None:
        append(work, "a.one")
        assert faults(work) == []
        watch(work).wall = lambda: time.time_ns() - int(seconds * SECOND)
        (second,) = append(work, "a.two")
        (third,) = append(work, "a.three")
        (found,) = faults(work)
        with work.read() as request:
            note = request.db.query(LedgerEntry).filter_by(action=SET_BACK).one()
        assert note.id == second - 1
        assert third == second + 1
        assert found.subject == f"entry:{note.id}"
        assert "set back" in found.what
        assert f'"ms":{round(seconds * 1000)}' in note.data or f'"ms":{round(seconds * 1000) - 1}' in note.data

    def test_what_was_rolled_back_is_told_by_the_next(self, work: Work) -> None:
        watch(work).wall = lambda: time.time_ns() - SECOND

        def fail() -> None:
            with work.write() as request:
                request.find_service(ILedger).append("a.one", "call:1")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        append(work, "a.two")
        with work.write() as request:
            request.find_service(ILedger).append_all([("a.three", "call:1", {})])
        assert len(faults(work)) == 1

    def test_within_one_transaction_no_moment_runs_back(self, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = work.registry["dutycenter.clock"]
        with work.write() as request:
            request.find_service(ILedger).append("a.one", "call:1")
            earlier = clock.now() - timedelta(milliseconds=900)
            monkeypatch.setattr(clock, "now", lambda: earlier)
            second = request.find_service(ILedger).append("a.two", "call:1")
        monkeypatch.undo()
        assert [fault.subject for fault in faults(work)] == [f"entry:{second}"]

"""What fails starts again; what is told to stop stops."""

from __future__ import annotations

import gevent
import pytest
from gevent.event import Event

from ivr_flows import role


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role, "PAUSES", (0.0,))


class TestKeepRunning:
    def test_it_starts_again_what_fails_or_returns(self, caplog: pytest.LogCaptureFixture) -> None:
        stopping, runs = Event(), []

        def fail_twice() -> None:
            runs.append(1)
            if len(runs) == 1:
                raise RuntimeError("the line is cut")
            if len(runs) == 3:
                stopping.set()

        with gevent.Timeout(5):
            role.keep_running("The follower", fail_twice, stopping)
        assert len(runs) == 3
        assert "the line is cut" in caplog.text

    def test_it_stops_in_the_middle_of_a_pause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(role, "PAUSES", (60.0,))
        stopping, failed = Event(), Event()

        def fail() -> None:
            failed.set()
            raise RuntimeError

        with gevent.Timeout(5):
            running = gevent.spawn(role.keep_running, "The follower", fail, stopping)
            failed.wait()
            stopping.set()
            running.join()
        assert running.successful()

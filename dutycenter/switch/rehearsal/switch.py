"""The rehearsal switch as a thing that is started and stopped, in a thread of its own."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
from gevent.monkey import get_original

from dutycenter.interfaces import IClock
from dutycenter.switch.rehearsal.exchange import Exchange, Town
from dutycenter.switch.rehearsal.people import all_phrases
from dutycenter.switch.rehearsal.server import EventSocket

log = logging.getLogger(__name__)

START_SECONDS = 10.0


class RehearsalSwitch:
    """A switch with a town of telephones behind it.

    It runs on a gevent hub in its own thread, so that it works beside code
    that blocks (a test) and beside code that doesn't (a role).

    Args:
        town: what it serves.
        clock: its time; faster than real time if that is wanted.
    """

    def __init__(self, town: Town, clock: IClock) -> None:
        self.town, self.clock = town, clock
        self.exchange: Exchange | None = None
        self.port = town.port
        self._ready: Any = get_original("threading", "Event")()
        self._stopped: Any = get_original("threading", "Event")()
        self._error: BaseException | None = None
        self._wake: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Listen; returns once connections are taken.

        Raises:
            OSError: the port is taken.
        """
        get_original("_thread", "start_new_thread")(self._run, ())
        if not self._ready.wait(START_SECONDS):
            raise OSError("the rehearsal switch did not start in time")
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Hang everything up and close; returns when it is done."""
        self._wake()
        self._stopped.wait(START_SECONDS)

    def __enter__(self) -> RehearsalSwitch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def serve(self, end: gevent.event.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Run on this thread's own hub until ``end`` is set; what a process does that is nothing else.

        Raises:
            OSError: the port is taken.
        """
        exchange = self.exchange = Exchange(self.town, self.clock)
        server = EventSocket(exchange)
        server.start()
        self.port = server.port
        exchange.spawn(_make_voices, exchange)
        ready()
        end.wait()
        server.stop()
        exchange.close()

    def _run(self) -> None:
        try:
            end = gevent.event.Event()
            watcher = gevent.get_hub().loop.async_()
            watcher.start(end.set)
            self._wake = watcher.send
            self.serve(end, self._ready.set)
        except BaseException as error:  # handed to who called start
            self._error = error
        finally:
            self._ready.set()
            self._stopped.set()
            gevent.get_hub().destroy()


def _make_voices(exchange: Exchange) -> None:
    """Let everything that people may say be spoken ahead, beside the calls."""
    phrases = [(text, pitch) for text in all_phrases() for pitch in (50, 35, 65)]
    random.Random(1).shuffle(phrases)  # noqa: S311
    for text, pitch in phrases:
        exchange.aside(exchange.voices.say, text, pitch)

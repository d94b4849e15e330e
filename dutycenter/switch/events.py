"""``ISwitchEvents``: a subscription that outlives the switch."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from gevent.event import Event
from gevent.queue import Empty, Full, Queue

from dutycenter.interfaces import SwitchAway, SwitchError, SwitchEvent
from dutycenter.switch import commands
from dutycenter.switch.frames import read_event
from dutycenter.switch.freeswitch import read_password
from dutycenter.switch.link import InboundLink

log = logging.getLogger(__name__)

MOST_QUEUED = 20_000  # events; beyond that nothing is read and the switch queues for us
QUIET = 15.0  # real seconds without an event after which the switch is asked whether it is there
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # real seconds between tries to connect
STEADY = 10.0  # real seconds after which a connection counts as good


class _Connection:
    """One connection whose events queue up, already reduced."""

    def __init__(self, host: str, port: int, password: str) -> None:
        self._events: Queue[SwitchEvent | None] = Queue(MOST_QUEUED)
        self.link = InboundLink(host, port, password, self._took, self._ended)

    def next(self, wait: float) -> SwitchEvent | None:
        """The next event; None when there was none for ``wait`` real seconds, or the end came.

        Raises:
            SwitchAway: the connection has ended and all that came is delivered.
        """
        try:
            # A time limit for each event would cost more than the event.
            event = self._events.get_nowait() if self._events.qsize() else self._events.get(timeout=wait)
        except Empty:
            event = None
            if self.link.connected:
                self.link.ask(commands.status())
        if event is None and not self.link.connected and self._events.empty():
            raise SwitchAway(self.link.ended_because)
        return event

    def _took(self, block: bytes) -> None:
        self._events.put(read_event(block))

    def _ended(self) -> None:
        with suppress(Full):
            self._events.put_nowait(None)  # wakes who waits; what is queued is still delivered


class SwitchEvents:
    """Follows the events of one switch.

    Args:
        host: of the event socket.
        port: of the event socket.
        password_file: read at every connect.
        quiet: real seconds without an event after which the switch is asked whether it is there.
    """

    def __init__(self, host: str, port: int, password_file: Path, *, quiet: float = QUIET) -> None:
        self._host = host
        self._port = port
        self._password_file = password_file
        self._quiet = quiet
        self._stopped = Event()
        self._connection: _Connection | None = None

    def follow(
        self,
        names: Iterable[str],
        on_event: Callable[[SwitchEvent], None],
        on_connect: Callable[[], None],
    ) -> None:
        """Deliver the named events until stopped.

        ``on_connect`` runs with the subscription already in force, so that
        nothing falls between its look at the switch and the first event. When
        it raises, the connection is given up and tried again. An event whose
        handler raises is logged and passed over.
        """
        command = commands.subscribe(names)
        pause = FIRST_PAUSE
        while not self._stopped.is_set():
            since = time.monotonic()
            try:
                self._follow_once(command, on_event, on_connect)
            except SwitchError as error:
                if not self._stopped.is_set():
                    log.warning("No events from the switch: %s.", error)
            except Exception:
                log.exception("Taking up the events of the switch failed.")
            finally:
                self._close("closed")
            if time.monotonic() - since > STEADY:
                pause = FIRST_PAUSE
            self._stopped.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, no secret)
            pause = min(pause * 2, LONGEST_PAUSE)

    def stop(self) -> None:
        self._stopped.set()
        self._close("stopped")

    def _follow_once(
        self, command: str, on_event: Callable[[SwitchEvent], None], on_connect: Callable[[], None]
    ) -> None:
        connection = _Connection(self._host, self._port, read_password(self._password_file))
        self._connection = connection
        connection.link.connect()
        connection.link.ask(command)
        on_connect()
        log.info("Following the switch at %s:%s.", self._host, self._port)
        while not self._stopped.is_set():
            event = connection.next(self._quiet)
            if event is None:
                continue
            try:
                on_event(event)
            except Exception:
                log.exception("The event %s of channel %s was not dealt with.", event.name, event.channel_uuid)

    def _close(self, why: str) -> None:
        if self._connection is not None:
            self._connection.link.end(why)

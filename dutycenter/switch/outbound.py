"""The outbound event socket: the switch asks us what to do with a leg.

For every answered leg the dialplan runs ``socket HOST:PORT async full``: the
switch connects to us and does what we say. If nobody listens, or we go away in
the middle, the dialplan goes on without us.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer

from dutycenter.clock import clock_for
from dutycenter.interfaces import IClock, ILeg, LegGone, SwitchError
from dutycenter.settings import Settings
from dutycenter.switch.leg import Leg

log = logging.getLogger(__name__)

BACKLOG = 1024  # connections that wait to be taken
PATIENCE = 3.0  # real seconds that legs get to end when the server stops


class OutboundServer:
    """Takes the switch's connections, each leg in its own greenlet, without a limit of its own.

    Args:
        settings: where to listen, and what legs need.
        on_leg: drives one leg; when it returns, the connection is closed, and
            a leg that it did not hang up goes on in the dialplan.
        clock: by default the one of the settings.
    """

    def __init__(self, settings: Settings, on_leg: Callable[[ILeg], None], clock: IClock | None = None) -> None:
        self._settings = settings
        self._on_leg = on_leg
        self._clock = clock or clock_for(settings)
        self._legs = Pool()
        self._stopping = Event()
        self._server = StreamServer(
            (settings.ivr_host, settings.ivr_port), self._take, backlog=BACKLOG, spawn=self._legs
        )

    def serve(self) -> None:
        """Listen and serve until stopped; blocks.

        Raises:
            OSError: the address is taken.
        """
        self._server.start()
        log.info("Waiting for legs at %s:%s.", self._settings.ivr_host, self._server.server_port)
        self._stopping.wait()
        self._server.close()
        self._legs.join(timeout=PATIENCE)
        self._legs.kill(timeout=1.0)

    def stop(self) -> None:
        """End ``serve``: no new legs; those that are here get a moment to end."""
        self._stopping.set()

    @property
    def legs(self) -> int:
        """How many legs are here now."""
        return len(self._legs)

    def _take(self, sock: Any, address: Any) -> None:
        began = time.monotonic()
        leg = Leg(sock, address, self._settings, self._clock)
        try:
            leg.begin()
            self._on_leg(leg)
        except LegGone:
            pass
        except SwitchError as error:
            log.warning("A leg could not be taken from %s: %s.", address, error)
        except Exception:
            log.exception("The leg %s goes on in the dialplan: driving it failed.", leg.channel_uuid or "of nobody")
        finally:
            leg.close()
            log.debug("Leg %s: %.1f s.", leg.channel_uuid, time.monotonic() - began)
            gevent.sleep(0)

"""The ``dialer`` role."""

from __future__ import annotations

import logging
import signal
import threading

from broadcast.aside import aside
from broadcast.dialer import Dialer
from broadcast.kernel import warm
from broadcast.leases import LEASE
from dutycenter.db.engine import limit_idle
from dutycenter.switch import make_events, make_switch
from dutycenter.work import Work

log = logging.getLogger(__name__)


def run(work: Work) -> None:
    """Dial until SIGTERM or SIGINT; returns having given everything back."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    aside(warm)  # which also has the thread ready in which broadcasts are set up
    limit_idle(work.registry["dutycenter.engine"], LEASE)
    dialer = Dialer(work, make_switch(work.settings))
    log.info("The dialer %s is ready.", dialer.owner)
    dialer.run(make_events(work.settings), stop)
    log.info("The dialer has stopped; legs that are up go on.")

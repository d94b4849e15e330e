"""The role ``rehearsal``: the simulated switch as a process of its own."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

import gevent
import gevent.event
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from dutycenter.interfaces import IClock
from dutycenter.settings import Settings, SettingsError
from dutycenter.switch.freeswitch import ensure_password, read_password
from dutycenter.switch.models import Gateway
from dutycenter.switch.rehearsal.exchange import Town
from dutycenter.switch.rehearsal.people import People, parse_shares
from dutycenter.switch.rehearsal.switch import RehearsalSwitch
from dutycenter.work import Work

log = logging.getLogger(__name__)


def run(work: Work) -> None:
    """Serve until SIGTERM or SIGINT, then hang everything up.

    Raises:
        SettingsError: the settings say that the switch is a real one, or name unknown characters.
        OSError: the port is taken.
    """
    settings = work.settings
    if not settings.rehearsal:
        raise SettingsError(
            "rehearsal = false: the switch is a real one, so the simulated one must not run beside it. "
            "Set rehearsal = true in a development installation"
        )
    clock: IClock = work.registry["dutycenter.clock"]
    end = gevent.event.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, end.set)
    switch = RehearsalSwitch(town_of(settings, gateways_of(work)), clock)
    log.info("The rehearsal switch listens on %s port %s", settings.switch_host, settings.switch_port)
    switch.serve(end)
    log.info("The rehearsal switch has hung up everything and ends")


def town_of(settings: Settings, gateways: Callable[[str], tuple[int, float] | None]) -> Town:
    """What the settings say of the town; makes the event socket's password if there is none.

    Raises:
        SettingsError: an unknown character.
    """
    ensure_password(settings.switch_password_file)
    try:
        shares = parse_shares(settings.rehearsal_people)
    except ValueError as error:
        raise SettingsError(f"rehearsal.people = {settings.rehearsal_people}: {error}") from None
    return Town(
        recordings=settings.recordings_dir,
        var=settings.var,
        password=read_password(settings.switch_password_file),
        host=settings.switch_host,
        port=settings.switch_port,
        ivr=f"{settings.ivr_host}:{settings.ivr_port}",
        hotline=settings.hotline_number,
        queue=settings.hotline_queue,
        patience=settings.hotline_patience,
        overflow=settings.hotline_overflow,
        domain=settings.switch_domain,
        people=People(settings.rehearsal_seed, shares),
        gateways=gateways,
    )


def gateways_of(work: Work) -> Callable[[str], tuple[int, float] | None]:
    """Limits as the store has them: a trunk that the product knows exists, with its channels."""

    def lookup(name: str) -> tuple[int, float] | None:
        try:
            with work.read() as request:
                row = request.db.scalar(select(Gateway).where(Gateway.name == name))
                return None if row is None else (row.channels, row.calls_per_second)
        except SQLAlchemyError as error:
            log.warning("The gateway %s counts as unknown, the store cannot be read: %s", name, error)
            return None

    return lookup

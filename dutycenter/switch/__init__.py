"""FreeSWITCH behind ISwitch: commands in one module, events read safely, every wait with an end.

``commands`` builds what is sent, ``frames`` and ``replies`` read what comes,
``causes`` says what a leg's end means; all four are pure. ``link`` fences
greenswitch; on it stand ``freeswitch`` (commands), ``events`` (a subscription
that outlives the switch) and ``outbound`` with ``leg`` (answered legs).
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

from dutycenter.interfaces import ISwitch, ISwitchEvents
from dutycenter.settings import Settings
from dutycenter.switch.events import SwitchEvents
from dutycenter.switch.freeswitch import FreeSwitch, ensure_password
from dutycenter.switch.null import NullSwitch
from dutycenter.switch.outbound import OutboundServer

__all__ = ["NullSwitch", "OutboundServer", "make_events", "make_switch"]


def make_switch(settings: Settings) -> ISwitch:
    """Commands to the switch of the settings; makes its password at first start."""
    ensure_password(settings.switch_password_file)
    return FreeSwitch(
        settings.switch_host, settings.switch_port, settings.switch_password_file, domain=settings.switch_domain
    )


def make_events(settings: Settings) -> ISwitchEvents:
    """A subscription to the switch of the settings."""
    ensure_password(settings.switch_password_file)
    return SwitchEvents(settings.switch_host, settings.switch_port, settings.switch_password_file)


def includeme(config: Configurator) -> None:
    switch: list[ISwitch] = []

    def factory(context: Any, request: Any) -> ISwitch:
        del context
        if not switch:  # the process that asks first may have been forked since
            switch.append(make_switch(request.registry["dutycenter.settings"]))
        return switch[0]

    config.register_service_factory(factory, ISwitch)

"""Handover (交接班): what is open goes from one officer to the next, item by item, and both sign.

A room says what is open in it::

    config.add_open_items(open_incidents)

    def open_incidents(request) -> Sequence[OpenItem]: ...
"""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.roster.handover.items import Provider


def add_open_items(config: Configurator, provider: Provider) -> None:
    """Directive ``config.add_open_items``."""
    config.registry["dutycenter.open_items"].append(config.maybe_dotted(provider))


def includeme(config: Configurator) -> None:
    from dutycenter.roster.handover.services import Handovers, factory

    config.registry["dutycenter.open_items"] = []
    config.add_directive("add_open_items", add_open_items)
    config.register_service_factory(factory, Handovers)
    config.include("dutycenter.roster.handover.views")

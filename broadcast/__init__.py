"""One message to many, and proof of it."""

from __future__ import annotations

from pyramid.config import Configurator

from broadcast import services
from dutycenter.interfaces import IBroadcasts


def includeme(config: Configurator) -> None:
    config.register_service_factory(services.factory, IBroadcasts)
    config.register_service_factory(services.factory, services.Broadcasts)

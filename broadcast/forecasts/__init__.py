"""What will happen, what is known of a number, and why somebody was not called yet: computed beside the web."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request

from broadcast.forecasts.asking import Desk, IForesight
from dutycenter.work import kept, settings_of


def foresight(context: object, request: Request) -> IForesight:
    """The one that this process asks."""
    settings = settings_of(request.registry)
    return kept(request.registry, "broadcast.foresight", lambda: Desk(settings.database_url, settings.time_zone.key))


def includeme(config: Configurator) -> None:
    config.register_service_factory(foresight, IForesight)
    config.include("broadcast.forecasts.views")

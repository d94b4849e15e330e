"""What will happen, what is known of a number, and why somebody was not called yet: computed beside the web."""

from __future__ import annotations

from pyramid.config import Configurator

from broadcast.forecasts.asking import Desk, IForesight


def includeme(config: Configurator) -> None:
    settings = config.registry["dutycenter.settings"]
    config.register_service(Desk(settings.database_url, settings.time_zone.key), IForesight)
    config.include("broadcast.forecasts.views")

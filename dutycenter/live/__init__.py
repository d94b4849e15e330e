"""What changed, pushed to browsers."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.live.hub import Hub

    registry = config.registry
    registry["dutycenter.live"] = Hub(registry["dutycenter.engine"], registry["dutycenter.clock"])
    config.include("dutycenter.live.views")

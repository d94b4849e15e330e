"""What changed, pushed to browsers."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    config.include("dutycenter.live.views")

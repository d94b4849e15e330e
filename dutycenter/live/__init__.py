"""What changed and who is where, pushed to browsers."""

from __future__ import annotations

from pyramid.config import Configurator

SWEEP_SECONDS = 3600.0


def includeme(config: Configurator) -> None:
    from dutycenter.live.presences import Presences, presences_factory, sweep

    config.register_service_factory(presences_factory, Presences)
    config.add_job(sweep, name="live.presences", seconds=SWEEP_SECONDS)
    config.include("dutycenter.live.views")

"""Who is on duty: shifts, their members, gaps; the duty log; handovers."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.roster.services import Rosters, factory

    config.register_service_factory(factory, Rosters)
    config.include("dutycenter.roster.views")
    config.include("dutycenter.roster.duty_log")
    config.include("dutycenter.roster.handover")
    config.include("dutycenter.roster.merging")

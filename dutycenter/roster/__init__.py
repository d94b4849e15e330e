"""Who is on duty: shifts, their members, gaps."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.roster.services import Rosters, factory

    config.register_service_factory(factory, Rosters)
    config.include("dutycenter.roster.views")

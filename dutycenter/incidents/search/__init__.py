"""Search over everything that is written of incidents: filters that can be kept and shared, tables to take away."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.search.saved import SavedSearches, saved_factory

    config.register_service_factory(saved_factory, SavedSearches)
    config.include("dutycenter.incidents.search.views")

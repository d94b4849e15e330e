"""Two reports of one emergency: offered as likely, with the grounds; merged, or linked, or left apart."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.duplicates.relations import Relations, relations_factory

    config.register_service_factory(relations_factory, Relations)
    config.include("dutycenter.incidents.duplicates.views")

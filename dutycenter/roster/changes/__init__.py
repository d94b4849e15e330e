"""Swaps and stand-ins (换班、替班): asked by one, agreed by the other, confirmed where the settings say so."""

from __future__ import annotations

from pyramid.config import Configurator

EXPIRE_SECONDS = 60.0


def includeme(config: Configurator) -> None:
    from dutycenter.roster.changes import people, services

    config.register_service_factory(people.factory, people.DutyPeople)
    config.register_service_factory(services.factory, services.DutyChanges)
    config.include("dutycenter.roster.changes.views")
    config.include("dutycenter.roster.changes.people_views")
    config.add_open_items(services.open_changes)
    config.add_job(services.expire, name="roster.expire_changes", seconds=EXPIRE_SECONDS)

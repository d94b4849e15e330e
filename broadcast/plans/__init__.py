"""Plans (预案): who is called, how, until what goal, and what follows if they are not reached."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from broadcast.plans import knocks, services
    from broadcast.plans.who import Meaning

    config.register_service_factory(services.factory, services.Plans)
    config.register_service_factory(services.meaning_factory, Meaning)
    config.register_service_factory(knocks.factory, knocks.Knocks)

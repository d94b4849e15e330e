"""Plans (预案): who is called, how, until what goal, and what follows if they are not reached."""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.interfaces import IReadiness


def includeme(config: Configurator) -> None:
    from broadcast.plans import checking, knocks, readiness, services
    from broadcast.plans.who import Meaning

    config.register_service_factory(services.factory, services.Plans)
    config.register_service_factory(services.meaning_factory, Meaning)
    config.register_service_factory(knocks.factory, knocks.Knocks)
    config.register_service_factory(readiness.factory, IReadiness)
    config.include("broadcast.plans.views")
    config.include("broadcast.plans.knock_views")
    config.include("broadcast.plans.group_views")
    config.add_job(checking.check_asked, name="plans.check", seconds=2)
    config.add_job(checking.ask_all, name="plans.nightly", cron=checking.NIGHTLY)

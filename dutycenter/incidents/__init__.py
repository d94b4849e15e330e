"""Intake, incidents, their timeline and deadlines; the desk where they are written; the status strip."""

from __future__ import annotations

from pyramid.config import Configurator

WATCH_SECONDS = 5.0
PARTS = (
    "search",
    "views",
    "desk_views",
    "intake_views",
    "talk_views",
    "strip",
    "rules",
    "attachments",
    "duplicates",
    "documents",
    "instructions",
)


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.deadlines import Deadlines, deadlines_factory, watch
    from dutycenter.incidents.intakes import Intakes, intakes_factory
    from dutycenter.incidents.open_items import open_incidents
    from dutycenter.incidents.ringing import DeadlineRings, rings_factory, watch_rings
    from dutycenter.incidents.services import Incidents, incidents_factory

    config.register_service_factory(deadlines_factory, Deadlines)
    config.register_service_factory(incidents_factory, Incidents)
    config.register_service_factory(intakes_factory, Intakes)
    config.register_service_factory(rings_factory, DeadlineRings)
    config.add_open_items(open_incidents)
    config.add_job(watch, name="deadlines.watch", seconds=WATCH_SECONDS)
    config.add_job(watch_rings, name="deadlines.ring", seconds=WATCH_SECONDS)
    for part in PARTS:
        config.include(f"dutycenter.incidents.{part}")

"""Legs, calls, recordings, the hotline queue and its desks."""

from __future__ import annotations

from pyramid.config import Configurator

TAKE_IN_SECONDS = 1.0
FIND_SECONDS = 30.0
RECONCILE_SECONDS = 30.0
ROOM_SECONDS = 60.0


def includeme(config: Configurator) -> None:
    from dutycenter.calls.conferences import Conferences, conferences_factory
    from dutycenter.calls.disk import watch_room
    from dutycenter.calls.follower import reconcile
    from dutycenter.calls.open_items import open_calls
    from dutycenter.calls.queue import Desks, desks_factory
    from dutycenter.calls.recordings import find_foundlings, take_in
    from dutycenter.calls.services import Calls, calls_factory
    from dutycenter.calls.unanswered import Unanswered, unanswered_factory

    config.register_service_factory(calls_factory, Calls)
    config.register_service_factory(desks_factory, Desks)
    config.register_service_factory(conferences_factory, Conferences)
    config.register_service_factory(unanswered_factory, Unanswered)
    config.add_open_items(open_calls)
    config.add_job(take_in, name="recordings.take_in", seconds=TAKE_IN_SECONDS)
    config.add_job(find_foundlings, name="recordings.find", seconds=FIND_SECONDS)
    config.add_job(watch_room, name="recordings.room", seconds=ROOM_SECONDS)
    config.add_job(reconcile, name="calls.reconcile", seconds=RECONCILE_SECONDS)

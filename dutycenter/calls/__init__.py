"""Legs, calls, recordings, the hotline queue and its desks."""

from __future__ import annotations

from pyramid.config import Configurator

TAKE_IN_SECONDS = 1.0
FIND_SECONDS = 30.0
RECONCILE_SECONDS = 30.0
ROOM_SECONDS = 60.0
WRAP_UP_SECONDS = 2.0
LEVEL_SECONDS = 15.0


def includeme(config: Configurator) -> None:
    from dutycenter.calls.conferences import Conferences, conferences_factory
    from dutycenter.calls.disk import watch_room
    from dutycenter.calls.follower import reconcile
    from dutycenter.calls.marks import Marks, marks_factory
    from dutycenter.calls.open_items import open_calls
    from dutycenter.calls.overflow import Overflow, overflow_factory, set_levels
    from dutycenter.calls.parties import Parties, parties_factory
    from dutycenter.calls.pulls import Pulls, pulls_factory
    from dutycenter.calls.queue import Desks, desks_factory, end_wrap_up
    from dutycenter.calls.recordings import find_foundlings, take_in
    from dutycenter.calls.services import Calls, calls_factory
    from dutycenter.calls.supervision import Supervisions, supervisions_factory
    from dutycenter.calls.talks import Talks, talks_factory
    from dutycenter.calls.unanswered import Unanswered, unanswered_factory

    config.register_service_factory(calls_factory, Calls)
    config.register_service_factory(desks_factory, Desks)
    config.register_service_factory(conferences_factory, Conferences)
    config.register_service_factory(marks_factory, Marks)
    config.register_service_factory(overflow_factory, Overflow)
    config.register_service_factory(parties_factory, Parties)
    config.register_service_factory(pulls_factory, Pulls)
    config.register_service_factory(supervisions_factory, Supervisions)
    config.register_service_factory(talks_factory, Talks)
    config.register_service_factory(unanswered_factory, Unanswered)
    config.add_open_items(open_calls)
    config.add_job(take_in, name="recordings.take_in", seconds=TAKE_IN_SECONDS)
    config.add_job(find_foundlings, name="recordings.find", seconds=FIND_SECONDS)
    config.add_job(watch_room, name="recordings.room", seconds=ROOM_SECONDS)
    config.add_job(end_wrap_up, name="desks.wrap_up", seconds=WRAP_UP_SECONDS)
    config.add_job(set_levels, name="desks.levels", seconds=LEVEL_SECONDS)
    config.add_job(reconcile, name="calls.reconcile", seconds=RECONCILE_SECONDS)
    config.include("dutycenter.calls.disk_views")

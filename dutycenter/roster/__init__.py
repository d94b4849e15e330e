"""Who is on duty: calendar, shifts, their members, gaps; the duty log; handovers."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.roster import calendar, checking, periods, rotations, services

    config.register_service_factory(services.factory, services.Rosters)
    config.register_service_factory(calendar.factory, calendar.Calendar)
    config.register_service_factory(periods.factory, periods.SensitivePeriods)
    config.register_service_factory(checking.factory, checking.RosterCheck)
    config.register_service_factory(rotations.factory, rotations.Rotations)
    config.include("dutycenter.roster.views")
    config.include("dutycenter.roster.day_views")
    config.include("dutycenter.roster.calendar_views")
    config.include("dutycenter.roster.rotation_views")
    config.include("dutycenter.roster.duty_log")
    config.include("dutycenter.roster.handover")
    config.include("dutycenter.roster.merging")
    config.include("dutycenter.roster.changes")
    config.add_open_items(checking.open_roster)

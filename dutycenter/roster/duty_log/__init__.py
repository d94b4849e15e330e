"""The duty log (值班日志): what happened in a shift, numbered, to the minute, never changed."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.roster.duty_log.services import DutyLog, factory

    config.register_service_factory(factory, DutyLog)
    config.include("dutycenter.roster.duty_log.views")

"""Reporting deadlines as regulations set them: rows that an administrator edits, each with its citation."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.rules.services import Rules, rules_factory

    config.register_service_factory(rules_factory, Rules)
    config.include("dutycenter.incidents.rules.views")

"""Files that came with a report: checked by content, kept by content, shown where the report is."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.attachments.services import Attachments, attachments_factory

    config.register_service_factory(attachments_factory, Attachments)
    config.include("dutycenter.incidents.attachments.views")

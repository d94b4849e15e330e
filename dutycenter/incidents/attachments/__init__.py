"""Files that came with a report: checked by content, kept by content, shown where the report is."""

from __future__ import annotations

from pyramid.config import Configurator

THUMBNAIL_SECONDS = 2.0


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.attachments.services import Attachments, attachments_factory
    from dutycenter.incidents.attachments.thumbnails import make_thumbnails

    config.register_service_factory(attachments_factory, Attachments)
    config.add_job(make_thumbnails, name="attachments.thumbnails", seconds=THUMBNAIL_SECONDS)
    config.include("dutycenter.incidents.attachments.views")

"""初报, 续报, 终报: written reports of an incident, drafted, edited, sent, confirmed by telephone."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.documents.open_items import open_documents
    from dutycenter.incidents.documents.services import Documents, documents_factory

    config.register_service_factory(documents_factory, Documents)
    config.add_open_items(open_documents)
    config.include("dutycenter.incidents.documents.views")

"""``/settings/disks``: how much room is left, for the administrator's page."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy.engine import make_url

from dutycenter.calls.disk import Holds, daily_recordings, disks
from dutycenter.interfaces import IClock
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

HOLDS_WORDS = {
    Holds.STORE: _("the store"),
    Holds.INCOMING: _("recordings being made"),
    Holds.KEPT: _("recordings kept"),
}
LONGEST_DAYS = 3650  # nobody knows the rate of ten years


def panel(request: Request) -> dict[str, Any]:
    """The disks, how long they last, from where on the strip says something."""
    settings = settings_of(request.registry)
    url = make_url(settings.database_url)
    return {
        "disks": disks(settings),
        "rate": daily_recordings(request.db, request.find_service(IClock).now()),
        "server": "" if url.get_backend_name() == "sqlite" else url.host or "localhost",
        "holds_words": HOLDS_WORDS,
        "Holds": Holds,
        "longest": LONGEST_DAYS,
    }


def includeme(config: Configurator) -> None:
    config.add_route("calls.disks", "/settings/disks")
    config.add_view(
        panel, route_name="calls.disks", renderer="dutycenter:calls/templates/disks.jinja2", permission="admin"
    )

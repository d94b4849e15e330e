"""What the launch page shows of a text before it is sent: characters and parts, as they are billed."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from broadcast.messages import clean_text
from broadcast.sms.outbox import ending_of
from broadcast.sms.parts import count
from broadcast.sms.words import compose
from dutycenter.work import settings_of

LONGEST = 20_000


def preview(request: Request) -> dict[str, Any]:
    """The whole text as it would go out, and its count; from the fields ``message`` and ``exercise``."""
    message = clean_text(request.POST.get("message", "")[:LONGEST])
    ending = ending_of(settings_of(request.registry))
    text = compose(message, ending, exercise=request.POST.get("exercise") == "yes") if message else ""
    return {"text": text, "count": count(text)}


def includeme(config: Configurator) -> None:
    config.add_route("sms.preview", "/broadcasts/sms/preview")
    config.add_view(
        preview,
        route_name="sms.preview",
        permission="desk",
        request_method="POST",
        renderer="broadcast:sms/templates/preview.jinja2",
    )

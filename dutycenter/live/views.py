"""``GET /live``: server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.ledger.services import Cursor
from dutycenter.live.hub import hub_of

# A stream ends after a while and the browser comes again: by then its log-in may have ended.
STREAM_SECONDS = 600.0
LIFE = "dutycenter.live_seconds"  # in the WSGI environment: another length

Stream = Callable[[Cursor | None, float], Iterable[bytes]]


def streamed(request: Request, stream: Stream) -> Response:
    """Events as they happen; goes on after ``Last-Event-ID`` or ``?after=``.

    Args:
        stream: given the place to go on after and how many seconds it lasts, the events as they are sent.
    """
    place = request.headers.get("Last-Event-ID") or request.params.get("after", "")
    try:
        after = Cursor.parse(place) if place else None
    except ValueError:
        raise HTTPBadRequest from None
    response = Response(content_type="text/event-stream", charset="utf-8")
    response.app_iter = stream(after, float(request.environ.get(LIFE, STREAM_SECONDS)))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def live(request: Request) -> Response:
    """Changes of anything."""
    return streamed(request, hub_of(request.registry).stream)


def includeme(config: Configurator) -> None:
    config.add_route("live", "/live")
    config.add_view(live, route_name="live", request_method="GET", permission="board")

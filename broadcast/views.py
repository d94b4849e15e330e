"""Pages of the broadcasts: the list, the launch, the board while it runs, the receipts after it."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from broadcast.models import Broadcast
from broadcast.services import Broadcasts
from dutycenter.vocabulary import BroadcastState

_ = TranslationStringFactory("dutycenter")

FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def listing(request: Request) -> dict[str, Any]:
    """The latest broadcasts, those that run first."""
    standings = request.find_service(Broadcasts).latest()
    rows = {row.id: row for row in (request.db.get(Broadcast, s.broadcast_id) for s in standings) if row is not None}
    running = [s for s in standings if rows[s.broadcast_id].finished_at is None and s.state != BroadcastState.DRAFT]
    others = [s for s in standings if s not in running]
    return {"standings": running + others, "rows": rows, "BroadcastState": BroadcastState}


def includeme(config: Configurator) -> None:
    config.include("broadcast.board_views")
    config.add_route("broadcast.list", "/broadcasts")
    config.add_view(
        listing,
        route_name="broadcast.list",
        permission="board",
        renderer="broadcast:templates/list.jinja2",
        request_method="GET",
    )

"""Pages of the broadcasts: the list, the launch, the board while it runs, the receipts after it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response

from broadcast import board
from broadcast.models import Broadcast, Recipient
from broadcast.plans.follow_up import follow_up
from broadcast.services import Broadcasts
from dutycenter.frame.labels import label
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import BroadcastState
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def listing(request: Request) -> dict[str, Any]:
    """The latest broadcasts, those that run first."""
    standings = request.find_service(Broadcasts).latest()
    rows = {row.id: row for row in (request.db.get(Broadcast, s.broadcast_id) for s in standings) if row is not None}
    running = [s for s in standings if rows[s.broadcast_id].finished_at is None and s.state != BroadcastState.DRAFT]
    others = [s for s in standings if s not in running]
    return {"standings": running + others, "rows": rows, "BroadcastState": BroadcastState}


# --- board --------------------------------------------------------------------------


def show(request: Request) -> dict[str, Any]:
    """The board, whole."""
    return _board(request) | {
        "incident": None,
        "wall": request.GET.get("wall") == "1",
    }


def state(request: Request) -> dict[str, Any]:
    """The part of the board that changes."""
    return _board(request)


def _board(request: Request) -> dict[str, Any]:
    broadcast = _broadcast(request)
    now = request.find_service(IClock).now()
    shown = board.board(request.db, broadcast, now)
    incident = request.db.get(Incident, broadcast.incident_id) if broadcast.incident_id else None
    return {
        "broadcast": broadcast,
        "board": shown,
        "incident": incident,
        "follow_up": follow_up(request.db, broadcast),
        "now": now,
        "Place": board.Place,
        "PLACES": board.PLACES,
        "BroadcastState": BroadcastState,
        "ground_words": board.ground_words,
        "receipts": board.receipts(request.db, broadcast.id) if shown.over else [],
    }


def person(request: Request) -> dict[str, Any]:
    """One person's calls, beside the board."""
    broadcast = _broadcast(request)
    recipient = _recipient(request, broadcast)
    now = request.find_service(IClock).now()
    return {
        "broadcast": broadcast,
        "line": board.person_line(broadcast, recipient, now),
        "legs": board.legs(request.db, recipient),
        "ground_words": board.ground_words,
        "may_hear": request.has_permission("audit") or request.has_permission("desk"),
        "now": now,
        "under_way": broadcast.state in (BroadcastState.RUNNING, BroadcastState.PAUSED),
    }


def again(request: Request) -> dict[str, Any]:
    """One more call to this person now."""
    broadcast = _broadcast(request)
    recipient = _recipient(request, broadcast)
    if not request.find_service(Broadcasts).call_again(recipient.id):
        words = _("This person has an outcome already, or the broadcast does not run.")
        request.session.flash({"kind": "error", "text": request.localizer.translate(words)})
    return person(request)


def turn(request: Request) -> Response:
    """Pause, go on, or stop."""
    broadcast = _broadcast(request)
    broadcasts = request.find_service(Broadcasts)
    verbs = {"pause": broadcasts.pause, "resume": broadcasts.resume, "stop": broadcasts.stop}
    if not verbs[request.matchdict["verb"]](broadcast.id):
        words = _("The broadcast has changed meanwhile; look at its state and try again.")
        request.session.flash({"kind": "warning", "text": request.localizer.translate(words)})
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast.id))


def message(request: Request) -> Response:
    """The message as the people hear it."""
    path = Path(_broadcast(request).prompt_path)
    if not path.is_file():
        raise HTTPNotFound(_("The spoken message is no longer on the disk."))
    return FileResponse(str(path), request=request, content_type="audio/wav")


def receipts_csv(request: Request) -> Response:
    """Who was told what, when, on which number, and how they answered; for a spreadsheet."""
    broadcast = _broadcast(request)
    translate = request.localizer.translate
    zone = settings_of(request.registry).time_zone
    out = io.StringIO()
    writer = csv.writer(out)
    heads = (
        _("Name"),
        _("Department"),
        _("Post"),
        _("Outcome"),
        _("Ground"),
        _("Time"),
        _("Number"),
        _("How"),
        _("Times called"),
    )
    writer.writerow([translate(head) for head in heads])
    for line in board.receipts(request.db, broadcast.id):
        recipient, receipt = line.recipient, line.receipt
        at = receipt.at if receipt is not None else recipient.outcome_at
        cells = (
            recipient.name,
            recipient.department,
            recipient.post,
            translate(label(recipient.outcome)) if recipient.outcome is not None else "",
            translate(board.ground_words(recipient.outcome_ground)),
            at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at is not None else "",
            line.number,
            translate(_("key ${key}", mapping={"key": receipt.key})) if receipt is not None and receipt.key else "",
            str(line.calls),
        )
        writer.writerow([_cell(text) for text in cells])
    response = Response(content_type="text/csv", charset="utf-8")
    # Excel takes a file without this mark for one in the local code page.
    response.text = "\ufeff" + out.getvalue()
    response.content_disposition = f'attachment; filename="broadcast-{broadcast.id}.csv"'
    return response


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _broadcast(request: Request) -> Broadcast:
    found = request.db.get(Broadcast, int(request.matchdict["id"]))
    if found is None:
        raise HTTPNotFound(_("There is no such broadcast."))
    return found


def _recipient(request: Request, broadcast: Broadcast) -> Recipient:
    found = request.db.get(Recipient, int(request.matchdict["recipient"]))
    if found is None or found.broadcast_id != broadcast.id:
        raise HTTPNotFound(_("There is no such person in this broadcast."))
    return found


def includeme(config: Configurator) -> None:
    one = r"/broadcasts/{id:\d{1,9}}"
    config.add_route("broadcast.list", "/broadcasts")
    config.add_route("broadcast.board", one)
    config.add_route("broadcast.state", one + "/state")
    config.add_route("broadcast.message", one + "/message.wav")
    config.add_route("broadcast.receipts", one + "/receipts.csv")
    config.add_route("broadcast.turn", one + "/{verb:pause|resume|stop}")
    config.add_route("broadcast.person", one + r"/people/{recipient:\d{1,9}}")
    config.add_route("broadcast.again", one + r"/people/{recipient:\d{1,9}}/again")

    def page(view: Any, route: str, permission: str, template: str = "", method: str = "GET") -> None:
        renderer = f"broadcast:templates/{template}.jinja2" if template else None
        config.add_view(view, route_name=route, permission=permission, renderer=renderer, request_method=method)

    page(listing, "broadcast.list", "board", "list")
    page(show, "broadcast.board", "board", "board")
    page(state, "broadcast.state", "board", "state")
    page(message, "broadcast.message", "view")
    page(receipts_csv, "broadcast.receipts", "view")
    page(turn, "broadcast.turn", "desk", method="POST")
    page(person, "broadcast.person", "view", "person")
    page(again, "broadcast.again", "desk", "person", "POST")

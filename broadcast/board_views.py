"""The board while a broadcast runs, and the receipts after it."""

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
from sqlalchemy import func, select

from broadcast import board
from broadcast.heard import machine_words
from broadcast.lines import gateway_lines
from broadcast.live_board import LiveBoard, live_board, tally
from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.plans.follow_up import follow_up
from broadcast.receipts import HEADS, Words, receipts, replies_of, workbook
from broadcast.sentences import sentence
from broadcast.services import Broadcasts
from broadcast.settle import was_machine
from broadcast.sms.models import TextMessage, TextReply
from broadcast.versions import corrected, told_since
from dutycenter.audit.custody import LONGEST_REASON, Custody, ReasonMissing
from dutycenter.calls.models import Recording
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IClock
from dutycenter.live.views import streamed
from dutycenter.notices import say
from dutycenter.vocabulary import BroadcastState, SmsMeaning, SmsState, SmsWhen
from dutycenter.work import settings_of
from dutycenter.workbook import MEDIA_TYPE

_ = TranslationStringFactory("dutycenter")

FORMULA_STARTS = ("=", "+", "-", "@", "\t")


# --- board --------------------------------------------------------------------------


def show(request: Request) -> dict[str, Any]:
    """The board, whole."""
    live = _live(request)
    return state(request) | {
        "live": live,
        "at_once": gateway_lines(request.db).at_once(broadcast_of(request).channels),
        "departments": live.departments(),
        "tally": tally,
        "wall": request.GET.get("wall") == "1",
    }


def state(request: Request) -> dict[str, Any]:
    """The head of the board: what may be done now."""
    broadcast = broadcast_of(request)
    incident = request.db.get(Incident, broadcast.incident_id) if broadcast.incident_id else None
    return {
        "broadcast": broadcast,
        "board": board.Board(broadcast, (), {}),
        "incident": incident,
        "follow_up": follow_up(request.db, broadcast),
        "BroadcastState": BroadcastState,
    }


def people(request: Request) -> dict[str, Any]:
    """Everybody on the board, as a fragment, for a page that finds itself incomplete."""
    live = _live(request)
    request.response.headers["X-Version"] = str(live.version)
    return {"departments": live.departments(), "tally": tally}


def stream(request: Request) -> Response:
    """What changes on the board, as it happens."""
    broadcast = broadcast_of(request)
    return streamed(request, live_board(request.registry, broadcast.id, request.locale_name).stream)


def texts(request: Request) -> dict[str, Any]:
    """How the text messages stand, and what people wrote back."""
    broadcast = broadcast_of(request)
    counts = dict(
        request.db.execute(
            select(TextMessage.state, func.count())
            .where(TextMessage.broadcast_id == broadcast.id)
            .group_by(TextMessage.state)
        ).all()
    )
    return {
        "broadcast": broadcast,
        "counts": [(state, counts[state]) for state in SmsState if state in counts],
        "parts": request.db.scalar(
            select(func.sum(TextMessage.parts)).where(
                TextMessage.broadcast_id == broadcast.id, TextMessage.accepted_at.is_not(None)
            )
        ),
        "replies": list(reversed(replies_of(request.db, broadcast.id))),
        "SmsMeaning": SmsMeaning,
        "SmsWhen": SmsWhen,
    }


def receipt_list(request: Request) -> dict[str, Any]:
    """The receipts once all is over."""
    broadcast = broadcast_of(request)
    over = broadcast.finished_at is not None
    return {
        "broadcast": broadcast,
        "receipts": receipts(request.db, broadcast.id) if over else [],
        "PLACES": board.PLACES,
        "ground_words": board.ground_words,
        "corrected": corrected,
    }


def person(request: Request) -> dict[str, Any]:
    """One person's calls and texts, beside the board."""
    broadcast = broadcast_of(request)
    recipient = recipient_of(request, broadcast)
    now = request.find_service(IClock).now()
    (line,) = board.lines(request.db, broadcast, now, [recipient.id])
    own = request.db.scalars(
        select(TextMessage).where(TextMessage.recipient_id == recipient.id).order_by(TextMessage.id.desc())
    )
    back = request.db.scalars(
        select(TextReply).where(TextReply.recipient_id == recipient.id).order_by(TextReply.id.desc())
    )
    return {
        "broadcast": broadcast,
        "line": line,
        "sentence": sentence(line, now, request.localizer.translate),
        "legs": board.legs(request.db, recipient),
        "texts": own.all(),
        "replies": back.all(),
        "told": told_since(request.db, broadcast.id).get(recipient.id),
        "ground_words": board.ground_words,
        "machine_words": machine_words,
        "was_machine": was_machine,
        "may_hear": request.has_permission("listen"),
        "now": now,
        "under_way": broadcast.state in (BroadcastState.RUNNING, BroadcastState.PAUSED),
    }


def recording(request: Request) -> dict[str, Any]:
    """A leg's recording beside the board: a reason is asked once, and every replay is on record."""
    broadcast = broadcast_of(request)
    found = request.db.get(Recording, int(request.matchdict["recording"]))
    of_broadcast = select(Attempt.broadcast_id).where(Attempt.id == found.attempt_id) if found is not None else None
    if of_broadcast is None or request.db.scalar(of_broadcast) != broadcast.id:
        raise HTTPNotFound(_("There is no such recording in this broadcast."))
    custody, fault = request.find_service(Custody), False
    if request.method == "POST":
        try:
            custody.grant(found.id, request.POST.get("reason", ""))
        except ReasonMissing:
            fault = True
    return {
        "broadcast": broadcast,
        "recording": found,
        "reason": custody.reason(found.id),
        "fault": fault,
        "longest": LONGEST_REASON,
    }


def again(request: Request) -> dict[str, Any]:
    """One more call to this person now."""
    broadcast = broadcast_of(request)
    recipient = recipient_of(request, broadcast)
    if not request.find_service(Broadcasts).call_again(recipient.id):
        words = _("This person has an outcome already, or the broadcast does not run.")
        say(request, words, kind="error")
    return person(request)


def turn(request: Request) -> Response:
    """Pause, go on, or stop."""
    broadcast = broadcast_of(request)
    broadcasts = request.find_service(Broadcasts)
    verbs = {"pause": broadcasts.pause, "resume": broadcasts.resume, "stop": broadcasts.stop}
    if not verbs[request.matchdict["verb"]](broadcast.id):
        words = _("The broadcast has changed meanwhile; look at its state and try again.")
        say(request, words, kind="warning")
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast.id))


def message(request: Request) -> Response:
    """The message as the people hear it."""
    path = Path(broadcast_of(request).prompt_path)
    if not path.is_file():
        raise HTTPNotFound(_("The spoken message is no longer on the disk."))
    return FileResponse(str(path), request=request, content_type="audio/wav")


def receipts_csv(request: Request) -> Response:
    """The receipts for any program that reads tables."""
    broadcast, words = broadcast_of(request), _words(request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words.translate(head) for head in HEADS])
    for line in receipts(request.db, broadcast.id):
        writer.writerow([_cell(text) for text in words.cells(line)])
    response = Response(content_type="text/csv", charset="utf-8")
    # Excel takes a file without this mark for one in the local code page.
    response.text = "\ufeff" + out.getvalue()
    response.content_disposition = f'attachment; filename="broadcast-{broadcast.id}.csv"'
    return response


def receipts_xlsx(request: Request) -> Response:
    """The receipts, every call and every text as a spreadsheet."""
    broadcast = broadcast_of(request)
    response = Response(body=workbook(request.db, broadcast, _words(request)), content_type=MEDIA_TYPE)
    response.content_disposition = f'attachment; filename="broadcast-{broadcast.id}.xlsx"'
    return response


def _words(request: Request) -> Words:
    return Words(request.localizer.translate, settings_of(request.registry).time_zone)


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def broadcast_of(request: Request) -> Broadcast:
    found = request.db.get(Broadcast, int(request.matchdict["id"]))
    if found is None:
        raise HTTPNotFound(_("There is no such broadcast."))
    return found


def recipient_of(request: Request, broadcast: Broadcast) -> Recipient:
    found = request.db.get(Recipient, int(request.matchdict["recipient"]))
    if found is None or found.broadcast_id != broadcast.id:
        raise HTTPNotFound(_("There is no such person in this broadcast."))
    return found


def _live(request: Request) -> LiveBoard:
    live = live_board(request.registry, broadcast_of(request).id, request.locale_name)
    live.refresh()
    return live


def includeme(config: Configurator) -> None:
    one = r"/broadcasts/{id:\d{1,9}}"
    of_person = one + r"/people/{recipient:\d{1,9}}"

    def page(view: Any, name: str, path: str, permission: str, template: str = "", method: Any = "GET") -> None:
        renderer = f"broadcast:templates/{template}.jinja2" if template else None
        config.add_route(f"broadcast.{name}", path)
        config.add_view(
            view, route_name=f"broadcast.{name}", permission=permission, renderer=renderer, request_method=method
        )

    page(show, "board", one, "board", "board")
    page(state, "state", one + "/state", "board", "state")
    page(people, "people", one + "/people", "board", "people")
    page(stream, "stream", one + "/stream", "board")
    page(texts, "texts", one + "/texts", "view", "texts")
    page(message, "message", one + "/message.wav", "view")
    page(receipt_list, "receipt_list", one + "/receipts", "view", "receipts")
    page(receipts_csv, "receipts", one + "/receipts.csv", "view")
    page(receipts_xlsx, "receipts_xlsx", one + "/receipts.xlsx", "view")
    page(turn, "turn", one + "/{verb:pause|resume|stop}", "desk", method="POST")
    page(person, "person", of_person, "view", "person")
    page(again, "again", of_person + "/again", "desk", "person", "POST")
    page(recording, "recording", one + r"/recordings/{recording:\d{1,15}}", "listen", "recording", ("GET", "POST"))

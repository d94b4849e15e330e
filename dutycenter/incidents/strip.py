"""``/strip``: the line on top of every page. It tells the truth about the system, and rings."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pyramid.config import Configurator
from pyramid.request import Request
from sqlalchemy import func, select

from dutycenter.calls.disk import room
from dutycenter.calls.models import Call
from dutycenter.calls.own_rings import own_rings
from dutycenter.calls.queue import WAIT, Desks
from dutycenter.calls.unanswered import Unanswered
from dutycenter.incidents.deadlines import REPORT_LABELS, Deadlines, is_near, whole
from dutycenter.incidents.desk import caller_of, readiness_of, running_broadcasts
from dutycenter.incidents.desk_views import shown_form
from dutycenter.incidents.documents.services import Documents
from dutycenter.incidents.instructions.services import Instructions
from dutycenter.incidents.intakes import Intakes
from dutycenter.incidents.line import LineWatch
from dutycenter.interfaces import IClock, ISwitch
from dutycenter.roster.checking import RosterWatch
from dutycenter.roster.handover.services import Handovers
from dutycenter.vocabulary import CallState
from dutycenter.work import kept, settings_of


def strip(request: Request) -> dict[str, Any]:
    """What the strip shows: what rings at the reader's own telephone first, else a call that waits, if they may answer."""
    settings = settings_of(request.registry)
    watch = kept(request.registry, "dutycenter.line", LineWatch)
    desks, desk = request.find_service(Desks), request.identity.desk
    waiting = desks.waiting(desk)
    may_answer = bool(request.has_permission("desk"))
    called_out = desks.called()
    called = next((c for c in called_out if c.desk == desk and not c.talks), None) if may_answer and desk else None
    offered = next(iter(desks.offered(desk)), None) if may_answer else None
    own = next(iter(own_rings(request.db, desk)), None) if may_answer else None
    ringing = next((w for w in waiting if w.desk_channel_uuid), None)
    if may_answer and not (ringing or offered or called or own):
        ringing = next((w for w in waiting if w.rang_lately), None)
        ringing = ringing or next((w for w in waiting if w.call.state in WAIT), None)
    deadlines, now = request.find_service(Deadlines).running(), request.find_service(IClock).now()
    over = [deadline for deadline in deadlines if deadline.due_at < now]
    coming = [deadline for deadline in deadlines if deadline.due_at >= now]
    instructions = request.find_service(Instructions)
    unanswered = request.find_service(Unanswered).count()
    readiness = readiness_of(request)
    talking = select(func.count()).select_from(Call).where(Call.state == CallState.TALKING)
    return {
        "line": watch.line(request.find_service(ISwitch)),
        "now": now,
        "speed": settings.clock_speed,
        "zone": settings.time_zone.key,
        "waiting": sum(1 for w in waiting if w.call.state in WAIT),
        "talking": (request.db.scalar(talking) or 0) + sum(1 for one in called_out if one.talks),
        "broadcasts": running_broadcasts(request),
        "overdue_instructions": instructions.count_open(overdue_at=now),
        "tasks": unanswered
        + len(deadlines)
        + instructions.count_open()
        + request.find_service(Documents).count_open()
        + request.find_service(Intakes).count_unfinished()
        + request.find_service(Handovers).count_waiting()
        + (readiness.doors() if readiness else 0)
        + kept(request.registry, "dutycenter.roster_watch", RosterWatch).amiss(request),
        "not_ready": readiness.not_ready() if readiness else [],
        "over": over,
        "next": coming[0] if coming else None,
        "near": bool(coming) and is_near(coming[0], now),
        "report_labels": REPORT_LABELS,
        "whole": whole,
        "ringing": ringing,
        "called": called,
        "offered": offered,
        "own": own,
        "caller": caller_of(request, ringing.call) if ringing and may_answer else None,
        "may_answer": may_answer,
        "form_behind": _form_behind(request),
        "room": room(settings),
    }


def _form_behind(request: Request) -> int | None:
    """The form that is open on the page below the strip, so that answering does not close it."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return None
    return shown_form(dict(parse_qsl(page.query))) if page.path == request.route_path("desk") else None


def includeme(config: Configurator) -> None:
    config.add_route("strip", "/strip")
    config.add_view(
        strip,
        route_name="strip",
        request_method="GET",
        permission="board",
        renderer="dutycenter:incidents/templates/strip.jinja2",
    )

"""The duty desk (值班台): who calls, what is to be done; the form between them is ``intake_views``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.calls.disk import room
from dutycenter.calls.models import Call
from dutycenter.calls.orders import DeskError
from dutycenter.calls.own_rings import own_rings
from dutycenter.calls.pulls import Pulls
from dutycenter.calls.queue import LOGGED_OUT, Desks
from dutycenter.calls.unanswered import NotOnList, TakenBySomebody, Unanswered
from dutycenter.incidents import desk
from dutycenter.incidents.deadlines import REPORT_LABELS, Deadlines, whole
from dutycenter.incidents.documents.open_items import open_documents
from dutycenter.incidents.form import form_of
from dutycenter.incidents.instructions.services import Instructions
from dutycenter.incidents.intakes import Intakes, NoSuchIntake, gist_of
from dutycenter.incidents.models import Intake
from dutycenter.interfaces import IBroadcasts, IClock
from dutycenter.notices import say
from dutycenter.roster.changes.services import DutyChanges, sentence
from dutycenter.roster.checking import open_roster
from dutycenter.roster.handover.services import Handovers
from dutycenter.roster.services import Rosters
from dutycenter.vocabulary import CallerMark, CallResult, Means, Role
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

TEMPLATES = "dutycenter:incidents/templates/"
MOST_TASKS = 8  # of a kind, on the desk
LATELY = timedelta(hours=1)  # what was dealt with can be undone so long


def page(request: Request) -> dict[str, Any]:
    """``/desk?intake=ID``: the whole desk."""
    shown = shown_form(request.GET)
    return page_with(request, intake_of(request, shown) if shown else None)


def page_with(request: Request, intake: Intake | None, **form: Any) -> dict[str, Any]:
    """The whole desk with this form on it; ``form`` as ``form_of`` takes it."""
    shown = _query_of(intake.id if intake else None, shown_number(request.GET, "answers"))
    parts = {**left(request), **right(request), **bar(request, intake), **form_of(request, intake, **form)}
    return {**parts, "shown": shown}


def left(request: Request) -> dict[str, Any]:
    """Calls that wait, calls that nobody took, the day's counts."""
    desks, unanswered = request.find_service(Desks), request.find_service(Unanswered)
    waiting, pulls = desks.waiting(request.identity.desk), request.find_service(Pulls)
    now = request.find_service(IClock).now()
    status = desks.status(request.identity.desk)
    called = desk.one_each(desks.called(), request.identity.desk)
    open_calls = unanswered.listed()
    return {
        "waiting": sorted(waiting, key=lambda w: not (w.desk_channel_uuid or w.rang_lately)),
        "answers": shown_number(request.GET, "answers"),
        "callers": desk.callers(request, [w.call for w in waiting]),
        "outside": desks.outside(),
        "pulled": pulls.standing(one.call for one in waiting),
        "not_rung": pulls.not_rung([one.call for one in waiting], request.identity.desk),
        "live": [call for call in desks.live() if call.desk != request.identity.desk],
        "supervised": desk.supervised(request.db, request.identity.id),
        "writes_up_until": desks.writes_up_until(request.identity.desk),
        "called": called,
        "offered": desks.offered(request.identity.desk),
        "own_rings": own_rings(request.db, request.identity.desk),
        "asking": desk.asking(request, [one.channel_uuid for one in called]),
        "open_calls": open_calls,
        "known": desk.people_of(request.db, open_calls),
        "settled_calls": unanswered.settled_since(now - LATELY),
        "today": desk.today(request.db, now, settings_of(request.registry).time_zone),
        "desk_status": status,
        # An officer who opens the desk sits down at it; whoever pauses, pauses until they say otherwise.
        "sits_down": bool(request.identity.desk) and request.identity.role is Role.OFFICER and status == LOGGED_OUT,
        "CallResult": CallResult,
    }


def right(request: Request) -> dict[str, Any]:
    """Who is on duty, and what is to be done."""
    readiness, now = desk.readiness_of(request), request.find_service(IClock).now()
    instructions = request.find_service(Instructions)
    return {
        "not_ready": readiness.not_ready() if readiness else [],
        "doors": readiness.doors() if readiness else 0,
        "on_duty": request.find_service(Rosters).on_duty(now),
        "deadlines": request.find_service(Deadlines).running(),
        "report_labels": REPORT_LABELS,
        "instructions": instructions.open(limit=MOST_TASKS),
        "open_instructions": instructions.count_open(),
        "paperwork": open_documents(request),
        "most": MOST_TASKS,
        "now": now,
        "handovers": request.find_service(Handovers).waiting(),
        "duty_changes": [sentence(change, request) for change in request.find_service(DutyChanges).waiting()],
        "roster_items": open_roster(request),
        "whole": whole,
        "room": room(settings_of(request.registry)),
        "unfinished": request.find_service(Intakes).unfinished(),
        "broadcasts": desk.running_broadcasts(request),
        "gist_of": gist_of,
    }


def bar(request: Request, intake: Intake | None = None) -> dict[str, Any]:
    """The live call above the form: the desk's own, else one in which it takes part, else the form's."""
    shown = shown_form(request.GET)
    if intake is None and shown:
        intake = request.db.get(Intake, shown)
    desks, mine = request.find_service(Desks), request.identity.desk
    talking = desks.talking(mine)
    talks_to = next((one for one in desks.called() if one.talks and one.desk == mine), None) if mine else None
    part = None if talking else desk.taking_part(request.db, mine)
    call = talking or (part.call if part else intake.call if intake else None)
    of_call = select(Intake.id).where(Intake.call_id == call.id) if call else None
    return {
        "intake": intake,
        "call": call,
        "call_intake_id": request.db.scalar(of_call) if of_call is not None else None,
        "caller": desk.caller_of(request, call) if call else None,
        "parties": desk.parties_shown(call, request.find_service(IClock).now()) if call else [],
        "mine": talking is not None,
        "part": part,
        "talks_to": talks_to,
        "asked_by": desk.asking(request, [talks_to.channel_uuid]).get(talks_to.channel_uuid) if talks_to else None,
        "CallerMark": CallerMark,
    }


# --- telephones -----------------------------------------------------------------


def answer(request: Request) -> Response:
    """接听: the desk telephone takes the call, and its form opens."""
    call, shown = _call(request), shown_form(request.POST)
    try:
        taken = request.find_service(Desks).answer(call.id, request.identity.id, request.identity.desk)
    except DeskError as error:
        say(request, error.reason, kind="error")
        return back(request, shown)
    if not taken:
        return back(request, shown, answers=call.id)
    return back(request, request.find_service(Intakes).for_call(call, request.identity.id).id)


def answer_called(request: Request) -> Response:
    """接听: a called person pressed 3 and asked for the desk."""
    me = request.identity
    try:
        request.find_service(Desks).answer_called(request.matchdict["uuid"], me.id, me.desk)
    except DeskError as error:
        say(request, error.reason, kind="error")
    return back(request, shown_form(request.POST))


def answer_own(request: Request) -> Response:
    """接听: one's own telephone rings, to call back or to join."""
    try:
        request.find_service(Desks).answer_own(request.matchdict["uuid"], request.identity.desk)
    except DeskError as error:
        say(request, error.reason, kind="error")
    return back(request, shown_form(request.POST))


def take_acknowledgement(request: Request) -> Response:
    """A called person on the line says that they acknowledge: taken down for them."""
    recipient = int(request.matchdict["recipient"])
    if request.find_service(IBroadcasts).acknowledge_by(recipient, Means.DESK):
        say(request, _("Acknowledged. They are called no more."))
    else:
        say(request, _("They had acknowledged already."), kind="warning")
    return back(request, shown_form(request.POST))


def set_status(request: Request) -> Response:
    """示闲, 示忙: may the queue ring this desk?"""
    try:
        request.find_service(Desks).set_status(
            request.identity.id, request.identity.desk, request.POST.get("status", "")
        )
    except DeskError as error:
        say(request, error.reason, kind="error")
    except ValueError:
        raise HTTPBadRequest from None
    return back(request, shown_form(request.POST))


def open_call(request: Request) -> Response:
    """The form of a call, answered or not."""
    return back(request, request.find_service(Intakes).for_call(_call(request), request.identity.id).id)


def deal(request: Request) -> Response:
    """An unanswered call: take it, give it back, say what was done, undo that."""
    call, verb = _call(request), request.matchdict["verb"]
    unanswered, me = request.find_service(Unanswered), request.identity.id
    try:
        if verb == "take":
            unanswered.take(call.id, me)
        elif verb == "release":
            unanswered.give_back(call.id, me)
        elif verb == "reopen":
            unanswered.reopen(call.id, me)
        else:
            unanswered.settle(call.id, me, request.POST.get("how", ""))
            undo = request.route_path("desk.deal", id=call.id, verb="reopen")
            say(request, _("Dealt with. It is off the list."), undo=undo)
    except TakenBySomebody as taken:
        say(request, _("${name} has taken this call already.", mapping={"name": taken.who}), kind="warning")
    except NotOnList:
        say(request, _("This call is not on the list any more: somebody dealt with it."), kind="warning")
    except ValueError as error:
        say(request, error.args[0], kind="error")
    return back(request, shown_form(request.POST))


# --- within ---------------------------------------------------------------------


def back(request: Request, intake_id: int | None, answers: int | None = None) -> Response:
    """Go on at the desk, with this form open; ``answers``: the call that is answered when it rings again."""
    path = request.route_path("desk", _query=_query_of(intake_id, answers))
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": path})
    return HTTPSeeOther(path)


def _query_of(intake_id: int | None, answers: int | None) -> dict[str, int]:
    query = {"intake": intake_id, "answers": answers}
    return {name: value for name, value in query.items() if value}


def shown_form(params: Mapping[str, str]) -> int | None:
    """The form that the reader has open."""
    return shown_number(params, "intake")


def shown_number(params: Mapping[str, str], name: str) -> int | None:
    """An id that the desk's address names."""
    text = params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _call(request: Request) -> Call:
    call = request.db.get(Call, int(request.matchdict["id"]))
    if call is None:
        raise HTTPNotFound
    return call


def intake_of(request: Request, intake_id: int) -> Intake:
    """The form.

    Raises:
        HTTPNotFound: there is none of this id.
    """
    try:
        return request.find_service(Intakes).get(intake_id)
    except NoSuchIntake:
        raise HTTPNotFound from None


def includeme(config: Configurator) -> None:
    number = r"{id:\d{1,9}}"
    for name, pattern, view, method, template in (
        ("desk", "/desk", page, "GET", "desk"),
        ("desk.left", "/desk/left", left, "GET", "desk_left"),
        ("desk.right", "/desk/right", right, "GET", "desk_right"),
        ("desk.bar", "/desk/bar", bar, "GET", "desk_bar"),
        ("desk.status", "/desk/status", set_status, "POST", None),
        ("desk.answer", f"/desk/calls/{number}/answer", answer, "POST", None),
        ("desk.answer_called", "/desk/called/{uuid:[0-9A-Za-z-]{1,36}}/answer", answer_called, "POST", None),
        ("desk.answer_own", "/desk/own/{uuid:[0-9A-Za-z-]{1,36}}/answer", answer_own, "POST", None),
        ("desk.take", r"/desk/called/{recipient:\d{1,9}}/acknowledge", take_acknowledgement, "POST", None),
        ("desk.open", f"/desk/calls/{number}/intake", open_call, "POST", None),
        ("desk.deal", f"/desk/calls/{number}/{{verb:take|release|settle|reopen}}", deal, "POST", None),
    ):
        config.add_route(name, pattern)
        renderer = f"{TEMPLATES}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission="desk", renderer=renderer)

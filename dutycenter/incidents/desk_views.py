"""The duty desk (值班台): who calls, the form beside the call, what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.calls.models import Call
from dutycenter.calls.queue import LOGGED_OUT, DeskError, Desks
from dutycenter.calls.unanswered import NotOnList, TakenBySomebody, Unanswered
from dutycenter.directory.models import District
from dutycenter.incidents import desk
from dutycenter.incidents.classes import TREE
from dutycenter.incidents.deadlines import REPORT_LABELS, Deadlines, whole
from dutycenter.incidents.elements import BY_NAME, CHANNEL, TooLong, missing
from dutycenter.incidents.intakes import AlreadySaved, Intakes, NoSuchIntake, Saved, texts_of
from dutycenter.incidents.models import Intake
from dutycenter.incidents.services import Incidents, NoSuchIncident
from dutycenter.interfaces import IBroadcasts, IClock
from dutycenter.roster.handover.services import Handovers
from dutycenter.roster.services import Rosters
from dutycenter.vocabulary import CallResult, IncidentClass, Level, Means, Role, SourceChannel
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

TEMPLATES = "dutycenter:incidents/templates/"
LATELY = timedelta(hours=1)  # what was dealt with can be undone so long
WITHOUT_CALL = (SourceChannel.FAX, SourceChannel.WALK_IN, SourceChannel.REPORT, SourceChannel.PHONE)


def page(request: Request) -> dict[str, Any]:
    """``/desk?intake=ID``: the whole desk."""
    shown = _shown(request.GET)
    return _page(request, _intake(request, shown) if shown else None)


def _page(request: Request, intake: Intake | None, **form: Any) -> dict[str, Any]:
    return {**left(request), **right(request), **bar(request, intake), **_form(request, intake, **form)}


def left(request: Request) -> dict[str, Any]:
    """Calls that wait, calls that nobody took, the day's counts."""
    desks, unanswered = request.find_service(Desks), request.find_service(Unanswered)
    waiting = desks.waiting(request.identity.desk)
    now = request.find_service(IClock).now()
    status = desks.status(request.identity.desk)
    called = desks.called()
    return {
        "waiting": sorted(waiting, key=lambda w: w.desk_channel_uuid is None),
        "callers": desk.callers(request.db, [w.call for w in waiting]),
        "called": called,
        "asking": desk.asking(request, [one.channel_uuid for one in called]),
        "open_calls": unanswered.listed(),
        "settled_calls": unanswered.settled_since(now - LATELY),
        "today": desk.today(request.db, now, settings_of(request.registry).time_zone),
        "desk_status": status,
        # An officer who opens the desk sits down at it; whoever pauses, pauses until they say otherwise.
        "sits_down": bool(request.identity.desk) and request.identity.role is Role.OFFICER and status == LOGGED_OUT,
        "CallResult": CallResult,
    }


def right(request: Request) -> dict[str, Any]:
    """Who is on duty, and what is to be done."""
    readiness = desk.readiness_of(request)
    return {
        "not_ready": readiness.not_ready() if readiness else [],
        "doors": readiness.doors() if readiness else 0,
        "on_duty": request.find_service(Rosters).on_duty(request.find_service(IClock).now()),
        "deadlines": request.find_service(Deadlines).running(),
        "report_labels": REPORT_LABELS,
        "handovers": request.find_service(Handovers).waiting(),
        "whole": whole,
        "unfinished": request.find_service(Intakes).unfinished(),
        "broadcasts": desk.running_broadcasts(request),
        "texts_of": texts_of,
    }


def bar(request: Request, intake: Intake | None = None) -> dict[str, Any]:
    """The live call above the form: the desk's own, else the form's."""
    shown = _shown(request.GET)
    if intake is None and shown:
        intake = request.db.get(Intake, shown)
    talking = request.find_service(Desks).talking(request.identity.desk)
    call = talking or (intake.call if intake else None)
    of_call = select(Intake.id).where(Intake.call_id == call.id) if call else None
    return {
        "intake": intake,
        "call": call,
        "call_intake_id": request.db.scalar(of_call) if of_call is not None else None,
        "caller": desk.caller_of(request.db, call) if call else None,
    }


def _form(
    request: Request,
    intake: Intake | None,
    texts: Mapping[str, str] | None = None,
    conflicts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    texts = dict(texts or (texts_of(intake) if intake else {}))
    incident = request.find_service(Incidents).get(intake.incident_id) if intake and intake.incident_id else None
    return {
        "texts": texts,
        "conflicts": dict(conflicts or {}),
        "missing": missing(texts),
        "incident": incident,
        "elements": BY_NAME,
        "channels": WITHOUT_CALL,
        "tree": TREE,
        "IncidentClass": IncidentClass,
        "Level": Level,
        "districts": request.db.scalars(select(District).order_by(District.code)).all(),
    }


# --- telephones -----------------------------------------------------------------


def answer(request: Request) -> Response:
    """接听: the desk telephone takes the call, and its form opens."""
    call = _call(request)
    try:
        request.find_service(Desks).answer(call.id, request.identity.id, request.identity.desk)
    except DeskError as error:
        _say(request, "error", error.reason)
        return _back(request, None)
    return _back(request, request.find_service(Intakes).for_call(call, request.identity.id).id)


def answer_called(request: Request) -> Response:
    """接听: a called person pressed 3 and asked for the desk."""
    me = request.identity
    try:
        request.find_service(Desks).answer_called(request.matchdict["uuid"], me.id, me.desk)
    except DeskError as error:
        _say(request, "error", error.reason)
    return _back(request, _shown(request.POST))


def take_acknowledgement(request: Request) -> Response:
    """A called person on the line says that they acknowledge: taken down for them."""
    recipient = int(request.matchdict["recipient"])
    if request.find_service(IBroadcasts).acknowledge_by(recipient, Means.DESK):
        _say(request, "success", _("Acknowledged. They are called no more."))
    else:
        _say(request, "warning", _("They had acknowledged already."))
    return _back(request, _shown(request.POST))


def set_status(request: Request) -> Response:
    """示闲, 示忙: may the queue ring this desk?"""
    try:
        request.find_service(Desks).set_status(
            request.identity.id, request.identity.desk, request.POST.get("status", "")
        )
    except DeskError as error:
        _say(request, "error", error.reason)
    except ValueError:
        raise HTTPBadRequest from None
    return _back(request, _shown(request.POST))


def open_call(request: Request) -> Response:
    """The form of a call, answered or not."""
    return _back(request, request.find_service(Intakes).for_call(_call(request), request.identity.id).id)


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
            _say(request, "success", _("Dealt with. It is off the list."), undo=undo)
    except TakenBySomebody as taken:
        _say(request, "warning", _("${name} has taken this call already.", mapping={"name": taken.who}))
    except NotOnList:
        _say(request, "warning", _("This call is not on the list any more: somebody dealt with it."))
    except ValueError as error:
        _say(request, "error", error.args[0])
    return _back(request, _shown(request.POST))


# --- the form -------------------------------------------------------------------


def new(request: Request) -> Response:
    """A form without a call: fax, walk-in, a lower unit's report."""
    try:
        channel = SourceChannel(request.POST.get("channel", SourceChannel.REPORT))
    except ValueError:
        raise HTTPBadRequest from None
    return _back(request, request.find_service(Intakes).blank(request.identity.id, channel).id)


def save(request: Request) -> Response:
    """Autosave: the elements that were typed since; answers what the page must know, as JSON."""
    intake_id, version = int(request.matchdict["id"]), _version(request)
    try:
        saved = request.find_service(Intakes).save(intake_id, version, _typed(request))
    except NoSuchIntake:
        raise HTTPNotFound from None
    except TooLong as error:
        request.tm.doom()
        return Response(json_body={"message": _too_long(request, error)}, status=422)
    return Response(json_body=_as_json(request, saved), status=409 if saved.conflicts else 200)


def finish(request: Request) -> Response | dict[str, Any]:
    """F2, F3, F4: the form becomes an incident, or part of one. What was typed last is saved first."""
    intakes, intake_id = request.find_service(Intakes), int(request.matchdict["id"])
    try:
        saved = intakes.save(intake_id, _version(request), _typed(request))
        if saved.conflicts:
            return _overtaken(request, intake_id, saved)
        merge = request.POST.get("into", "")
        if merge:
            incident = intakes.merge_into(
                intake_id, int(merge) if merge.isdecimal() and len(merge) < 10 else 0, request.identity.id
            )
            said = _("Merged into incident ${number}.", mapping={"number": incident.number})
            _say(request, "success", said, undo=request.route_path("desk.detach", id=intake_id))
        else:
            incident = intakes.make_incident(intake_id, request.identity.id)
            _say(request, "success", _("Saved as incident ${number}.", mapping={"number": incident.number}))
    except (NoSuchIntake, NoSuchIncident):
        raise HTTPNotFound from None
    except TooLong as error:
        request.tm.doom()
        request.response.status_int = 422
        message = _too_long(request, error)
        return {**_page(request, _intake(request, intake_id), texts=_typed(request)), "fault": message}
    except AlreadySaved as before:
        incident = before.incident
    if request.POST.get("next") == "broadcast":
        return HTTPSeeOther(request.route_path("broadcast.new", _query={"incident": incident.id}))
    return _back(request, intake_id)


def detach(request: Request) -> Response:
    """Undo F3."""
    try:
        intake = request.find_service(Intakes).detach(int(request.matchdict["id"]))
    except NoSuchIntake:
        raise HTTPNotFound from None
    return _back(request, intake.id)


def pick(request: Request) -> dict[str, Any]:
    """F3: incidents that the report may belong to."""
    text = request.GET.get("q", "").strip()[:100]
    now = request.find_service(IClock).now()
    return {"incidents": desk.likely_same(request.db, now, text), "text": text}


# --- within ---------------------------------------------------------------------


def _overtaken(request: Request, intake_id: int, saved: Saved) -> dict[str, Any]:
    """Nothing of the other's is overwritten and nothing of one's own is lost: both are shown."""
    request.response.status_int = 409
    intake = _intake(request, intake_id)
    texts = {**texts_of(intake), **_typed(request)}
    return _page(request, intake, texts=texts, conflicts=saved.conflicts)


def _typed(request: Request) -> dict[str, str]:
    return {name: request.POST[name] for name in (*BY_NAME, CHANNEL.name) if name in request.POST}


def _version(request: Request) -> int:
    text = request.POST.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise HTTPBadRequest
    return int(text)


def _as_json(request: Request, saved: Saved) -> dict[str, Any]:
    zone, translate = settings_of(request.registry).time_zone, request.localizer.translate
    return {
        "version": saved.version,
        "saved": saved.saved_at.astimezone(zone).strftime("%H:%M:%S"),
        "missing": [translate(element.label) for element in saved.missing],
        "theirs": {name: text for name, text in saved.theirs.items() if name not in saved.conflicts},
        "conflicts": saved.conflicts,
        "unread": sorted(saved.unread),
    }


def _too_long(request: Request, error: TooLong) -> str:
    said = _(
        "“${element}” has ${length} characters; ${limit} are the most. It was not saved, but it is still here: "
        "shorten it.",
        mapping={
            "element": request.localizer.translate(error.element.label),
            "length": error.length,
            "limit": error.element.limit,
        },
    )
    text: str = request.localizer.translate(said)
    return text


def _say(request: Request, kind: str, text: TranslationString, undo: str = "") -> None:
    notice = {"kind": kind, "text": request.localizer.translate(text)}
    request.session.flash({**notice, "undo": undo} if undo else notice)


def _back(request: Request, intake_id: int | None) -> Response:
    query = {"intake": intake_id} if intake_id else None
    path = request.route_path("desk", _query=query)
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": path})
    return HTTPSeeOther(path)


def _shown(params: Mapping[str, str]) -> int | None:
    """The form that the reader has open."""
    text = params.get("intake", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _call(request: Request) -> Call:
    call = request.db.get(Call, int(request.matchdict["id"]))
    if call is None:
        raise HTTPNotFound
    return call


def _intake(request: Request, intake_id: int) -> Intake:
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
        ("desk.pick", "/desk/pick", pick, "GET", "desk_pick"),
        ("desk.status", "/desk/status", set_status, "POST", None),
        ("desk.answer", f"/desk/calls/{number}/answer", answer, "POST", None),
        ("desk.answer_called", "/desk/called/{uuid:[0-9A-Za-z-]{1,36}}/answer", answer_called, "POST", None),
        ("desk.take", r"/desk/called/{recipient:\d{1,9}}/acknowledge", take_acknowledgement, "POST", None),
        ("desk.open", f"/desk/calls/{number}/intake", open_call, "POST", None),
        ("desk.deal", f"/desk/calls/{number}/{{verb:take|release|settle|reopen}}", deal, "POST", None),
        ("desk.new", "/desk/intakes", new, "POST", None),
        ("desk.save", f"/desk/intakes/{number}/save", save, "POST", None),
        ("desk.finish", f"/desk/intakes/{number}/finish", finish, "POST", "desk"),
        ("desk.detach", f"/desk/intakes/{number}/detach", detach, "POST", None),
    ):
        config.add_route(name, pattern)
        renderer = f"{TEMPLATES}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission="desk", renderer=renderer)

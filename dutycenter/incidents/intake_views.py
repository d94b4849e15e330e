"""The form beside a call: saved as it is typed, seen by whoever has it open, made into an incident."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.incidents import desk
from dutycenter.incidents.desk_views import TEMPLATES, back, intake_of, page_with
from dutycenter.incidents.duplicates.relations import Relations
from dutycenter.incidents.elements import BY_NAME, TooLong
from dutycenter.incidents.intakes import AlreadySaved, Intakes, NoSuchIntake, Saved, texts_of
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents, NoSuchIncident
from dutycenter.interfaces import IClock
from dutycenter.live.presences import Presences
from dutycenter.notices import say
from dutycenter.typed import row_id, whole
from dutycenter.vocabulary import SourceChannel
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

_TAB = re.compile(r"[0-9a-f]{1,36}", re.ASCII)


def new(request: Request) -> Response:
    """A form without a call: fax, walk-in, a lower unit's report."""
    try:
        channel = SourceChannel(request.POST.get("channel", SourceChannel.REPORT))
    except ValueError:
        raise HTTPBadRequest from None
    return back(request, request.find_service(Intakes).blank(request.identity.id, channel).id)


def save(request: Request) -> Response:
    """Autosave: the elements that were typed since; answers what the page must know, as JSON."""
    intake_id = int(request.matchdict["id"])
    try:
        saved = request.find_service(Intakes).save(
            intake_id, _version(request.POST), _typed(request), _tab(request.POST)
        )
    except NoSuchIntake:
        raise HTTPNotFound from None
    except TooLong as error:
        request.tm.doom()
        return Response(json_body={"message": _too_long(request, error)}, status=422)
    return Response(json_body=_as_json(request, saved), status=409 if saved.conflicts else 200)


def look(request: Request) -> Response:
    """``?version=&tab=``: what others wrote since, and who is here."""
    try:
        seen = request.find_service(Intakes).look(
            int(request.matchdict["id"]), _version(request.GET), _tab(request.GET)
        )
    except NoSuchIntake:
        raise HTTPNotFound from None
    return Response(json_body=_as_json(request, seen))


def present(request: Request) -> Response:
    """A tab says that it has this form open, and which element is under its cursor; or that it leaves."""
    place, tab, spot = _place(request), _tab(request.POST), request.POST.get("element", "")
    if not tab:
        raise HTTPBadRequest
    if "leave" in request.POST:
        request.find_service(Presences).leave(place, tab)
    else:
        intake_of(request, int(request.matchdict["id"]))
        element = spot if spot in BY_NAME else ""
        request.find_service(Presences).come(place, tab, request.identity.id, element)
    return Response(status=204)


def finish(request: Request) -> Response | dict[str, Any]:
    """F2, F3, F4: the form becomes an incident, or part of one. What was typed last is saved first."""
    intakes, intake_id = request.find_service(Intakes), int(request.matchdict["id"])
    try:
        saved = intakes.save(intake_id, _version(request.POST), _typed(request), _tab(request.POST))
        if saved.conflicts:
            return _overtaken(request, intake_id, saved)
        merge = request.POST.get("into", "")
        if merge:
            incident = intakes.merge_into(intake_id, row_id(merge), request.identity.id)
            said = _("Merged into incident ${number}.", mapping={"number": incident.number})
            say(request, said, undo=request.route_path("desk.detach", id=intake_id))
        else:
            incident = intakes.make_incident(intake_id, request.identity.id)
            _say_saved(request, incident, row_id(request.POST.get("beside", "")))
    except (NoSuchIntake, NoSuchIncident):
        raise HTTPNotFound from None
    except TooLong as error:
        request.tm.doom()
        request.response.status_int = 422
        message = _too_long(request, error)
        return {**page_with(request, intake_of(request, intake_id), texts=_typed(request)), "fault": message}
    except AlreadySaved as before:
        incident = before.incident
    if request.POST.get("next") == "broadcast":
        return HTTPSeeOther(request.route_path("broadcast.new", _query={"incident": incident.id}))
    return back(request, intake_id)


def detach(request: Request) -> Response:
    """Undo F3."""
    try:
        intake = request.find_service(Intakes).detach(int(request.matchdict["id"]))
    except NoSuchIntake:
        raise HTTPNotFound from None
    return back(request, intake.id)


def pick(request: Request) -> dict[str, Any]:
    """F3: incidents that the report may belong to."""
    text = request.GET.get("q", "").strip()[:100]
    now = request.find_service(IClock).now()
    return {"incidents": desk.likely_same(request.db, now, text), "text": text}


# --- within ---------------------------------------------------------------------


def _say_saved(request: Request, incident: Incident, beside: int) -> None:
    """The incident is there; with ``beside``, it is linked to another one too."""
    if not beside:
        say(request, _("Saved as incident ${number}.", mapping={"number": incident.number}))
        return
    request.find_service(Relations).link(incident.id, beside, request.identity.id)
    other = request.find_service(Incidents).get(beside)
    said = _(
        "Saved as incident ${number}, linked to ${other}.", mapping={"number": incident.number, "other": other.number}
    )
    undo = request.route_path("relation.turn", id=incident.id, other=beside, verb="unlink")
    say(request, said, undo=undo)


def _overtaken(request: Request, intake_id: int, saved: Saved) -> dict[str, Any]:
    """Nothing of the other's is overwritten and nothing of one's own is lost: both are shown."""
    request.response.status_int = 409
    intake = intake_of(request, intake_id)
    texts = {**texts_of(intake), **_typed(request)}
    return page_with(request, intake, texts=texts, conflicts=saved.conflicts)


def _typed(request: Request) -> dict[str, str]:
    return {name: request.POST[name] for name in BY_NAME if name in request.POST}


def _version(params: Mapping[str, str]) -> int:
    version = whole(params.get("version", ""))
    if version is None:
        raise HTTPBadRequest
    return version


def _tab(params: Mapping[str, str]) -> str:
    """The browser tab; none when the form is sent by hand."""
    tab = params.get("tab", "")
    if tab and not _TAB.fullmatch(tab):
        raise HTTPBadRequest
    return tab


def _place(request: Request) -> str:
    return f"intake:{int(request.matchdict['id'])}"


def _as_json(request: Request, saved: Saved) -> dict[str, Any]:
    zone, translate = settings_of(request.registry).time_zone, request.localizer.translate
    return {
        "version": saved.version,
        "saved": saved.saved_at.astimezone(zone).strftime("%H:%M:%S"),
        "missing": [{"name": element.name, "label": translate(element.label)} for element in saved.missing],
        "theirs": {name: text for name, text in saved.theirs.items() if name not in saved.conflicts},
        "conflicts": saved.conflicts,
        "unread": sorted(saved.unread),
        "incident": saved.incident_id,
        "present": _others(request),
    }


def _others(request: Request) -> list[dict[str, str]]:
    """Whoever else has the form open, with the element that they are in; the reader's other windows without it."""
    tab = request.params.get("tab", "")
    others = [here for here in request.find_service(Presences).at(_place(request)) if here.tab != tab]
    ids = {here.account_id for here in others}
    names = {
        row.id: row.name for row in request.db.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    }
    me = request.identity.id
    names[me] = request.localizer.translate(_("you in another window"))
    return [{"name": names[here.account_id], "element": "" if here.account_id == me else here.spot} for here in others]


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


def includeme(config: Configurator) -> None:
    one = r"/desk/intakes/{id:\d{1,9}}"
    for name, pattern, view, method, template in (
        ("desk.pick", "/desk/pick", pick, "GET", "desk_pick"),
        ("desk.new", "/desk/intakes", new, "POST", None),
        ("desk.save", one + "/save", save, "POST", None),
        ("desk.look", one + "/look", look, "GET", None),
        ("desk.present", one + "/present", present, "POST", None),
        ("desk.finish", one + "/finish", finish, "POST", "desk"),
        ("desk.detach", one + "/detach", detach, "POST", None),
    ):
        config.add_route(name, pattern)
        renderer = f"{TEMPLATES}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission="desk", renderer=renderer)

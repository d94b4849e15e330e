"""The page of one incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.directory.models import District
from dutycenter.frame.labels import label
from dutycenter.incidents import desk
from dutycenter.incidents.attachments import views as attachments
from dutycenter.incidents.attachments.services import Owner
from dutycenter.incidents.classes import SUBTYPE_LABELS, TREE
from dutycenter.incidents.deadlines import REPORT_LABELS, Deadlines, NoSuchDeadline, shown_clocks, whole
from dutycenter.incidents.documents.services import Documents
from dutycenter.incidents.duplicates.relations import Relations
from dutycenter.incidents.elements import BY_NAME, ELEMENTS, Element, TooLong
from dutycenter.incidents.instructions.services import Instructions
from dutycenter.incidents.models import Incident
from dutycenter.incidents.open_items import open_of
from dutycenter.incidents.receipts import receipts, recordings_of
from dutycenter.incidents.services import Incidents, NoSuchIncident, Overtaken
from dutycenter.incidents.timeline import FILTERS, history, names_of, timeline
from dutycenter.interfaces import Found, IClock
from dutycenter.notices import say
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel

_ = TranslationStringFactory("dutycenter")

MOMENTS = frozenset({"occurred_at", "reported_at"})
FACTS = tuple(element for element in ELEMENTS if element.name != "title")
FILTER_LABELS = {
    "": _("All"),
    "calls": _("Calls"),
    "notes": _("Notes"),
    "changes": _("Changes"),
    "reports": _("Reports made"),
    "broadcasts": _("Broadcasts"),
    "instructions": _("Instructions"),
    "attachments": _("Attachments"),
}


# --- one incident ---------------------------------------------------------------


def page(request: Request) -> dict[str, Any]:
    """The whole page."""
    incident, documents = _incident(request), request.find_service(Documents)
    return {
        **_base(request, incident),
        "moments": _moments(request, incident),
        "show": request.GET.get("show", ""),
        "filters": FILTER_LABELS,
        "broadcasts": desk.broadcasts_of(request, incident.id),
        "relations": request.find_service(Relations).of(incident.id),
        **attachments.shown(request, Owner(incident_id=incident.id)),
        "people": names_of(request.db, (entry.actor for entry in incident.entries)),
        "now": request.find_service(IClock).now(),
        "reports": documents.of(incident.id),
        "instructions": request.find_service(Instructions).of(incident.id),
        "document_name": documents.name,
        "left_open": [item.text for item in open_of(request, incident)],
    }


def story(request: Request) -> dict[str, Any]:
    """The timeline alone."""
    incident = _incident(request)
    return {**_base(request, incident), "moments": _moments(request, incident)}


def head(request: Request) -> dict[str, Any]:
    """The clocks alone."""
    return _base(request, _incident(request))


def results(request: Request) -> dict[str, Any]:
    """The broadcasts alone."""
    incident = _incident(request)
    return {"incident": incident, "broadcasts": desk.broadcasts_of(request, incident.id)}


def broadcast_receipts(request: Request) -> dict[str, Any]:
    """What each person said to one of the incident's broadcasts."""
    incident = _incident(request)
    legs = desk.legs_of(request, int(request.matchdict["broadcast"]))
    if any(leg.incident_id != incident.id for leg in legs):
        raise HTTPNotFound
    heard = recordings_of(request.db, [leg.attempt_id for leg in legs])
    return {"receipts": receipts(legs, heard), "may_listen": bool(request.has_permission("listen"))}


def fact(request: Request) -> dict[str, Any]:
    """One fact: as it is, or with ``?edit`` as a field with its history."""
    incident, element = _incident(request), _element(request)
    editing = "edit" in request.GET and request.has_permission("desk")
    return _fact(request, incident, element, editing=bool(editing))


def change_fact(request: Request) -> dict[str, Any] | Response:
    """Change one fact; when somebody else did meanwhile, both texts are shown and nothing is overwritten."""
    incident, element = _incident(request), _element(request)
    text, was = request.POST.get("text", ""), request.POST.get("was", "")
    faults: dict[str, Any] = {}
    try:
        incident, unread = request.find_service(Incidents).edit(
            incident.id, {element.name: text}, was={element.name: was}
        )
        if unread:
            faults["fault"] = _(
                "This cannot be read as “${element}”.", mapping={"element": _translated(request, element)}
            )
    except TooLong as error:
        faults["fault"] = _(
            "This has ${length} characters; ${limit} are the most.",
            mapping={"length": error.length, "limit": error.element.limit},
        )
    except Overtaken as overtaken:
        faults["theirs"] = overtaken.theirs
    if faults:
        request.tm.doom()
        request.response.status_int = 409 if "theirs" in faults else 422
        return _fact(request, _incident(request), element, editing=True, typed=text, **faults)
    if not request.headers.get("HX-Request"):
        return HTTPSeeOther(request.route_path("incident", id=incident.id))
    return _fact(request, incident, element, editing=False)


def note(request: Request) -> Response:
    """A line for the timeline."""
    incident = _incident(request)
    try:
        request.find_service(Incidents).note(incident.id, request.POST.get("text", ""))
    except ValueError as error:
        request.tm.doom()
        raise HTTPBadRequest(_too_long() if isinstance(error, TooLong) else error.args[0]) from None
    return HTTPSeeOther(request.route_path("incident", id=incident.id))


def turn(request: Request) -> Response:
    """Close, open again with a reason, or undo whichever came last."""
    incident, verb = _incident(request), request.matchdict["verb"]
    incidents, reason = request.find_service(Incidents), request.POST.get("reason", "")
    undone = verb == "undo"
    if undone:
        verb = "close" if incident.status is IncidentStatus.OPEN else "reopen"
        reason = _translate(request, _("The last change of its state was a slip."))
    try:
        if verb == "close":
            incidents.close(incident.id, reason)
            said = _("Incident ${number} is closed.", mapping={"number": incident.number})
        else:
            incidents.reopen(incident.id, reason)
            said = _("Incident ${number} is open again.", mapping={"number": incident.number})
    except ValueError as error:
        request.tm.doom()
        raise HTTPBadRequest(_too_long() if isinstance(error, TooLong) else error.args[0]) from None
    say(request, said, "" if undone else request.route_path("incident.turn", id=incident.id, verb="undo"))
    return HTTPSeeOther(request.route_path("incident", id=incident.id))


def unlink(request: Request) -> Response:
    """The call was about something else."""
    incident, call_id = _incident(request), int(request.matchdict["call"])
    request.find_service(Incidents).unlink_call(incident.id, call_id)
    undo = request.route_path("incident.link", id=incident.id, call=call_id)
    say(request, _("The call was taken out of this incident."), undo)
    return HTTPSeeOther(request.route_path("incident", id=incident.id))


def link(request: Request) -> Response:
    """The call was about this."""
    incident = _incident(request)
    try:
        request.find_service(Incidents).link_call(incident.id, int(request.matchdict["call"]), request.identity.id)
    except LookupError:
        raise HTTPNotFound from None
    return HTTPSeeOther(request.route_path("incident", id=incident.id))


def deadline(request: Request) -> Response:
    """The report was made, or was not after all."""
    deadlines, deadline_id = request.find_service(Deadlines), int(request.matchdict["id"])
    try:
        if request.matchdict["verb"] == "meet":
            met = deadlines.meet(deadline_id, request.identity.id)
            undo = request.route_path("deadline.turn", id=deadline_id, verb="undo")
            said = _("Noted: ${report} was made.", mapping={"report": _translate(request, REPORT_LABELS[met.report])})
            say(request, said, undo)
        else:
            met = deadlines.undo_meet(deadline_id)
    except NoSuchDeadline:
        raise HTTPNotFound from None
    if request.POST.get("back") == "desk":
        return HTTPSeeOther(request.route_path("desk"))
    return HTTPSeeOther(request.route_path("incident", id=met.incident_id))


# --- within ---------------------------------------------------------------------


def _base(request: Request, incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident,
        "facts": FACTS,
        "labels": {element.name: element.label for element in ELEMENTS},
        "translate": request.localizer.translate,
        "shown": lambda name: shown_value(request, incident, name),
        "readable": lambda name, text: readable(request, name, text),
        "report_labels": REPORT_LABELS,
        "clocks": shown_clocks(incident),
        "whole": whole,
        "may_edit": bool(request.has_permission("desk")),
        "may_listen": bool(request.has_permission("listen")),
        "subtypes": SUBTYPE_LABELS,
    }


def _moments(request: Request, incident: Incident) -> Sequence[Any]:
    show = request.GET.get("show", "")
    return timeline(request.db, incident, show if show in FILTERS else "")


def shown_value(request: Request, incident: Incident, name: str) -> str:
    """An element as people read it."""
    value = getattr(incident, name)
    if value is None or value == "":
        return ""
    return readable(request, name, request.find_service(Incidents).text_of(incident, name))


def readable(request: Request, name: str, text: str) -> str:
    """An element's text as people read it: labels for codes, a space in times."""
    if not text:
        return ""
    if name == "incident_class" and text in set(IncidentClass):
        return _translate(request, label(IncidentClass(text)))
    if name == "level" and text in set(Level):
        return _translate(request, label(Level(text)))
    if name == "channel" and text in set(SourceChannel):
        return _translate(request, label(SourceChannel(text)))
    if name == "subtype":
        return _translate(request, SUBTYPE_LABELS.get(text, text))
    if name == "district_id":
        district = request.db.get(District, int(text)) if text.isdecimal() and len(text) < 10 else None
        return district.name if district else text
    return text.replace("T", " ", 1) if name in MOMENTS else text


def _fact(
    request: Request, incident: Incident, element: Element, *, editing: bool, typed: str | None = None, **faults: Any
) -> dict[str, Any]:
    text = request.find_service(Incidents).text_of(incident, element.name)
    return {
        **_base(request, incident),
        "element": element,
        "editing": editing,
        "was": text,
        "text": text if typed is None else typed,
        "choices": _choices(request, element.name) if editing else None,
        "history": history(incident, element.name) if editing else [],
        "who": names_of(request.db, (entry.actor for entry in incident.entries)) if editing else {},
        "fault": _translate(request, faults["fault"]) if "fault" in faults else "",
        "theirs": faults.get("theirs"),
    }


def _choices(request: Request, name: str) -> list[tuple[str, str]] | None:
    """What can be chosen, when the element isn't free text."""
    if name == "district_id":
        return [(str(d.id), d.name) for d in request.db.scalars(select(District).order_by(District.code))]
    members: dict[str, list[str]] = {
        "incident_class": [member.value for member in IncidentClass],
        "level": [member.value for member in Level],
        "channel": [member.value for member in SourceChannel],
        "subtype": [code for subtypes in TREE.values() for code, _label in subtypes],
    }
    if name not in members:
        return None
    return [(value, readable(request, name, value)) for value in members[name]]


def _too_long() -> TranslationString:
    return _("That is too long: 20,000 characters at most.")


def _translate(request: Request, text: str) -> str:
    translated: str = request.localizer.translate(text)
    return translated


def _translated(request: Request, element: Element) -> str:
    return _translate(request, element.label)


def _incident(request: Request) -> Incident:
    try:
        return request.find_service(Incidents).get(int(request.matchdict["id"]))
    except NoSuchIncident:
        raise HTTPNotFound from None


def _element(request: Request) -> Element:
    element = BY_NAME.get(request.matchdict["name"])
    if element is None:
        raise HTTPNotFound
    return element


def find_incidents(request: Request, text: str, limit: int) -> list[Found]:
    """For the find box."""
    if not request.has_permission("view"):
        return []
    return [
        Found(
            _("Incident"),
            row.number,
            row.title or row.place,
            request.route_path("incident", id=row.id),
            "clipboard-pulse",
        )
        for row in desk.named(request.db, text, limit)
    ]


def includeme(config: Configurator) -> None:
    one = r"/incidents/{id:\d{1,9}}"
    templates = "dutycenter:incidents/templates/"
    for name, pattern, view, method, permission, template in (
        ("incident", one, page, "GET", "view", "incident"),
        ("incident.story", one + "/timeline", story, "GET", "view", "timeline"),
        ("incident.head", one + "/clocks", head, "GET", "view", "clocks"),
        ("incident.results", one + "/broadcasts", results, "GET", "view", "results"),
        (
            "incident.receipts",
            one + r"/broadcasts/{broadcast:\d{1,9}}/receipts",
            broadcast_receipts,
            "GET",
            "view",
            "receipts",
        ),
        ("incident.fact", one + "/facts/{name}", fact, "GET", "view", "fact"),
        ("incident.note", one + "/notes", note, "POST", "desk", None),
        ("incident.turn", one + "/{verb:close|reopen|undo}", turn, "POST", "desk", None),
        ("incident.unlink", one + r"/calls/{call:\d{1,9}}/unlink", unlink, "POST", "desk", None),
        ("incident.link", one + r"/calls/{call:\d{1,9}}/link", link, "POST", "desk", None),
        ("deadline.turn", r"/deadlines/{id:\d{1,9}}/{verb:meet|undo}", deadline, "POST", "desk", None),
    ):
        config.add_route(name, pattern)
        renderer = f"{templates}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission=permission, renderer=renderer)
    config.add_view(
        change_fact,
        route_name="incident.fact",
        request_method="POST",
        permission="desk",
        renderer=templates + "fact.jinja2",
    )
    config.add_finder(find_incidents)

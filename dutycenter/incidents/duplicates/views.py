"""Likely duplicates beside the form, and links between incidents on their page."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.incidents.duplicates.candidates import likely
from dutycenter.incidents.duplicates.grounds import Ground
from dutycenter.incidents.duplicates.relations import Relations
from dutycenter.incidents.intakes import Intakes, NoSuchIntake, texts_of
from dutycenter.incidents.services import NoSuchIncident
from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

GROUND_LABELS = {
    Ground.NUMBER: _("same number"),
    Ground.PLACE: _("similar place"),
    Ground.WORDS: _("similar words"),
    Ground.SUBTYPE: _("same type"),
    Ground.CLASS: _("same class"),
    Ground.TIME: _("close in time"),
    Ground.DISTRICT: _("same district"),
}


def beside(request: Request) -> dict[str, Any]:
    """What the form may be about already; nothing once it is an incident."""
    try:
        intake = request.find_service(Intakes).get(int(request.matchdict["id"]))
    except NoSuchIntake:
        raise HTTPNotFound from None
    zone, now = settings_of(request.registry).time_zone, request.find_service(IClock).now()
    found = likely(request.db, intake, now, zone) if intake.incident_id is None else []
    return {"intake": intake, "likely": found, "ground_labels": GROUND_LABELS, "texts_of": texts_of}


def turn(request: Request) -> Response:
    """Link two incidents, or undo that."""
    one, other = int(request.matchdict["id"]), int(request.matchdict["other"])
    relations = request.find_service(Relations)
    try:
        if request.matchdict["verb"] == "link":
            relations.link(one, other, request.identity.id)
            said, undo = _("The two incidents are linked."), "unlink"
        else:
            relations.unlink(one, other)
            said, undo = _("The link was taken away."), "link"
    except NoSuchIncident:
        raise HTTPNotFound from None
    path = request.route_path("relation.turn", id=one, other=other, verb=undo)
    say(request, said, path)
    return HTTPSeeOther(request.route_path("incident", id=one))


def includeme(config: Configurator) -> None:
    config.add_route("desk.likely", r"/desk/intakes/{id:\d{1,9}}/likely")
    config.add_view(
        beside,
        route_name="desk.likely",
        request_method="GET",
        permission="desk",
        renderer="dutycenter:incidents/duplicates/templates/likely.jinja2",
    )
    config.add_route("relation.turn", r"/incidents/{id:\d{1,9}}/relations/{other:\d{1,9}}/{verb:link|unlink}")
    config.add_view(turn, route_name="relation.turn", request_method="POST", permission="desk")

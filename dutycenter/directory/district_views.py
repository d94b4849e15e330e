"""Districts: what the city is made of, by their codes."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.editing import DirectoryFault, Editing
from dutycenter.directory.models import District
from dutycenter.directory.services import Directory
from dutycenter.notices import say

_ = TranslationStringFactory("dutycenter")


def listing(request: Request) -> dict[str, Any]:
    """All districts, each with its form, and one for a new one."""
    return {"districts": request.find_service(Directory).districts(), "faults": {}, "of": None}


def save(request: Request) -> dict[str, Any] | Response:
    """Take a district's code and name."""
    district = None
    if "id" in request.matchdict:
        district = request.db.get(District, int(request.matchdict["id"]))
        if district is None:
            raise HTTPNotFound(_("There is no district of this name."))
    try:
        saved = request.find_service(Editing).save_district(
            district, request.POST.get("code", ""), request.POST.get("name", "")
        )
    except DirectoryFault as fault:
        request.response.status_int = 422
        return listing(request) | {"faults": fault.faults, "of": None if district is None else district.id}
    say(request, _("Saved: ${name}.", mapping={"name": saved.name}))
    return HTTPSeeOther(request.route_path("districts"))


def includeme(config: Configurator) -> None:
    config.add_route("districts", "/directory/districts")
    config.add_route("districts.one", r"/directory/districts/{id:\d{1,9}}")
    page = "templates/districts.jinja2"
    config.add_view(listing, route_name="districts", renderer=page, request_method="GET", permission="admin")
    for route in ("districts", "districts.one"):
        config.add_view(save, route_name=route, renderer=page, request_method="POST", permission="admin")

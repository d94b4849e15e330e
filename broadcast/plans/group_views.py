"""Groups of people, kept where plans are written."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from broadcast.plans.content import who_of
from broadcast.plans.who import Meaning
from dutycenter.directory.editing import DirectoryFault
from dutycenter.directory.groups import Groups
from dutycenter.directory.models import PersonGroup
from dutycenter.directory.services import Directory
from dutycenter.interfaces import IClock
from dutycenter.notices import say

_ = TranslationStringFactory("dutycenter")

SHOWN = 12  # names in the list


def listing(request: Request) -> dict[str, Any]:
    """All groups."""
    return {"groups": request.find_service(Groups).listed(), "SHOWN": SHOWN}


def form(request: Request) -> dict[str, Any]:
    """A group to be changed, or a new one."""
    group = _group(request)
    return _page(request, group, group.name if group else "", [p.id for p in group.people] if group else [], {})


def save(request: Request) -> dict[str, Any] | Response:
    """Take a group's name and people; departments and posts that were picked stand for their people now."""
    group = _group(request)
    chosen = [who for token in request.POST.getall("who") if (who := who_of(token)) is not None]
    people = request.find_service(Meaning).of(chosen, request.find_service(IClock).now()).people
    name = request.POST.get("name", "")
    try:
        saved = request.find_service(Groups).save(group, name, people)
    except DirectoryFault as fault:
        request.response.status_int = 422
        return _page(request, group, name, people, fault.faults)
    say(request, _("Saved: ${name}.", mapping={"name": saved.name}))
    return HTTPSeeOther(request.route_path("groups.list"))


def remove(request: Request) -> Response:
    """Take a group away."""
    group = _group(request)
    assert group is not None
    request.find_service(Groups).remove(group)
    say(request, _("The group ${name} is gone; its people stay in the directory.", mapping={"name": group.name}))
    return HTTPSeeOther(request.route_path("groups.list"))


def _page(
    request: Request, group: PersonGroup | None, name: str, people: list[int], faults: dict[str, Any]
) -> dict[str, Any]:
    return {
        "group": group,
        "name": name,
        "people": request.find_service(Directory).people(people) if people else [],
        "faults": faults,
    }


def _group(request: Request) -> PersonGroup | None:
    if "id" not in request.matchdict:
        return None
    group = request.find_service(Groups).group(int(request.matchdict["id"]))
    if group is None:
        raise HTTPNotFound(_("There is no such group."))
    return group


def includeme(config: Configurator) -> None:
    config.add_route("groups.list", "/groups")
    config.add_route("groups.new", "/groups/new")
    config.add_route("groups.group", r"/groups/{id:\d{1,9}}")
    config.add_route("groups.remove", r"/groups/{id:\d{1,9}}/remove")
    template = "broadcast.plans:templates/group.jinja2"
    config.add_view(
        listing, route_name="groups.list", permission="view", request_method="GET",
        renderer="broadcast.plans:templates/groups.jinja2",
    )  # fmt: skip
    for route in ("groups.new", "groups.group"):
        config.add_view(form, route_name=route, permission="admin", renderer=template, request_method="GET")
        config.add_view(save, route_name=route, permission="admin", renderer=template, request_method="POST")
    config.add_view(remove, route_name="groups.remove", permission="admin", request_method="POST")

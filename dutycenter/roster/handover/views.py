"""Handing over on screen: offer, take item by item, sign, print."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.roster.handover.items import open_items
from dutycenter.roster.handover.models import Handover
from dutycenter.roster.handover.services import HandoverFault, Handovers
from dutycenter.typed import row_id

_ = TranslationStringFactory("dutycenter")


def list_page(request: Request) -> dict[str, Any]:
    """The latest handovers."""
    handovers = request.find_service(Handovers)
    return {"handovers": handovers.latest(), "offered": handovers.offered(), "waiting": handovers.waiting()}


def offer_page(request: Request) -> dict[str, Any]:
    """What is open, and who takes over."""
    return _offer(request, "")


def offer(request: Request) -> dict[str, Any] | Response:
    """The first signature."""
    post = request.POST
    try:
        handover = request.find_service(Handovers).offer(
            row_id(post.get("to", "")),
            open_items(request),
            post.get("notes", ""),
            post.get("password", ""),
            request.remote_addr or "",
        )
    except HandoverFault as fault:
        request.response.status_int = 422
        return _offer(request, fault.words)
    return _to(request, handover)


def show(request: Request) -> dict[str, Any]:
    """One handover."""
    return _shown(request, _handover(request), "")


def take(request: Request) -> dict[str, Any] | Response:
    """Take one item on, or give it back."""
    handover = _handover(request)
    try:
        request.find_service(Handovers).take_item(
            handover,
            row_id(request.POST.get("item", "")),
            request.POST.get("taken") == "yes",
            request.POST.get("remark", ""),
        )
    except HandoverFault as fault:
        return _refused(request, handover, fault)
    return _to(request, handover)


def accept(request: Request) -> dict[str, Any] | Response:
    """The second signature."""
    handover = _handover(request)
    words = request.localizer.translate(
        _(
            "Handover: ${giver} to ${taker}, ${n} open items taken on.",
            mapping={"giver": handover.giver.name, "taker": handover.taker.name, "n": len(handover.items)},
        )
    )
    try:
        request.find_service(Handovers).accept(
            handover, request.POST.get("password", ""), request.remote_addr or "", words
        )
    except HandoverFault as fault:
        return _refused(request, handover, fault)
    return _to(request, handover)


def withdraw(request: Request) -> dict[str, Any] | Response:
    """Take an offer back."""
    handover = _handover(request)
    try:
        request.find_service(Handovers).withdraw(handover)
    except HandoverFault as fault:
        return _refused(request, handover, fault)
    return HTTPSeeOther(request.route_path("handover.list"))


def _offer(request: Request, fault: TranslationString | str) -> dict[str, Any]:
    handovers = request.find_service(Handovers)
    return {
        "items": open_items(request),
        "takers": handovers.takers(),
        "offered": handovers.offered(),
        "values": request.POST,
        "fault": fault,
    }


def _shown(request: Request, handover: Handover, fault: TranslationString | str) -> dict[str, Any]:
    me = request.identity.id
    return {
        "handover": handover,
        "translate": request.localizer.translate,
        "left": sum(1 for item in handover.items if item.taken_at is None),
        "mine": handover.is_open and handover.from_id == me,
        "for_me": handover.is_open and handover.to_id == me,
        "fault": fault,
    }


def _refused(request: Request, handover: Handover, fault: HandoverFault) -> dict[str, Any]:
    request.response.status_int = 422
    return _shown(request, handover, fault.words)


def _handover(request: Request) -> Handover:
    handover: Handover | None = request.find_service(Handovers).get(int(request.matchdict["id"]))
    if handover is None:
        raise HTTPNotFound(_("There is no such handover."))
    return handover


def _to(request: Request, handover: Handover) -> Response:
    return HTTPSeeOther(request.route_path("handover.show", id=handover.id))


def includeme(config: Configurator) -> None:
    config.add_route("handover.list", "/roster/handovers")
    config.add_route("handover.offer", "/roster/handovers/new")
    config.add_route("handover.show", r"/roster/handovers/{id:\d{1,9}}")
    for act in ("take", "accept", "withdraw"):
        config.add_route(f"handover.{act}", rf"/roster/handovers/{{id:\d{{1,9}}}}/{act}")
    one = "templates/handover.jinja2"
    for route, view, method, renderer, permission in (
        ("list", list_page, "GET", "templates/list.jinja2", "view"),
        ("offer", offer_page, "GET", "templates/offer.jinja2", "desk"),
        ("offer", offer, "POST", "templates/offer.jinja2", "desk"),
        ("show", show, "GET", one, "view"),
        ("take", take, "POST", one, "desk"),
        ("accept", accept, "POST", one, "desk"),
        ("withdraw", withdraw, "POST", one, "desk"),
    ):
        config.add_view(
            view, route_name=f"handover.{route}", renderer=renderer, request_method=method, permission=permission
        )

"""Changing a running broadcast: more people, another message, somebody taken out."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from broadcast import launch
from broadcast.models import EVERYBODY, Broadcast, BroadcastMessage, Recipient
from broadcast.plans.content import who_of
from broadcast.plans.who import Meaning
from broadcast.running import Running
from broadcast.services import UNDER_WAY
from broadcast.wishes import WishError
from dutycenter.interfaces import ExtraNumber, IClock
from dutycenter.notices import say

_ = TranslationStringFactory("dutycenter")


def change(request: Request) -> dict[str, Any]:
    """The page on which people are added and the message is corrected."""
    return _page(request, _broadcast(request))


def add(request: Request) -> Response | dict[str, Any]:
    """Take people in."""
    broadcast = _broadcast(request)
    chosen = [who for token in request.POST.getall("who") if (who := who_of(token)) is not None]
    people = request.find_service(Meaning).of(chosen, request.find_service(IClock).now()).people
    extras = launch.extras_of(request.POST)
    if not people and not extras:
        return _again(request, broadcast, {"people": _("Nobody is chosen. Choose departments or people to call.")})
    try:
        made = request.find_service(Running).add(broadcast.id, people, extras)
    except WishError as error:
        return _again(request, broadcast, error.faults, extras=extras)
    except LookupError:
        return _too_late(request, broadcast)
    say(request, _("${n} more people are called.", mapping={"n": len(made)}))
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast.id))


def correct(request: Request) -> Response | dict[str, Any]:
    """Say something else from now on."""
    broadcast = _broadcast(request)
    text = request.POST.get("message", "")[: launch.MAX_TEXT]
    try:
        request.find_service(Running).correct(broadcast.id, text)
    except WishError as error:
        return _again(request, broadcast, error.faults, message=text)
    except LookupError:
        return _too_late(request, broadcast)
    say(request, _("The message is corrected. Who answered the old one is told in a round of its own."))
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast.id))


def turn_person(request: Request) -> Response:
    """Take somebody out, or put them back."""
    broadcast = _broadcast(request)
    recipient = request.db.get(Recipient, int(request.matchdict["recipient"]))
    if recipient is None or recipient.broadcast_id != broadcast.id:
        raise HTTPNotFound(_("There is no such person in this broadcast."))
    running = request.find_service(Running)
    act = running.take_out if request.matchdict["verb"] == "take-out" else running.put_back
    if not act(recipient.id):
        words = _("This person has an outcome already, or the broadcast does not run.")
        say(request, words, kind="error")
    return HTTPSeeOther(request.route_path("broadcast.person", id=broadcast.id, recipient=recipient.id))


def _page(
    request: Request,
    broadcast: Broadcast,
    faults: dict[str, str] | Any = None,
    message: str | None = None,
    extras: list[ExtraNumber] | None = None,
) -> dict[str, Any]:
    versions = request.db.scalars(
        select(BroadcastMessage)
        .where(BroadcastMessage.broadcast_id == broadcast.id, BroadcastMessage.audience == EVERYBODY)
        .order_by(BroadcastMessage.version.desc())
    ).all()
    return {
        "broadcast": broadcast,
        "under_way": broadcast.state in UNDER_WAY,
        "faults": faults or {},
        "message": broadcast.message if message is None else message,
        "extras": extras or [],
        "versions": versions,
    }


def _again(request: Request, broadcast: Broadcast, faults: Any, **typed: Any) -> dict[str, Any]:
    request.tm.doom()
    request.response.status_int = 422
    said = {
        name: request.localizer.translate(words) if isinstance(words, TranslationString) else words
        for name, words in faults.items()
    }
    return _page(request, broadcast, said, **typed)


def _too_late(request: Request, broadcast: Broadcast) -> Response:
    words = _("The broadcast has changed meanwhile; look at its state and try again.")
    say(request, words, kind="warning")
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast.id))


def _broadcast(request: Request) -> Broadcast:
    found = request.db.get(Broadcast, int(request.matchdict["id"]))
    if found is None or found.launched_at is None:
        raise HTTPNotFound(_("There is no such broadcast."))
    return found


def includeme(config: Configurator) -> None:
    one = r"/broadcasts/{id:\d{1,9}}"
    config.add_route("broadcast.change", one + "/change")
    config.add_route("broadcast.add", one + "/add")
    config.add_route("broadcast.correct", one + "/correct")
    config.add_route("broadcast.turn_person", one + r"/people/{recipient:\d{1,9}}/{verb:take-out|put-back}")
    template = "broadcast:templates/change.jinja2"
    config.add_view(change, route_name="broadcast.change", permission="desk", renderer=template, request_method="GET")
    config.add_view(add, route_name="broadcast.add", permission="desk", renderer=template, request_method="POST")
    config.add_view(
        correct, route_name="broadcast.correct", permission="desk", renderer=template, request_method="POST"
    )
    config.add_view(turn_person, route_name="broadcast.turn_person", permission="desk", request_method="POST")

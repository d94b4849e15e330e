"""The list of doors: printed for the units, worked through at the desk."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from broadcast.models import Broadcast
from broadcast.plans.knocks import Knocks
from broadcast.plans.models import KnockTask
from dutycenter.notices import say
from dutycenter.vocabulary import KnockResult

_ = TranslationStringFactory("dutycenter")


def every(request: Request) -> dict[str, Any]:
    """All doors that are still to be knocked at."""
    return _page(request, None)


def of_broadcast(request: Request) -> dict[str, Any]:
    """The doors of one broadcast, those done too."""
    broadcast = request.db.get(Broadcast, int(request.matchdict["id"]))
    if broadcast is None:
        raise HTTPNotFound(_("There is no such broadcast."))
    return _page(request, broadcast)


def _page(request: Request, broadcast: Broadcast | None) -> dict[str, Any]:
    tasks = request.find_service(Knocks).listed(None if broadcast is None else broadcast.id)
    ordered = sorted(tasks, key=lambda task: (task.unit, task.done_at is not None, task.id))
    return {
        "broadcast": broadcast,
        "units": [(unit, list(group)) for unit, group in groupby(ordered, key=lambda task: task.unit)],
        "open": sum(_is_open(task) for task in tasks),
        "exercise": any(task.broadcast.exercise for task in tasks),
        "results": list(KnockResult),
        "is_open": _is_open,
    }


def _is_open(task: KnockTask) -> bool:
    return task.done_at is None and task.withdrawn_at is None


def done(request: Request) -> Response:
    """What was found at a door."""
    result = request.POST.get("result", "")
    knocks = request.find_service(Knocks)
    task = None
    if result in set(KnockResult):
        task = knocks.done(int(request.matchdict["id"]), KnockResult(result), request.POST.get("note", ""))
    if task is None:
        words = _("This door has been dealt with meanwhile; look at the list again.")
        say(request, words, kind="warning")
        return _back(request, request.db.get(KnockTask, int(request.matchdict["id"])))
    words = _("Noted: ${name}.", mapping={"name": task.recipient.name})
    undo = request.route_path("knocks.reopen", id=task.id)
    say(request, words, undo)
    return _back(request, task)


def reopen(request: Request) -> Response:
    """Take back what was noted."""
    task = request.find_service(Knocks).reopen(int(request.matchdict["id"]))
    return _back(request, task)


def _back(request: Request, task: KnockTask | None) -> Response:
    if task is None:
        return HTTPSeeOther(request.route_path("knocks.list"))
    return HTTPSeeOther(request.route_path("knocks.broadcast", id=task.broadcast_id))


def includeme(config: Configurator) -> None:
    config.add_route("knocks.list", "/knocks")
    config.add_route("knocks.broadcast", r"/broadcasts/{id:\d{1,9}}/knocks")
    config.add_route("knocks.done", r"/knocks/{id:\d{1,9}}")
    config.add_route("knocks.reopen", r"/knocks/{id:\d{1,9}}/reopen")
    template = "broadcast.plans:templates/knocks.jinja2"
    config.add_view(every, route_name="knocks.list", permission="view", renderer=template, request_method="GET")
    config.add_view(
        of_broadcast, route_name="knocks.broadcast", permission="view", renderer=template, request_method="GET"
    )
    config.add_view(done, route_name="knocks.done", permission="desk", request_method="POST")
    config.add_view(reopen, route_name="knocks.reopen", permission="desk", request_method="POST")

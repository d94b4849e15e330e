"""Duplicates on screen: two by two, to be made one or told apart, each with its undo."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPConflict, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.duplicates import Duplicates
from dutycenter.directory.editing import ChangedMeanwhile, DirectoryFault
from dutycenter.directory.models import Person
from dutycenter.directory.services import Directory, has_failed
from dutycenter.notices import say

_ = TranslationStringFactory("dutycenter")


def listing(request: Request) -> dict[str, Any]:
    """Pairs that nobody has decided on."""
    return {"pairs": request.find_service(Duplicates).pairs(), "has_failed": has_failed}


def merge(request: Request) -> Response:
    """Make two rows one."""
    kept, gone = _person(request, "id"), _person(request, "other")
    try:
        entry = request.find_service(Duplicates).merge(kept, gone)
    except (ValueError, DirectoryFault) as fault:
        raise HTTPConflict(_("These two can't be merged any more. Load the page again.")) from fault
    words = _("${name} is one person now, with the numbers of both.", mapping={"name": kept.name})
    return _back(request, words, request.route_path("duplicates.part", id=kept.id, entry=entry))


def part(request: Request) -> Response:
    """Undo a merge."""
    kept = _person(request, "id")
    try:
        request.find_service(Duplicates).part(kept, int(request.matchdict["entry"]))
    except LookupError:
        raise HTTPNotFound(_("There is no such change.")) from None
    except ChangedMeanwhile:
        raise HTTPConflict(_("This person was changed again since; the older change cannot be undone.")) from None
    return _back(request, _("Undone: ${name} is as before.", mapping={"name": kept.name}))


def tell_apart(request: Request) -> Response:
    """They are two people."""
    one, other = _person(request, "id"), _person(request, "other")
    request.find_service(Duplicates).tell_apart(one, other)
    words = _("Noted: ${one} and ${other} are two people.", mapping={"one": one.name, "other": other.name})
    return _back(request, words, request.route_path("duplicates.again", id=one.id, other=other.id))


def ask_again(request: Request) -> Response:
    """Perhaps they are not."""
    request.find_service(Duplicates).ask_again(_person(request, "id"), _person(request, "other"))
    return HTTPSeeOther(request.route_path("duplicates"))


def _back(request: Request, words: TranslationString, undo: str = "") -> Response:
    say(request, words, undo)
    return HTTPSeeOther(request.route_path("duplicates"))


def _person(request: Request, name: str) -> Person:
    directory = request.find_service(Directory)
    person: Person | None = directory.person(int(request.matchdict[name]))
    if person is None or not directory.covers(person.department_id):
        raise HTTPNotFound(_("There is no such person in the directory."))
    return person


def includeme(config: Configurator) -> None:
    config.add_route("duplicates", "/directory/duplicates")
    two = r"/directory/duplicates/{id:\d{1,9}}/{other:\d{1,9}}/"
    for act in ("merge", "apart", "again"):
        config.add_route(f"duplicates.{act}", two + act)
    config.add_route("duplicates.part", r"/directory/duplicates/{id:\d{1,9}}/part/{entry:\d{1,18}}")
    config.add_view(
        listing, route_name="duplicates", renderer="templates/duplicates.jinja2", request_method="GET",
        permission="directory",
    )  # fmt: skip
    for act, view in (("merge", merge), ("part", part), ("apart", tell_apart), ("again", ask_again)):
        config.add_view(view, route_name=f"duplicates.{act}", request_method="POST", permission="directory")

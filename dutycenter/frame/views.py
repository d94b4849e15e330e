"""Pages of the frame itself: the way in, language, find box, settings overview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.events import BeforeRender
from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select

from dutycenter.frame.find import find
from dutycenter.frame.i18n import LANGUAGE_COOKIE, LANGUAGE_NAMES
from dutycenter.frame.labels import ROLE_WORDS
from dutycenter.frame.nav import Place, has_path, may, places
from dutycenter.frame.papers import papers_of
from dutycenter.switch.models import Gateway
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

YEAR = 365 * 24 * 3600

# What the page's own scripts say.
WORDS = {
    "away": _("The server cannot be reached"),
    "awayText": _("What you typed is still on this page. Telephone calls go on. Try again in a moment."),
    "failed": _("This did not work"),
    "failedText": _("Nothing was changed. Load the page again and repeat the step."),
    "close": _("Close"),
    "space": _("Space"),
    "keys": _("Show the keys of this page"),
    "days": _("${n} d"),
    "hold": _("Hold this button down until it is filled."),
}


def home(request: Request) -> Response:
    """To the first page that this reader works on."""
    if request.identity.gate is not None:
        return HTTPSeeOther(request.route_path(f"accounts.{request.identity.gate}"))
    found = places(request)
    return HTTPSeeOther(found[0].path if found else request.route_path("accounts.me"))


def find_box(request: Request) -> dict[str, Any]:
    """``/find?q=…``: the page, or for htmx the lines alone."""
    text = request.params.get("q", "").strip()
    return {"text": text, "pages": _pages(request, text), "found": find(request, text)}


def find_lines(request: Request) -> dict[str, Any]:
    """The same, for the box that opens with Ctrl-K."""
    return find_box(request)


def _pages(request: Request, text: str) -> Sequence[Place]:
    wanted = text.casefold()
    shown = places(request)
    return [
        place
        for place in shown
        if not wanted or wanted in request.localizer.translate(place.label).casefold() or wanted in place.path
    ]


def choose_language(request: Request) -> Response:
    """Keep the reader's language in a cookie, and go back to where they were."""
    language = request.POST.get("language", "")
    if language not in settings_of(request.registry).languages:
        raise HTTPBadRequest
    back = request.POST.get("back", "/")
    response = HTTPSeeOther(back if is_own_path(back) else "/")
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, samesite="Lax", httponly=True)
    return response


def is_own_path(path: str) -> bool:
    """Is it a path of ours: no other host, no script?"""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and not any(ord(c) < 32 for c in path)


def overview(request: Request) -> dict[str, Any]:
    """``/settings``: what an administrator looks after."""
    gateways = request.db.scalars(select(Gateway).order_by(Gateway.switch, Gateway.name)).all()
    return {"gateways": gateways, "settings": settings_of(request.registry)}


def _add_globals(event: BeforeRender) -> None:
    """What every template may use without its view giving it."""
    request = event.get("request")
    if request is None:
        return
    settings = settings_of(request.registry)
    event.setdefault("settings", settings)
    event.setdefault("nav", lambda: places(request))
    event.setdefault("may", lambda permission: may(request, permission))
    event.setdefault("papers", lambda of, **ids: papers_of(request, of, **ids))
    event.setdefault("has_path", lambda path: has_path(request, path))
    event.setdefault("page_words", lambda: {name: request.localizer.translate(text) for name, text in WORDS.items()})
    event.setdefault("role_words", ROLE_WORDS.__getitem__)
    event.setdefault("languages", [(code, LANGUAGE_NAMES.get(code, code)) for code in settings.languages])


def includeme(config: Configurator) -> None:
    config.add_subscriber(_add_globals, BeforeRender)
    config.add_route("home", "/")
    config.add_view(home, route_name="home", permission="own")
    config.add_route("find", "/find")
    config.add_view(find_box, route_name="find", renderer="dutycenter:templates/find.jinja2", request_method="GET")
    config.add_view(
        find_lines,
        route_name="find",
        renderer="dutycenter:templates/find_lines.jinja2",
        request_method="GET",
        header="HX-Request",
    )
    config.add_route("language", "/language")
    config.add_view(choose_language, route_name="language", request_method="POST", permission=NO_PERMISSION_REQUIRED)
    config.add_route("settings", "/settings")
    config.add_view(
        overview, route_name="settings", renderer="dutycenter:templates/settings.jinja2", permission="admin"
    )

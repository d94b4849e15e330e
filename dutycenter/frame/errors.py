"""Error pages: what happened, what is safe, what to do, in the reader's language.

A view says more than the standard words by raising with a translation string:
``raise HTTPConflict(_("Somebody else changed this person meanwhile."))``.
Requests made by htmx get a short notice instead of a page, and what the reader
typed stays where it is.
"""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import check_csrf_token
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.orm.exc import StaleDataError

_ = TranslationStringFactory("dutycenter")
log = logging.getLogger(__name__)

# What somebody typed when the log-in ended is carried over the log-in page, up to this size.
MAX_KEPT = 200_000
NEVER_KEPT = ("csrf_token", "password", "new_password", "again")


@dataclass(frozen=True)
class Words:
    """An error in three sentences."""

    title: str
    what: str
    safe: str
    todo: str


WORDS: dict[int, Words] = {
    400: Words(
        _("This request could not be understood"),
        _("Something in the request was missing or of the wrong form."),
        _("Nothing was changed."),
        _("Go back, check what was entered and send it again."),
    ),
    403: Words(
        _("You may not do this"),
        _("Your account has no permission for this page or action."),
        _("Nothing was changed."),
        _("If your work needs it, ask an administrator to change your role."),
    ),
    404: Words(
        _("There is nothing here"),
        _("No page or record has this address. It may have been mistyped or belong to another installation."),
        _("Nothing was changed."),
        _("Press Ctrl-K to find a person, a number, an incident or a page."),
    ),
    405: Words(
        _("This cannot be done here"),
        _("This address doesn't take this kind of request."),
        _("Nothing was changed."),
        _("Go back and use the buttons of the page."),
    ),
    409: Words(
        _("Somebody else was faster"),
        _("This was changed by somebody else while you looked at it."),
        _("Their change is kept; yours was not saved."),
        _("Load the page again, look at what changed, and enter yours once more."),
    ),
    411: Words(
        _("This request could not be understood"),
        _("The request does not say how long it is."),
        _("Nothing was changed."),
        _("Use an ordinary browser."),
    ),
    413: Words(
        _("This is too large"),
        _("What was sent is larger than this installation takes."),
        _("Nothing was saved, and nothing that was there is lost."),
        _("Go back and shorten the text, or choose a smaller file."),
    ),
    500: Words(
        _("Something went wrong on our side"),
        _("The system met an error that nobody foresaw."),
        _("What was saved before is safe; this one step was undone completely. Telephone calls are not affected."),
        _("Try again. If it happens again, tell the administrator this reference:"),
    ),
}
CSRF = Words(
    _("This page had become too old to be sent"),
    _("The page did not carry the proof that it comes from you; it was open too long, or another site sent it."),
    _("Nothing was changed."),
    _("Go back, load the page again and send it once more."),
)

PLAIN = """<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>500</title>
<h1>系统出错</h1><p>此前保存的内容安全，本次操作已撤回，电话不受影响。请重试；如再次出现，请将此编号告知管理员：<code>{reference}</code></p>
<h1 lang="en">Something went wrong on our side</h1><p lang="en">What was saved before is safe, this step was undone, telephone
calls are not affected. Try again; if it happens again, tell the administrator this reference: <code>{reference}</code></p>
"""


def error_response(
    request: Request, status: int, words: Words | None = None, detail: str = "", reference: str = ""
) -> Response:
    """The page of an error, or for htmx a notice that leaves the page as it is."""
    words = words or WORDS.get(status) or WORDS[400 if status < 500 else 500]
    if request.headers.get("HX-Request"):
        return _notice(request, status, words, detail, reference)
    values = {"words": words, "status": status, "detail": detail, "reference": reference}
    response = Response(render("dutycenter:templates/error.jinja2", values, request=request))
    response.status_int = status
    return response


def _notice(request: Request, status: int, words: Words, detail: str, reference: str) -> Response:
    say = request.localizer.translate
    text = " ".join(part for part in (say(detail or words.what), say(words.safe), say(words.todo), reference) if part)
    response = Response(status=status)
    response.headers["HX-Reswap"] = "none"
    if request.headers.get("X-Background"):
        return response  # nobody asked: the strip says by itself that the state is unknown
    response.headers["HX-Trigger"] = json.dumps({"toast": {"kind": "error", "title": say(words.title), "text": text}})
    return response


def _detail(error: Exception) -> str:
    detail = getattr(error, "detail", None)
    return detail if isinstance(detail, TranslationString) else ""


def http_error(error: HTTPException, request: Request) -> Response:
    """Any HTTP error that a view raised."""
    if error.status_int < 400:
        return error
    return error_response(request, error.status_int, detail=_detail(error))


def not_found(error: HTTPNotFound, request: Request) -> Response:
    """No such page, or no such record."""
    return error_response(request, 404, detail=_detail(error))


def forged(error: Exception, request: Request) -> Response:
    """A form without its token."""
    return error_response(request, 400, CSRF)


def stale(error: StaleDataError, request: Request) -> Response:
    """Two people saved the same thing at once."""
    return error_response(request, 409)


def forbidden(error: HTTPForbidden, request: Request) -> Response:
    """Not logged in: to the log-in page and back; otherwise: not allowed."""
    identity = request.identity
    if identity is None:
        return _to_log_in(request)
    if identity.gate is not None:
        return HTTPSeeOther(request.route_path(f"accounts.{identity.gate}"))
    return error_response(request, 403, detail=_detail(error))


def _to_log_in(request: Request) -> Response:
    ended = bool(request.environ.get("dutycenter.session_ended"))
    if request.headers.get("HX-Request"):
        words = Words(
            _("Your log-in has ended"),
            _("For safety a log-in ends after some time."),
            _("What you typed is still on this page."),
            _("Log in again in another tab, then repeat this step here."),
        )
        return error_response(request, 401, words)
    if request.method == "POST" and check_csrf_token(request, raises=False):
        kept = [(name, value) for name, value in request.POST.items() if _may_be_kept(name, value)]
        if kept and sum(len(name) + len(value) for name, value in kept) <= MAX_KEPT:
            return _log_in_keeping(request, kept)
    query = {"next": request.path_qs if request.method == "GET" else "/"}
    if ended:
        query["ended"] = "1"
    if query["next"] == "/" and not ended:
        return HTTPSeeOther(request.route_path("accounts.log_in"))
    return HTTPSeeOther(request.route_path("accounts.log_in", _query=query))


def _may_be_kept(name: str, value: Any) -> bool:
    return isinstance(value, str) and name not in NEVER_KEPT


def _log_in_keeping(request: Request, kept: list[tuple[str, str]]) -> Response:
    """The log-in page with what was typed inside, sent on after the log-in."""
    values = {
        "next": "", "ended": True, "failed": False, "username": "",
        "kept": json.dumps({"path": request.path_qs, "fields": kept}, ensure_ascii=False),
    }  # fmt: skip
    response = Response(render("dutycenter:templates/log_in.jinja2", values, request=request))
    response.status_int = 401
    return response


def crashed(error: Exception, request: Request) -> Response:
    """What nobody foresaw: logged under a reference that the reader can tell."""
    reference = secrets.token_hex(4)
    log.error("Error %s at %s %s", reference, request.method, request.path, exc_info=error)
    try:
        return error_response(request, 500, reference=reference)
    except Exception:
        # The page needs the store to know its reader; when that is what broke, these words need nothing.
        log.exception("Error %s could not be shown as a page", reference)
        return Response(PLAIN.format(reference=reference), status=500)


def includeme(config: Configurator) -> None:
    config.add_notfound_view(not_found, append_slash=False)
    config.add_forbidden_view(forbidden)
    config.add_exception_view(http_error, context=HTTPException)
    config.add_exception_view(forged, context=BadCSRFToken)
    config.add_exception_view(forged, context=BadCSRFOrigin)
    config.add_exception_view(stale, context=StaleDataError)
    config.add_exception_view(crashed, context=Exception)

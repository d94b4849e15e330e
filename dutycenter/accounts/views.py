"""Logging in and out, and one's own account."""

from __future__ import annotations

import json
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED, forget, remember

from dutycenter.accounts.models import Account
from dutycenter.accounts.passwords import MIN_LENGTH
from dutycenter.accounts.services import AccountFault, Accounts
from dutycenter.accounts.sessions import Gate
from dutycenter.notices import say
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

CODE_TEMPLATE = "dutycenter.accounts:templates/code.jinja2"


def log_in_page(request: Request) -> dict[str, Any] | Response:
    """The log-in page; who is logged in already goes on."""
    if request.identity is not None:
        return HTTPSeeOther(own_path(request.GET.get("next", "")))
    return {
        "next": own_path(request.GET.get("next", "")),
        "ended": request.GET.get("ended") == "1",
        "failed": False,
        "username": "",
        "kept": "",
    }


def log_in(request: Request) -> dict[str, Any] | Response:
    """Check username and password; then on to where one was going."""
    accounts = request.find_service(Accounts)
    username, password = request.POST.get("username", ""), request.POST.get("password", "")
    address = request.remote_addr or ""
    kept = request.POST.get("kept", "")
    onward = own_path(request.POST.get("next", ""))
    account = accounts.authenticate(username, password, address)
    if account is None:
        request.response.status_int = 401
        return {"next": onward, "ended": False, "failed": True, "username": username[:64], "kept": kept}
    if account.factor_secret is not None:
        half = remember(request, accounts.half_log_in(account, address))
        asked = {"next": onward, "kept": kept, "fault": ""}
        return render_to_response(CODE_TEMPLATE, asked, request=request, response=_with_headers(request, half))
    return enter(request, account, onward, kept)


def enter(request: Request, account: Account, onward: str, kept: str) -> Response:
    """Open the whole log-in, and go on to where one was going, or back to what one was typing."""
    headers = remember(request, request.find_service(Accounts).log_in(account, request.remote_addr or ""))
    form = _kept_form(kept)
    if form is not None and not account.must_change:
        resume = "dutycenter.accounts:templates/resume.jinja2"
        return render_to_response(resume, form, request=request, response=_with_headers(request, headers))
    return HTTPSeeOther(onward, headers=headers)


def _with_headers(request: Request, headers: list[tuple[str, str]]) -> Response:
    request.response.headerlist.extend(headers)
    return request.response


def _kept_form(kept: str) -> dict[str, Any] | None:
    """What was typed before the log-in ended: it went through the browser, so nothing in it is trusted."""
    try:
        form = json.loads(kept) if kept else None
        if form is None:
            return None
        path, fields = form["path"], [(str(name), str(value)) for name, value in form["fields"]]
    except (ValueError, KeyError, TypeError):
        return None
    return {"path": own_path(str(path)), "fields": fields}


def log_out(request: Request) -> Response:
    """End this log-in."""
    identity = request.identity
    accounts = request.find_service(Accounts)
    account = accounts.get(identity.id)
    assert account is not None
    accounts.log_out(account, identity.session)
    request.session.invalidate()
    say(request, _("You are logged out."))
    return HTTPSeeOther(request.route_path("accounts.log_in"), headers=forget(request))


def me(request: Request) -> dict[str, Any]:
    """One's own account."""
    return {"account": request.find_service(Accounts).get(request.identity.id)}


def choose_language(request: Request) -> Response:
    """Keep one's language with the account."""
    language = request.POST.get("language", "")
    account = request.find_service(Accounts).get(request.identity.id)
    if account is not None and language in settings_of(request.registry).languages:
        request.find_service(Accounts).set_language(account, language)
    return HTTPSeeOther(own_path(request.POST.get("back", "")))


def password_page(request: Request) -> dict[str, Any]:
    """Change one's password; at the first log-in the only page there is."""
    return {"fault": "", "must_change": request.identity.gate is Gate.PASSWORD, "min_length": MIN_LENGTH}


def change_password(request: Request) -> dict[str, Any] | Response:
    """Take the new password."""
    identity = request.identity
    accounts = request.find_service(Accounts)
    account = accounts.get(identity.id)
    assert account is not None
    new = request.POST.get("new_password", "")
    fault: str = ""
    if new != request.POST.get("again", ""):
        fault = _("The two new passwords differ; type the same one twice.")
    else:
        try:
            accounts.change_password(account, request.POST.get("password", ""), new, keep=identity.session)
        except AccountFault as refused:
            fault = refused.words
    if fault:
        request.response.status_int = 422
        return {"fault": fault, "must_change": identity.gate is Gate.PASSWORD, "min_length": MIN_LENGTH}
    say(request, _("Your password is changed."))
    return HTTPSeeOther("/")


def own_path(path: str) -> str:
    """A path of ours to go on to; the first page for anything else."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\", "/log-in", "/log-out"))
    return path if ours and path.isprintable() else "/"


def includeme(config: Configurator) -> None:
    config.add_route("accounts.log_in", "/log-in")
    config.add_route("accounts.log_out", "/log-out")
    config.add_route("accounts.me", "/account")
    config.add_route("accounts.language", "/account/language")
    config.add_route("accounts.password", "/account/password")
    log_in_template = "dutycenter:templates/log_in.jinja2"
    own_password = "templates/password.jinja2"  # noqa: S105 – a file
    config.add_view(
        log_in_page, route_name="accounts.log_in", renderer=log_in_template,
        request_method="GET", permission=NO_PERMISSION_REQUIRED,
    )  # fmt: skip
    config.add_view(
        log_in, route_name="accounts.log_in", renderer=log_in_template,
        request_method="POST", permission=NO_PERMISSION_REQUIRED,
    )  # fmt: skip
    config.add_view(log_out, route_name="accounts.log_out", request_method="POST", permission="enter")
    config.add_view(me, route_name="accounts.me", renderer="templates/me.jinja2", permission="own")
    config.add_view(choose_language, route_name="accounts.language", request_method="POST", permission="own")
    config.add_view(
        password_page, route_name="accounts.password", renderer=own_password, request_method="GET", permission="own"
    )
    config.add_view(
        change_password, route_name="accounts.password", renderer=own_password, request_method="POST", permission="own"
    )

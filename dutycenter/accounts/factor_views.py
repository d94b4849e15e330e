"""The second factor on screen: asked for at log-in, set up, renewed, dropped."""

from __future__ import annotations

from typing import Any

import segno
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget

from dutycenter.accounts.factors import WRONG_CODE, SecondFactors
from dutycenter.accounts.models import Account
from dutycenter.accounts.second_factor import provisioning_uri
from dutycenter.accounts.services import AccountFault, Accounts
from dutycenter.accounts.sessions import Gate
from dutycenter.accounts.views import CODE_TEMPLATE, enter, own_path
from dutycenter.notices import say
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

PAPER_TEMPLATE = "dutycenter.accounts:templates/paper_codes.jinja2"
SETTING_UP_TEMPLATE = "dutycenter.accounts:templates/factor_setting_up.jinja2"


def code_page(request: Request) -> dict[str, Any] | Response:
    """Ask for the code of a log-in that waits for it."""
    if request.identity.gate is not Gate.CODE:
        return HTTPSeeOther("/")
    return {"next": own_path(request.GET.get("next", "")), "kept": "", "fault": ""}


def take_code(request: Request) -> dict[str, Any] | Response:
    """The code: with the right one the log-in is whole."""
    identity = request.identity
    onward, kept = own_path(request.POST.get("next", "")), request.POST.get("kept", "")
    if identity.gate is not Gate.CODE:
        return HTTPSeeOther(onward)
    accounts, account = request.find_service(Accounts), _own(request)
    if request.find_service(SecondFactors).accept(account, *_proof(request)):
        accounts.sessions.end(identity.session)
        return enter(request, account, onward, kept)
    if accounts.is_locked(account):
        accounts.sessions.end(identity.session)
        return HTTPSeeOther(request.route_path("accounts.log_in"), headers=forget(request))
    request.response.status_int = 401
    return {"next": onward, "kept": kept, "fault": WRONG_CODE}


def factor_page(request: Request) -> dict[str, Any]:
    """Where one's second factor stands."""
    return _standing(request, "")


def begin(request: Request) -> dict[str, Any] | Response:
    """Show the secret to a telephone."""
    account = _own(request)
    try:
        secret = request.find_service(SecondFactors).begin(account, *_proof(request))
    except AccountFault as refused:
        return _standing(request, refused.words)
    return _setting_up(request, account, secret, "")


def confirm(request: Request) -> dict[str, Any] | Response:
    """Take it into use."""
    account, factors = _own(request), request.find_service(SecondFactors)
    try:
        codes = factors.confirm(account, request.POST.get("code", ""), keep=request.identity.session)
    except AccountFault as refused:
        secret = factors.pending(account)
        if secret is None:
            return _standing(request, refused.words)
        return _setting_up(request, account, secret, refused.words)
    return _paper(request, account, codes)


def renew_paper(request: Request) -> dict[str, Any] | Response:
    """New paper codes."""
    account = _own(request)
    try:
        codes = request.find_service(SecondFactors).renew_paper(account, *_proof(request))
    except AccountFault as refused:
        return _standing(request, refused.words)
    return _paper(request, account, codes)


def drop(request: Request) -> dict[str, Any] | Response:
    """Go without."""
    try:
        request.find_service(SecondFactors).drop(_own(request), *_proof(request))
    except AccountFault as refused:
        return _standing(request, refused.words)
    say(request, _("The second factor is dropped."))
    return HTTPSeeOther(request.route_path("accounts.me"))


def _own(request: Request) -> Account:
    account = request.find_service(Accounts).get(request.identity.id)
    assert account is not None
    return account


def _proof(request: Request) -> tuple[str, str]:
    """The typed code, and from where it came."""
    return request.POST.get("code", ""), request.remote_addr or ""


def _standing(request: Request, fault: str) -> dict[str, Any]:
    if fault:
        request.response.status_int = 422
    account = _own(request)
    return {
        "account": account,
        "fault": fault,
        "required": account.role in settings_of(request.registry).second_factor,
        "paper_left": request.find_service(SecondFactors).paper_left(account),
    }


def _setting_up(request: Request, account: Account, secret: str, fault: str) -> Response:
    uri = provisioning_uri(secret, account.username, settings_of(request.registry).duty_room)
    values = {
        "picture": segno.make(uri, error="m").svg_inline(omitsize=True, dark="#000", light="#fff"),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "fault": fault,
    }
    response = render_to_response(SETTING_UP_TEMPLATE, values, request=request)
    response.status_int = 422 if fault else 200
    return response


def _paper(request: Request, account: Account, codes: list[str]) -> Response:
    # The codes are in this answer alone: no redirect, so that they are kept nowhere.
    return render_to_response(PAPER_TEMPLATE, {"codes": codes, "account": account}, request=request)


def includeme(config: Configurator) -> None:
    config.add_route("accounts.code", "/log-in/code")
    config.add_route("accounts.factor", "/account/factor")
    for act in ("confirm", "paper", "drop"):
        config.add_route(f"accounts.factor_{act}", f"/account/factor/{act}")
    standing = "templates/factor.jinja2"
    for route, view, method, renderer, permission in (
        ("code", code_page, "GET", CODE_TEMPLATE, "enter"),
        ("code", take_code, "POST", CODE_TEMPLATE, "enter"),
        ("factor", factor_page, "GET", standing, "own"),
        ("factor", begin, "POST", standing, "own"),
        ("factor_confirm", confirm, "POST", standing, "own"),
        ("factor_paper", renew_paper, "POST", standing, "own"),
        ("factor_drop", drop, "POST", standing, "own"),
    ):
        config.add_view(
            view, route_name=f"accounts.{route}", renderer=renderer, request_method=method, permission=permission
        )

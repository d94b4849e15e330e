"""Accounts, for administrators: open, reset, change role, close."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.accounts.factors import SecondFactors
from dutycenter.accounts.models import Account
from dutycenter.accounts.services import POWERFUL, AccountFault, Accounts
from dutycenter.directory.services import Directory
from dutycenter.notices import say
from dutycenter.typed import row_id
from dutycenter.vocabulary import Role

_ = TranslationStringFactory("dutycenter")


def listing(request: Request) -> dict[str, Any]:
    """All accounts."""
    return {"accounts": request.find_service(Accounts).all()}


def new_page(request: Request) -> dict[str, Any]:
    """The form of a new account."""
    return _new_form(request, {"role": Role.OFFICER.value}, "")


def _new_form(request: Request, values: Mapping[str, str], fault: str) -> dict[str, Any]:
    departments = request.find_service(Directory).departments()
    return {"fault": fault, "values": values, "roles": list(Role), "departments": departments}


def create(request: Request) -> dict[str, Any] | Response:
    """Open an account and show its one-time password."""
    values = dict(request.POST)
    accounts = request.find_service(Accounts)
    try:
        _countersign(request, None)
        password = accounts.create(
            values.get("username", ""), values.get("name", ""), _role(values), values.get("desk", ""),
            department_id=row_id(values.get("department", "")) or None,
        )  # fmt: skip
    except AccountFault as refused:
        request.response.status_int = 422
        return _new_form(request, values, refused.words)
    account = accounts.find(values["username"])
    assert account is not None
    return _password_shown(request, account, password)


def _password_shown(request: Request, account: Account, password: str) -> dict[str, Any]:
    # The password is in this answer alone: no redirect, so that it is kept nowhere.
    request.override_renderer = "dutycenter.accounts:templates/one_time.jinja2"
    return {"account": account, "password": password}


def show(request: Request) -> dict[str, Any]:
    """One account."""
    return _form(request, _account(request), "")


def _form(request: Request, account: Account, fault: str) -> dict[str, Any]:
    return {
        "account": account,
        "roles": list(Role),
        "fault": fault,
        "own": account.id == request.identity.id,
        "powerful": account.role in POWERFUL,
        "departments": request.find_service(Directory).departments(),
    }


def edit(request: Request) -> dict[str, Any] | Response:
    """Change name, desk telephone, role and department."""
    account = _account(request)
    accounts = request.find_service(Accounts)
    try:
        _countersign(request, account)
    except AccountFault as refused:
        request.response.status_int = 422
        return _form(request, account, refused.words)
    savepoint = request.db.begin_nested()
    try:
        accounts.edit(account, request.POST.get("name", ""), request.POST.get("desk", ""))
        if "role" in request.POST:
            accounts.set_rights(account, _role(request.POST), row_id(request.POST.get("department", "")) or None)
    except AccountFault as refused:
        savepoint.rollback()
        request.response.status_int = 422
        return _form(request, account, refused.words)
    savepoint.commit()
    return _back(request, _("Saved: ${name}.", mapping={"name": account.name}))


def reset(request: Request) -> dict[str, Any] | Response:
    """A new one-time password, shown once."""
    account = _account(request)
    try:
        _countersign(request, account)
        password = request.find_service(Accounts).reset(account)
    except AccountFault as refused:
        return _refused(request, account, refused)
    return _password_shown(request, account, password)


def _closing(act: Callable[[Accounts, Account], None], words: str) -> Callable[[Request], Response]:
    def view(request: Request) -> Response:
        account = _account(request)
        try:
            _countersign(request, account)
            act(request.find_service(Accounts), account)
        except AccountFault as refused:
            return _refused(request, account, refused)
        return _back(request, _(words, mapping={"name": account.name}))

    return view


def take_factor(request: Request) -> Response:
    """Take a lost second factor away."""
    account = _account(request)
    try:
        _countersign(request, account)
        request.find_service(SecondFactors).take_away(account)
    except AccountFault as refused:
        return _refused(request, account, refused)
    return _back(request, _("${name} sets up a new second factor at the next log-in.", mapping={"name": account.name}))


def _countersign(request: Request, concerned: Account | None) -> None:
    """Take the signature of a second person, where one is given."""
    form = request.POST
    if form.get("second", "").strip():
        request.find_service(SecondFactors).countersign(
            form["second"], form.get("second_password", ""), form.get("second_code", ""), request.remote_addr or "",
            concerned,
        )  # fmt: skip


def _refused(request: Request, account: Account, refused: AccountFault) -> Response:
    say(request, refused.words, kind="error")
    return HTTPSeeOther(request.route_path("accounts.show", id=account.id))


def _back(request: Request, words: str) -> Response:
    say(request, words)
    return HTTPSeeOther(request.route_path("accounts.list"))


def _account(request: Request) -> Account:
    account = request.find_service(Accounts).get(int(request.matchdict["id"]))
    if account is None:
        raise HTTPNotFound(_("There is no such account."))
    return account


def _role(values: Any) -> Role:
    try:
        return Role(values.get("role", ""))
    except ValueError:
        raise HTTPBadRequest(_("There is no such role.")) from None


def includeme(config: Configurator) -> None:
    config.add_route("accounts.list", "/settings/accounts")
    config.add_route("accounts.new", "/settings/accounts/new")
    config.add_route("accounts.show", r"/settings/accounts/{id:\d{1,9}}")
    for action in ("reset", "take_factor", "close", "reopen"):
        config.add_route(f"accounts.{action}", rf"/settings/accounts/{{id:\d{{1,9}}}}/{action}")
    one, new = "templates/account.jinja2", "templates/new.jinja2"
    close = _closing(Accounts.close, _("Closed: ${name}. Nobody can log in with this account now."))
    reopen = _closing(Accounts.reopen, _("Open again: ${name}."))
    for route, view, method, renderer in (
        ("list", listing, "GET", "templates/list.jinja2"),
        ("new", new_page, "GET", new),
        ("new", create, "POST", new),
        ("show", show, "GET", one),
        ("show", edit, "POST", one),
        ("reset", reset, "POST", one),
        ("take_factor", take_factor, "POST", None),
        ("close", close, "POST", None),
        ("reopen", reopen, "POST", None),
    ):
        config.add_view(
            view, route_name=f"accounts.{route}", renderer=renderer, request_method=method, permission="admin"
        )

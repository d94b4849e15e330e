"""Who each account is in the directory, for administrators."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.accounts.services import AccountFault, Accounts
from dutycenter.directory.services import Directory
from dutycenter.directory.views import choice_text, chosen_id
from dutycenter.notices import say
from dutycenter.roster.changes.people import DutyPeople
from dutycenter.roster.faults import RosterFault

_ = TranslationStringFactory("dutycenter")


def page(request: Request) -> dict[str, Any]:
    """Every open account, and who it is."""
    return _page(request, "")


def link(request: Request) -> dict[str, Any] | Response:
    """Say who an account is; an empty field says that it is nobody."""
    account = request.find_service(Accounts).get(int(request.matchdict["id"]))
    if account is None:
        raise HTTPNotFound(_("There is no such account."))
    text = request.POST.get("person", "").strip()
    try:
        person = request.find_service(Directory).person(chosen_id(text) or 0)
        if text and person is None:
            raise RosterFault(_("Choose a person from the list that opens while you type."))
        request.find_service(DutyPeople).link(account, person)
    except (RosterFault, AccountFault) as fault:
        request.response.status_int = 422
        return _page(request, fault.words)
    say(request, _("Saved."))
    return HTTPSeeOther(request.route_path("duty_people"))


def _page(request: Request, fault: TranslationString | str) -> dict[str, Any]:
    people = request.find_service(DutyPeople)
    lines = [(account, person, None if person else people.guess(account)) for account, person in people.all()]
    return {"lines": lines, "fault": fault, "choice_text": choice_text, "me": request.identity.id}


def includeme(config: Configurator) -> None:
    config.add_route("duty_people", "/roster/accounts")
    config.add_route("duty_people.link", r"/roster/accounts/{id:\d{1,9}}")
    template = "templates/people.jinja2"
    config.add_view(page, route_name="duty_people", renderer=template, request_method="GET", permission="admin")
    config.add_view(link, route_name="duty_people.link", renderer=template, request_method="POST", permission="admin")

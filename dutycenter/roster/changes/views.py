"""Swaps and stand-ins on screen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.views import chosen_id
from dutycenter.frame.labels import label
from dutycenter.frame.nav import may
from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.roster.changes.people import DutyPeople
from dutycenter.roster.changes.services import DutyChanges, sentence
from dutycenter.roster.changes.states import Act
from dutycenter.roster.checking import sentence as said_of
from dutycenter.roster.day_views import shift_of
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import DutyChange, Shift
from dutycenter.roster.services import Rosters
from dutycenter.typed import row_id
from dutycenter.vocabulary import DutyChangeState
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

SWAPS_AHEAD = timedelta(days=60)
ACT_WORDS = {
    Act.AGREE: _("Agree"), Act.CONFIRM: _("Confirm"), Act.REFUSE: _("Do not confirm"), Act.DECLINE: _("Decline"),
    Act.WITHDRAW: _("Take it back"),
}  # fmt: skip


def listing(request: Request) -> dict[str, Any]:
    """Requests that wait, and those that are over."""
    return _listing(request, "")


def act(request: Request) -> dict[str, Any] | Response:
    """One step of a request."""
    _may_work(request)
    changes = request.find_service(DutyChanges)
    change: DutyChange | None = changes.get(int(request.matchdict["id"]))
    if change is None:
        raise HTTPNotFound(_("There is no such request."))
    try:
        state = changes.act(change, Act(request.matchdict["act"]), request.POST.get("note", ""))
    except RosterFault as fault:
        request.response.status_int = 422
        return _listing(request, fault.words)
    kind = "warning" if state in (DutyChangeState.EXPIRED, DutyChangeState.STALE) else "success"
    text = f"{sentence(change, request)}: {request.localizer.translate(label(state))}"
    say(request, text, kind=kind)
    return HTTPSeeOther(request.route_path("duty_changes"))


def ask_page(request: Request) -> dict[str, Any]:
    """Who could serve instead."""
    return _asking(request, shift_of(request), "")


def ask(request: Request) -> dict[str, Any] | Response:
    """Ask for a swap or a stand-in."""
    _may_work(request)
    shift, post = shift_of(request), request.POST
    try:
        person_id = row_id(post.get("person", ""))
        other_shift: Shift | None = None
        if "swap" in post:
            number, _colon, person = post["swap"].partition(":")
            other_shift, other_id = request.find_service(Rosters).shift(row_id(number)), row_id(person)
            if other_shift is None:
                raise RosterFault(_("Choose a shift to be taken in exchange."))
        else:
            other_id = chosen_id(post.get("other", "")) or 0
            if not other_id:
                raise RosterFault(_("Choose who serves instead from the list that opens while you type."))
        request.find_service(DutyChanges).ask(shift, person_id, other_id, other_shift, post.get("reason", ""))
    except RosterFault as fault:
        request.response.status_int = 422
        return _asking(request, shift, fault.words)
    words = _("Asked. The roster stays as it is until all have said yes.")
    say(request, words)
    return HTTPSeeOther(request.route_path("duty_changes"))


def _listing(request: Request, fault: TranslationString | str) -> dict[str, Any]:
    changes = request.find_service(DutyChanges)
    mine = request.find_service(DutyPeople).person_of(request.identity.id)
    works, zone = _works(request), settings_of(request.registry).time_zone
    return {
        "open": [
            (change, [one for one in ACT_WORDS if works and changes.may(change, one)]) for change in changes.open()
        ],
        "latest": changes.latest(),
        "mine": mine,
        "sentence": lambda change: sentence(change, request),
        "strains": lambda change: [said_of(one, request.localizer.translate, zone) for one in changes.strains(change)],
        "act_words": ACT_WORDS,
        "confirmation": changes.confirmation,
        "fault": fault,
        "Act": Act,
        "DutyChangeState": DutyChangeState,
    }


def _asking(request: Request, shift: Shift, fault: TranslationString | str) -> dict[str, Any]:
    _may_work(request)
    now = request.find_service(IClock).now()
    mine = request.find_service(DutyPeople).person_of(request.identity.id)
    admin = request.has_permission("admin")
    givers = [m for m in shift.members if admin or (mine is not None and m.person_id == mine.id)]
    chosen = row_id(request.params.get("person", "")) or (givers[0].person_id if givers else 0)
    offers = request.find_service(DutyChanges).offers(shift, chosen, now + SWAPS_AHEAD) if givers else []
    return {
        "shift": shift,
        "day": shift.starts_at.astimezone(settings_of(request.registry).time_zone).date(),
        "givers": givers,
        "chosen": chosen,
        "offers": offers,
        "mine": mine,
        "values": request.POST,
        "confirmation": request.find_service(DutyChanges).confirmation,
        "fault": fault,
    }


def _works(request: Request) -> bool:
    return may(request, "desk") or may(request, "admin")


def _may_work(request: Request) -> None:
    if not _works(request):
        raise HTTPForbidden


def includeme(config: Configurator) -> None:
    config.add_route("duty_changes", "/roster/changes")
    acts = "|".join(ACT_WORDS)
    config.add_route("duty_change.act", rf"/roster/changes/{{id:\d{{1,9}}}}/{{act:{acts}}}")
    config.add_route("duty_change.ask", r"/roster/shifts/{id:\d{1,9}}/change")
    listed, asking = "templates/changes.jinja2", "templates/ask.jinja2"
    for route, view, method, renderer in (
        ("duty_changes", listing, "GET", listed),
        ("duty_change.act", act, "POST", listed),
        ("duty_change.ask", ask_page, "GET", asking),
        ("duty_change.ask", ask, "POST", asking),
    ):
        config.add_view(view, route_name=route, renderer=renderer, request_method=method, permission="view")

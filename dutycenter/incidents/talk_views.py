"""What is done with a call at the duty desk: hold, transfer, three-way, supervision, calling back, marks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.calls.conferences import ConferenceError, open_room
from dutycenter.calls.marks import Marks
from dutycenter.calls.models import Call
from dutycenter.calls.numbers import clean_number
from dutycenter.calls.orders import DeskError
from dutycenter.calls.pulls import Pulls
from dutycenter.calls.queue import Desks
from dutycenter.calls.supervision import Supervisions
from dutycenter.calls.talks import Talks, subject_of
from dutycenter.directory.services import Directory
from dutycenter.incidents.desk_views import TEMPLATES, back, shown_form
from dutycenter.incidents.intakes import Intakes
from dutycenter.notices import say
from dutycenter.vocabulary import CallerMark, PartyPart, Supervision

_ = TranslationStringFactory("dutycenter")

CHOSEN = re.compile(r"#(\d{1,9})\s*\Z")  # what the directory's suggestions end with


def transfer_form(request: Request) -> dict[str, Any]:
    """F6, Alt+J: the desks, and a field for anybody else."""
    call = _call(request)
    return {
        "call": call,
        "desks": request.find_service(Desks).others(request.identity.desk),
        "room": open_room(request.db, subject_of(call)),
        "intake_id": shown_form(request.GET),
    }


def transfer(request: Request) -> Response:
    """Hand the call over to a desk, or bring somebody in."""
    call, talks = _call(request), request.find_service(Talks)
    desk, joins = request.POST.get("desk", ""), request.POST.get("join", "")

    def act() -> None:
        if joins:
            talks.bring_in(call.id, joins, _owner(request, joins))
            return
        if desk:
            talks.hand_over(call.id, desk, _owner(request, desk))
            words = _("Telephone ${desk} rings. The call stays yours until it is answered.", mapping={"desk": desk})
            say(request, words)
            return
        number, name = _outside(request, request.POST.get("who", ""))
        talks.bring_in(call.id, number, name)
        say(request, _("${who} is being called into this call.", mapping={"who": name or number}))

    return _tried(request, act)


def hold(request: Request) -> Response:
    """Let the caller hear music, or talk to them again."""
    call_id, held = _call(request).id, request.POST.get("held") == "1"
    return _tried(request, lambda: request.find_service(Talks).hold(call_id, held))


def answer(request: Request) -> Response:
    """接听: this desk's telephone rings for another desk's call; what it takes over comes with its form."""
    me, intake = request.identity, shown_form(request.POST)
    try:
        party = request.find_service(Desks).answer_offered(int(request.matchdict["party"]), me.id, me.desk)
    except DeskError as error:
        say(request, error.reason, kind="error")
        return back(request, intake)
    if party.part is not PartyPart.SUPERVISES:
        intake = request.find_service(Intakes).for_call(party.call, me.id).id
    return back(request, intake)


def pull(request: Request) -> Response:
    """点接: a waiting caller comes to this desk next, whoever else waits."""
    call_id, me = _call(request).id, request.identity

    def act() -> None:
        request.find_service(Pulls).pull(call_id, me.id, me.desk)
        say(request, _("This caller comes to your telephone next. Answer it when it rings."))

    return _tried(request, act)


def withdraw(request: Request) -> Response:
    """Call off a telephone that rings, or put somebody out."""
    party = int(request.matchdict["party"])
    return _tried(request, lambda: request.find_service(Talks).withdraw(party))


def call_back(request: Request) -> Response:
    """Ring the officer's telephone, which then dials the caller."""
    call_id = _call(request).id

    def act() -> None:
        request.find_service(Talks).call_back(call_id)
        say(request, _("Pick up your telephone: it dials the caller. Then say what was done."))

    return _tried(request, act)


def supervise(request: Request) -> Response:
    """A leader listens, whispers, speaks, or leaves."""
    call_id, verb = _call(request).id, request.matchdict["verb"]
    supervisions = request.find_service(Supervisions)

    def act() -> None:
        if verb == "leave":
            supervisions.leave(call_id)
        elif verb == "listen":
            supervisions.listen(call_id)
            say(request, _("Pick up your telephone to listen. The officer sees that you do."))
        else:
            supervisions.change(call_id, Supervision(verb))

    return _tried(request, act)


def mark(request: Request) -> Response:
    """Note of this caller: repeated, silent, abusive; or take it back."""
    call, marks = _call(request), request.find_service(Marks)
    try:
        kind = CallerMark(request.POST.get("mark", ""))
    except ValueError:
        raise HTTPBadRequest from None
    if request.matchdict["verb"] == "unmark":
        marks.take_back(call.caller_number, kind)
    elif not marks.make(call.caller_number, kind, request.POST.get("note", "")):
        say(request, _("The caller's number is not known, so it cannot be marked."), kind="warning")
    return back(request, shown_form(request.POST))


def _tried(request: Request, act: Callable[[], None]) -> Response:
    intake = shown_form(request.POST)
    try:
        act()
    except (DeskError, ConferenceError) as error:
        say(request, error.reason, kind="error")
    return back(request, intake)


def _owner(request: Request, desk: str) -> str:
    for other in request.find_service(Desks).others(request.identity.desk):
        if other.extension == desk:
            return other.name
    raise DeskError(_("There is no such desk telephone."))


def _outside(request: Request, text: str) -> tuple[str, str]:
    """Number and name of what was typed: somebody of the directory, or a number."""
    chosen = CHOSEN.search(text)
    if chosen:
        directory = request.find_service(Directory)
        person = directory.person(int(chosen[1]))
        numbers = [number.number for number in person.numbers if number.failed_at is None] if person else []
        if person is None or not numbers:
            raise DeskError(_("No number of this person is known to work. Type a number."))
        return numbers[0], person.name
    number = clean_number(text)
    if not number.removeprefix("+").isdigit():
        raise DeskError(_("Choose somebody of the directory, or type a telephone number."))
    return number, ""


def _call(request: Request) -> Call:
    call = request.db.get(Call, int(request.matchdict["id"]))
    if call is None:
        raise HTTPNotFound
    return call


def includeme(config: Configurator) -> None:
    call = r"/desk/calls/{id:\d{1,9}}"
    for name, pattern, view, method, permission, template in (
        ("desk.transfer_form", f"{call}/transfer/form", transfer_form, "GET", "desk", "transfer"),
        ("desk.transfer", f"{call}/transfer", transfer, "POST", "desk", None),
        ("desk.hold", f"{call}/hold", hold, "POST", "desk", None),
        ("desk.answer_party", r"/desk/parties/{party:\d{1,9}}/answer", answer, "POST", "desk", None),
        ("desk.withdraw", r"/desk/parties/{party:\d{1,9}}/withdraw", withdraw, "POST", "desk", None),
        ("desk.pull", f"{call}/pull", pull, "POST", "desk", None),
        ("desk.call_back", f"{call}/call-back", call_back, "POST", "desk", None),
        (
            "desk.supervise",
            f"{call}/{{verb:listen|listens|whispers|speaks|leave}}",
            supervise,
            "POST",
            "supervise",
            None,
        ),
        ("desk.mark", f"{call}/{{verb:mark|unmark}}", mark, "POST", "desk", None),
    ):
        config.add_route(name, pattern)
        renderer = f"{TEMPLATES}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission=permission, renderer=renderer)

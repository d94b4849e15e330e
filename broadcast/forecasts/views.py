"""Fragments and pages of what will happen, embedded by the launch page, the board and the directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from broadcast import launch
from broadcast.forecasts import why as whys
from broadcast.forecasts import words
from broadcast.forecasts.asking import ForesightAway, IForesight
from broadcast.forecasts.bands import number_line
from broadcast.forecasts.picture import curve
from broadcast.goals import goal_fault
from broadcast.messages import estimated_seconds
from broadcast.models import Broadcast, Recipient
from broadcast.wishes import LIMITS
from dutycenter.directory.views import person_of
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import BroadcastState, SmsWhen
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

NOTHING: Mapping[str, Any] = {
    "told": None, "away": False, "fault": "", "still": False, "goal_sentence": "", "texts_alone": False, "wait": 0,
}  # fmt: skip
STOP_ASKING = 286  # htmx: what was shown last stays


def at_launch(request: Request) -> dict[str, Any]:
    """The forecast of what stands in the form; asked again as it changes."""
    form = launch.Form.read(request)
    chosen = launch.chosen(request, form)
    wish = form.wish(chosen.meant, launch.plan_of(request, form.plan_version_id))
    settings = settings_of(request.registry)
    if wish.sms_when is SmsWhen.ALONE and chosen.able:
        fault = goal_fault(wish.goal, chosen.people, request.localizer.translate)
        return dict(NOTHING) | {"fault": fault, "texts_alone": True, "wait": wish.goal_seconds or settings.sms_wait}
    question = {
        "people": [candidate.person.id for candidate in chosen.people if candidate.callable],
        "turns": {str(person): (turn.tier, turn.legs, turn.since) for person, turn in chosen.meant.turns.items()},
        **{name: min(max(getattr(wish, name), least), most) for name, (least, most) in LIMITS.items()},
        "calls": chosen.calls,
        "message_seconds": _spoken(request, wish.message),
        "goal": wish.goal,
        "goal_seconds": wish.goal_seconds,
        "likeliest_first": wish.likeliest_first,
        "rehearsed": settings.rehearsal,
        "kept_free": [settings.hotline_number],
        "now": _now(request),
    }
    fault = goal_fault(wish.goal, chosen.people, request.localizer.translate) if question["people"] else ""
    # Reading is done: while another process computes, nobody else may wait for this one's lock on the store.
    request.tm.abort()
    request.tm.begin()
    return _forecast(request, "launch", question, fault) | {"sentence_of": words.launch_sentence}


def live(request: Request) -> dict[str, Any]:
    """The forecast of a running broadcast from where it stands."""
    broadcast = _broadcast(request)
    shown = {"broadcast": broadcast, "goal_met": _goal_met(broadcast), "sentence_of": words.live_sentence}
    if broadcast.launched_at is None or broadcast.finished_at is not None or broadcast.texts_alone:
        request.response.status_int = STOP_ASKING
        return shown | dict(NOTHING)
    question = {"broadcast": broadcast.id, "now": _now(request)}
    still = broadcast.state is BroadcastState.PAUSED or broadcast.stands_still
    return shown | _forecast(request, "live", question, "") | {"still": still}


def why(request: Request) -> dict[str, Any]:
    """Why somebody was called, or not yet, in plain words."""
    broadcast = _broadcast(request)
    recipient = request.db.get(Recipient, int(request.matchdict["recipient"]))
    if recipient is None or recipient.broadcast_id != broadcast.id:
        raise HTTPNotFound(_("There is no such person in this broadcast."))
    page = {"broadcast": broadcast, "recipient": recipient, "told": None, "reasons": [], "clock": words.clock}
    decided = broadcast.launched_at is not None and broadcast.finished_at is None and not broadcast.texts_alone
    if not decided or not recipient.numbers:
        return page | {"reasons": whys.settled(broadcast, recipient), "away": False}
    try:
        told = request.find_service(IForesight).ask(
            "why", broadcast=broadcast.id, recipient=recipient.id, now=_now(request)
        )
    except ForesightAway:
        return page | {"away": True}
    return page | {
        "away": False,
        "told": told,
        "reasons": whys.reasons(told, broadcast),
        "numbers": whys.number_lines(told),
        "percent": words.percent,
    }


def chances(request: Request) -> dict[str, Any]:
    """What is known of a person's numbers, by hour band."""
    person = person_of(request)
    numbers = [number.number for number in person.numbers]
    question = {"numbers": numbers, "rehearsed": settings_of(request.registry).rehearsal, "now": _now(request)}
    try:
        told = request.find_service(IForesight).ask("numbers", **question)
    except ForesightAway:
        return {"person": person, "away": True, "lines": [], "told": None}
    return {
        "person": person,
        "away": False,
        "told": told,
        "lines": [number_line(one, told["band"]) for one in told["numbers"]],
        "percent": words.percent,
    }


def _forecast(request: Request, kind: str, question: Mapping[str, Any], fault: str) -> dict[str, Any]:
    page: dict[str, Any] = dict(NOTHING) | {"fault": fault}
    foresight = request.find_service(IForesight)
    if question.get("people") == []:
        foresight.warm()
        return page
    try:
        told = foresight.ask(kind, **question)
    except ForesightAway:
        return page | {"away": True}
    if not told["people"] or not told["lines"]:
        return page | {"told": told}
    return page | {
        "told": told,
        "curve": curve(told),
        "goal_sentence": words.goal_sentence(told["goal"], request.localizer.translate),
        "clock": words.clock,
        "percent": words.percent,
        "likely": words.likely,
    }


def _spoken(request: Request, message: str) -> float:
    """The length of the message: as it was made, where the page knows it, else about."""
    raw = request.POST.get("spoken_seconds", "")
    try:
        return min(max(float(raw), 1.0), 600.0)
    except ValueError:
        return float(max(1, estimated_seconds(message)))


def _goal_met(broadcast: Broadcast) -> float | None:
    if broadcast.goal_met_at is None or broadcast.launched_at is None:
        return None
    return (broadcast.goal_met_at - broadcast.launched_at).total_seconds()


def _now(request: Request) -> str:
    return str(request.find_service(IClock).now().isoformat())


def _broadcast(request: Request) -> Broadcast:
    found = request.db.get(Broadcast, int(request.matchdict["id"]))
    if found is None:
        raise HTTPNotFound(_("There is no such broadcast."))
    return found


def includeme(config: Configurator) -> None:
    one = r"/broadcasts/{id:\d{1,9}}"
    config.add_route("broadcast.forecast", "/broadcasts/forecast")
    config.add_route("broadcast.outlook", one + "/forecast")
    config.add_route("broadcast.why", one + r"/people/{recipient:\d{1,9}}/why")
    config.add_route("directory.chances", r"/directory/people/{id:\d{1,9}}/chances")

    def page(view: Any, route: str, permission: str, template: str, method: str = "GET") -> None:
        renderer = f"broadcast.forecasts:templates/{template}.jinja2"
        config.add_view(view, route_name=route, permission=permission, renderer=renderer, request_method=method)

    page(at_launch, "broadcast.forecast", "desk", "launch", "POST")
    page(live, "broadcast.outlook", "board", "live")
    page(why, "broadcast.why", "view", "why")
    page(chances, "directory.chances", "view", "chances")

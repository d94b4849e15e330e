"""Who comes, and who talks together: words taken for people at the desk, and the conference of a broadcast."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from broadcast import board_views as views
from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.calls.conferences import ConferenceError, Conferences, latest_room
from dutycenter.calls.models import Recording
from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.vocabulary import Means, RecordingKind
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

ON_THE_WAY = timedelta(seconds=60)  # a leg that has not come in by then never will


def word(request: Request) -> dict[str, Any]:
    """A person told the officer that they acknowledge, can't come, or are there."""
    broadcast = views.broadcast_of(request)
    recipient = views.recipient_of(request, broadcast)
    broadcasts: Broadcasts = request.find_service(Broadcasts)
    done = {
        "acknowledged": lambda: broadcasts.acknowledge_by(recipient.id, Means.DESK),
        "declined": lambda: broadcasts.decline_by(recipient.id, Means.DESK),
        "arrived": lambda: broadcasts.arrived(recipient.id, Means.DESK),
        "not-arrived": lambda: broadcasts.not_arrived(recipient.id),
    }[request.matchdict["verb"]]()
    if not done:
        say(request, _("Somebody else has taken this down already."), kind="warning")
    return views.person(request)


def arrivals(request: Request) -> dict[str, Any]:
    """Who arrives when: those on the way, the earliest first, then who named no time, then those who are there."""
    broadcast = views.broadcast_of(request)
    coming = request.db.scalars(
        select(Recipient)
        .where(Recipient.broadcast_id == broadcast.id, Recipient.acknowledged_at.is_not(None))
        .order_by(Recipient.arrived_at.is_not(None), Recipient.arrives_at.is_(None), Recipient.arrives_at, Recipient.id)
    ).all()
    return {"broadcast": broadcast, "arrivals": coming, "now": request.find_service(IClock).now()}


# --- the conference ---------------------------------------------------------------


def conference(request: Request) -> dict[str, Any]:
    """The panel: who is in, and what can be done."""
    broadcast = views.broadcast_of(request)
    room = latest_room(request.db, _subject(broadcast))
    now = request.find_service(IClock).now()
    inside = [
        member
        for member in (room.members if room else ())
        if member.left_at is None and (member.joined_at is not None or member.created_at > now - ON_THE_WAY)
    ]
    recording = None
    if room is not None:
        recording = request.db.scalar(
            select(Recording.id).where(Recording.channel_uuid == room.room, Recording.kind == RecordingKind.CONFERENCE)
        )
    me = request.identity.id if request.identity else None
    # Whoever acknowledged can call back and come in for so long.
    listened = now - timedelta(hours=settings_of(request.registry).callback_hours)
    return {
        "broadcast": broadcast,
        "room": room,
        "inside": inside,
        "recording": recording,
        "may_open": broadcast.finished_at is None or broadcast.finished_at >= listened,
        "mine": any(member.account_id == me for member in inside),
    }


def act(request: Request) -> Response:
    """Open, lock, join or end it."""
    broadcast = views.broadcast_of(request)
    conferences: Conferences = request.find_service(Conferences)
    verb = request.matchdict["verb"]
    room = latest_room(request.db, _subject(broadcast))
    try:
        if verb == "open":
            conferences.open(_subject(broadcast), broadcast.title, broadcast.exercise)
        elif room is None:
            raise ConferenceError(_("There is no such conference."))
        elif verb == "join":
            me, shown = request.identity, settings_of(request.registry).hotline_number
            conferences.desk_joins(room.id, me.desk, me.name, shown)
        elif verb == "close":
            conferences.close(room.id)
        else:
            conferences.lock(room.id, verb == "lock")
    except ConferenceError as error:
        say(request, error.reason, kind="error")
    return _back(request, broadcast)


def act_on_member(request: Request) -> Response:
    """Mute, let speak, or put out."""
    broadcast = views.broadcast_of(request)
    conferences: Conferences = request.find_service(Conferences)
    room, member = latest_room(request.db, _subject(broadcast)), int(request.matchdict["member"])
    verb = request.matchdict["verb"]
    try:
        if room is None:
            raise ConferenceError(_("There is no such conference."))
        if verb == "drop":
            conferences.drop(room.id, member)
        else:
            conferences.mute(room.id, member, verb == "mute")
    except ConferenceError as error:
        say(request, error.reason, kind="error")
    return _back(request, broadcast)


def _subject(broadcast: Broadcast) -> str:
    return f"broadcast:{broadcast.id}"


def _back(request: Request, broadcast: Broadcast) -> Response:
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast.id))


def includeme(config: Configurator) -> None:
    one = r"/broadcasts/{id:\d{1,9}}"
    person = one + r"/people/{recipient:\d{1,9}}"
    config.add_route("broadcast.word", person + "/{verb:acknowledged|declined|arrived|not-arrived}")
    config.add_route("broadcast.arrivals", one + "/arrivals")
    config.add_view(
        arrivals, route_name="broadcast.arrivals", permission="board", renderer="broadcast:templates/arrivals.jinja2"
    )
    config.add_route("broadcast.conference", one + "/conference")
    config.add_route("broadcast.conference_act", one + "/conference/{verb:open|close|lock|unlock|join}")
    config.add_route("broadcast.conference_member", one + r"/conference/{member:\d{1,9}}/{verb:mute|unmute|drop}")
    templates = "broadcast:templates/"
    config.add_view(
        word, route_name="broadcast.word", permission="desk", request_method="POST",
        renderer=f"{templates}person.jinja2",
    )  # fmt: skip
    config.add_view(
        conference, route_name="broadcast.conference", permission="board", renderer=f"{templates}conference.jinja2"
    )
    config.add_view(act, route_name="broadcast.conference_act", permission="desk", request_method="POST")
    config.add_view(act_on_member, route_name="broadcast.conference_member", permission="desk", request_method="POST")

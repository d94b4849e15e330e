"""Switch events → ``Calls``: what happens to hotline legs, and recordings of all legs.

Legs of broadcasts (they carry ``dc_attempt``) are followed by the dialer; here
only their recordings are, and the legs as far as they are recorded. Nothing is kept in memory: after a break, rows that
are still open are held against the channels that are up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dutycenter.calls.conferences import EVENT as CONFERENCE_EVENT
from dutycenter.calls.conferences import Conferences
from dutycenter.calls.legs import LOST
from dutycenter.calls.models import Call, Conference, ConferenceMember, Desk, Leg, Recording
from dutycenter.calls.parties import Parties
from dutycenter.calls.pulls import Pulls
from dutycenter.calls.queue import Desks, switch_word
from dutycenter.calls.services import Calls
from dutycenter.interfaces import OUT_OF_QUEUE, Channel, IClock, ISwitch, ISwitchEvents, SwitchError, SwitchEvent
from dutycenter.switch.causes import clean_cause
from dutycenter.vocabulary import Direction, RecordingState
from dutycenter.work import Work

log = logging.getLogger(__name__)

QUEUE_EVENT = "callcenter::info"
PUBLIC_CONTEXT = "public"
NEW_ENOUGH = timedelta(seconds=5)  # what was written after the switch was asked cannot be judged by its reply
TRIES = 3
Afterwards = Callable[[ISwitch], None]  # an order that follows from what was written


def run_follower(work: Work, events: ISwitchEvents) -> None:
    """Follow the switch until ``events`` is stopped; blocks."""
    events.follow(HANDLERS, lambda event: _take(work, event), lambda: _on_connect(work))


def reconcile(work: Work) -> None:
    """Hold open rows against the channels that are up, and end what is gone.

    Also run by the clerk every now and then: an event that never came, or an ivr
    that is down, must not leave a call talking for ever.
    """
    with work.read() as request:
        asked = request.find_service(IClock).now()
        try:
            channels = request.find_service(ISwitch).channels()
        except SwitchError as error:
            log.info("the switch cannot say which calls are up (%s); asked again later", error)
            return
        up = {channel.channel_uuid for channel in channels}
        before = asked - NEW_ENOUGH
        legs = request.db.scalars(
            select(Leg.channel_uuid).where(Leg.ended_at.is_(None), Leg.attempt_id.is_(None), Leg.created_at < before)
        ).all()
        calls = request.db.scalars(
            select(Call.channel_uuid).where(Call.ended_at.is_(None), Call.arrived_at < before)
        ).all()
        writing = request.db.execute(
            select(Recording.channel_uuid, Recording.file_name).where(
                Recording.state == RecordingState.RECORDING, Recording.started_at < before
            )
        ).all()
        known = set(request.db.scalars(select(Call.channel_uuid).where(Call.channel_uuid.in_(up))))
    for channel in channels:
        if _is_hotline(channel, work.settings.hotline_number) and channel.channel_uuid not in known:
            _adopt(work, channel)
    _adopt_ringing(work, channels)
    for uuid in sorted({*legs, *calls} - up):
        with work.write() as request:
            request.find_service(Calls).leg_ended(uuid, LOST)
            request.find_service(Parties).ended(uuid, LOST)
        log.warning("the switch knows nothing of channel %s any more: ended as %s", uuid, LOST)
    rooms = _compare_rooms(work, asked)
    for uuid, name in writing:
        if uuid not in up and uuid not in rooms:
            with work.write() as request:
                request.find_service(Calls).recording_stopped(uuid, name)
            log.warning("the recording %s had stopped unnoticed; it is taken in now", name)


def _compare_rooms(work: Work, asked: datetime) -> set[str]:
    """Hold who is in a room against the switch's list; the rooms that somebody is in."""
    with work.read() as request:
        switch = request.find_service(ISwitch)
        used = select(ConferenceMember.conference_id).where(ConferenceMember.left_at.is_(None))
        open_ones = request.db.execute(
            select(Conference.id, Conference.room).where(Conference.closed_at.is_(None) | Conference.id.in_(used))
        ).all()
    living = set()
    for conference_id, room in open_ones:
        try:
            inside = switch.conference(room)
        except SwitchError as error:
            log.info("the switch cannot say who is in the room %s (%s); asked again later", room, error)
            living.add(room)
            continue
        if inside:
            living.add(room)
        with work.write() as request:
            conference = request.db.get(Conference, conference_id, with_for_update=True, populate_existing=True)
            request.find_service(Conferences).compare(conference, inside, asked)
            if conference.closed_at is not None and inside:  # they were on their way in when it was closed
                switch.conference_end(room)
    return living


def _on_connect(work: Work) -> None:
    reconcile(work)
    with work.read() as request:
        switch = request.find_service(ISwitch)
        for desk in request.db.scalars(select(Desk)):
            try:
                switch.agent_status(desk.extension, switch_word(desk.status))
            except SwitchError as error:
                log.warning("the switch did not take the status of desk %s: %s", desk.extension, error)


def _adopt(work: Work, channel: Channel) -> None:
    with work.write() as request:
        calls = request.find_service(Calls)
        calls.arrive(channel.channel_uuid, channel.caller_number, channel.destination)
        calls.recording_started(channel.channel_uuid, f"{channel.channel_uuid}.wav")
    log.warning("a call was up that nobody had written down: %s", channel.channel_uuid)


def _adopt_ringing(work: Work, channels: Sequence[Channel]) -> None:
    """Desks that the dialplan began to ring while nobody followed: they can be answered from the page, too."""
    ringing = [one for one in channels if one.direction == Direction.OUTBOUND and one.callstate == "RINGING"]
    if not ringing:
        return
    with work.read() as request:
        waiting = set(
            request.db.scalars(select(Call.channel_uuid).where(Call.ended_at.is_(None), Call.answered_at.is_(None)))
        )
        found = select(Leg.channel_uuid).where(Leg.channel_uuid.in_([one.channel_uuid for one in ringing]))
        known = set(request.db.scalars(found))
    for one in ringing:
        desk = one.destination.partition("%")[0]  # the switch writes a registered telephone as 1001%domain
        if one.call_uuid in waiting - {one.channel_uuid} and one.channel_uuid not in known and desk.isalnum():
            with work.write() as request:
                request.find_service(Calls).ringing(one.call_uuid, desk, one.channel_uuid)


def _is_hotline(channel: Channel, hotline_number: str) -> bool:
    return channel.direction == Direction.INBOUND and channel.destination == hotline_number


def _take(work: Work, event: SwitchEvent) -> None:
    handle = HANDLERS.get(event.name)
    if handle is None or not CONCERNS.get(event.name, _always)(event):
        return
    for left in reversed(range(TRIES)):
        try:
            with work.write() as request:
                afterwards = handle(request, event)
            if afterwards is not None:
                with work.read() as request:
                    afterwards(request.find_service(ISwitch))
            return
        except SwitchError as error:
            log.warning("what follows from an event %s was not done: %s", event.name, error)
            return
        except DBAPIError:
            if not left:
                log.exception(
                    "an event %s of %s could not be written; found by reconciling", event.name, event.channel_uuid
                )
        except ValueError as error:
            log.warning("an event %s was not taken: %s", event.name, error)
            return


def _created(request: Request, event: SwitchEvent) -> None:
    if event.variable("dc_attempt"):
        return
    number = event.headers.get("Caller-Destination-Number", "")
    calls = request.find_service(Calls)
    if event.headers.get("Call-Direction") == Direction.INBOUND:
        caller = event.headers.get("Caller-Caller-ID-Number", "")
        if event.headers.get("Caller-Context") == PUBLIC_CONTEXT:
            gateway = event.variable("sip_gateway") or event.variable("sip_gateway_name")
            calls.arrive(event.channel_uuid, caller, number, gateway, at=event.at)
        else:
            calls.leg_created(event.channel_uuid, Direction.INBOUND, caller, "", at=event.at)
        return
    gateway = event.variable("sip_gateway_name")
    calls.leg_created(event.channel_uuid, Direction.OUTBOUND, number, gateway, at=event.at)
    member, desk = _rings_for(event)
    if member and desk and not _dials_by_itself(request, member):
        calls.ringing(member, desk, event.channel_uuid, at=event.at)


def _dials_by_itself(request: Request, channel_uuid: str) -> bool:
    """Is this the leg of a desk that calls somebody, and no caller's?"""
    leg = request.db.get(Leg, channel_uuid)
    if leg is None or leg.attempt_id is not None:
        return False
    return request.db.scalar(select(Call.id).where(Call.channel_uuid == channel_uuid)) is None


def _rings_for(event: SwitchEvent) -> tuple[str, str]:
    """The caller's channel and the desk, when this leg is a desk telephone that rings for a caller."""
    member = event.variable("cc_member_session_uuid")
    if member:
        return member, event.variable("cc_agent")
    if event.headers.get("Other-Type") == "originator":  # the dialplan rings the desks when the ivr is away
        desk = event.variable("dialed_user") or event.headers.get("Caller-Destination-Number", "")
        return event.headers.get("Other-Leg-Unique-ID", ""), desk
    return "", ""


def _answered(request: Request, event: SwitchEvent) -> None:
    if not event.variable("dc_attempt"):
        request.find_service(Calls).leg_answered(event.channel_uuid, event.at)
        request.find_service(Parties).answered(event.channel_uuid, event.at)


def _bridged(request: Request, event: SwitchEvent) -> None:
    caller = event.headers.get("Bridge-A-Unique-ID") or event.channel_uuid
    desk_channel = event.headers.get("Bridge-B-Unique-ID") or event.headers.get("Other-Leg-Unique-ID", "")
    if event.variable("dc_attempt"):
        return
    request.find_service(Parties).bridged(caller, desk_channel, event.at)
    if event.headers.get("Caller-Context") != PUBLIC_CONTEXT:
        return
    if desk_channel:
        request.find_service(Calls).answered(caller, event.variable("cc_agent"), desk_channel, at=event.at)


def _hung_up(request: Request, event: SwitchEvent) -> Afterwards | None:
    if event.variable("dc_attempt"):
        return None
    parties, cause = request.find_service(Parties), event.headers.get("Hangup-Cause", "")
    request.find_service(Calls).leg_ended(event.channel_uuid, cause, event.at)
    parties.ended(event.channel_uuid, cause, event.at)
    needless = parties.waiting_for(event.channel_uuid)

    def drop(switch: ISwitch) -> None:
        for channel in needless:
            switch.drop(channel)

    return drop if needless else None


def _not_made(request: Request, event: SwitchEvent) -> None:
    """The switch made no leg: no event of a channel will ever say so."""
    if request.db.get(Leg, event.channel_uuid) is None:
        return
    cause = clean_cause(event.body.strip().removeprefix("-ERR"))
    request.find_service(Calls).leg_ended(event.channel_uuid, cause, event.at)
    request.find_service(Parties).ended(event.channel_uuid, cause, event.at)


def _always(event: SwitchEvent) -> bool:
    return True


def _is_refusal(event: SwitchEvent) -> bool:
    """The reply to ``originate`` that a leg came to nothing; those of broadcasts are the dialer's business, and many."""
    of_broadcast = "dc_attempt=" in event.headers.get("Job-Command-Arg", "")
    return event.body.startswith("-ERR") and bool(event.channel_uuid) and not of_broadcast


def _is_supervisor(event: SwitchEvent) -> bool:
    """Whoever listens in; the keys of everybody else are the flows' business, and many."""
    return event.headers.get("Caller-Destination-Number", "").startswith("listen-")


def _pressed(request: Request, event: SwitchEvent) -> None:
    request.find_service(Parties).pressed(event.channel_uuid, event.headers.get("DTMF-Digit", ""))


def _record_started(request: Request, event: SwitchEvent) -> None:
    name = event.headers.get("Record-File-Path", "")
    attempt_id, calls = event.variable("dc_attempt") or None, request.find_service(Calls)
    if attempt_id:
        number = event.headers.get("Caller-Destination-Number", "")
        gateway = event.variable("sip_gateway_name")
        calls.leg_created(event.channel_uuid, Direction.OUTBOUND, number, gateway, attempt_id, event.at)
    calls.recording_started(event.channel_uuid, name, event.at, attempt_id=attempt_id)


def _record_stopped(request: Request, event: SwitchEvent) -> None:
    name = event.headers.get("Record-File-Path", "")
    attempt_id, calls = event.variable("dc_attempt") or None, request.find_service(Calls)
    calls.recording_stopped(event.channel_uuid, name, event.at, attempt_id=attempt_id)
    if attempt_id and event.headers.get("Hangup-Cause"):
        calls.leg_ended(event.channel_uuid, event.headers["Hangup-Cause"], event.at)


def _queue(request: Request, event: SwitchEvent) -> Afterwards | None:
    action = event.headers.get("CC-Action", "")
    member = event.headers.get("CC-Member-Session-UUID", "")
    if action == "member-queue-start" and member:
        request.find_service(Calls).queued(member, at=event.at)
    elif action == "members-count" and event.headers.get("CC-Count", "0") != "0":
        # Not at the start of the waiting: the switch tells of that before it can ring for them, and a telephone
        # that was called off by then rings for the caller before them once more.
        needless = request.find_service(Pulls).in_the_way(event.headers.get("CC-Queue", ""))
        return partial(_call_off, needless) if needless else None
    elif action == "bridge-agent-fail" and member:
        name, cause = event.headers.get("CC-Queue", ""), event.headers.get("CC-Hangup-Cause", "")
        if request.find_service(Pulls).unreachable(name, member, cause):
            return lambda switch: switch.press(member, OUT_OF_QUEUE)
    elif action == "bridge-agent-start" and member:
        desk, channel = event.headers.get("CC-Agent", ""), event.headers.get("CC-Agent-UUID", "")
        request.find_service(Calls).answered(member, desk, channel, at=event.at)
    elif action == "agent-status-change":
        request.find_service(Desks).heard(event.headers.get("CC-Agent", ""), event.headers.get("CC-Agent-Status", ""))
    return None


def _call_off(channels: Sequence[str], switch: ISwitch) -> None:
    """Let telephones ring no more, as if the caller were gone: the queue rings them for others at once."""
    for channel in channels:
        switch.drop(channel, "ORIGINATOR_CANCEL")


def _in_room(request: Request, event: SwitchEvent) -> Afterwards | None:
    conferences, room = request.find_service(Conferences), event.headers.get("Conference-Name", "")
    action = event.headers.get("Action", "")
    conferences.heard(
        room,
        action,
        event.channel_uuid,
        event.headers.get("Caller-Caller-ID-Number", ""),
        event.headers.get("Path", ""),
        event.at,
    )
    over = action == "del-member" and conferences.ends_by_itself(room)
    return (lambda switch: switch.conference_end(room)) if over else None


HANDLERS: dict[str, Callable[[Request, SwitchEvent], Afterwards | None]] = {
    "CHANNEL_CREATE": _created,
    "CHANNEL_ANSWER": _answered,
    "CHANNEL_BRIDGE": _bridged,
    "CHANNEL_HANGUP_COMPLETE": _hung_up,
    "DTMF": _pressed,
    "BACKGROUND_JOB": _not_made,
    "RECORD_START": _record_started,
    "RECORD_STOP": _record_stopped,
    QUEUE_EVENT: _queue,
    CONFERENCE_EVENT: _in_room,
}

CONCERNS: dict[str, Callable[[SwitchEvent], bool]] = {"DTMF": _is_supervisor, "BACKGROUND_JOB": _is_refusal}
"""Which of the events that come often are worth a transaction."""

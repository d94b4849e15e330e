"""Somebody whom a broadcast called calls back: who it may be, and their answer on an inbound leg.

The hotline needs none of this. What cannot be looked up, or not in time, is
nobody's callback, and the caller is served like everybody else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import ClassVar

import gevent

from dutycenter.calls.conferences import Conferences
from dutycenter.calls.services import Calls
from dutycenter.interfaces import Callback, CalledBack, IBroadcasts, IClock, ILeg, Prompt
from dutycenter.vocabulary import Means
from dutycenter.work import Work
from ivr_flows.scribes import AT_ONCE, HotlineScribe, tries

log = logging.getLogger(__name__)

LOOK_UP = 1.5  # real seconds that a caller waits for being recognised at most
PLACES = ("first", "second", "third", "fourth")
MESSAGE = "message"


def recognise(work: Work, leg: ILeg) -> Callback | None:
    """What this caller was called for; None when nothing is known, or it cannot be known now."""
    try:
        with gevent.Timeout(LOOK_UP), work.read() as request:
            found: Callback | None = request.find_service(IBroadcasts).callback(leg.caller_number)
    except LookupError:
        return None  # an installation without broadcasts
    except (Exception, gevent.Timeout):
        log.exception("Whether the caller on %s was called out could not be looked up.", leg.channel_uuid)
        return None
    if found is not None and len(found.people) > 1 and not all(person.spoken for person in found.people):
        log.warning("The names of those who share the number on %s aren't spoken yet.", leg.channel_uuid)
        return None
    return found


def facts_of(callback: Callback) -> frozenset[str]:
    """What the flow ``callback`` knows at its start."""
    holds = {
        "exercise": callback.exercise,
        "several": len(callback.people) > 1,
        "third": len(callback.people) > 2,
        "fourth": len(callback.people) > 3,
        "acknowledged": callback.acknowledged,
        "asks_arrival": callback.asks_arrival,
        "conference": bool(callback.conference),
    }
    return frozenset(name for name, known in holds.items() if known)


def slots_of(callback: Callback) -> Mapping[str, Prompt]:
    """The prompts that only this conversation has: the message, and names to choose from."""
    names = {place: person.spoken for place, person in zip(PLACES, callback.people, strict=False) if person.spoken}
    return {MESSAGE: Prompt(callback.message, callback.message_seconds), **names}


class CallbackScribe(HotlineScribe):
    """Writes an inbound leg into the calls, and what its caller answers into the broadcast."""

    notes: ClassVar[frozenset[str]] = HotlineScribe.notes | {"acknowledge", "decline", "arrives", "arrived", *PLACES}

    def __init__(self, work: Work, clock: IClock, leg: ILeg, callback: Callback) -> None:
        super().__init__(work, clock, leg)
        self._callback = callback
        self._person: CalledBack | None = callback.people[0] if len(callback.people) == 1 else None
        self._last = ""

    def pressed(self, key: str, *, right: bool) -> None:
        super().pressed(key, right=right)
        self._last = key

    def note(self, what: str, key: str) -> bool:
        if what in HotlineScribe.notes:
            return super().note(what, key)
        if what in PLACES:
            place = PLACES.index(what)
            self._person = self._callback.people[place] if place < len(self._callback.people) else None
            return self._person is not None
        person = self._person
        if person is None:
            return False
        recipient_id = person.recipient_id

        def write() -> bool:
            with self._work.write() as request:
                broadcasts: IBroadcasts = request.find_service(IBroadcasts)
                match what:
                    case "acknowledge":
                        broadcasts.acknowledge_by(recipient_id, Means.CALLBACK, key)
                    case "decline":
                        broadcasts.decline_by(recipient_id, Means.CALLBACK, key)
                    case "arrives":
                        broadcasts.arrives(recipient_id, int(key), Means.CALLBACK)
                    case "arrived":
                        broadcasts.arrived(recipient_id, Means.CALLBACK)
                self._served(request.find_service(Calls), recipient_id)
            return True

        return bool(tries(self._clock, AT_ONCE, f"The answer of the caller on {self._channel}", write))

    def joins(self) -> str:
        person, room = self._person, self._callback.conference
        if person is None or not room:
            return ""

        def write() -> str:
            with self._work.write() as request:
                conferences: Conferences = request.find_service(Conferences)
                if not conferences.joins(room, self._channel, person.name):
                    return ""
                request.find_service(IBroadcasts).acknowledge_by(person.recipient_id, Means.CALLBACK, self._last)
                self._served(request.find_service(Calls), person.recipient_id)
            return room

        return tries(self._clock, AT_ONCE, f"That the caller on {self._channel} joins", write) or ""

    def _served(self, calls: Calls, recipient_id: int) -> None:
        calls.served(self._channel, f"recipient:{recipient_id}", at=self._clock.now())

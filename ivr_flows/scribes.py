"""Who writes down what happens on a leg: one scribe for the hotline, one for notices.

Each fact is committed by itself, when it happens. What cannot be written (the
store is away) is kept and tried again with every later fact and after the end;
the caller never waits long for it. One thing is different: a person's answer
to a notice is said back only once it is committed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from dutycenter.calls.conferences import Conferences
from dutycenter.calls.flood import is_slowed
from dutycenter.calls.hearing import Estimate, Unreadable, listen
from dutycenter.calls.numbers import clean_number
from dutycenter.calls.overflow import Overflow
from dutycenter.calls.pulls import NOT_ANSWERED, Pulls
from dutycenter.calls.services import Calls
from dutycenter.interfaces import Answer, DeskStage, IBroadcasts, IClock, ILeg, Notice, OutsideCall
from dutycenter.vocabulary import Means
from dutycenter.work import Work

log = logging.getLogger(__name__)

AT_ONCE = (0.0, 0.3, 1.0)  # seconds before each try while somebody waits
AFTERWARDS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # when the leg has gone
ACKNOWLEDGED = "1"  # the key of whoever did what only somebody can do who has acknowledged
MAX_WRONG_KEYS = 16  # as many as the record keeps

T = TypeVar("T")


class Scribe(Protocol):
    """Takes what a session sees. No method raises for want of a store."""

    notes: ClassVar[frozenset[str]]  # what a flow's note nodes may ask for

    def asked(self) -> None:
        """A menu begins."""

    def pressed(self, key: str, *, right: bool) -> None:
        """A key was pressed."""

    def queued(self) -> None:
        """The wait for a desk begins."""

    def pulled(self) -> str:
        """The desk that takes this caller next, whoever else waits; empty when none asked for them."""

    def not_taken(self, desk: str) -> None:
        """That desk did not take them after all."""

    def talked(self) -> None:
        """A desk answered."""

    def unanswered(self) -> None:
        """The wait for a desk is over, and none answered."""

    def joins(self) -> str:
        """They want to take part in the conference: the room, once that is committed; empty when there is none."""

    def leader(self, asks: Path) -> OutsideCall | None:
        """The leader on call, who hears ``asks``: committed before they are called; None when nobody can be."""

    def message(self, file_name: str, seconds: float) -> None:
        """A message begins (0 seconds) or was left."""

    def note(self, what: str, key: str) -> bool:
        """Write an answer down; True once it is committed."""

    def listened(self, seconds: float, *, to_end: bool) -> None:
        """How much of the message was heard, all in all."""

    def closing(self) -> None:
        """We are about to hang up, or the other side has: write what is left, once, without waiting."""

    def ended(self) -> None:
        """The leg is nobody's burden any more: write what still is left, with patience."""


def tries(clock: IClock, pauses: tuple[float, ...], what: str, do: Callable[[], T]) -> T | None:
    """Do it; after a failure pause and try again. None when all tries failed."""
    for count, pause in enumerate(pauses, 1):
        if pause:
            clock.sleep(pause)
        try:
            return do()
        except Exception:
            log.exception("%s could not be written down (try %d of %d).", what, count, len(pauses))
    return None


class HotlineScribe:
    """Writes an inbound leg into the calls."""

    notes: ClassVar[frozenset[str]] = frozenset({"callback_here", "callback_at"})

    def __init__(self, work: Work, clock: IClock, leg: ILeg) -> None:
        self._work = work
        self._clock = clock
        self._channel = leg.channel_uuid
        self._caller, self._called = leg.caller_number, leg.called_number
        self._gateway = leg.variables.get("sip_gateway_name", "")
        self._unwritten: list[Callable[[Calls], object]] = []

    def arrived(self) -> None:
        """The row, before anything else; the caller waits for it, but not for ever."""
        at = self._clock.now()
        self._unwritten.append(
            lambda calls: calls.arrive(self._channel, self._caller, self._called, self._gateway, at=at)
        )
        tries(self._clock, AT_ONCE, f"The call {self._channel}", self._flush)

    def facts(self) -> frozenset[str]:
        """What the hotline's flow knows of this caller at its start."""

        def look() -> bool:
            with self._work.read() as request:
                if not is_slowed(request.db, self._caller, self._channel, self._clock.now()):
                    return False
            self._write(lambda calls, at: calls.slowed(self._channel))
            return True

        known = {
            "number_known": bool(clean_number(self._caller)),
            "slowed": bool(tries(self._clock, (0.0,), f"Whether the call {self._channel} is one of many", look)),
        }
        return frozenset(name for name, holds in known.items() if holds)

    def take_over(self, other: HotlineScribe) -> None:
        """What another scribe of this leg could not write yet is ours to write."""
        self._unwritten, other._unwritten = other._unwritten + self._unwritten, []

    def asked(self) -> None:
        self._write(lambda calls, at: calls.menu(self._channel, at=at))

    def pressed(self, key: str, *, right: bool) -> None:
        self._write(lambda calls, at: calls.key(self._channel, key))

    def queued(self) -> None:
        self._write(lambda calls, at: calls.queued(self._channel, at=at))

    def pulled(self) -> str:
        def look() -> str:
            with self._work.read() as request:
                return str(request.find_service(Pulls).desk_of(self._channel))

        return tries(self._clock, (0.0,), f"Who takes the caller on {self._channel} next", look) or ""

    def not_taken(self, desk: str) -> None:
        def write() -> None:
            with self._work.write() as request:
                request.find_service(Pulls).end(self._channel, desk, NOT_ANSWERED)

        tries(self._clock, AT_ONCE, f"That desk {desk} did not take the caller on {self._channel}", write)

    def talked(self) -> None:
        """The follower knows which desk it was."""

    def unanswered(self) -> None:
        """The flow goes on, and what comes of it is written."""

    def joins(self) -> str:
        return ""

    def leader(self, asks: Path) -> OutsideCall | None:
        def write() -> OutsideCall | None:
            with self._work.write() as request:
                found: OutsideCall | None = request.find_service(Overflow).to_leader(self._channel, asks)
            return found

        return tries(self._clock, AT_ONCE, f"That the leader on call is called for {self._channel}", write)

    def message(self, file_name: str, seconds: float) -> None:
        self._write(lambda calls, at: calls.voicemail(self._channel, file_name, seconds, at=at))

    def note(self, what: str, key: str) -> bool:
        if what not in HotlineScribe.notes:
            return False
        number = key if what == "callback_at" else ""

        def write() -> bool:
            with self._work.write() as request:
                request.find_service(Calls).callback_asked(self._channel, number, at=self._clock.now())
            return True

        return bool(tries(self._clock, AT_ONCE, f"That the caller on {self._channel} wants to be called back", write))

    def listened(self, seconds: float, *, to_end: bool) -> None:
        pass

    def closing(self) -> None:
        if self._unwritten:
            tries(self._clock, (0.0,), f"The end of the call {self._channel}", self._flush)

    def ended(self) -> None:
        if self._unwritten:
            tries(self._clock, AFTERWARDS, f"The end of the call {self._channel}", self._flush)

    def _write(self, fact: Callable[[Calls, datetime], object]) -> None:
        at = self._clock.now()
        self._unwritten.append(lambda calls: fact(calls, at))
        tries(self._clock, (0.0,), f"What happened on the call {self._channel}", self._flush)

    def _flush(self) -> None:
        with self._work.write() as request:
            calls = request.find_service(Calls)
            for fact in self._unwritten:
                fact(calls)
        self._unwritten.clear()


class NoticeScribe:
    """Writes an answered leg of a broadcast into its attempt."""

    notes: ClassVar[frozenset[str]] = frozenset({"acknowledge", "decline", "arrives", "arrived"})

    def __init__(
        self, work: Work, clock: IClock, attempt_id: str, aside: Callable[[Callable[[], Any]], Any] = lambda do: do()
    ) -> None:
        self._work = work
        self._clock = clock
        self._attempt = attempt_id
        self._recipient, self._name = 0, ""
        self._aside = aside  # runs what computes, so that other legs go on meanwhile
        self._rang: float | None = None
        self._estimate: Estimate | None = None
        self._key = ""
        self._wrong = ""
        self._waits = ""  # the key that led to the queue
        self._heard, self._to_end = 0.0, False
        self._written: Answer | None = None

    def notice(self) -> Notice | None:
        """What is to be said; None when the attempt isn't known or the store is away."""

        def read() -> Notice | None:
            with self._work.read() as request:
                notice: Notice | None = request.find_service(IBroadcasts).notice(self._attempt)
                self._rang = notice.rang if notice else None
                return notice

        notice = tries(self._clock, AT_ONCE, f"The notice of the attempt {self._attempt}", read)
        if notice is not None:
            self._recipient, self._name = notice.recipient_id, notice.recipient_name
        return notice

    def asked(self) -> None:
        pass

    def pressed(self, key: str, *, right: bool) -> None:
        if right:
            self._waits = key
        else:
            self._wrong = (self._wrong + key)[:MAX_WRONG_KEYS]

    def queued(self) -> None:
        self._at_desk(DeskStage.ASKED)

    def pulled(self) -> str:
        return ""

    def not_taken(self, desk: str) -> None:
        """Desks ask for the hotline's callers only."""

    def talked(self) -> None:
        self._key = self._key or self._waits
        self._at_desk(DeskStage.TALKS)

    def unanswered(self) -> None:
        self._at_desk(DeskStage.LEFT)

    def _at_desk(self, stage: DeskStage) -> None:
        def write() -> None:
            with self._work.write() as request:
                request.find_service(IBroadcasts).at_desk(self._attempt, stage)

        tries(self._clock, (0.0,), f"That the person of the attempt {self._attempt} asks for the desk", write)

    def joins(self) -> str:
        def write() -> str:
            with self._work.write() as request:
                broadcasts: IBroadcasts = request.find_service(IBroadcasts)
                notice = broadcasts.notice(self._attempt)
                if notice is None or not notice.conference:
                    return ""
                # Whoever takes part has been reached: nobody calls them out of the talk.
                broadcasts.acknowledge(self._attempt, self._waits)
                request.find_service(Conferences).joins(notice.conference, self._attempt, self._name)
            return notice.conference

        room = tries(self._clock, AT_ONCE, f"That the person of the attempt {self._attempt} joins", write) or ""
        self._key = ACKNOWLEDGED if room else self._key
        return room

    def leader(self, asks: Path) -> OutsideCall | None:
        return None

    def message(self, file_name: str, seconds: float) -> None:
        pass

    def note(self, what: str, key: str) -> bool:
        def write() -> bool:
            with self._work.write() as request:
                broadcasts: IBroadcasts = request.find_service(IBroadcasts)
                match what:
                    case "acknowledge":
                        broadcasts.acknowledge(self._attempt, key)
                    case "decline":
                        broadcasts.decline(self._attempt, key)
                    case "arrives":
                        broadcasts.arrives(self._recipient, int(key), Means.KEY)
                    case "arrived":
                        broadcasts.arrived(self._recipient, Means.KEY)
            return True

        # What cannot be written now goes along with what was heard, when the store is back.
        self._key = key if what in ("acknowledge", "decline") else ACKNOWLEDGED
        return bool(tries(self._clock, AT_ONCE, f"The answer to the attempt {self._attempt}", write))

    def listened(self, seconds: float, *, to_end: bool) -> None:
        self._heard, self._to_end = seconds, to_end

    def closing(self) -> None:
        self._write_heard((0.0,))

    def ended(self) -> None:
        self._write_heard(AFTERWARDS)

    def _write_heard(self, pauses: tuple[float, ...]) -> None:
        answer = Answer(self._key, self._to_end, self._heard, self._wrong, *self._listened_to())
        if answer == self._written:
            return

        def write() -> Answer:
            with self._work.write() as request:
                request.find_service(IBroadcasts).heard(self._attempt, answer)
            return answer

        self._written = tries(self._clock, pauses, f"What was heard on the attempt {self._attempt}", write)

    def _listened_to(self) -> tuple[int | None, str]:
        """How likely a machine took the call, and why, where no key says that it was a person."""
        if self._key or self._wrong:
            return None, ""
        if self._estimate is None:
            recording = self._work.settings.recordings_dir / f"{self._attempt}.wav"
            self._estimate = self._aside(lambda: _estimated(recording, self._rang))
        if self._estimate is None:
            return None, ""
        return round(self._estimate.chance * 100), str(self._estimate)


def _estimated(recording: Path, rang: float | None) -> Estimate | None:
    """Who took the call; None when nothing can be heard. Doesn't raise: it runs in a thread, which would print it."""
    try:
        return listen(recording, rang)
    except Unreadable as error:
        log.info("What came from the called side is not known: %s.", error)
        return None

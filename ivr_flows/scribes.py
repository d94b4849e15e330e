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
from typing import ClassVar, Protocol, TypeVar

from dutycenter.calls.services import Calls
from dutycenter.interfaces import Answer, IBroadcasts, IClock, ILeg, Notice
from dutycenter.work import Work

log = logging.getLogger(__name__)

AT_ONCE = (0.0, 0.3, 1.0)  # seconds before each try while somebody waits
AFTERWARDS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # when the leg has gone
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

    def talked(self) -> None:
        """A desk answered."""

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


def _tries(clock: IClock, pauses: tuple[float, ...], what: str, do: Callable[[], T]) -> T | None:
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

    notes: ClassVar[frozenset[str]] = frozenset()

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
        _tries(self._clock, AT_ONCE, f"The call {self._channel}", self._flush)

    def asked(self) -> None:
        self._write(lambda calls, at: calls.menu(self._channel, at=at))

    def pressed(self, key: str, *, right: bool) -> None:
        self._write(lambda calls, at: calls.key(self._channel, key))

    def queued(self) -> None:
        self._write(lambda calls, at: calls.queued(self._channel, at=at))

    def talked(self) -> None:
        """The follower knows which desk it was."""

    def message(self, file_name: str, seconds: float) -> None:
        self._write(lambda calls, at: calls.voicemail(self._channel, file_name, seconds, at=at))

    def note(self, what: str, key: str) -> bool:
        return False

    def listened(self, seconds: float, *, to_end: bool) -> None:
        pass

    def closing(self) -> None:
        if self._unwritten:
            _tries(self._clock, (0.0,), f"The end of the call {self._channel}", self._flush)

    def ended(self) -> None:
        if self._unwritten:
            _tries(self._clock, AFTERWARDS, f"The end of the call {self._channel}", self._flush)

    def _write(self, fact: Callable[[Calls, datetime], object]) -> None:
        at = self._clock.now()
        self._unwritten.append(lambda calls: fact(calls, at))
        _tries(self._clock, (0.0,), f"What happened on the call {self._channel}", self._flush)

    def _flush(self) -> None:
        with self._work.write() as request:
            calls = request.find_service(Calls)
            for fact in self._unwritten:
                fact(calls)
        self._unwritten.clear()


class NoticeScribe:
    """Writes an answered leg of a broadcast into its attempt."""

    notes: ClassVar[frozenset[str]] = frozenset({"acknowledge", "decline"})

    def __init__(self, work: Work, clock: IClock, attempt_id: str) -> None:
        self._work = work
        self._clock = clock
        self._attempt = attempt_id
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
                return notice

        return _tries(self._clock, AT_ONCE, f"The notice of the attempt {self._attempt}", read)

    def asked(self) -> None:
        pass

    def pressed(self, key: str, *, right: bool) -> None:
        if right:
            self._waits = key
        else:
            self._wrong = (self._wrong + key)[:MAX_WRONG_KEYS]

    def queued(self) -> None:
        pass

    def talked(self) -> None:
        self._key = self._key or self._waits

    def message(self, file_name: str, seconds: float) -> None:
        pass

    def note(self, what: str, key: str) -> bool:
        def write() -> bool:
            with self._work.write() as request:
                broadcasts = request.find_service(IBroadcasts)
                (broadcasts.acknowledge if what == "acknowledge" else broadcasts.decline)(self._attempt, key)
            return True

        # What cannot be written now goes along with what was heard, when the store is back.
        self._key = key
        return bool(_tries(self._clock, AT_ONCE, f"The answer to the attempt {self._attempt}", write))

    def listened(self, seconds: float, *, to_end: bool) -> None:
        self._heard, self._to_end = seconds, to_end

    def closing(self) -> None:
        self._write_heard((0.0,))

    def ended(self) -> None:
        self._write_heard(AFTERWARDS)

    def _write_heard(self, pauses: tuple[float, ...]) -> None:
        answer = Answer(self._key, self._to_end, self._heard, self._wrong)
        if answer == self._written:
            return

        def write() -> Answer:
            with self._work.write() as request:
                request.find_service(IBroadcasts).heard(self._attempt, answer)
            return answer

        self._written = _tries(self._clock, pauses, f"What was heard on the attempt {self._attempt}", write)

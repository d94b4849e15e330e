"""A session: drives one leg through a flow, and has written down what happens.

The engine says what is to be done; the session does it on the leg and tells
the engine what came of it. Whoever is on the line is not dropped by a mistake
of ours: if anything fails, the caller is put through to the queue, and if that
fails too, the leg is given back to the dialplan, which rings the desks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import gevent

from dutycenter.calls.pulls import own_queue
from dutycenter.interfaces import OUT_OF_QUEUE, IClock, ILeg, LegGone, Prompt
from dutycenter.settings import Settings
from ivr_flows.conversation import (
    DESK,
    KEYS,
    LEADER,
    PLACE,
    Ask,
    Bridge,
    Bridged,
    Digits,
    Effect,
    Enter,
    Event,
    Fault,
    Flow,
    Gone,
    HandOver,
    Hangup,
    Join,
    Joined,
    Key,
    NoKey,
    Note,
    Noted,
    Queue,
    QueueEnded,
    Record,
    Recorded,
    Said,
    Say,
    Started,
)
from ivr_flows.engine import State, advance, begin
from ivr_flows.prompts import PromptBook
from ivr_flows.scribes import Scribe

log = logging.getLogger(__name__)

MESSAGE = "message"  # the slot whose hearing is measured
LEADER_ASKS = "hotline.leader"  # what whoever leads the shift hears before a caller is put through
BEFORE_ALL = "1000000"  # of a caller whom a desk asked for: more than anybody has waited
FIRST_PLACE = 8.0  # seconds in the queue before a caller hears their place for the first time
TO_END = 0.3  # seconds that may be missing from a message that was heard to its end


class FlowFailed(Exception):
    """The engine found the flow at fault."""


@dataclass(frozen=True)
class Playing:
    """What is being played, and since when."""

    prompts: tuple[tuple[str, Prompt], ...]
    began: float


class Session:
    """One conversation.

    Args:
        leg: the answered leg.
        flow: what to do on it.
        scribe: writes down what happens.
        book: finds the sound of prompts.
        slots: prompts that this conversation brings along.
        settings: language, queue.
        clock: measures what was heard.
    """

    def __init__(
        self,
        leg: ILeg,
        flow: Flow,
        scribe: Scribe,
        book: PromptBook,
        settings: Settings,
        clock: IClock,
        slots: Mapping[str, Prompt] | None = None,
    ) -> None:
        self._leg = leg
        self._flow = flow
        self._scribe = scribe
        self._book = book
        self._slots = dict(slots or {})
        self._settings = settings
        self._clock = clock
        self._playing: Playing | None = None
        self._heard, self._to_end = 0.0, False
        self._recorded = False
        self._score = 0  # who goes first: what the flow gave this caller last
        self._knows_keys = False  # they were told which keys lead out of the queue
        self.handed_over: HandOver | None = None  # the leg goes on in another flow
        self.state: State | None = None  # where the conversation stands

    def run(self, facts: frozenset[str] = frozenset()) -> None:
        """From the first word to the end of the leg; doesn't raise."""
        try:
            self._converse(begin(self._flow, facts))
        except LegGone:
            pass
        except Exception:
            log.exception("The flow %s failed on the leg %s.", self._flow.name, self._leg.channel_uuid)
            self._stop_listening()
            self._rescue()
        finally:  # the process may be told to end in the middle of a leg
            self._stop_listening()
            self._close()

    def _converse(self, state: State) -> None:
        event: Event | None = Started()
        while event is not None:
            state, effects = advance(self._flow, state, event)
            self.state = state
            event = None
            for effect in effects:
                try:
                    event = self._do(effect)
                except LegGone:
                    self._stop_listening()
                    event = Gone()

    def _do(self, effect: Effect) -> Event | None:
        """Do it; what came of it, or None when the conversation is over."""
        leg = self._leg
        match effect:
            case Say():
                leg.play([prompt.path for _, prompt in self._listen(effect.prompts)])
                self._stop_listening(whole=True)
                return Said()
            case Ask():
                return self._ask(effect)
            case Enter():
                return self._enter(effect)
            case Queue():
                return self._queue(effect)
            case Record():
                return self._record(effect.limit)
            case Bridge() | Join():
                return self._bridge(effect) if isinstance(effect, Bridge) else self._join()
            case Note():
                return Noted(self._scribe.note(effect.what, effect.key))
            case HandOver():
                self.handed_over = effect
                return None
            case Hangup():
                # Before the switch says that the leg has ended: whoever follows it judges by this.
                self._close()
                leg.hangup(effect.cause)
                return None
            case Fault():
                raise FlowFailed(effect.why)

    def _ask(self, ask: Ask) -> Event:
        self._scribe.asked()
        files = [prompt.path for _, prompt in self._listen(ask.prompts)]
        # All keys are asked for, so that a wrong one can be told from silence.
        key = self._leg.ask(files, KEYS, ask.wait)
        self._stop_listening(whole=not key)
        if not key:
            return NoKey()
        self._scribe.pressed(key, right=key in ask.keys)
        return Key(key)

    def _enter(self, enter: Enter) -> Event:
        files = [prompt.path for _, prompt in self._listen(enter.prompts)]
        digits = self._leg.enter(files, enter.digits, enter.wait)
        self._stop_listening(whole=not digits)
        return Digits(digits)

    def _bridge(self, wish: Bridge) -> Event:
        if wish.to == LEADER:
            return self._bridge_to_leader(wish.keys)
        answered = self._leg.bridge(wish.to)
        if answered:
            self._scribe.talked()
        return Bridged(answered)

    def _bridge_to_leader(self, keys: str) -> Event:
        asks = self._book.find(LEADER_ASKS, self._settings.languages[0]).path
        # A desk may have asked for them while they heard of the leader: they wait for it in the queue.
        outside = None if self._scribe.pulled() else self._scribe.leader(asks)
        came = self._leg.bridge_out(outside, keys) if outside else ""
        if came == "answered":
            self._scribe.talked()
            return Bridged(True)
        if came:
            self._scribe.pressed(came, right=True)
        return Bridged(False, came)

    def _queue(self, wish: Queue) -> Event:
        self._scribe.queued()
        if wish.score:
            self._score = wish.score
            self._leg.set("cc_base_score", str(wish.score))
        try:
            cause = self._wait(wish)
        except LegGone:
            self._scribe.unanswered()
            raise
        if cause == "answered":
            self._scribe.talked()
            if wish.welcome:
                self._leg.tell([one.path for name in wish.welcome for one in self._told(name, self._leg.desk)])
            return QueueEnded(cause)
        self._scribe.unanswered()
        if cause in wish.keys:
            self._scribe.pressed(cause, right=True)
        return QueueEnded(cause)

    def _wait(self, wish: Queue) -> str:
        """Wait for all desks, or for the one that asked for this caller; how the waiting ended."""
        queue, keys = self._settings.hotline_queue, f"{wish.keys}{OUT_OF_QUEUE}"
        while True:
            desk = self._scribe.pulled()
            if desk:
                self._leg.set("cc_base_score", BEFORE_ALL)
                cause = self._leg.queue(own_queue(queue, desk), keys, self._early(wish))
                if cause == "answered" or (cause and cause in wish.keys):
                    return cause
                self._leg.set("cc_base_score", str(self._score))
                if cause == OUT_OF_QUEUE:
                    continue
                self._scribe.not_taken(desk)
            company = gevent.spawn(self._accompany, wish) if wish.waiting else None
            try:
                cause = self._leg.queue(queue, keys, self._early(wish))
            finally:
                if company is not None:
                    company.kill()
                    self._leg.hush()
            if cause != OUT_OF_QUEUE:
                return cause

    def _early(self, wish: Queue) -> str:
        """What counts though it was pressed on the way here: a desk's wish, and keys that they know of.

        Whoever presses a key of the menu twice has not heard yet that it leads elsewhere from here.
        """
        return f"{wish.keys}{OUT_OF_QUEUE}" if self._knows_keys else OUT_OF_QUEUE

    def _accompany(self, wish: Queue) -> None:
        """Tell whoever waits which place they have, now and then, until they wait no more."""
        self._clock.sleep(FIRST_PLACE)
        while (place := self._leg.place(self._settings.hotline_queue)) is not None:
            self._leg.announce([one.path for name in wish.waiting for one in self._told(name, str(place))])
            self._knows_keys = bool(wish.keys)
            self._clock.sleep(self._settings.hotline_place_every)

    def _told(self, name: str, number: str) -> list[Prompt]:
        """The prompts of a name; ``number`` where it asks for a place (a number) or a desk (its digits)."""
        if name == PLACE:
            return [prompt for _, prompt in self._book.number(int(number), self._settings.languages[0])]
        if name == DESK:
            return [prompt for digit in number if digit.isdigit() for _, prompt in self._found(f"number.{digit}")]
        return [prompt for _, prompt in self._found(name)]

    def _join(self) -> Event:
        room = self._scribe.joins()
        if room:
            self._leg.join(room)
        return Joined(bool(room))

    def _record(self, limit: float) -> Event:
        if self._recorded:
            log.error("A second message on the leg %s would overwrite the first.", self._leg.channel_uuid)
            return Recorded(0.0)
        self._recorded = True
        name = f"{self._leg.channel_uuid}.voicemail.wav"
        self._scribe.message(name, 0.0)
        began = self._clock.monotonic()
        try:
            seconds = self._leg.record_message(name, limit)
        except LegGone:
            self._scribe.message(name, min(limit, self._clock.monotonic() - began))
            raise
        self._scribe.message(name, seconds)
        return Recorded(seconds)

    def _close(self) -> None:
        self._scribe.listened(self._heard, to_end=self._to_end)
        self._scribe.closing()

    # --- how much of the message was heard -----------------------------------

    def _listen(self, names: tuple[str, ...]) -> tuple[tuple[str, Prompt], ...]:
        found = tuple(one for name in names for one in self._found(name))
        self._playing = Playing(found, self._clock.monotonic())
        return found

    def _found(self, name: str) -> list[tuple[str, Prompt]]:
        language = self._settings.languages[0]
        kind, _, number = name.partition(".")
        if kind == "number" and number.isdigit():
            return self._book.number(int(number), language)
        return [(name, self._slots.get(name) or self._book.find(name, language))]

    def _stop_listening(self, *, whole: bool = False) -> None:
        playing, self._playing = self._playing, None
        if playing is None:
            return
        left = self._clock.monotonic() - playing.began
        for name, prompt in playing.prompts:
            if name == MESSAGE:
                heard = prompt.seconds if whole else max(0.0, min(left, prompt.seconds))
                self._heard = max(self._heard, heard)
                self._to_end = self._to_end or heard >= prompt.seconds - TO_END
            left -= prompt.seconds

    # --- when all else fails -------------------------------------------------

    def _rescue(self) -> None:
        try:
            self._queue(Queue(0))
        except LegGone:
            return
        except Exception:
            log.exception("The leg %s could not be put into the queue either.", self._leg.channel_uuid)
        log.warning("The leg %s goes on in the dialplan.", self._leg.channel_uuid)

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

from dutycenter.interfaces import IClock, ILeg, LegGone, Prompt
from dutycenter.settings import Settings
from ivr_flows.conversation import (
    KEYS,
    LEADER,
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
from ivr_flows.waiting import ANSWERED, Waiting

log = logging.getLogger(__name__)

NOTHING_CAME = (Said(), NoKey(), Digits(""))  # of words to which the other side has said nothing
MESSAGE = "message"  # the slot whose hearing is measured
LEADER_ASKS = "hotline.leader"  # what whoever leads the shift hears before a caller is put through
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
        self._waiting = Waiting(leg, scribe, book, settings, clock)
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
            case Say() | Ask() | Enter():
                event = self._speak(effect)
                while event in NOTHING_CAME and self._waiting.to_desk():
                    event = self._speak(effect)
                return event
            case Queue():
                return QueueEnded(self._waiting.queue(effect))
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

    def _speak(self, words: Say | Ask | Enter) -> Event:
        match words:
            case Ask():
                return self._ask(words)
            case Enter():
                return self._enter(words)
        self._leg.play([prompt.path for _, prompt in self._listen(words.prompts)])
        self._stop_listening(whole=True)
        return Said()

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
        outside = self._scribe.leader(asks)
        came = self._leg.bridge_out(outside, keys) if outside else ""
        if came == ANSWERED:
            self._scribe.talked()
            return Bridged(True)
        if came:
            self._scribe.pressed(came, right=True)
        return Bridged(False, came)

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
            self._waiting.queue(Queue(0))
        except LegGone:
            return
        except Exception:
            log.exception("The leg %s could not be put into the queue either.", self._leg.channel_uuid)
        log.warning("The leg %s goes on in the dialplan.", self._leg.channel_uuid)

"""How a caller waits: for all desks, or for the one that asked for them, and what they are told meanwhile."""

from __future__ import annotations

from pathlib import Path

import gevent

from dutycenter.calls.pulls import own_queue
from dutycenter.interfaces import OUT_OF_QUEUE, IClock, ILeg, LegGone
from dutycenter.settings import Settings
from ivr_flows.conversation import DESK, PLACE, Queue
from ivr_flows.prompts import PromptBook
from ivr_flows.scribes import Scribe

ANSWERED = "answered"
BEFORE_ALL = "1000000"  # of a caller whom a desk asked for: more than anybody has waited
FIRST_PLACE = 8.0  # seconds in the queue before a caller hears their place for the first time


class Waiting:
    """One caller's waiting, however often the flow leads them into the queue.

    Args:
        leg: the caller's.
        scribe: writes down what happens, and knows which desk asks for this caller.
        book: finds the sound of prompts.
        settings: language, queue.
        clock: between two words about the caller's place.
    """

    def __init__(self, leg: ILeg, scribe: Scribe, book: PromptBook, settings: Settings, clock: IClock) -> None:
        self._leg = leg
        self._scribe = scribe
        self._book = book
        self._settings = settings
        self._clock = clock
        self._last: Queue | None = None  # how the flow wished it
        self._score = 0  # who goes first: what the flow gave this caller last
        self._knows_keys = False  # they were told which keys lead out of the queue

    def queue(self, wish: Queue) -> str:
        """Wait in the queue until a desk answers, patience ends or a key leads out: which of these.

        Raises:
            LegGone: the caller has hung up.
        """
        self._last = wish
        self._scribe.queued()
        if wish.score:
            self._score = wish.score
            self._leg.set("cc_base_score", str(wish.score))
        try:
            cause = self._wait(wish)
        except LegGone:
            self._scribe.unanswered()
            raise
        if cause == ANSWERED:
            self._welcome(wish)
            return cause
        self._scribe.unanswered()
        if cause in wish.keys:
            self._scribe.pressed(cause, right=True)
        return cause

    def to_desk(self) -> bool:
        """Let the desk have this caller that asked for them after they left the queue, if one did.

        Returns:
            It did not take them after all: they go on where they were.

        Raises:
            LegGone: they talk to it, or have hung up.
        """
        tried = False
        while self._last is not None and (desk := self._scribe.pulled()):
            wish, tried = Queue(0, welcome=self._last.welcome), True
            if self._wait_for(desk, wish) == ANSWERED:
                self._welcome(wish)
                raise LegGone("the leg talks to a desk")
        return tried

    def _wait(self, wish: Queue) -> str:
        while True:
            if desk := self._scribe.pulled():
                cause = self._wait_for(desk, wish)
                if _leads_on(cause, wish):
                    return cause
                if cause == OUT_OF_QUEUE:
                    continue
            company = gevent.spawn(self._accompany, wish) if wish.waiting else None
            try:
                cause = self._wait_in(self._settings.hotline_queue, wish)
            finally:
                if company is not None:
                    company.kill()
                    self._leg.hush()
            if cause != OUT_OF_QUEUE:
                return cause

    def _wait_for(self, desk: str, wish: Queue) -> str:
        """Wait where this desk alone rings; their place among all is theirs again afterwards."""
        self._leg.set("cc_base_score", BEFORE_ALL)
        cause = self._wait_in(own_queue(self._settings.hotline_queue, desk), wish)
        if _leads_on(cause, wish):
            return cause
        self._leg.set("cc_base_score", str(self._score))
        if cause != OUT_OF_QUEUE:
            self._scribe.not_taken(desk)
        return cause

    def _wait_in(self, queue: str, wish: Queue) -> str:
        """Until the switch says how it ended.

        What was pressed on the way here counts if it is a desk's wish, or a key that they know of: whoever presses a
        key of the menu twice has not heard yet that it leads elsewhere from here.
        """
        keys = f"{wish.keys}{OUT_OF_QUEUE}"
        return self._leg.queue(queue, keys, keys if self._knows_keys else OUT_OF_QUEUE)

    def _accompany(self, wish: Queue) -> None:
        """Tell whoever waits which place they have, now and then, until they wait no more."""
        self._clock.sleep(FIRST_PLACE)
        while (place := self._leg.place(self._settings.hotline_queue)) is not None:
            self._leg.announce([one for name in wish.waiting for one in self._words(name, str(place))])
            self._knows_keys = bool(wish.keys)
            self._clock.sleep(self._settings.hotline_place_every)

    def _welcome(self, wish: Queue) -> None:
        self._scribe.talked()
        if wish.welcome:
            self._leg.tell([one for name in wish.welcome for one in self._words(name, self._leg.desk)])

    def _words(self, name: str, number: str) -> list[Path]:
        """The prompts of a name; ``number`` where it asks for a place (a number) or a desk (its digits)."""
        language = self._settings.languages[0]
        if name == PLACE:
            return [prompt.path for _, prompt in self._book.number(int(number), language)]
        if name == DESK:
            digits = [int(digit) for digit in number if digit.isdigit()]
            return [prompt.path for digit in digits for _, prompt in self._book.number(digit, language)]
        return [self._book.find(name, language).path]


def _leads_on(cause: str, wish: Queue) -> bool:
    """Was that a desk that answered, or a key of the caller's: is the waiting over?"""
    return cause == ANSWERED or bool(cause and cause in wish.keys)

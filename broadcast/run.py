"""One running broadcast in one dialer: the projection of its rows, and its turn.

Everything here can be thrown away and loaded again; nothing is true because it
stands here. A turn is one transaction: what happened is written, who is next is
chosen and written, and only what has been committed is handed to the switch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from broadcast import leases, store
from broadcast.assembly import chooser_of
from broadcast.attempts import write_attempts
from broadcast.chooser import Choice, Chooser
from broadcast.exercises import mark_recordings
from broadcast.goals import Watch
from broadcast.in_flight import WORD_PATIENCE, Open, Orders, happenings_of, known_of, record
from broadcast.leases import LEASE
from broadcast.lines import Hindrance, Lines, gateways
from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.plans.steps import Steps
from broadcast.settle import (
    FINAL,
    carried,
    disposition,
    merge_all,
    outcome,
)
from dutycenter.calls.models import Leg
from dutycenter.db.bulk import update_all
from dutycenter.interfaces import Entry, IClock, ILedger
from dutycenter.ledger.parts import in_parts
from dutycenter.settings import Settings
from dutycenter.switch.causes import meaning
from dutycenter.vocabulary import BroadcastState, Disposition, EscalationKind

log = logging.getLogger(__name__)

BATCH = 200  # attempts written in one transaction at most
WRITTEN = ("id", "answered_at", "ended_at", "dropped_at", "hangup_cause", "disposition")  # of an attempt, by a dialer
OVERLAP = timedelta(seconds=30)
LOOK_FOR_CLOSED = 0.5  # real seconds


class Run:
    """A broadcast that this dialer holds the lease of."""

    def __init__(self, broadcast: Broadcast, fence: int, clock: IClock, lines: Lines, settings: Settings) -> None:
        assert broadcast.launched_at is not None
        self.id = broadcast.id
        self.fence = fence
        self.clock = clock
        self.lines = lines
        self.zone = settings.time_zone
        self.message_seconds = broadcast.prompt_seconds
        self.ring_timeout = broadcast.ring_timeout
        self.exercise = broadcast.exercise
        self.calls_from = broadcast.calls_from
        self.texts_alone = broadcast.texts_alone
        self.answer_within = broadcast.goal_seconds or settings.sms_wait  # seconds, where texts alone are sent
        self.asked_at = 0.0  # seconds after the launch: when the last one came into it
        self.waited = False  # in the last turn calls still waited for the texts
        # Pauses must not follow a wall clock that is set right meanwhile.
        self._offset = (clock.now() - broadcast.launched_at).total_seconds() - clock.monotonic()
        self.open: dict[str, Open] = {}
        self.steps = Steps(broadcast.steps, {settings.hotline_number}, settings.time_zone)
        self.roll = (0, 0)
        self.chooser: Chooser
        self.watch: Watch
        self.state = broadcast.state
        self.seen_entry = -1
        self.looked_at: datetime = broadcast.launched_at
        self.closed: set[int] = set()
        self.look_again = 0.0
        self.turned_at = clock.monotonic()  # the lease was taken just now
        self.over = False  # finished: its outcomes are written
        self.full = False  # every channel that it may have is taken
        self.crowded = False  # other broadcasts use channels that we could
        self.switch_was_up: bool | None = None
        self.tried_opening: float | None = None
        self.patience = WORD_PATIENCE / clock.real(1.0)
        self.renew_after = LEASE / 3 / clock.real(1.0)
        self._said: list[Entry] = []
        self._legs: list[dict[str, Any]] = []
        self._attempts: list[dict[str, Any]] = []

    def seconds(self) -> float:
        """Seconds since the launch."""
        return max(0.0, self.clock.monotonic() + self._offset)

    def next_choice(self) -> float | None:
        """Seconds until somebody may be called who may not be now, if nothing else happens."""
        wake = self.chooser.wake_at
        if wake is None or self.full or self.waited or self.texts_alone or self.state is not BroadcastState.RUNNING:
            return None
        return max(0.0, wake - self.seconds())

    def load(self, db: Session, broadcast: Broadcast) -> None:
        """Build the projection from the rows."""
        self._build(db, broadcast)
        self.open = {attempt.id: self._opened(attempt) for attempt, _ in store.open_attempts(db, self.id)}

    def _build(self, db: Session, broadcast: Broadcast) -> None:
        self.roll = store.roll(db, self.id)
        self.closed = set()
        self.chooser = chooser_of(db, broadcast, self.lines, self.clock.now(), self.zone)
        self.watch = Watch(db, broadcast)
        self.asked_at = store.last_joined(db, broadcast)

    def _opened(self, attempt: Attempt) -> Open:
        age = max(0.0, (self.clock.now() - attempt.created_at).total_seconds())
        since = self.clock.monotonic() - age
        known = known_of(attempt)
        # Changed, for this process has never looked at it: its end may be written and only patience be missing.
        return Open(attempt.id, attempt.recipient_id, attempt.number_id, attempt.gateway, since, known, changed=True)

    @property
    def texts_first(self) -> bool:
        """Do the calls still wait for the texts?"""
        return self.calls_from is not None and self.clock.now() < self.calls_from

    @property
    def _nobody_left(self) -> bool:
        """Will nobody be called any more, and no answer to a text be waited for?"""
        return self.chooser.finished or (self.texts_alone and self.seconds() >= self.asked_at + self.answer_within)

    @property
    def _idle(self) -> bool:
        return not self.open and self._nobody_left

    # --- one turn ---------------------------------------------------------------

    def due(self, switch_up: bool, room: int = BATCH) -> bool:
        """Is there anything to write, as far as is known here?

        Args:
            room: calls that may be begun in the next turn.
        """
        now = self.clock.monotonic()
        if any(one.changed or self._patience_over(one, now) for one in self.open.values()):
            return True
        rested = now - self.turned_at
        if rested > self.renew_after:
            return True
        if self.switch_was_up is not switch_up or (not self.open and self.state is BroadcastState.STOPPED):
            return True
        if self.state is BroadcastState.RUNNING and self.steps.due(self.seconds(), idle=self._idle):
            return True
        if self.waited and not self.texts_first:
            return True
        if self.state is not BroadcastState.RUNNING or not switch_up or not room or self.full or self.waited:
            return False
        opening = self.lines.next_opening()
        return (
            self.next_choice() == 0.0
            or (opening is not None and opening <= now and opening != self.tried_opening)
            or (self.crowded and rested > self.patience / 6)
        )

    def has_news(self, db: Session) -> bool:
        """Have others written something that a turn must see?"""
        if store.last_entry(db, self.id) != self.seen_entry:
            return True
        return any(self._new_word(*item) for item in store.words(db, self.id).items())

    def _new_word(self, attempt_id: str, word: store.Word) -> bool:
        one = self.open.get(attempt_id)
        return one is None or word != one.word

    def turn(self, db: Session, ledger: ILedger, until: datetime, switch_up: bool, room: int = BATCH) -> Orders:
        """Write what happened, choose who is next, and say what the switch is to be told.

        Args:
            until: when the lease ends.
            switch_up: calls may be begun.
            room: how many at the most.

        Raises:
            leases.LeaseLost: another dialer has it; nothing is to be done.
        """
        broadcast = leases.hold(db, self.id, self.fence, until)
        self.turned_at = self.clock.monotonic()
        self.state, self.switch_was_up = broadcast.state, switch_up
        orders = Orders()
        words = store.words(db, self.id)
        looked_at = [attempt_id for attempt_id, word in words.items() if self._wants_look(attempt_id, word)]
        for attempt, recipient in store.open_attempts(db, self.id, looked_at):
            self._settle(attempt, recipient, words[attempt.id], orders)
            # Its row is written with the others, not by the session.
            self._attempts.append({name: getattr(attempt, name) for name in WRITTEN})
            db.expunge(attempt)
        self._flush(db, ledger)
        self.watch.look(db, ledger, broadcast, self.clock.now())
        if self.state is BroadcastState.RUNNING:
            orders.escalated = self._escalate(db, ledger, broadcast)
        if store.roll(db, self.id) != self.roll:
            self._build(db, broadcast)
            self.steps.people_changed()
        self._close_settled(db)
        self.waited = self.texts_first
        if self.state is BroadcastState.RUNNING and switch_up and not self.waited:
            self._choose(db, broadcast, orders, room)
        self._hinder(broadcast, switch_up)
        idle = not self.open and not orders.originate
        if idle and (self.state is BroadcastState.STOPPED or self._all_done(db)):
            given = store.finish(db, broadcast, self.clock.now())
            if self.exercise:
                mark_recordings(db, self.id)
            state, settled = {"state": broadcast.state.value}, [{"recipient": r, "outcome": o.value} for r, o in given]
            self._said += in_parts("broadcast.finished", f"broadcast:{self.id}", state, "settled", settled)
            self.over = True
            log.info("Broadcast %d has ended.", self.id)
        self._flush(db, ledger)
        self.seen_entry = store.last_entry(db, self.id)
        return orders

    def _all_done(self, db: Session) -> bool:
        nobody_left = self.state is BroadcastState.RUNNING and self._nobody_left
        return nobody_left and not self.steps.waiting and not store.asked_again(db, self.id)

    def _escalate(self, db: Session, ledger: ILedger, broadcast: Broadcast) -> list[tuple[EscalationKind, int]]:
        """Take the steps that follow for whoever is not reached."""
        listening = {one.recipient_id for one in self.open.values() if one.up and one.known.answered_at is not None}
        idle = self._idle
        if not self.steps.due(self.seconds(), idle=idle):
            return []
        now = self.clock.now()
        return self.steps.take(db, ledger, broadcast, now, self.seconds(), idle=idle, listening=listening)

    # --- what happened ------------------------------------------------------------

    def _wants_look(self, attempt_id: str, word: store.Word) -> bool:
        one = self.open.get(attempt_id)
        if one is None or one.changed or word != one.word:
            return True
        stopped = self.state is BroadcastState.STOPPED and one.up and not one.known.dropped
        return stopped or self._patience_over(one, self.clock.monotonic())

    def _settle(self, attempt: Attempt, recipient: Recipient, word: store.Word, orders: Orders) -> None:
        one = self.open.get(attempt.id)
        if one is None:
            # Written in a turn whose commit we did not see the end of.
            one = self.open[attempt.id] = self._opened(attempt)
            self.chooser.started(one.number_id, one.gateway, self.seconds())
        now = self.clock.monotonic()
        one.known = merge_all(one.known, happenings_of(attempt))
        if self._patience_over(one, now):
            one.known = replace(one.known, patience_over=True)
        if not one.up and one.over_since is None:
            one.over_since = now
        if one.up and one.known.answered_at is None and self._unwanted(one, recipient):
            one.known = replace(one.known, dropped=True)
            attempt.dropped_at = attempt.dropped_at or self.clock.now()
            orders.drop.append(attempt.id)
        one.changed, one.word = False, word
        self._write_down(attempt, one)
        found = disposition(one.known, lambda cause: meaning(cause).disposition)
        if found is None:
            return
        attempt.disposition = found
        del self.open[attempt.id]
        self._tell(
            "attempt_ended", attempt=attempt.id, recipient=recipient.id, disposition=found.value,
            cause=attempt.hangup_cause, key=attempt.key,
        )  # fmt: skip
        self._judge_line(one, found)
        self.chooser.ended(one.number_id, found, self.seconds())
        self._judge_recipient(recipient, found)

    def _unwanted(self, one: Open, recipient: Recipient) -> bool:
        answered = recipient.acknowledged_at is not None or recipient.outcome is not None
        settled = answered and one.known.key != "1"
        return settled or recipient.dropped_at is not None or self.state is BroadcastState.STOPPED

    def _patience_over(self, one: Open, now: float) -> bool:
        waited = one.over_since is not None and now - one.over_since > self.patience
        return waited and not one.known.patience_over

    def _write_down(self, attempt: Attempt, one: Open) -> None:
        recorded = record(attempt, one.known)
        if recorded is None:
            return
        self._legs.append(recorded.leg)
        if recorded.answered:
            self._tell("answered", attempt=attempt.id, recipient=attempt.recipient_id)

    def _judge_line(self, one: Open, found: Disposition) -> None:
        line = self.lines.named(one.gateway)
        self.lines.count(one.gateway, carried(one.known))
        if line is None or one.known.no_room or found in (Disposition.DROPPED, Disposition.LOST, Disposition.FAILED):
            return
        if one.known.answered_at is None and meaning(one.known.cause).gateway_fault:
            line.failed(one.known.cause, self.clock.monotonic())
        else:
            line.worked()

    def _judge_recipient(self, recipient: Recipient, found: Disposition) -> None:
        if found not in FINAL or recipient.outcome is not None:
            return
        given = outcome(recipient.acknowledged_at is not None, [found], over=False)
        assert given is not None
        recipient.outcome, recipient.outcome_ground = given
        recipient.outcome_at = self.clock.now()
        self._tell("settled", recipient=recipient.id, outcome=given[0].value)

    def _close_settled(self, db: Session) -> None:
        """Whoever has an outcome need not be chosen; that nobody is called who has one, ``write_attempts`` sees to."""
        now = self.clock.monotonic()
        if now < self.look_again:
            return
        self.look_again = now + LOOK_FOR_CLOSED / self.clock.real(1.0)
        looked_at = self.clock.now()
        for recipient_id in set(store.closed_since(db, self.id, self.looked_at - OVERLAP)) - self.closed:
            self.closed.add(recipient_id)
            self.chooser.close(recipient_id, Disposition.ACKNOWLEDGED, self.seconds())
        self.looked_at = looked_at

    # --- who is next ----------------------------------------------------------------

    def _choose(self, db: Session, broadcast: Broadcast, orders: Orders, most: int) -> None:
        rows = gateways(db, lock=True)
        if self.lines.refresh(rows):
            self._build(db, broadcast)
        now = self.clock.monotonic()
        up = sum(one.up for one in self.open.values())
        room = min(most, broadcast.channels - up)
        self.tried_opening = self.lines.next_opening()
        self.chooser.allow(self._shares(db, now))
        choices = self._asked_for(db, room, now)
        while not self.texts_alone and len(choices) < room:
            choice = self.chooser.next(self.seconds())
            if choice is None:
                break
            choices.append(choice)
        self.full = len(choices) >= broadcast.channels - up
        if not choices:
            return
        at = self.clock.now()
        written, refused = write_attempts(db, self.id, choices, at, broadcast.message_version)
        for choice in refused:
            self.chooser.put_back(choice.number_id, self.seconds())
        for one in written:
            self.open[one.attempt_id] = Open(one.attempt_id, one.recipient_id, one.number_id, one.gateway, now)
            self._tell(
                "called", attempt=one.attempt_id, recipient=one.recipient_id,
                number=one.number, gateway=one.gateway,
            )  # fmt: skip
        orders.originate.extend(written)

    def _shares(self, db: Session, now: float) -> Sequence[tuple[int, float]]:
        elsewhere = store.busy_elsewhere(db, self.id)
        self.crowded = bool(elsewhere)
        sharers = max(1, store.running(db))
        return [(max(0, line.usable(now) - elsewhere.get(line.name, 0)), line.pace / sharers) for line in self.lines]

    def _asked_for(self, db: Session, room: int, now: float) -> list[Choice]:
        """Calls that somebody asked for by hand come first; their person must have no leg up."""
        busy = {one.recipient_id for one in self.open.values()}
        choices: list[Choice] = []
        for recipient in store.asked_again(db, self.id):
            number = store.next_number(recipient)
            if recipient.id in busy or len(choices) >= room or number is None:
                continue
            line = self.chooser.line_for(number.number, now)
            if line is not None:
                self.chooser.started(number.id, line.name, self.seconds())
                choices.append(Choice(recipient.id, number.id, number.number, line.name))
        return choices

    def _hinder(self, broadcast: Broadcast, switch_up: bool) -> None:
        hindrance = ""
        if self.state is not BroadcastState.PAUSED and not self.texts_alone:
            if not switch_up:
                hindrance = Hindrance.SWITCH.value
            elif not self.open and not self.lines.open(self.clock.monotonic()):
                hindrance = Hindrance.LINES.value
            elif self.lines.yielding:
                hindrance = Hindrance.SLOWER.value
        if broadcast.waits_for != hindrance:
            broadcast.waits_for = hindrance
            self._tell("hindered" if hindrance else "unhindered", by=hindrance)

    def _tell(self, verb: str, **data: Any) -> None:
        self._said.append((f"broadcast.{verb}", f"broadcast:{self.id}", data))

    def _flush(self, db: Session, ledger: ILedger) -> None:
        """Write what was gathered, each kind at once: a statement for each call is what a turn would cost most."""
        said, self._said = self._said, []
        legs, self._legs = self._legs, []
        attempts, self._attempts = self._attempts, []
        update_all(db, Leg, legs)
        update_all(db, Attempt, attempts)
        ledger.append_all(said)

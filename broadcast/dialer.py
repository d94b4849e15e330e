"""The dialer: takes broadcasts under a lease, calls, follows, reconciles.

One loop does everything that touches the store; the follower of the switch's
events only fills an inbox. So nothing waits for a lock that another part of the
same process holds, and every step can be taken by hand in a test.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from broadcast import leases, store
from broadcast.attempts import Written
from broadcast.events import READ, happenings
from broadcast.in_flight import Open, Orders
from broadcast.leases import LEASE, gone, own_name
from broadcast.lines import Lines, gateways
from broadcast.models import Broadcast
from broadcast.reminders import Reminders
from broadcast.run import BATCH, Run
from broadcast.settle import Answered, Ended, Happening, Lost, Source
from broadcast.timeline import enter_end, enter_step
from broadcast.yielding import EVERY, LATE
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import (
    Channel,
    IClock,
    ILedger,
    ISwitch,
    ISwitchEvents,
    Originate,
    RefusedValue,
    SwitchAway,
    SwitchError,
    SwitchEvent,
)
from dutycenter.switch.causes import clean_cause
from dutycenter.work import Work

log = logging.getLogger(__name__)

# Real seconds: they concern processes and connections, not the people who are called.
LOOK_FOR_WORK = 1.0
LOOK_AT_CHANNELS = 10.0
LOOK_AGAIN = 2.0  # a leg is lost only when two looks so far apart don't find it
AWAY_PAUSE = 1.0
POLL = 0.1
TICK = 0.05  # the product's seconds between two turns: what comes together is written together
MOST_UNREAD = 50_000  # events; beyond that they are let go, and the channels are looked at instead

UNANSWERED_TOO_LONG = 30.0  # the product's seconds beyond the ring timeout
ANSWERED_TOO_LONG = 600.0  # the product's seconds beyond four times the message
EXTENSION = "notify"


@dataclass(frozen=True)
class LateReply:
    """The switch took long to reply to an order."""

    gateway: str


News = tuple[str, list[Happening]] | LateReply | SwitchAway | None
"""What has happened to an attempt; that the switch is slow; that it is away; that it is there again."""


class Dialer:
    """Carries out broadcasts; several may run beside each other.

    Args:
        work: opens units of work.
        switch: takes commands.
        owner: name for leases, unique among dialers.
    """

    def __init__(self, work: Work, switch: ISwitch, owner: str = "") -> None:
        self.work = work
        self.switch = switch
        self.owner = owner or own_name()
        self.clock: IClock = work.registry["dutycenter.clock"]
        self.lines = Lines()
        self.runs: dict[int, Run] = {}
        self.reminders = Reminders(self.clock)
        self.connected = False
        self._inbox: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._unanswered = 0  # originates to which the switch has not replied yet
        self._look_at_channels = 0.0
        self._look_for_work = 0.0
        self._away_until = 0.0
        self._judged_at = self.clock.monotonic()  # what came back, and how much the switches are given
        self._overrun = False
        self._wake = threading.Event()
        self._tick = max(0.005 / self.clock.real(1.0), TICK)

    # --- the follower's side -------------------------------------------------------

    def on_event(self, event: SwitchEvent) -> None:
        """An event has come; any thread or greenlet may say so. Never waits: a slow reader is cut off."""
        if self._inbox.qsize() >= MOST_UNREAD:
            self._overrun = True
            return
        attempt_id, said = happenings(event)
        if said:
            self._inbox.put((attempt_id, said))
            self._wake.set()

    def on_connect(self) -> None:
        """The events flow again: what was missed is found by looking."""
        self._inbox.put(None)

    def on_reply(self, told_at: float, leg: Originate, trouble: SwitchError | RefusedValue | None) -> None:
        """The switch, told of a leg at that moment, has replied; as ``on_event``."""
        self._unanswered -= 1
        if self.clock.real(self.clock.monotonic() - told_at) > LATE:
            self._inbox.put(LateReply(leg.gateway))
        match trouble:
            case None:
                pass
            case SwitchAway():
                # Whether it was heard is not known: looking at the channels will tell.
                self._inbox.put(trouble)
            case RefusedValue():
                log.error("The number of attempt %s cannot be dialled: %s", leg.channel_uuid, trouble)
                self._refused(leg, "INVALID_NUMBER_FORMAT")
            case SwitchError():
                log.warning("The switch refused attempt %s: %s", leg.channel_uuid, trouble)
                self._refused(leg, clean_cause(str(trouble).removeprefix("-ERR")) or "FAILURE")
        self._wake.set()

    def _refused(self, leg: Originate, cause: str) -> None:
        self._inbox.put((leg.channel_uuid, [Ended(self.clock.now(), Source.REFUSED, cause)]))

    # --- the loop --------------------------------------------------------------------

    def run(self, events: ISwitchEvents, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then give the leases back. Legs that are up stay up."""
        follower = threading.Thread(
            target=events.follow, args=(READ, self.on_event, self.on_connect), name="events", daemon=True
        )
        follower.start()
        try:
            while not stop.is_set():
                self._wake.clear()
                rest = self.guarded_step()
                pause = min(rest, self.clock.real(self._until_next_turn()))
                stop.wait(pause)
                self._wake.wait(rest - pause)
        finally:
            events.stop()
            follower.join(5.0)
            self.release()

    def guarded_step(self) -> float:
        """One step; what goes wrong with the store is said, and tried again from the rows."""
        try:
            return self.step()
        except Exception:
            log.exception("A step of the dialer failed; what it knows is loaded again from the store.")
            self.runs.clear()
            self.reminders.open.clear()
            return AWAY_PAUSE

    def step(self) -> float:
        """Do what there is to do. Returns real seconds that may pass before the next."""
        self._take_in_events()
        now = self.clock.monotonic()
        if now >= self._look_for_work:
            self._look_for_work = now + LOOK_FOR_WORK / self.clock.real(1.0)
            self._take_leases()
            self._remind()
        if self.connected and now >= self._look_at_channels:
            self._reconcile()
        if self.clock.real(now - self._judged_at) >= EVERY:
            self._judge_pace(now)
        for run in list(self.runs.values()):
            if now - run.turned_at >= self._tick:
                self._turn(run)
        return self._rest()

    def _judge_pace(self, now: float) -> None:
        up = Counter(one.gateway for run in self._all() for one in run.open.values() if one.up)
        self.lines.look(up, self.clock.real(now - self._judged_at))
        self._judged_at = now

    def release(self) -> None:
        """Give all leases back."""
        with self.work.write() as request:
            for run in self.runs.values():
                leases.release(request.db, run.id, run.fence, self.clock.now())
        self.runs.clear()

    def _rest(self) -> float:
        """How long to wait: until a pause is over, an event comes, or something may have changed in the store."""
        may_call = self._switch_up() and self._unanswered < BATCH
        waits = [run.next_choice() for run in self.runs.values()] if may_call else []
        soonest = min((self.clock.real(wait) for wait in waits if wait is not None), default=POLL)
        return max(self.clock.real(self._until_next_turn()), min(soonest, POLL))

    def _until_next_turn(self) -> float:
        """The product's seconds until a broadcast may have its next turn; a long turn is followed at once."""
        now = self.clock.monotonic()
        return min((max(0.0, run.turned_at + self._tick - now) for run in self.runs.values()), default=self._tick)

    # --- leases ------------------------------------------------------------------------

    def _take_leases(self) -> None:
        now = self.clock.now()
        with self.work.read() as request:
            dead = gone(leases.held_by_others(request.db, self.owner))
            if not leases.waiting(request.db, self.owner, now, dead, self.runs):
                return
        with self.work.write() as request:
            self.lines.refresh(gateways(request.db))
            taken = leases.take(request.db, self.owner, now, self._lease_end(), dead, self.runs)
            runs = []
            for broadcast_id, fence in taken:
                broadcast = leases.hold(request.db, broadcast_id, fence, self._lease_end())
                broadcast.rehearsed = broadcast.rehearsed or self.work.settings.rehearsal
                run = Run(broadcast, fence, self.clock, self.lines, self.work.settings)
                run.load(request.db, broadcast)
                runs.append(run)
        for run in runs:
            self.runs[run.id] = run
            log.info("Broadcast %d is ours now; %d legs may be up.", run.id, len(run.open))
        self._look_at_channels = 0.0

    def _lease_end(self) -> datetime:
        return self.clock.now() + timedelta(seconds=LEASE / self.clock.real(1.0))

    # --- a broadcast's turn ----------------------------------------------------------------

    def _turn(self, run: Run) -> None:
        room = max(0, BATCH - self._unanswered)  # what the switch has not taken yet must not queue up in it
        if not run.due(self._switch_up(), room):
            with self.work.read() as request:
                if not run.has_news(request.db):
                    return
        began = self.clock.monotonic()
        try:
            with self.work.write() as request:
                orders = run.turn(request.db, request.find_service(ILedger), self._lease_end(), self._switch_up(), room)
                self._tell_incident(request, run, orders)
        except leases.LeaseLost:
            log.info("Broadcast %d has ended or belongs to another dialer.", run.id)
            self.runs.pop(run.id, None)
            return
        if run.over:
            del self.runs[run.id]
        self._carry_out(run, orders, began + LEASE / 2 / self.clock.real(1.0))

    def _tell_incident(self, request: Any, run: Run, orders: Orders) -> None:
        if not run.over and not orders.escalated:
            return
        broadcast = request.db.get(Broadcast, run.id)
        incidents, translate = request.find_service(Incidents), request.localizer.translate
        for kind, people in orders.escalated:
            enter_step(incidents, broadcast, kind, people, translate)
        if run.over:
            enter_end(incidents, request.db, broadcast, translate)

    def _remind(self) -> None:
        """Call who acknowledged and has not reported at the place."""
        with self.work.read() as request:
            if not self.reminders.waiting(request.db):
                return
        began = self.clock.monotonic()
        with self.work.write() as request:
            orders = self.reminders.turn(request.db, request.find_service(ILedger), self._switch_up())
        self._carry_out(self.reminders, orders, began + LEASE / 2 / self.clock.real(1.0))

    def _carry_out(self, run: Run | Reminders, orders: Orders, lease_sure_until: float) -> None:
        # Held up for so long another dialer may have settled these rows: the switch must not hear of them.
        if self._switch_up() and self.clock.monotonic() < lease_sure_until:
            self._originate(run, orders.originate)
        else:
            for order in orders.originate:
                self._happened(order.attempt_id, Lost(self.clock.now()))
        for attempt_id in orders.drop:
            self._drop(run, attempt_id)

    def _originate(self, run: Run | Reminders, orders: Sequence[Written]) -> None:
        if orders:
            self._unanswered += len(orders)
            told = partial(self.on_reply, self.clock.monotonic())
            self.switch.originate_all([self._leg(run, order) for order in orders], told)

    def _leg(self, run: Run | Reminders, order: Written) -> Originate:
        line = run.lines.named(order.gateway)
        return Originate(
            channel_uuid=order.attempt_id,
            gateway=order.gateway,
            number=order.number,
            caller_id=line.caller_id if line else "",
            ring_timeout=run.ring_timeout,
            extension=EXTENSION,
            variables={"dc_attempt": order.attempt_id},
        )

    def _drop(self, run: Run | Reminders, attempt_id: str) -> None:
        try:
            known = self.switch.drop(attempt_id, "ORIGINATOR_CANCEL")
        except SwitchAway as error:
            self._away(error)
            return
        except SwitchError as error:
            log.warning("The switch did not drop attempt %s: %s", attempt_id, error)
            return
        one = run.open.get(attempt_id)
        if not known and one is not None and one.up:
            self._missing(one)

    # --- what happens ------------------------------------------------------------------------

    def _take_in_events(self) -> None:
        if self._overrun:
            log.error("Events came faster than they were written; some are let go, the channels will tell.")
            self._overrun, self._look_at_channels = False, 0.0
        while True:
            try:
                news = self._inbox.get_nowait()
            except queue.Empty:
                return
            match news:
                case None:
                    log.info("Connected with the switch; looking at its channels.")
                    self.connected = True
                    self._away_until = self._look_at_channels = 0.0
                case LateReply():
                    self.lines.late(news.gateway)
                case SwitchAway():
                    self._away(news)
                case attempt_id, said:
                    for happening in said:
                        self._happened(attempt_id, happening)

    def _happened(self, attempt_id: str, happening: Happening) -> None:
        for run in self._all():
            one = run.open.get(attempt_id)
            if one is not None:
                one.happened(happening)
                return

    # --- the switch, away and back -------------------------------------------------------------

    def _switch_up(self) -> bool:
        return self.connected and self.clock.monotonic() >= self._away_until

    def _away(self, error: SwitchAway) -> None:
        log.warning("The switch cannot be reached: %s. Calls wait.", error)
        self._away_until = self.clock.monotonic() + AWAY_PAUSE / self.clock.real(1.0)
        self._look_at_channels = self._away_until

    def _reconcile(self) -> None:
        """Hold the rows in flight against the switch's channels."""
        now = self.clock.monotonic()
        self._look_at_channels = now + LOOK_AT_CHANNELS / self.clock.real(1.0)
        try:
            up = {channel.channel_uuid: channel for channel in self.switch.channels()}
        except SwitchAway as error:
            self._away(error)
            return
        except SwitchError as error:
            log.warning("The switch did not list its channels: %s", error)
            return
        for run in self._all():
            # Whoever has stood still for long may judge no leg: another dialer has it by now.
            stale = isinstance(run, Run) and now - run.turned_at >= LEASE / 2 / self.clock.real(1.0)
            if not stale:
                for one in run.open.values():
                    self._compare(run, one, up.pop(one.attempt_id, None), now)
        self._drop_settled(list(up))

    def _drop_settled(self, channel_uuids: list[str]) -> None:
        """Take down legs that appeared after their attempts were settled as lost."""
        if not channel_uuids:
            return
        with self.work.read() as request:
            late = store.settled(request.db, channel_uuids)
        for attempt_id in late:
            log.warning("Attempt %s was given up, but its leg is up; taking it down.", attempt_id)
            try:
                self.switch.drop(attempt_id, "ORIGINATOR_CANCEL")
            except SwitchError as error:
                log.warning("The switch did not drop attempt %s: %s", attempt_id, error)

    def _all(self) -> list[Run | Reminders]:
        """Whatever has legs of ours."""
        return [*self.runs.values(), self.reminders]

    def _compare(self, run: Run | Reminders, one: Open, channel: Channel | None, now: float) -> None:
        if not one.up:
            return
        if channel is None:
            self._missing(one)
            return
        one.missing_since = None
        if channel.callstate == "ACTIVE" and one.known.answered_at is None:
            one.happened(Answered(self.clock.now()))
        answered = one.known.answered_at is not None
        longest = ANSWERED_TOO_LONG + 4 * run.message_seconds if answered else run.ring_timeout + UNANSWERED_TOO_LONG
        talks = one.known.key == "3" or channel.application == "conference"
        if now - one.since > longest and not talks:
            self._too_long(run, one, now - one.since > 2 * longest)

    def _missing(self, one: Open) -> None:
        """The switch does not know a leg: lost, if it doesn't at a second look either."""
        now = self.clock.monotonic()
        again = LOOK_AGAIN / self.clock.real(1.0)
        if one.missing_since is None:
            one.missing_since = now
        elif now - one.missing_since >= again * 0.9:
            log.warning("The switch knows nothing of attempt %s any more.", one.attempt_id)
            one.happened(Lost(self.clock.now()))
        self._look_at_channels = min(self._look_at_channels, now + again)

    def _too_long(self, run: Run | Reminders, one: Open, hopeless: bool) -> None:
        """A leg that no event ends is taken down; if the switch can't even do that, it is given up."""
        log.warning("Attempt %s has been up for too long without an event; taking it down.", one.attempt_id)
        self._drop(run, one.attempt_id)
        if hopeless:
            one.happened(Lost(self.clock.now()))

"""The ivr process: every answered leg, in and out, and the follower of the hotline.

Legs come by the switch's outbound socket; one that we lose goes on in the
dialplan. The follower turns the switch's events into calls. Each is started
again when it fails, with growing pauses; only what another start may heal
(the address is taken) ends the process, for its supervisor to restart.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Mapping

import gevent
from gevent import get_hub
from gevent.event import Event
from gevent.pool import Pool

from dutycenter.calls.follower import run_follower
from dutycenter.db.engine import limit_idle
from dutycenter.interfaces import IClock, ILeg, ISwitchEvents, Prompt
from dutycenter.switch import OutboundServer, make_events
from dutycenter.work import Work
from ivr_flows.callers import CallbackScribe, facts_of, recognise, slots_of
from ivr_flows.conversation import Flow
from ivr_flows.library import CALLBACK, HOTLINE, NOTIFY, REMIND, load_flows
from ivr_flows.prompts import PromptBook, Replaced
from ivr_flows.scribes import HotlineScribe, NoticeScribe, Scribe
from ivr_flows.services import Uploads
from ivr_flows.session import MESSAGE, Session
from ivr_flows.voice import voice_for

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # real seconds before something that failed starts again
UPLOADS_KNOWN = 2.0  # seconds until uploaded prompts are looked up again
MOST_FLOWS = 3  # that one leg may be handed through
LONGEST_IDLE = 15.0  # real seconds that one of our transactions may stand still, with its locks
PATIENCE = 6.0  # real seconds that everything gets to end


class Ivr:
    """Takes legs, each into its flow.

    Args:
        work: units of work.
        flows: by name.
        book: prompts, made ahead.
    """

    def __init__(self, work: Work, flows: Mapping[str, Flow], book: PromptBook) -> None:
        self._work = work
        self._flows = flows
        self._book = book
        self._clock: IClock = work.registry["dutycenter.clock"]
        self._replaced: Replaced = {}
        self._look_again = float("-inf")
        self._afterwards = Pool()

    def on_leg(self, leg: ILeg) -> None:
        """Drive one answered leg to its end."""
        attempt = leg.variables.get("dc_attempt", "")
        # Only legs that we made carry an attempt; on an inbound one it would be forged.
        if attempt and not leg.inbound:
            self._notify(leg, attempt)
        else:
            self._hotline(leg)

    def _hotline(self, leg: ILeg) -> None:
        scribe = HotlineScribe(self._work, self._clock, leg)
        scribe.arrived()
        known = scribe.facts()
        callback = recognise(self._work, leg)
        if callback is None:
            self._run(leg, HOTLINE, scribe, known)
            return
        theirs = CallbackScribe(self._work, self._clock, leg, callback)
        theirs.take_over(scribe)
        self._run(leg, CALLBACK, theirs, facts_of(callback), slots_of(callback), always=known)

    def _notify(self, leg: ILeg, attempt: str) -> None:
        scribe = NoticeScribe(self._work, self._clock, attempt, lambda do: get_hub().threadpool.apply(do))
        notice = scribe.notice()
        if notice is None:
            log.error("The leg %s is of the attempt %s, of which nothing is known.", leg.channel_uuid, attempt)
            self._run(leg, NOTIFY, scribe, facts=frozenset({"unknown"}))
            return
        facts = {"exercise": notice.exercise, "settled": notice.settled, "conference": bool(notice.conference)}
        if not notice.reminder:
            facts |= {"heard_counts": notice.heard_counts, "asks_arrival": notice.asks_arrival}
        self._run(
            leg,
            REMIND if notice.reminder else NOTIFY,
            scribe,
            facts=frozenset(name for name, holds in facts.items() if holds),
            slots={MESSAGE: Prompt(notice.message, notice.message_seconds)},
        )

    def _run(
        self,
        leg: ILeg,
        flow: str,
        scribe: Scribe,
        facts: frozenset[str] = frozenset(),
        slots: Mapping[str, Prompt] | None = None,
        always: frozenset[str] = frozenset(),
    ) -> None:
        book = self._book.with_replaced(self._uploads())
        settings = self._work.settings
        try:
            for _ in range(MOST_FLOWS):
                session = Session(leg, self._flows[flow], scribe, book, settings, self._clock, slots)
                session.run((facts | always) & self._flows[flow].facts)
                if session.handed_over is None:
                    break
                flow, facts = session.handed_over.to, frozenset(session.handed_over.knowing)
        finally:
            # Not here: the leg waits for us to return, and may have to go on in the dialplan.
            self._afterwards.spawn(scribe.ended)

    def _uploads(self) -> Replaced:
        """Uploads in use, looked up now and then; those known before when the store is away."""
        now = self._clock.monotonic()
        if now < self._look_again:
            return self._replaced
        self._look_again = now + UPLOADS_KNOWN
        try:
            with self._work.read() as request:
                self._replaced = request.find_service(Uploads).replaced()
        except Exception:
            log.exception("The uploaded prompts could not be looked up; those known before are used.")
        return self._replaced

    def end(self, patience: float) -> None:
        """Wait for what is still to be written."""
        self._afterwards.join(timeout=patience)
        if len(self._afterwards):
            log.error("%d legs could not be written to their end; the follower will find them.", len(self._afterwards))


def run(work: Work) -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = work.settings
    limit_idle(work.registry["dutycenter.engine"], LONGEST_IDLE)
    flows, catalogue = load_flows(settings)
    book = PromptBook(catalogue, voice_for(settings), settings.prompts_dir)
    for fault in book.make_all(settings.languages).faults:
        log.error("A prompt could not be made: %s", fault)
    ivr = Ivr(work, flows, book)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stopping.set)
    server = OutboundServer(settings, ivr.on_leg, work.registry["dutycenter.clock"])
    following: list[ISwitchEvents] = []

    def follow() -> None:
        following[:] = [make_events(settings)]
        run_follower(work, following[0])

    serving = gevent.spawn(server.serve)
    serving.link(lambda _: stopping.set())
    follower = gevent.spawn(keep_running, "The follower of the hotline", follow, stopping)
    stopping.wait()
    log.info("The ivr ends; %d legs are here.", server.legs)
    server.stop()
    for events in following:
        events.stop()
    gevent.joinall([serving, follower], timeout=PATIENCE)
    ivr.end(PATIENCE)
    if serving.exception is not None:
        log.critical("The ivr cannot listen at %s:%s: %s", settings.ivr_host, settings.ivr_port, serving.exception)
        sys.exit(1)


def keep_running(name: str, do: Callable[[], None], stopping: Event) -> None:
    """Do it until told to stop; when it fails or returns, again after a pause."""
    failures = 0
    while not stopping.is_set():
        try:
            do()
        except Exception:
            log.exception("%s failed.", name)
        if stopping.is_set():
            return
        pause = PAUSES[min(failures, len(PAUSES) - 1)]
        failures += 1
        log.warning("%s starts again in %.0f s.", name, pause)
        stopping.wait(pause)

"""A deadline that nobody has met when little time is left rings the people on duty, once.

Officers and leaders on the roster are called by a small broadcast through the
machinery of all others; whoever presses the key has taken it, and nobody else is
rung. The deadline's row, locked, says that it was rung: it is written in the same
transaction as the broadcast, so that no restart rings twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dutycenter.directory.models import Person
from dutycenter.incidents.deadlines import REPORT_LABELS, whole
from dutycenter.incidents.models import Deadline, Incident, IncidentEntry
from dutycenter.interfaces import IBroadcasts, IClock, ILedger, IVoice, Turn, VoiceError, Wish
from dutycenter.roster.services import Rosters
from dutycenter.vocabulary import BroadcastState, IncidentStatus, Outcome
from dutycenter.work import Work, settings_of

log = logging.getLogger(__name__)
_ = TranslationStringFactory("dutycenter")

LEFT = 6  # it rings in the last sixth of a deadline's time
OLDEST = timedelta(hours=1)  # what was over before that rings nobody: the desks say it
AGAIN = timedelta(minutes=1)  # after a try that rang nobody
LEADER_WAITS = 60  # seconds that the officers have before the leader is rung too
ENDED = (BroadcastState.FINISHED, BroadcastState.STOPPED)
LONGEST_TITLE = 60


def rings_at(deadline: Deadline) -> datetime:
    """When the deadline rings, if nobody has met it by then."""
    return deadline.due_at - whole(deadline) / LEFT


class DeadlineRings:
    """Rings about deadlines, and takes note of who answered."""

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        rosters: Rosters,
        broadcasts: IBroadcasts | None,
        zone: ZoneInfo,
        translate: Callable[[TranslationString], str],
        actor: str,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.rosters = rosters
        self.broadcasts = broadcasts
        self.zone = zone
        self.translate = translate
        self.actor = actor

    def due(self, *, lock: bool = False) -> list[list[Deadline]]:
        """Deadlines that are to ring now, those of an incident together."""
        now = self.clock.now()
        query = (
            select(Deadline)
            .join(Incident)
            .where(
                Deadline.met_at.is_(None), Deadline.ring_id.is_(None), Deadline.due_at > now - OLDEST,
                Incident.status == IncidentStatus.OPEN,
            )
            .options(joinedload(Deadline.incident))
            .order_by(Deadline.due_at, Deadline.id)
            .execution_options(populate_existing=lock)
        )  # fmt: skip
        found: dict[int, list[Deadline]] = {}
        for deadline in self.db.scalars(query.with_for_update(of=Deadline) if lock else query):
            tried_lately = deadline.rung_at is not None and deadline.rung_at > now - AGAIN
            if rings_at(deadline) <= now and not tried_lately:
                found.setdefault(deadline.incident_id, []).append(deadline)
        return list(found.values())

    def words(self, deadlines: Sequence[Deadline]) -> str:
        """What is said on the telephone."""
        incident = deadlines[0].incident
        reports = [
            self.translate(
                _(
                    "${report} is due at ${at}.",
                    mapping={
                        "report": self.translate(REPORT_LABELS[deadline.report]),
                        "at": f"{deadline.due_at.astimezone(self.zone):%H:%M}",
                    },
                )
            )
            for deadline in deadlines
        ]
        head = _(
            "Incident ${number}, ${title}: a report is not made yet.",
            mapping={"number": incident.number, "title": incident.title[:LONGEST_TITLE] or incident.place},
        )
        return "\n".join([self.translate(head), *reports])

    def ring(self, deadlines: Sequence[Deadline]) -> int | None:
        """Ring whoever is on duty about deadlines of one incident; the broadcast, None when nobody could be rung."""
        assert self.broadcasts is not None
        incident, now = deadlines[0].incident, self.clock.now()
        on_duty = self.rosters.on_duty(now)
        first = [*on_duty.officers, *on_duty.chiefs]
        everybody = list(dict.fromkeys(person.id for person in [*first, *on_duty.leaders]))
        wish = Wish(
            title=self.translate(_("Deadline of ${number}", mapping={"number": incident.number})),
            message=self.words(deadlines),
            people=everybody,
            incident_id=incident.id,
            exercise=incident.exercise,
            turns=_turns(first, on_duty.leaders),
        )
        broadcast_id, fault = None, ""
        try:
            broadcast_id = self.broadcasts.draft(wish)
        except ValueError as error:
            fault = " ".join(str(error).split())
        else:
            self.broadcasts.launch(broadcast_id)
        for deadline in deadlines:
            said_before = deadline.ring_fault
            deadline.rung_at, deadline.ring_id, deadline.ring_fault = now, broadcast_id, fault[:255]
            if fault and not said_before:
                self._note(deadline, "deadline_not_rung", fault)
            if fault != said_before or broadcast_id is not None:
                self._tell(deadline, "deadline.rung", broadcast=broadcast_id, fault=fault)
        return broadcast_id

    def follow(self) -> int:
        """Take note of who answered, and end what is not needed any more; how many rings that settled."""
        assert self.broadcasts is not None
        query = (
            select(Deadline)
            .where(Deadline.ring_id.is_not(None), Deadline.ring_ended_at.is_(None))
            .options(joinedload(Deadline.incident))
            .with_for_update(of=Deadline)
        )
        settled = 0
        for deadline in self.db.scalars(query):
            assert deadline.ring_id is not None
            standing = self.broadcasts.standing(deadline.ring_id)
            taken = standing.outcomes.get(Outcome.ACKNOWLEDGED, 0) > 0
            needless = deadline.met_at is not None or deadline.incident.status is not IncidentStatus.OPEN
            if not (taken or needless or standing.state in ENDED):
                continue
            if taken:
                deadline.ring_taken_by = self._who(deadline.ring_id)
                self._note(deadline, "deadline_taken", deadline.ring_taken_by)
            elif standing.state in ENDED and not needless:
                deadline.ring_fault = self.translate(_("Nobody on duty acknowledged by telephone."))
                self._note(deadline, "deadline_not_rung", deadline.ring_fault)
            deadline.ring_ended_at = self.clock.now()
            self.broadcasts.stop(deadline.ring_id)
            self._tell(deadline, "deadline.ring_ended", broadcast=deadline.ring_id, taken_by=deadline.ring_taken_by)
            settled += 1
        return settled

    def _who(self, broadcast_id: int) -> str:
        assert self.broadcasts is not None
        legs = self.broadcasts.legs(broadcast_id=broadcast_id)
        return next((leg.name for leg in legs if leg.acknowledged_at is not None), "")

    def _note(self, deadline: Deadline, kind: str, text: str) -> None:
        self.db.add(
            IncidentEntry(
                incident_id=deadline.incident_id, at=self.clock.now(), kind=kind, text=text,
                data={"report": deadline.report}, actor=self.actor,
            )
        )  # fmt: skip

    def _tell(self, deadline: Deadline, action: str, **data: object) -> None:
        told = {"incident": deadline.incident_id, "report": deadline.report, **data}
        self.ledger.append(action, f"deadline:{deadline.id}", told)


def _turns(first: Sequence[Person], leaders: Sequence[Person]) -> dict[int, Turn]:
    if not first:
        return {}
    at_once = {person.id for person in first}
    return {leader.id: Turn(tier=1, since=LEADER_WAITS) for leader in leaders if leader.id not in at_once}


def watch_rings(work: Work) -> None:
    """The clerk's job. Speech is made outside the transaction that rings."""
    with work.read() as request:
        rings: DeadlineRings = request.find_service(DeadlineRings)
        if rings.broadcasts is None:
            return
        wanted = [rings.words(deadlines) for deadlines in rings.due()]
        voice: IVoice | None = request.find_service(IVoice) if wanted else None
        for words in wanted:
            try:
                assert voice is not None
                voice.say(words)
            except VoiceError as error:
                log.warning("The words about a deadline cannot be spoken: %s", error)
    with work.write() as request:
        rings = request.find_service(DeadlineRings)
        for deadlines in rings.due(lock=True) if wanted else ():
            rings.ring(deadlines)
        rings.follow()


def rings_factory(context: object, request: Request) -> DeadlineRings:
    """The request's ``DeadlineRings``."""
    try:
        broadcasts: IBroadcasts | None = request.find_service(IBroadcasts)
    except LookupError:
        broadcasts = None
    return DeadlineRings(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Rosters),
        broadcasts,
        settings_of(request.registry).time_zone,
        request.localizer.translate,
        request.actor,
    )

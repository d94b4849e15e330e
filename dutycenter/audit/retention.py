"""How long recordings are kept, what holds them, and how they end: two persons, an entry, and only then the clerk.

A recording is destroyed when its class's days are over, no incident of its is
on hold, one person proposed it and another confirmed. Its hash, its manifest
and everything that happened to it stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pyramid.request import Request
from sqlalchemy import ColumnElement, and_, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from dutycenter.audit.listening import forget_copy
from dutycenter.audit.models import Destruction, DestructionItem, EvidenceHold
from dutycenter.calls.models import Recording
from dutycenter.calls.store import Store
from dutycenter.db.base import UtcDateTime
from dutycenter.incidents.models import IncidentCall
from dutycenter.interfaces import IBroadcasts, IClock, ILedger
from dutycenter.settings import Settings
from dutycenter.vocabulary import RecordingKind, RecordingState
from dutycenter.work import Work, settings_of

MOST_AT_ONCE = 2000


class Refused(ValueError):
    """It may not be done; ``args[0]`` is a translation string that says why."""


class Retention:
    """Holds and destructions.

    Args:
        account_id: who acts.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, broadcasts: IBroadcasts, settings: Settings, account_id: int
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.broadcasts = broadcasts
        self.settings = settings
        self.account_id = account_id

    def due(self) -> list[Recording]:
        """Recordings whose time is over and that nothing holds; the oldest first."""
        over = (
            select(Recording)
            .where(Recording.state == RecordingState.KEPT, is_over(self.settings, self.clock.now()))
            .where(Recording.id.not_in(select(DestructionItem.recording_id).join(Destruction).where(_is_open())))
            .order_by(Recording.started_at, Recording.id)
            .limit(MOST_AT_ONCE)
        )
        found: list[Recording] = []
        rows = self.db.scalars(over).all()
        while rows and len(found) < MOST_AT_ONCE:
            held = self._held(rows)
            found += [row for row in rows if row.id not in held]
            last = tuple_(literal(rows[-1].started_at, UtcDateTime()), literal(rows[-1].id))
            rows = self.db.scalars(over.where(tuple_(Recording.started_at, Recording.id) > last)).all()
        return found[:MOST_AT_ONCE]

    def hold(self, incident_id: int, reason: str) -> None:
        """Let nothing of this incident be destroyed. Idempotent while it stands."""
        standing = select(EvidenceHold).where(EvidenceHold.incident_id == incident_id, EvidenceHold.lifted_at.is_(None))
        if self.db.scalars(standing.limit(1)).first() is not None:
            return
        self.db.add(
            EvidenceHold(
                incident_id=incident_id,
                reason=reason,
                set_by_id=self.account_id,
                set_at=self.clock.now(),
                lifted_why="",
            )
        )
        self.ledger.append("evidence.held", f"incident:{incident_id}", {"reason": reason})

    def lift(self, hold_id: int, why: str) -> None:
        """End a hold. Idempotent."""
        hold = self.db.get(EvidenceHold, hold_id, with_for_update=True)
        if hold is None or hold.lifted_at is not None:
            return
        hold.lifted_at, hold.lifted_by_id, hold.lifted_why = self.clock.now(), self.account_id, why
        self.ledger.append("evidence.hold_lifted", f"incident:{hold.incident_id}", {"why": why})

    def propose(self, reason: str) -> int | None:
        """Propose to destroy all that is due; the proposal's id, None when nothing is."""
        due = self.due()
        if not due:
            return None
        destruction = Destruction(reason=reason, proposed_by_id=self.account_id, proposed_at=self.clock.now())
        destruction.items = [DestructionItem(recording_id=row.id) for row in due]
        self.db.add(destruction)
        self.db.flush()
        self.ledger.append(
            "destruction.proposed",
            f"destruction:{destruction.id}",
            {"reason": reason, "recordings": [row.id for row in due]},
        )
        return destruction.id

    def withdraw(self, destruction_id: int) -> None:
        """Take a proposal back; anybody who may propose may. Idempotent."""
        destruction = self.db.get(Destruction, destruction_id, with_for_update=True)
        if destruction is None or destruction.confirmed_at or destruction.withdrawn_at:
            return
        destruction.withdrawn_at = self.clock.now()
        self.ledger.append("destruction.withdrawn", f"destruction:{destruction_id}")

    def confirm(self, destruction_id: int) -> int:
        """Confirm another person's proposal; how many recordings are destroyed. What is held by now is left out.

        Raises:
            Refused: by the same person.
        """
        destruction = self.db.get(Destruction, destruction_id, with_for_update=True)
        if destruction is None or destruction.confirmed_at or destruction.withdrawn_at:
            return 0
        if destruction.proposed_by_id == self.account_id:
            raise Refused("same person")
        destruction.confirmed_by_id, destruction.confirmed_at = self.account_id, self.clock.now()
        rows = [item.recording for item in destruction.items]
        held = self._held(rows)
        over = select(Recording.id).where(is_over(self.settings, self.clock.now()))
        allowed = set(self.db.scalars(over.where(Recording.id.in_([row.id for row in rows]))))
        destroyed = [row for row in rows if row.id in allowed - held and row.state is RecordingState.KEPT]
        self.ledger.append("destruction.confirmed", f"destruction:{destruction_id}", {"destroyed": len(destroyed)})
        for row in destroyed:
            row.state = RecordingState.DESTROYED
            self.ledger.append(
                "recording.destroyed",
                f"recording:{row.id}",
                {
                    "file": row.file_name,
                    "sha256": row.sha256,
                    "sm3": row.sm3,
                    "destruction": destruction_id,
                    "proposed_by": destruction.proposed_by_id,
                    "confirmed_by": self.account_id,
                },
            )
        return len(destroyed)

    def holds(self) -> list[EvidenceHold]:
        """The holds that stand."""
        return list(
            self.db.scalars(select(EvidenceHold).where(EvidenceHold.lifted_at.is_(None)).order_by(EvidenceHold.id))
        )

    def destructions(self) -> list[Destruction]:
        """The last proposals and what became of them, newest first."""
        return list(self.db.scalars(select(Destruction).order_by(Destruction.id.desc()).limit(50)))

    def _held(self, rows: Sequence[Recording]) -> set[int]:
        """Those of these recordings that an incident on hold needs."""
        incidents = set(self.db.scalars(select(EvidenceHold.incident_id).where(EvidenceHold.lifted_at.is_(None))))
        if not incidents:
            return set()
        calls = set(self.db.scalars(select(IncidentCall.call_id).where(IncidentCall.incident_id.in_(incidents))))
        attempts = {leg.attempt_id for one in incidents for leg in self.broadcasts.legs(incident_id=one)}
        return {row.id for row in rows if row.call_id in calls or row.attempt_id in attempts}


def is_over(settings: Settings, now: datetime) -> ColumnElement[bool]:
    """Condition: the days of the recording's class have passed."""

    def before(days: int) -> ColumnElement[bool]:
        return Recording.started_at < now - timedelta(days=days)

    of_kind = {
        RecordingKind.VOICEMAIL: settings.retention_voicemail,
        RecordingKind.NOTICE: settings.retention_notice,
    }
    real = or_(
        *(and_(Recording.kind == kind, before(days)) for kind, days in of_kind.items()),
        and_(Recording.kind.not_in(list(of_kind)), before(settings.retention_call)),
    )
    return or_(and_(Recording.exercise, before(settings.retention_exercise)), and_(~Recording.exercise, real))


def remove_destroyed(work: Work) -> None:
    """Remove the bytes of recordings that two persons gave up. Idempotent: what is gone is gone."""
    store = Store(work.settings)
    with work.read() as request:
        rows = request.db.execute(
            select(Recording.file_name, Recording.sha256, Recording.id).where(
                Recording.state == RecordingState.DESTROYED
            )
        ).all()
        needed = {
            sha256
            for (sha256,) in request.db.execute(
                select(Recording.sha256).where(
                    Recording.state == RecordingState.KEPT, Recording.sha256.in_([row.sha256 for row in rows])
                )
            )
        }
    for row in rows:
        if row.sha256 not in needed:
            store.destroy(row.file_name, row.sha256)
            if row.sha256:
                forget_copy(work.settings, row.sha256)


def _is_open() -> ColumnElement[bool]:
    return and_(Destruction.confirmed_at.is_(None), Destruction.withdrawn_at.is_(None))


def retention_factory(context: object, request: Request) -> Retention:
    """The reader's."""
    return Retention(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(IBroadcasts),
        settings_of(request.registry),
        request.identity.id,
    )

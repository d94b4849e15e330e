"""Deadlines: which rule applies, when it is due, that it was met, and a warning before it is missed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.incidents.models import Deadline, DeadlineRule, Incident, IncidentEntry
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import IncidentStatus
from dutycenter.work import Work

log = logging.getLogger(__name__)
_ = TranslationStringFactory("dutycenter")

PHONE = "phone"
WRITTEN = "written"
REPORT_LABELS = {PHONE: _("First report by telephone"), WRITTEN: _("First report in writing")}
NEAR = 3  # a deadline is near in the last third of its time


class NoSuchDeadline(LookupError):
    """There is no deadline of this id."""


class Deadlines:
    """The clocks of an incident."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, actor: str) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.actor = actor

    def apply_rules(self, incident: Incident) -> None:
        """Hold the incident's clocks against the rules of its class and level.

        Of the rules for one report the one that fits best counts (class and level
        before one of them before neither), then the shortest. What was met stays.
        """
        wanted = self._rules(incident)
        current = {
            deadline.report: deadline
            for deadline in self.db.scalars(select(Deadline).where(Deadline.incident_id == incident.id))
        }
        for report, deadline in current.items():
            if report not in wanted and deadline.met_at is None:
                self.db.delete(deadline)
                self._tell(deadline, "deadline.dropped")
        for report, rule in wanted.items():
            self._set(incident, current.get(report), rule)

    def meet(self, deadline_id: int, account_id: int) -> Deadline:
        """The report was made. Idempotent.

        Raises:
            NoSuchDeadline
        """
        deadline = self._locked(deadline_id)
        if deadline.met_at is None:
            deadline.met_at, deadline.met_by_id = self.clock.now(), account_id
            self._tell(deadline, "deadline.met", late=deadline.met_at > deadline.due_at)
            self._note(deadline, "deadline_met")
        return deadline

    def undo_meet(self, deadline_id: int) -> Deadline:
        """It was not made after all: the clock runs again. Idempotent.

        Raises:
            NoSuchDeadline
        """
        deadline = self._locked(deadline_id)
        if deadline.met_at is not None:
            deadline.met_at = deadline.met_by_id = None
            self._tell(deadline, "deadline.reopened")
            self._note(deadline, "deadline_reopened")
        return deadline

    def running(self, limit: int = 50) -> list[Deadline]:
        """Clocks that run, the next one due first."""
        return list(
            self.db.scalars(
                select(Deadline)
                .join(Incident)
                .where(Deadline.met_at.is_(None), Incident.status == IncidentStatus.OPEN)
                .options(joinedload(Deadline.incident))
                .order_by(Deadline.due_at, Deadline.id)
                .limit(limit)
            )
        )

    def warn(self) -> int:
        """Say once of each clock that it is near its end, and once that it is over; how many were said."""
        now = self.clock.now()
        silent = or_(Deadline.warned_at.is_(None), Deadline.missed_at.is_(None))
        said = 0
        for deadline in self.db.scalars(
            select(Deadline)
            .join(Incident)
            .where(Deadline.met_at.is_(None), Incident.status == IncidentStatus.OPEN, silent)
            .with_for_update(of=Deadline)
        ):
            if deadline.missed_at is None and now > deadline.due_at:
                deadline.missed_at = now
                deadline.warned_at = deadline.warned_at or now
                self._tell(deadline, "deadline.missed", due_at=deadline.due_at.isoformat())
                self._note(deadline, "deadline_missed")
            elif deadline.warned_at is None and now > deadline.due_at - whole(deadline) / NEAR:
                deadline.warned_at = now
                self._tell(deadline, "deadline.near", due_at=deadline.due_at.isoformat())
            else:
                continue
            said += 1
        return said

    def _rules(self, incident: Incident) -> dict[str, DeadlineRule]:
        fitting = self.db.scalars(
            select(DeadlineRule).where(
                DeadlineRule.enabled,
                or_(DeadlineRule.incident_class.is_(None), DeadlineRule.incident_class == incident.incident_class),
                or_(DeadlineRule.level.is_(None), DeadlineRule.level == incident.level),
            )
        )
        best: dict[str, DeadlineRule] = {}
        for rule in sorted(fitting, key=_preference):
            best.setdefault(rule.report, rule)
        return best

    def _set(self, incident: Incident, deadline: Deadline | None, rule: DeadlineRule) -> None:
        due_at = incident.reported_at + timedelta(minutes=rule.minutes)
        if deadline is None:
            deadline = Deadline(
                incident=incident, rule_id=rule.id, report=rule.report, due_at=due_at, citation=rule.citation
            )
            self.db.add(deadline)
            self.db.flush()
        elif deadline.met_at is not None or (deadline.due_at == due_at and deadline.rule_id == rule.id):
            return
        else:
            deadline.due_at, deadline.rule_id, deadline.citation = due_at, rule.id, rule.citation
            deadline.warned_at = deadline.missed_at = None
        self._tell(deadline, "deadline.set", due_at=due_at.isoformat(), rule=rule.id)

    def _locked(self, deadline_id: int) -> Deadline:
        deadline = self.db.get(Deadline, deadline_id, with_for_update=True, populate_existing=True)
        if deadline is None:
            raise NoSuchDeadline(deadline_id)
        return deadline

    def _tell(self, deadline: Deadline, action: str, **data: object) -> None:
        told = {"incident": deadline.incident_id, "report": deadline.report, **data}
        self.ledger.append(action, f"deadline:{deadline.id}", told)

    def _note(self, deadline: Deadline, kind: str) -> None:
        entry = IncidentEntry(
            incident_id=deadline.incident_id,
            at=self.clock.now(),
            kind=kind,
            data={"report": deadline.report, "due_at": deadline.due_at.isoformat()},
            actor=self.actor,
        )
        self.db.add(entry)


def whole(deadline: Deadline) -> timedelta:
    """How long the deadline's time is altogether."""
    return deadline.due_at - deadline.incident.reported_at


def _preference(rule: DeadlineRule) -> tuple[int, int, int]:
    named = (rule.incident_class is not None) + (rule.level is not None)
    return -named, rule.minutes, rule.id


def is_near(deadline: Deadline, now: datetime) -> bool:
    """Is it in the last third of its time, or over?"""
    return now > deadline.due_at - whole(deadline) / NEAR


def watch(work: Work) -> None:
    """The clerk's job."""
    with work.write() as request:
        said = request.find_service(Deadlines).warn()
    if said:
        log.warning("%d deadlines are near or over", said)


def deadlines_factory(context: object, request: Request) -> Deadlines:
    """The request's ``Deadlines``."""
    return Deadlines(request.db, request.find_service(ILedger), request.find_service(IClock), request.actor)

"""Deadlines: which rule applies, when it is due, that it was met, and a warning before it is missed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.incidents.models import Deadline, DeadlineRule, Incident, IncidentEntry
from dutycenter.incidents.rules.fitting import (
    FOLLOW_UP,
    FOLLOW_UP_SHOWN,
    PHONE,
    WRITTEN,
    Facts,
    best_rules,
    next_hour,
    read_hours,
)
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import IncidentStatus
from dutycenter.work import Work, settings_of

log = logging.getLogger(__name__)
_ = TranslationStringFactory("dutycenter")

REPORT_LABELS = {
    PHONE: _("First report by telephone"),
    WRITTEN: _("First report in writing"),
    FOLLOW_UP: _("Follow-up report"),
}
NEAR = 3  # a deadline is near in the last third of its time


class NoSuchDeadline(LookupError):
    """There is no deadline of this id."""


class Deadlines:
    """The clocks of an incident."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, zone: ZoneInfo, actor: str) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.zone = zone
        self.actor = actor

    def apply_rules(self, incident: Incident) -> None:
        """Hold the incident's clocks against the rules for what it is now.

        What was met stays; a clock that moves is a line of the timeline. Daily
        follow-ups are set by ``roll``.
        """
        self.db.expire(incident, ["district"])
        wanted = best_rules(self._enabled(daily=False), Facts.of(incident))
        current = {
            deadline.report: deadline
            for deadline in self.db.scalars(
                select(Deadline).where(Deadline.incident_id == incident.id, Deadline.report != FOLLOW_UP)
            )
        }
        for report, deadline in current.items():
            if report not in wanted and deadline.met_at is None:
                self._note(deadline, "deadline_dropped")
                self._tell(deadline, "deadline.dropped")
                self.db.delete(deadline)
        for report, rule in wanted.items():
            self.set(incident, current.get(report), rule)

    def roll(self) -> int:
        """Give every open incident whose rule wants daily follow-ups the clock of the next hour; how many were given.

        The first comes after the first reports' own deadlines: a follow-up has something to follow.
        """
        now, rules = self.clock.now(), self._enabled(daily=True)
        if not rules:
            return 0
        waiting = exists().where(
            Deadline.incident_id == Incident.id, Deadline.report == FOLLOW_UP, Deadline.due_at > now
        )
        given = 0
        for incident in self.db.scalars(
            select(Incident).where(Incident.status == IncidentStatus.OPEN, ~waiting).with_for_update(of=Incident)
        ):
            rule = best_rules(rules, Facts.of(incident)).get(FOLLOW_UP)
            if rule is None:
                continue
            firsts = [d.due_at for d in incident.deadlines if d.report != FOLLOW_UP]
            due_at = next_hour(read_hours(rule.daily), max([now, incident.reported_at, *firsts]), self.zone)
            if due_at is not None:
                begins_at = max(incident.reported_at, due_at - FOLLOW_UP_SHOWN)
                self._add(incident, rule, due_at, begins_at)
                given += 1
        return given

    def meet_reports(self, incident_id: int, reports: frozenset[str], account_id: int) -> list[Deadline]:
        """Reports of these kinds were made: every clock of the incident that waits for one, the next of each kind."""
        running = self.db.scalars(
            select(Deadline)
            .where(Deadline.incident_id == incident_id, Deadline.met_at.is_(None), Deadline.report.in_(reports))
            .order_by(Deadline.due_at.desc())
        )
        now = self.clock.now()
        last: dict[str, Deadline] = {}
        for deadline in running:
            # A daily report that was missed stays missed: today's cannot be handed in for yesterday's.
            if deadline.report == FOLLOW_UP and deadline.due_at < now and deadline.missed_at is not None:
                continue
            last[deadline.report] = deadline
        return [self.meet(deadline.id, account_id) for deadline in last.values()]

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
        """Clocks that run or are over, the next one due first; a daily report is given up when the next is near."""
        given_up = and_(Deadline.report == FOLLOW_UP, Deadline.due_at < self.clock.now() - FOLLOW_UP_SHOWN)
        return list(
            self.db.scalars(
                select(Deadline)
                .join(Incident)
                .where(Deadline.met_at.is_(None), Incident.status == IncidentStatus.OPEN, ~given_up)
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

    def set(self, incident: Incident, deadline: Deadline | None, rule: DeadlineRule) -> None:
        """Make the clock that a rule wants, or move one that runs; a met one stays."""
        due_at = incident.reported_at + timedelta(minutes=rule.minutes)
        if deadline is None:
            self._add(incident, rule, due_at)
            return
        if deadline.met_at is not None or (deadline.due_at == due_at and deadline.rule_id == rule.id):
            return
        was, old_rule = deadline.due_at, deadline.rule_id
        deadline.due_at, deadline.rule_id, deadline.citation = due_at, rule.id, rule.citation
        if was != due_at:
            deadline.warned_at = deadline.missed_at = None
            self._note(deadline, "deadline_moved", was=was.isoformat(), citation=rule.citation)
        self._tell(
            deadline, "deadline.moved", due_at=due_at.isoformat(), was=was.isoformat(), rule=rule.id, old_rule=old_rule
        )

    def _add(self, incident: Incident, rule: DeadlineRule, due_at: datetime, begins_at: datetime | None = None) -> None:
        deadline = Deadline(
            incident=incident, rule_id=rule.id, report=rule.report, due_at=due_at, begins_at=begins_at,
            citation=rule.citation,
        )  # fmt: skip
        self.db.add(deadline)
        self.db.flush()
        self._tell(deadline, "deadline.set", due_at=due_at.isoformat(), rule=rule.id)

    def _enabled(self, *, daily: bool) -> list[DeadlineRule]:
        of_kind = DeadlineRule.report == FOLLOW_UP if daily else DeadlineRule.report != FOLLOW_UP
        query = select(DeadlineRule).where(DeadlineRule.enabled, DeadlineRule.retired_at.is_(None), of_kind)
        return list(self.db.scalars(query.options(joinedload(DeadlineRule.district))))

    def _locked(self, deadline_id: int) -> Deadline:
        deadline = self.db.get(Deadline, deadline_id, with_for_update=True, populate_existing=True)
        if deadline is None:
            raise NoSuchDeadline(deadline_id)
        return deadline

    def _tell(self, deadline: Deadline, action: str, **data: object) -> None:
        told = {"incident": deadline.incident_id, "report": deadline.report, **data}
        self.ledger.append(action, f"deadline:{deadline.id}", told)

    def _note(self, deadline: Deadline, kind: str, **data: str) -> None:
        entry = IncidentEntry(
            incident_id=deadline.incident_id,
            at=self.clock.now(),
            kind=kind,
            data={"report": deadline.report, "due_at": deadline.due_at.isoformat(), **data},
            actor=self.actor,
        )
        self.db.add(entry)


def whole(deadline: Deadline) -> timedelta:
    """How long the deadline's time is altogether."""
    return deadline.due_at - (deadline.begins_at or deadline.incident.reported_at)


def shown_clocks(incident: Incident) -> list[Deadline]:
    """The clocks that its page shows: of the daily ones those that are open or late, and the last that was met."""
    daily = [deadline for deadline in incident.deadlines if deadline.report == FOLLOW_UP]
    met = [deadline for deadline in daily if deadline.met_at is not None and deadline.met_at <= deadline.due_at]
    return [deadline for deadline in incident.deadlines if deadline not in met[:-1]]


def is_near(deadline: Deadline, now: datetime) -> bool:
    """Is it in the last third of its time, or over?"""
    return now > deadline.due_at - whole(deadline) / NEAR


def watch(work: Work) -> None:
    """The clerk's job."""
    with work.write() as request:
        deadlines: Deadlines = request.find_service(Deadlines)
        deadlines.roll()
        said = deadlines.warn()
    if said:
        log.warning("%d deadlines are near or over", said)


def deadlines_factory(context: object, request: Request) -> Deadlines:
    """The request's ``Deadlines``."""
    return Deadlines(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        settings_of(request.registry).time_zone,
        request.actor,
    )

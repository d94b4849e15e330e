"""``Rules``: the rows that deadlines come from. A change never rewrites clocks that run, unless it is asked to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.incidents.deadlines import Deadlines
from dutycenter.incidents.models import Deadline, DeadlineRule, Incident
from dutycenter.incidents.rules.fitting import FOLLOW_UP, Facts, fits
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import IncidentStatus


class NoSuchRule(LookupError):
    """There is no rule of this id, or another has taken its place."""


class Rules:
    """Deadline rules, for whoever looks after them."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, deadlines: Deadlines) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.deadlines = deadlines

    def current(self) -> list[DeadlineRule]:
        """The rules that stand, in use or switched off: phone before written before daily, the shortest first."""
        return list(
            self.db.scalars(
                select(DeadlineRule)
                .where(DeadlineRule.retired_at.is_(None))
                .options(joinedload(DeadlineRule.district))
                .order_by(DeadlineRule.report, DeadlineRule.minutes, DeadlineRule.id)
            )
        )

    def get(self, rule_id: int, *, lock: bool = False) -> DeadlineRule:
        """A rule that stands.

        Raises:
            NoSuchRule
        """
        rule = self.db.get(DeadlineRule, rule_id, with_for_update=True if lock else None, populate_existing=lock)
        if rule is None or rule.retired_at is not None:
            raise NoSuchRule(rule_id)
        return rule

    def earlier(self, rule: DeadlineRule) -> list[DeadlineRule]:
        """What the rule said before, the latest first."""
        found, before = [], rule.replaces_id
        while before is not None:
            old = self.db.get_one(DeadlineRule, before)
            found.append(old)
            before = old.replaces_id
        return found

    def running(self, rule_id: int) -> int:
        """How many clocks that come from this rule run and are not over."""
        query = select(func.count()).select_from(Deadline).join(Incident)
        return self.db.scalar(query.where(*self._moves(rule_id))) or 0

    def add(self, values: Mapping[str, Any]) -> DeadlineRule:
        """A new rule: it holds for what is reported from now on, or graded anew."""
        rule = DeadlineRule(**values, enabled=True)
        self.db.add(rule)
        self.db.flush()
        self._tell(rule, "deadline_rule.added")
        return rule

    def replace(self, rule_id: int, values: Mapping[str, Any], *, move: bool) -> tuple[DeadlineRule, int]:
        """A new version of a rule; the old row stays for the clocks that came from it.

        Args:
            values: its columns.
            move: hold the running clocks of the old version against the new one,
                each with a line in its incident's timeline; what is over stays over.

        Returns:
            The new version, and how many clocks were held against it.

        Raises:
            NoSuchRule
        """
        old = self.get(rule_id, lock=True)
        if all(getattr(old, name) == value for name, value in values.items()):
            return old, 0
        old.retired_at = self.clock.now()
        rule = DeadlineRule(**values, enabled=old.enabled, replaces_id=old.id)
        self.db.add(rule)
        self.db.flush()
        self._tell(rule, "deadline_rule.replaced", replaces=old.id, move=move)
        return rule, self._move(old, rule) if move else 0

    def switch(self, rule_id: int, *, enabled: bool) -> DeadlineRule:
        """Use a rule, or use it no more; clocks that run are left alone. Idempotent.

        Raises:
            NoSuchRule
        """
        rule = self.get(rule_id, lock=True)
        if rule.enabled is not enabled:
            rule.enabled = enabled
            self._tell(rule, "deadline_rule.switched")
        return rule

    def _move(self, old: DeadlineRule, rule: DeadlineRule) -> int:
        query = select(Deadline).join(Incident).where(*self._moves(old.id)).options(joinedload(Deadline.incident))
        moved = 0
        for deadline in self.db.scalars(query.with_for_update(of=Deadline)).all():
            if deadline.report == rule.report and fits(rule, Facts.of(deadline.incident)):
                self.deadlines.set(deadline.incident, deadline, rule)
                moved += 1
        return moved

    def _moves(self, rule_id: int) -> tuple[Any, ...]:
        return (
            Deadline.rule_id == rule_id, Deadline.met_at.is_(None), Deadline.due_at > self.clock.now(),
            Deadline.report != FOLLOW_UP, Incident.status == IncidentStatus.OPEN,
        )  # fmt: skip

    def _tell(self, rule: DeadlineRule, action: str, **data: Any) -> None:
        told = {
            "district": rule.district_id, "class": rule.incident_class, "level": rule.level, "channel": rule.channel,
            "report": rule.report, "minutes": rule.minutes, "daily": rule.daily, "citation": rule.citation,
            "enabled": rule.enabled,
        }  # fmt: skip
        self.ledger.append(action, f"deadline_rule:{rule.id}", {**told, **data})


def rules_factory(context: object, request: Request) -> Rules:
    """The request's ``Rules``."""
    return Rules(
        request.db, request.find_service(ILedger), request.find_service(IClock), request.find_service(Deadlines)
    )

"""Sensitive periods (敏感时期): days on which more people serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.interfaces import ILedger
from dutycenter.roster.checks import Wanted
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import SensitivePeriod
from dutycenter.roster.times import midnight
from dutycenter.vocabulary import ShiftDuty
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MOST_CHARACTERS = 64
MOST_DAYS = 366
MOST_PEOPLE = 9


@dataclass(frozen=True)
class Draft:
    """A sensitive period as it was typed."""

    first: date
    last: date
    name: str
    least: Mapping[ShiftDuty, int]


class SensitivePeriods:
    """The duty room's sensitive periods.

    Args:
        db: any session of the store.
        ledger: where each change is told.
        zone: the duty room's; a period begins at its midnight.
    """

    def __init__(self, db: Session, ledger: ILedger, zone: ZoneInfo) -> None:
        self.db = db
        self.ledger = ledger
        self.zone = zone

    def all(self) -> list[SensitivePeriod]:
        """Every period, the latest first."""
        return list(self.db.scalars(select(SensitivePeriod).order_by(SensitivePeriod.first.desc(), SensitivePeriod.id)))

    def get(self, period_id: int) -> SensitivePeriod | None:
        """The period of this id."""
        return self.db.get(SensitivePeriod, period_id)

    def touching(self, first: date, last: date) -> list[SensitivePeriod]:
        """Periods that have a day from ``first`` to ``last``, in order."""
        return periods_touching(self.db, first, last)

    def wanted(self, first: date, last: date) -> list[Wanted]:
        """The same as moments, for the checks."""
        return [
            Wanted(midnight(p.first, self.zone), midnight(p.last + timedelta(days=1), self.zone), p.name, least_of(p))
            for p in self.touching(first, last)
        ]

    def save(self, period: SensitivePeriod | None, draft: Draft) -> SensitivePeriod:
        """Enter a period, or change one.

        Raises:
            RosterFault: it ends before it begins, is too long, or has no name.
        """
        name = draft.name.strip()
        if draft.last < draft.first:
            raise RosterFault(_("The last day is before the first."))
        if (draft.last - draft.first).days >= MOST_DAYS:
            raise RosterFault(_("A sensitive period has a year at most."))
        if not name or len(name) > MOST_CHARACTERS or not name.isprintable():
            raise RosterFault(_("Give the period a name of ${n} characters at most.", mapping={"n": MOST_CHARACTERS}))
        if any(not 0 <= least <= MOST_PEOPLE for least in draft.least.values()):
            raise RosterFault(_("From 0 to ${n} people of each duty.", mapping={"n": MOST_PEOPLE}))
        before = None if period is None else _told(period)
        if period is None:
            period = SensitivePeriod()
            self.db.add(period)
        period.first, period.last, period.name = draft.first, draft.last, name
        period.leaders, period.chiefs, period.officers = (draft.least[duty] for duty in ShiftDuty)
        self.db.flush()
        after = _told(period)
        if before is None:
            self._tell(period, "entered", after)
        elif before != after:
            self._tell(period, "edited", {"before": before, "after": after})
        return period

    def remove(self, period: SensitivePeriod) -> None:
        """Take a period out."""
        self._tell(period, "removed", _told(period))
        self.db.delete(period)

    def _tell(self, period: SensitivePeriod, what: str, data: dict[str, Any]) -> None:
        self.ledger.append(f"period.{what}", f"period:{period.id}", data)


def periods_touching(db: Session, first: date, last: date) -> list[SensitivePeriod]:
    """Periods that have a day from ``first`` to ``last``, in order."""
    here = (SensitivePeriod.first <= last, SensitivePeriod.last >= first)
    return list(db.scalars(select(SensitivePeriod).where(*here).order_by(SensitivePeriod.first, SensitivePeriod.id)))


def least_of(period: SensitivePeriod) -> dict[ShiftDuty, int]:
    """How many of each duty a period asks for."""
    return dict(zip(ShiftDuty, (period.leaders, period.chiefs, period.officers), strict=True))


def _told(period: SensitivePeriod) -> dict[str, Any]:
    return {
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "name": period.name,
        "least": {duty.value: least for duty, least in least_of(period).items()},
    }


def factory(context: object, request: Request) -> SensitivePeriods:
    """The request's sensitive periods."""
    return SensitivePeriods(request.db, request.find_service(ILedger), settings_of(request.registry).time_zone)

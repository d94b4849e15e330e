"""Which reports the calendar wants. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from reports.period import Month, Period, Year

MONTHS, QUARTERS = 12, 4  # how far back what was missed is caught up


def due(now: datetime, zone: ZoneInfo, began: datetime | None) -> list[Period]:
    """The months, quarters and the year that are over and of which the record knows something, the latest first.

    Args:
        now: the moment.
        zone: the duty room's.
        began: the first thing that the record knows; None: nothing yet.
    """
    if began is None:
        return []
    month = Month.of(now, zone)
    periods: list[Period] = [*month.earlier(MONTHS), *month.quarter.earlier(QUARTERS), Year(month.year).before]
    return [period for period in periods if began < period.span(zone).end]

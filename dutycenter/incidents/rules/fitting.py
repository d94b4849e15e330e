"""Which rule applies to an incident, and when it is due: pure decisions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dutycenter.incidents.models import DeadlineRule, Incident

PHONE, WRITTEN, FOLLOW_UP = "phone", "written", "follow_up"
FOLLOW_UP_SHOWN = timedelta(hours=3)  # a daily report's clock begins so long before its hour
DISTRICT_DIGITS = 2  # GB/T 2260: province, city and county have two digits each
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class UnreadableHours(ValueError):
    """The text is no list of hours of the day."""


@dataclass(frozen=True)
class Facts:
    """What of an incident decides its deadlines."""

    incident_class: str | None
    level: str | None
    channel: str | None
    district: str  # its code; empty when unknown

    @classmethod
    def of(cls, incident: Incident) -> Facts:
        district = incident.district.code if incident.district else ""
        return cls(incident.incident_class, incident.level, incident.channel, district)


def covers(region: str, district: str) -> bool:
    """Does the region (a district's code) hold the district? ``430100`` holds ``430102``."""
    digits = region
    while len(digits) > DISTRICT_DIGITS and digits.endswith("0" * DISTRICT_DIGITS):
        digits = digits[:-DISTRICT_DIGITS]
    return bool(district) and district.startswith(digits)


def fits(rule: DeadlineRule, facts: Facts) -> bool:
    """Does the rule speak of such an incident?"""
    return (
        (rule.incident_class is None or rule.incident_class == facts.incident_class)
        and (rule.level is None or rule.level == facts.level)
        and (rule.channel is None or rule.channel == facts.channel)
        and (rule.district is None or covers(rule.district.code, facts.district))
    )


def best_rules(rules: Iterable[DeadlineRule], facts: Facts) -> dict[str, DeadlineRule]:
    """For each kind of report the rule that names most of the incident; of equals the shortest."""
    best: dict[str, DeadlineRule] = {}
    for rule in sorted((rule for rule in rules if fits(rule, facts)), key=_preference):
        best.setdefault(rule.report, rule)
    return best


def _preference(rule: DeadlineRule) -> tuple[int, int, int]:
    named = sum(part is not None for part in (rule.district, rule.incident_class, rule.level, rule.channel))
    return -named, rule.minutes, rule.id


def read_hours(text: str) -> tuple[time, ...]:
    """The hours of the day in a text such as ``08:00, 17:00``, in order.

    Raises:
        UnreadableHours: something in it is none.
    """
    found = set()
    for part in re.split(r"[,,;;、\s]+", text.strip()):
        if not part:
            continue
        hour = _HOUR.fullmatch(part)
        if hour is None:
            raise UnreadableHours(part)
        found.add(time(int(hour[1]), int(hour[2])))
    return tuple(sorted(found))


def write_hours(hours: Iterable[time]) -> str:
    """The other way: ``08:00,17:00``."""
    return ",".join(f"{hour:%H:%M}" for hour in hours)


def next_hour(hours: Iterable[time], after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first of these hours after a moment; None when there are none."""
    local = after.astimezone(zone)
    days = (local.date(), local.date() + timedelta(days=1))
    coming = (datetime.combine(day, hour, zone).astimezone(UTC) for day in days for hour in sorted(hours))
    return next((moment for moment in coming if moment > after), None)

"""The roster held against directory, calendar and sensitive periods, and what to say of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request

from dutycenter.directory.models import Person
from dutycenter.directory.services import Directory, is_away_during
from dutycenter.frame.labels import label
from dutycenter.interfaces import IClock
from dutycenter.kept_words import said
from dutycenter.roster.checks import Finding, Kind, Rules, Served, findings
from dutycenter.roster.handover.items import OpenItem, open_item
from dutycenter.roster.periods import SensitivePeriods
from dutycenter.roster.services import Rosters, served
from dutycenter.roster.times import local_day
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

AROUND = timedelta(days=4)  # as far before and after as a stretch of duty that matters here may go
MOST_ITEMS = 30
WATCH_EVERY = 30.0  # real seconds

SENTENCES: dict[Kind, TranslationString] = {
    Kind.GAP: _("${when}: nobody on duty"),
    Kind.NOBODY_AT_DESK: _("${when}: nobody at the desk"),
    Kind.NO_LEADER: _("${when}: no leader"),
    Kind.TWICE: _("${when}: ${who} serves in two shifts at once"),
    Kind.AWAY: _("${when}: ${who} is on leave"),
    Kind.UNREACHABLE: _("${when}: ${who} cannot be called – ${why}"),
    Kind.TOO_FEW: _("${when}: ${period} asks for ${least} (${duty}), ${there} there"),
    Kind.TOO_LONG: _("${when}: ${who} serves ${hours} hours without a rest"),
}


class RosterCheck:
    """Finds gaps and conflicts.

    Args:
        rosters: the shifts.
        periods: the sensitive ones.
        directory: absences and numbers.
        zone: the duty room's.
        longest: the most in the duty room without a rest.
    """

    def __init__(
        self, rosters: Rosters, periods: SensitivePeriods, directory: Directory, zone: ZoneInfo, longest: timedelta
    ) -> None:
        self.rosters = rosters
        self.periods = periods
        self.directory = directory
        self.zone = zone
        self.longest = longest

    def between(self, begin: datetime, end: datetime) -> list[Finding]:
        """What is wrong in this time, as the roster stands."""
        shifts = self.rosters.between(begin - AROUND, end + AROUND)
        people = [member.person for shift in shifts for member in shift.members]
        return self.of([served(shift) for shift in shifts], begin, end, people)

    def of(self, shifts: Sequence[Served], begin: datetime, end: datetime, people: Iterable[Person]) -> list[Finding]:
        """What would be wrong in this time with these shifts, and those around them.

        Args:
            people: everybody who serves in them.
        """
        known = {person.id: person for person in people}

        def unreachable(person_id: int, at: datetime) -> str | None:
            return self.directory.callable(known[person_id], at).why

        rules = Rules(
            self.periods.wanted(local_day(begin, self.zone), local_day(end, self.zone)),
            lambda person_id, starts_at, ends_at: is_away_during(known[person_id], starts_at, ends_at),
            unreachable,
            self.longest,
        )
        return findings(shifts, begin, end, rules)


def sentence(finding: Finding, translate: Callable[[object], str], zone: ZoneInfo) -> str:
    """A finding in words, in the reader's language."""
    return said(words_of(finding, zone), translate)


def words_of(finding: Finding, zone: ZoneInfo) -> TranslationString:
    """A finding in words, to be translated."""
    begin, end = finding.starts_at.astimezone(zone), finding.ends_at.astimezone(zone)
    midnight = f"{end:%H:%M}" == "00:00" and end - begin <= timedelta(days=1)
    until = "24:00" if midnight else f"{end:%H:%M}" if end - begin < timedelta(days=1) else f"{end:%m-%d %H:%M}"
    duty = "" if finding.duty is None else label(finding.duty)
    mapping = {**finding.data, "when": f"{begin:%m-%d %H:%M}–{until}", "who": finding.who, "duty": duty}
    return _(SENTENCES[finding.kind], mapping=mapping)


def open_roster(request: Request) -> Sequence[OpenItem]:
    """Gaps and conflicts of the next days, for whoever sits at the desk and for the handover."""
    zone = settings_of(request.registry).time_zone
    return [
        open_item(
            request,
            f"shift:{finding.shift_id}",
            words_of(finding, zone),
            request.route_path("roster.day", day=local_day(finding.starts_at, zone).isoformat()),
        )
        for finding in findings_ahead(request)[:MOST_ITEMS]
    ]


def findings_ahead(request: Request) -> list[Finding]:
    """What is wrong from now on for as many days as the settings say; nothing before there is any roster."""
    now = request.find_service(IClock).now()
    if not request.find_service(Rosters).any():
        return []
    days = settings_of(request.registry).roster_days_ahead
    found: list[Finding] = request.find_service(RosterCheck).between(now, now + timedelta(days=days))
    return found


class RosterWatch:
    """Is anything wrong in the roster ahead? Worked out now and then, never for every reader of every page."""

    def __init__(self) -> None:
        self._known: tuple[float, bool] | None = None

    def amiss(self, request: Request) -> bool:
        """As it was at most half a minute ago."""
        now = time.monotonic()
        if self._known is None or now - self._known[0] > WATCH_EVERY:
            self._known = (now, bool(findings_ahead(request)))
        return self._known[1]


def factory(context: object, request: Request) -> RosterCheck:
    """The request's check of the roster."""
    settings = settings_of(request.registry)
    return RosterCheck(
        request.find_service(Rosters),
        request.find_service(SensitivePeriods),
        request.find_service(Directory),
        settings.time_zone,
        timedelta(hours=settings.roster_longest_hours),
    )

"""The roster by month and by week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.interfaces import IClock
from dutycenter.roster.calendar import Calendar, name_of
from dutycenter.roster.checking import findings_ahead, sentence
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.grid import DAY, WEEK, Day, days, first_of, next_month, weeks_of
from dutycenter.roster.services import Rosters
from dutycenter.roster.times import local_day, typed_day
from dutycenter.vocabulary import DayKind, ShiftDuty
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

WEEKDAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip
# As they stand before names in a day of the month, where there is room for one character.
SHORT_DUTIES = {ShiftDuty.LEADER: _("L"), ShiftDuty.CHIEF: _("C"), ShiftDuty.OFFICER: _("O")}


def month(request: Request) -> dict[str, Any]:
    """A month of the roster; this one by default."""
    today = today_of(request)
    of = first_of(_named(request, "month", today))
    first, last = weeks_of(of)
    grid = days(request, first, last)
    calendar = request.find_service(Calendar)
    return {
        **_shown(request),
        "weeks": [grid[n : n + 7] for n in range(0, len(grid), 7)],
        "month": of,
        "before": first_of(of - DAY),
        "after": next_month(of),
        "today": today,
        "unknown_years": calendar.unknown_years(first, last),
        "short_duties": SHORT_DUTIES,
        "wrong": sum(len(day.findings) for day in grid if first_of(day.day) == of),
        "ahead": findings_ahead(request),
        "days_ahead": settings_of(request.registry).roster_days_ahead,
    }


def week(request: Request) -> dict[str, Any]:
    """A week of the roster, with telephone numbers; this one by default."""
    today = today_of(request)
    of = _named(request, "week", today)
    monday = of - timedelta(days=of.weekday())
    grid = days(request, monday, monday + WEEK - DAY)
    return {
        **_shown(request),
        "days": grid,
        "on_duty": request.find_service(Rosters).on_duty(request.find_service(IClock).now()),
        "monday": monday,
        "before": monday - WEEK,
        "after": monday + WEEK,
        "this_week": monday <= today < monday + WEEK,
        "wrong": sum(len(day.findings) for day in grid),
        "duties": list(ShiftDuty),
    }


def _shown(request: Request) -> dict[str, Any]:
    """What the templates of days read."""
    zone, translate = settings_of(request.registry).time_zone, request.localizer.translate

    def said(day: Day) -> list[str]:
        return [sentence(finding, translate, zone) for finding in day.findings]

    return {
        "weekdays": WEEKDAYS,
        "name_of": lambda info: name_of(info, translate),
        "DayKind": DayKind,
        "said": said,
        "sentence": lambda finding: sentence(finding, translate, zone),
        "day_of": lambda moment: local_day(moment, zone),
    }


def today_of(request: Request) -> date:
    """The day that it is in the duty room."""
    return local_day(request.find_service(IClock).now(), settings_of(request.registry).time_zone)


def day_of_address(request: Request) -> date:
    """The day that the address names.

    Raises:
        HTTPNotFound: there is none.
    """
    try:
        return typed_day(request.matchdict["day"])
    except RosterFault as fault:
        raise HTTPNotFound(fault.words) from None


def _named(request: Request, name: str, today: date) -> date:
    text = request.params.get(name, "")
    if not text:
        return today
    try:
        return typed_day(f"{text}-01" if name == "month" and len(text) == len("2026-11") else text)
    except RosterFault as fault:
        raise HTTPBadRequest(fault.words) from None


def includeme(config: Configurator) -> None:
    config.add_route("roster.month", "/roster")
    config.add_route("roster.week", "/roster/week")
    for name, view in (("month", month), ("week", week)):
        config.add_view(
            view, route_name=f"roster.{name}", renderer=f"templates/{name}.jinja2", request_method="GET",
            permission="board",
        )  # fmt: skip

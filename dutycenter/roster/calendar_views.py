"""The calendar behind the roster: days entered here, and sensitive periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.notices import say
from dutycenter.roster.calendar import Calendar, DayInfo, name_of, published_years
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import SensitivePeriod
from dutycenter.roster.periods import Draft, SensitivePeriods, least_of
from dutycenter.roster.times import typed_day
from dutycenter.roster.views import day_of_address, today_of
from dutycenter.typed import whole
from dutycenter.vocabulary import DayKind, ShiftDuty

_ = TranslationStringFactory("dutycenter")

DIGITS = 2
ONE = timedelta(days=1)


def page(request: Request) -> dict[str, Any]:
    """A year's special days, and the sensitive periods."""
    return _page(request)


def enter(request: Request) -> dict[str, Any] | Response:
    """Say what days are."""
    post = request.POST
    try:
        kind = DayKind(post.get("kind", ""))
    except ValueError:
        raise HTTPBadRequest(_("There is no such kind of day.")) from None
    try:
        first = typed_day(post.get("first", ""))
        last = typed_day(post["last"]) if post.get("last") else first
        request.find_service(Calendar).enter(first, last, kind, post.get("name", ""))
    except RosterFault as fault:
        request.response.status_int = 422
        return _page(request, days_fault=fault.words)
    return _back(request, _("The calendar is changed."), first.year)


def forget(request: Request) -> Response:
    """Take an entry of this duty room back."""
    day = day_of_address(request)
    request.find_service(Calendar).forget(day)
    return _back(request, _("The day is again what was published."), day.year)


def period_page(request: Request) -> dict[str, Any]:
    """A sensitive period, to change it."""
    return _page(request, period=_period(request))


def save_period(request: Request) -> dict[str, Any] | Response:
    """Enter a sensitive period, or change one."""
    period = _period(request) if "id" in request.matchdict else None
    post = request.POST
    try:
        least = {duty: whole(post.get(duty.value, "").strip() or "0", DIGITS) for duty in ShiftDuty}
        if None in least.values():
            raise RosterFault(_("How many people: a whole number."))
        draft = Draft(
            typed_day(post.get("first", "")), typed_day(post.get("last", "")), post.get("name", ""),
            {duty: n or 0 for duty, n in least.items()},
        )  # fmt: skip
        request.find_service(SensitivePeriods).save(period, draft)
    except RosterFault as fault:
        request.response.status_int = 422
        return _page(request, period=period, period_fault=fault.words)
    return _back(request, _("The sensitive period is saved; the roster shows where people are missing."))


def remove_period(request: Request) -> Response:
    """Take a sensitive period out."""
    request.find_service(SensitivePeriods).remove(_period(request))
    return _back(request, _("The sensitive period is removed."))


def _page(
    request: Request,
    period: SensitivePeriod | None = None,
    days_fault: TranslationString | str = "",
    period_fault: TranslationString | str = "",
) -> dict[str, Any]:
    calendar, today = request.find_service(Calendar), today_of(request)
    year = whole(request.GET.get("year", ""), 4) or today.year
    if not date.min.year < year < date.max.year:
        raise HTTPNotFound
    infos = calendar.days(date(year, 1, 1), date(year, 12, 31))
    return {
        "year": year,
        "known": year in published_years(),
        "last_known": max(published_years()),
        "special": _spans(infos),
        "periods": request.find_service(SensitivePeriods).all(),
        "period": period,
        "period_values": request.POST if period_fault else _values(period),
        "period_fault": period_fault,
        "values": request.POST if days_fault else {},
        "days_fault": days_fault,
        "today": today,
        "kinds": (DayKind.REST, DayKind.WORK),
        "DayKind": DayKind,
        "duties": list(ShiftDuty),
        "least_of": least_of,
        "name_of": lambda info: name_of(info, request.localizer.translate),
    }


def _spans(infos: Mapping[date, DayInfo]) -> list[tuple[date, date, DayInfo]]:
    """Special days, those in a row of one holiday together; each day that was entered here stands by itself."""
    spans: list[tuple[date, date, DayInfo]] = []
    for day, info in infos.items():
        if not info.special:
            continue
        before = spans[-1] if spans else None
        if before and before[1] == day - ONE and before[2] == info and not info.local:
            spans[-1] = (before[0], day, info)
        else:
            spans.append((day, day, info))
    return spans


def _values(period: SensitivePeriod | None) -> dict[str, Any]:
    if period is None:
        return {ShiftDuty.LEADER.value: 1, ShiftDuty.CHIEF.value: 0, ShiftDuty.OFFICER.value: 2}
    least = {duty.value: n for duty, n in least_of(period).items()}
    return {"first": period.first.isoformat(), "last": period.last.isoformat(), "name": period.name, **least}


def _period(request: Request) -> SensitivePeriod:
    period: SensitivePeriod | None = request.find_service(SensitivePeriods).get(int(request.matchdict["id"]))
    if period is None:
        raise HTTPNotFound(_("There is no such sensitive period."))
    return period


def _back(request: Request, words: TranslationString, year: int | None = None) -> Response:
    say(request, words)
    return HTTPSeeOther(request.route_path("roster.calendar", _query={} if year is None else {"year": year}))


def includeme(config: Configurator) -> None:
    config.add_route("roster.calendar", "/roster/calendar")
    config.add_route("roster.calendar.forget", r"/roster/calendar/{day:\d{4}-\d\d-\d\d}/forget")
    config.add_route("roster.periods", "/roster/periods")
    config.add_route("roster.period", r"/roster/periods/{id:\d{1,9}}")
    config.add_route("roster.period.remove", r"/roster/periods/{id:\d{1,9}}/remove")
    template = "templates/calendar.jinja2"
    for route, view, method, renderer, permission in (
        ("calendar", page, "GET", template, "view"),
        ("calendar", enter, "POST", template, "admin"),
        ("calendar.forget", forget, "POST", None, "admin"),
        ("periods", save_period, "POST", template, "admin"),
        ("period", period_page, "GET", template, "admin"),
        ("period", save_period, "POST", template, "admin"),
        ("period.remove", remove_period, "POST", None, "admin"),
    ):
        config.add_view(
            view, route_name=f"roster.{route}", renderer=renderer, request_method=method, permission=permission
        )

"""The duty log on screen: a day, a search, writing, and putting right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.roster.duty_log.models import DutyLogEntry
from dutycenter.roster.duty_log.services import MOST_CHARACTERS, DutyLog, LogFault
from dutycenter.typed import row_id
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MOST_SEARCHED = 100


def day_page(request: Request) -> dict[str, Any]:
    """A day of the log, or what a search found."""
    return _page(request)


def write(request: Request) -> dict[str, Any] | Response:
    """Append what was typed."""
    log = request.find_service(DutyLog)
    corrected = _corrected(request, log)
    try:
        at = None if corrected is not None and not request.POST.get("at") else _moment(request)
        entry = log.write(request.POST.get("text", ""), at or (corrected.at if corrected else None), corrected)
    except LogFault as fault:
        request.response.status_int = 422
        return _page(request, fault.words)
    words = _("Written as number ${number}.", mapping={"number": entry.number})
    say(request, words)
    day = entry.at.astimezone(settings_of(request.registry).time_zone).date()
    return HTTPSeeOther(request.route_path("duty_log", _query={"day": day.isoformat()}))


def _page(request: Request, fault: TranslationString | str = "") -> dict[str, Any]:
    log = request.find_service(DutyLog)
    now = request.find_service(IClock).now()
    today = now.astimezone(settings_of(request.registry).time_zone).date()
    day = _day(request.params.get("day"), today)
    searched = request.GET.get("q", "").strip()[:MOST_SEARCHED]
    corrected = _corrected(request, log)
    return {
        "lines": log.find(searched) if searched else log.day(day),
        "day": day,
        "today": today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "searched": searched,
        "correcting": corrected,
        "text": request.POST.get("text", corrected.text if corrected is not None else ""),
        "at": request.POST.get("at", ""),
        "now": corrected.at if corrected is not None else now,
        "fault": fault,
        "most": MOST_CHARACTERS,
    }


def _corrected(request: Request, log: DutyLog) -> DutyLogEntry | None:
    named = request.params.get("corrects", "")
    if not named:
        return None
    entry = log.entry(row_id(named))
    if entry is None:
        raise HTTPNotFound(_("There is no such entry in the duty log."))
    return entry


def _day(text: str | None, today: date) -> date:
    if not text:
        return today
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise HTTPBadRequest(_("A day is named like 2026-11-23.")) from None
    if not 2000 <= found.year <= 2100:
        raise HTTPNotFound(_("There is no log so far away."))
    return found


def _moment(request: Request) -> datetime | None:
    typed = request.POST.get("at", "")
    if not typed:
        return None
    try:
        local = datetime.fromisoformat(typed)
    except ValueError:
        raise LogFault(_("Enter date and time such as 2026-11-23 08:00.")) from None
    return local.replace(tzinfo=settings_of(request.registry).time_zone).astimezone(UTC)


def includeme(config: Configurator) -> None:
    config.add_route("duty_log", "/roster/log")
    template = "templates/day.jinja2"
    config.add_view(day_page, route_name="duty_log", renderer=template, request_method="GET", permission="view")
    config.add_view(write, route_name="duty_log", renderer=template, request_method="POST", permission="desk")

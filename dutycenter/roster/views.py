"""The roster's week, and the people of a shift."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.views import choice_text, chosen_id
from dutycenter.interfaces import IClock
from dutycenter.roster.models import Shift
from dutycenter.roster.services import RosterFault, Rosters
from dutycenter.vocabulary import ShiftDuty
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

WEEKDAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip
YEARS = range(2000, 2101)
SPARE_LINES = 1


def week(request: Request) -> dict[str, Any]:
    """A week of the roster; this one by default."""
    now = request.find_service(IClock).now()
    today = now.astimezone(settings_of(request.registry).time_zone).date()
    of = _date(request.params.get("week"), today)
    rosters = request.find_service(Rosters)
    days = rosters.week(of, now)
    return {
        "days": days,
        "weekdays": WEEKDAYS,
        "on_duty": rosters.on_duty(now),
        "monday": days[0].day,
        "before": days[0].day - timedelta(days=7),
        "after": days[0].day + timedelta(days=7),
        "this_week": days[0].day <= today <= days[6].day,
        "gaps": sum(1 for day in days for line in day.lines if line.gap),
        "warned": sum(1 for day in days for line in day.lines if line.warnings),
        "duties": list(ShiftDuty),
    }


def _date(text: str | None, today: date) -> date:
    if not text:
        return today
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise HTTPBadRequest(_("A week is named by one of its days, such as 2026-11-23.")) from None
    if found.year not in YEARS:
        raise HTTPNotFound(_("There is no roster so far away."))
    return found


def shift_page(request: Request) -> dict[str, Any]:
    """The people of a shift."""
    shift = _shift(request)
    lines = [(member.duty.value, choice_text(member.person)) for member in shift.members]
    return _page(shift, [*lines, *[(ShiftDuty.OFFICER.value, "")] * SPARE_LINES], "")


def save_shift(request: Request) -> dict[str, Any] | Response:
    """Take the people of a shift."""
    shift = _shift(request)
    typed = list(zip(request.POST.getall("duty"), request.POST.getall("person"), strict=False))
    try:
        changed = request.find_service(Rosters).set_members(shift, _members(typed))
    except RosterFault as fault:
        request.response.status_int = 422
        return _page(shift, typed, fault.words)
    if changed is not None:
        _say(request, _("The shift is saved."))
    return _to_week(request, shift.starts_at)


def _members(typed: list[tuple[str, str]]) -> list[tuple[ShiftDuty, int]]:
    wanted = []
    for duty, text in typed:
        if not text.strip():
            continue
        person_id = chosen_id(text)
        if person_id is None:
            raise RosterFault(
                _("Choose “${text}” from the list that opens while you type.", mapping={"text": text[:40]})
            )
        try:
            wanted.append((ShiftDuty(duty), person_id))
        except ValueError:
            raise HTTPBadRequest(_("There is no such duty.")) from None
    return wanted


def new_shift(request: Request) -> dict[str, Any] | Response:
    """A new shift, as a gap suggests it."""
    values = {name: request.params.get(name, "")[:32] for name in ("starts", "ends", "name")}
    if request.method == "GET":
        return {"values": values, "fault": ""}
    try:
        shift = request.find_service(Rosters).add(
            _moment(request, values["starts"]), _moment(request, values["ends"]), values["name"]
        )
    except RosterFault as fault:
        request.response.status_int = 422
        return {"values": values, "fault": fault.words}
    return HTTPSeeOther(request.route_path("roster.shift", id=shift.id))


def remove_shift(request: Request) -> Response:
    """Take a shift out of the roster."""
    shift = _shift(request)
    starts_at = shift.starts_at
    request.find_service(Rosters).remove(shift)
    _say(request, _("The shift is removed; the roster shows the gap."))
    return _to_week(request, starts_at)


def _moment(request: Request, text: str) -> datetime:
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise RosterFault(_("Enter date and time such as 2026-11-23 08:00.")) from None
    return local.replace(tzinfo=settings_of(request.registry).time_zone).astimezone(UTC)


def _shift(request: Request) -> Shift:
    shift: Shift | None = request.find_service(Rosters).shift(int(request.matchdict["id"]))
    if shift is None:
        raise HTTPNotFound(_("There is no such shift."))
    return shift


def _page(shift: Shift, lines: list[tuple[str, str]], fault: str) -> dict[str, Any]:
    return {"shift": shift, "lines": lines, "fault": fault, "duties": list(ShiftDuty)}


def _to_week(request: Request, moment: datetime) -> Response:
    day = moment.astimezone(settings_of(request.registry).time_zone).date()
    return HTTPSeeOther(request.route_path("roster.week", _query={"week": day.isoformat()}))


def _say(request: Request, words: TranslationString) -> None:
    request.session.flash({"kind": "success", "text": request.localizer.translate(words)})


def includeme(config: Configurator) -> None:
    config.add_route("roster.week", "/roster")
    config.add_route("roster.new", "/roster/shifts/new")
    config.add_route("roster.shift", r"/roster/shifts/{id:\d{1,9}}")
    config.add_route("roster.remove", r"/roster/shifts/{id:\d{1,9}}/remove")
    config.add_view(
        week, route_name="roster.week", renderer="templates/week.jinja2", request_method="GET", permission="board"
    )
    for route, view, method, renderer in (
        ("new", new_shift, "GET", "templates/new.jinja2"),
        ("new", new_shift, "POST", "templates/new.jinja2"),
        ("shift", shift_page, "GET", "templates/shift.jinja2"),
        ("shift", save_shift, "POST", "templates/shift.jinja2"),
        ("remove", remove_shift, "POST", None),
    ):
        config.add_view(
            view, route_name=f"roster.{route}", renderer=renderer, request_method=method, permission="admin"
        )

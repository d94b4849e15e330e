"""One day of the roster: who serves, and changing it; as a page, and inside the month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.views import choice_text, chosen_id
from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.roster.calendar import name_of
from dutycenter.roster.checking import sentence
from dutycenter.roster.checks import Finding, Serving
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.grid import Day, days
from dutycenter.roster.models import Shift
from dutycenter.roster.services import Rosters
from dutycenter.roster.times import local_day, typed_moment
from dutycenter.roster.views import WEEKDAYS, day_of_address
from dutycenter.vocabulary import DayKind, ShiftDuty
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

ONE = timedelta(days=1)
ON_CALL = ".on_call"
# What a line's first field offers: a duty, in the duty room or at the telephone.
POSTS = (
    (ShiftDuty.LEADER.value, _("Leader in charge, on the spot")),
    (ShiftDuty.LEADER.value + ON_CALL, _("Leader in charge, on call")),
    (ShiftDuty.CHIEF.value, _("Duty chief")),
    (ShiftDuty.OFFICER.value, _("Duty officer")),
    (ShiftDuty.OFFICER.value + ON_CALL, _("Duty officer, on call")),
)


@dataclass(frozen=True)
class ShiftForm:
    """A shift as it can be changed. ``lines``: post and person, as typed; ``seen``: who served when it was read."""

    shift: Shift
    findings: tuple[Finding, ...]
    lines: tuple[tuple[str, str], ...]
    seen: str
    fault: TranslationString | str = ""


def page(request: Request) -> dict[str, Any]:
    """A day."""
    return _page(request, day_of_address(request))


def add(request: Request) -> dict[str, Any] | Response:
    """A new shift, as a gap suggests it."""
    day, zone = day_of_address(request), settings_of(request.registry).time_zone
    values = {name: request.POST.get(name, "")[:32] for name in ("starts", "ends", "name")}
    try:
        shift = request.find_service(Rosters).add(
            typed_moment(values["starts"], zone), typed_moment(values["ends"], zone), values["name"]
        )
    except RosterFault as fault:
        request.response.status_int = 422
        return _page(request, day, new=values, fault=fault.words)
    return _done(request, local_day(shift.starts_at, zone), _("The shift is there. Say who serves."))


def to_day(request: Request) -> Response:
    """A shift is shown with its day."""
    shift = shift_of(request)
    return HTTPSeeOther(f"{_path(request, _day_of(request, shift))}#shift-{shift.id}")


def save(request: Request) -> dict[str, Any] | Response:
    """Take the people of a shift."""
    shift, rosters = shift_of(request), request.find_service(Rosters)
    typed = tuple(zip(request.POST.getall("post"), request.POST.getall("person"), strict=False))
    rosters.hold(shift)
    now = _seen(shift)
    try:
        if request.POST.get("seen", now) != now:
            raise RosterFault(_("Somebody changed this shift meanwhile: ${now}. Save again to replace it.",
                                mapping={"now": " ".join(m.person.name for m in shift.members) or "–"}))  # fmt: skip
        changed = rosters.set_members(shift, _members(typed))
    except RosterFault as fault:
        request.response.status_int = 422
        return _page(request, _day_of(request, shift), refused=(shift.id, typed, fault.words))
    return _done(request, _day_of(request, shift), _("The shift is saved.") if changed else _("Nothing was changed."))


def remove(request: Request) -> dict[str, Any] | Response:
    """Take a shift out of the roster."""
    shift = shift_of(request)
    day = _day_of(request, shift)
    request.find_service(Rosters).remove(shift)
    return _done(request, day, _("The shift is removed; the roster shows the gap."))


def _members(typed: tuple[tuple[str, str], ...]) -> list[Serving]:
    wanted = []
    for post, text in typed:
        if not text.strip():
            continue
        person_id = chosen_id(text)
        if person_id is None:
            raise RosterFault(
                _("Choose “${text}” from the list that opens while you type.", mapping={"text": text[:40]})
            )
        if post not in dict(POSTS):
            raise HTTPBadRequest(_("There is no such duty."))
        duty = post.removesuffix(ON_CALL)
        wanted.append(Serving(ShiftDuty(duty), person_id, post != duty))
    return wanted


def _page(
    request: Request,
    day: date,
    *,
    new: dict[str, str] | None = None,
    fault: TranslationString | str = "",
    refused: tuple[int, tuple[tuple[str, str], ...], TranslationString] | None = None,
    said: TranslationString | str = "",
) -> dict[str, Any]:
    (shown,) = days(request, day, day)
    forms = [_form(line.shift, line.findings) for line in shown.lines if line.shift is not None]
    if refused is not None:
        shift_id, lines, words = refused
        forms = [replace(f, lines=lines, fault=words) if f.shift.id == shift_id else f for f in forms]
    zone, translate = settings_of(request.registry).time_zone, request.localizer.translate
    return {
        "day": shown,
        "now": request.find_service(IClock).now(),
        "forms": forms,
        "new": new or _suggested(request, shown),
        "fault": fault,
        "said": said,
        "before": day - ONE,
        "after": day + ONE,
        "posts": POSTS,
        "on_call": ON_CALL,
        "weekdays": WEEKDAYS,
        "name_of": lambda info: name_of(info, translate),
        "DayKind": DayKind,
        "sentence": lambda finding: sentence(finding, translate, zone),
    }


def _form(shift: Shift, findings: tuple[Finding, ...]) -> ShiftForm:
    lines = tuple(
        (member.duty.value + (ON_CALL if member.on_call else ""), choice_text(member.person))
        for member in sorted(shift.members, key=lambda m: (list(ShiftDuty).index(m.duty), m.on_call))
    )
    return ShiftForm(shift, findings, (*lines, (ShiftDuty.OFFICER.value, "")), _seen(shift))


def _seen(shift: Shift) -> str:
    return " ".join(f"{m.duty}{ON_CALL if m.on_call else ''}:{m.person_id}" for m in shift.members)


def _suggested(request: Request, day: Day) -> dict[str, str]:
    """A new shift in the day's first gap; a day shift where none or all of it is served."""
    zone = settings_of(request.registry).time_zone
    gap = next((line.gap for line in day.lines if line.gap), None)
    if gap is None or gap.ends_at - gap.starts_at == ONE:
        return {"starts": f"{day.day}T08:00", "ends": f"{day.day}T20:00", "name": ""}
    return {
        "starts": f"{gap.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "ends": f"{gap.ends_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "name": "",
    }


def shift_of(request: Request) -> Shift:
    """The shift that the address names.

    Raises:
        HTTPNotFound: there is none.
    """
    shift: Shift | None = request.find_service(Rosters).shift(int(request.matchdict["id"]))
    if shift is None:
        raise HTTPNotFound(_("There is no such shift."))
    return shift


def _day_of(request: Request, shift: Shift) -> date:
    return local_day(shift.starts_at, settings_of(request.registry).time_zone)


def _path(request: Request, day: date) -> str:
    return str(request.route_path("roster.day", day=day.isoformat()))


def _done(request: Request, day: date, words: TranslationString) -> dict[str, Any] | Response:
    """The day again: in place where the month asked for it, else its page."""
    if "HX-Request" in request.headers:
        request.db.flush()
        request.db.expire_all()
        return _page(request, day, said=words)
    say(request, words)
    return HTTPSeeOther(_path(request, day))


def includeme(config: Configurator) -> None:
    config.add_route("roster.day", r"/roster/days/{day:\d{4}-\d\d-\d\d}")
    config.add_route("roster.shift", r"/roster/shifts/{id:\d{1,9}}")
    config.add_route("roster.remove", r"/roster/shifts/{id:\d{1,9}}/remove")
    config.add_view(to_day, route_name="roster.shift", request_method="GET", permission="board")
    for route, view, method, permission in (
        ("day", page, "GET", "board"),
        ("day", add, "POST", "admin"),
        ("shift", save, "POST", "admin"),
        ("remove", remove, "POST", "admin"),
    ):
        for renderer, options in (("day", {}), ("day_body", {"header": "HX-Request"})):
            config.add_view(
                view, route_name=f"roster.{route}", renderer=f"templates/{renderer}.jinja2", request_method=method,
                permission=permission, **options,
            )  # fmt: skip

"""Rotations on screen: kept, tried on a range of days, applied, undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.models import Person
from dutycenter.directory.services import Directory
from dutycenter.notices import say
from dutycenter.roster.calendar import Calendar
from dutycenter.roster.checking import sentence
from dutycenter.roster.day_views import ON_CALL, POSTS
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.models import Rotation, RotationRun
from dutycenter.roster.pattern import BETWEEN_NAMES, groups_text, groups_typed, read, slot_typed
from dutycenter.roster.rotation import Mode, Pattern, What, Wheel
from dutycenter.roster.rotations import CHANGING, Preview, Rotations, Wish
from dutycenter.roster.times import typed_day
from dutycenter.roster.views import today_of
from dutycenter.typed import whole
from dutycenter.vocabulary import DayChoice, Pace, ShiftDuty
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

SLOT_FIELDS = ("slot", "begins", "hours", "slot_on")
WHEEL_FIELDS = ("post", "pace", "wheel_on", "wheel_slots", "groups")
EMPTY_SLOT = {"slot": "", "begins": "", "hours": "", "slot_on": DayChoice.EVERY.value}
EMPTY_WHEEL = {
    "post": ShiftDuty.OFFICER.value, "pace": Pace.SHIFT.value, "wheel_on": DayChoice.EVERY.value, "wheel_slots": "",
    "groups": "",
}  # fmt: skip
MODES = ((Mode.FILL, _("Fill what is empty")), (Mode.REPLACE, _("Replace what is there")))
WHAT_WORDS = {
    What.NEW: _("new"), What.CHANGED: _("changed"), What.REMOVED: _("removed"), What.SAME: _("as it is"),
    What.KEPT: _("stays"),
}  # fmt: skip


def listing(request: Request) -> dict[str, Any]:
    """Every rotation, and the latest applications."""
    rotations = request.find_service(Rotations)
    return {"rotations": rotations.all(), "runs": rotations.runs(), "CHANGING": [what.value for what in CHANGING]}


def form(request: Request) -> dict[str, Any]:
    """A rotation, to change it; a new one has a day and a night shift to begin with."""
    rotation = _rotation(request) if "id" in request.matchdict else None
    if rotation is None:
        slots = [
            {"slot": "白班", "begins": "08:00", "hours": "12", "slot_on": DayChoice.EVERY.value},
            {"slot": "夜班", "begins": "20:00", "hours": "12", "slot_on": DayChoice.EVERY.value},
        ]
        leader = {**EMPTY_WHEEL, "post": ShiftDuty.LEADER.value, "pace": Pace.DAY.value}
        return _form(None, "", slots, [leader, EMPTY_WHEEL])
    pattern = read(rotation.pattern)
    people = _people(request, pattern)
    slots = [
        {"slot": s.name, "begins": f"{s.begins:%H:%M}", "hours": str(s.hours), "slot_on": s.on.value}
        for s in pattern.slots
    ]
    wheels = [
        {
            "post": w.duty.value + (ON_CALL if w.on_call else ""), "pace": w.pace.value, "wheel_on": w.on.value,
            "wheel_slots": " ".join(w.slots), "groups": groups_text(w.groups, people),
        }
        for w in pattern.wheels
    ]  # fmt: skip
    return _form(rotation, rotation.name, slots, wheels)


def save(request: Request) -> dict[str, Any] | Response:
    """Keep what was typed, and go on to its preview."""
    rotation = _rotation(request) if "id" in request.matchdict else None
    slots, wheels = _rows(request, SLOT_FIELDS), _rows(request, WHEEL_FIELDS)
    name = request.POST.get("name", "")
    try:
        pattern = Pattern(
            tuple(slot_typed(*(row[field] for field in SLOT_FIELDS)) for row in slots if row["slot"].strip()),
            tuple(_wheel(request, row) for row in wheels if row["groups"].strip()),
        )
        rotation = request.find_service(Rotations).save(rotation, name, pattern)
    except RosterFault as fault:
        request.response.status_int = 422
        return _form(rotation, name, slots, wheels, fault.words)
    return HTTPSeeOther(request.route_path("rotation.apply", id=rotation.id))


def remove(request: Request) -> Response:
    """Take a template away."""
    request.find_service(Rotations).remove(_rotation(request))
    return _back(request, _("The rotation is removed; the shifts that it made stay."))


def preview(request: Request) -> dict[str, Any]:
    """What a rotation would change on a range of days."""
    rotation, rotations = _rotation(request), request.find_service(Rotations)
    suggested = rotations.suggested(rotation, today_of(request))
    try:
        wish = _wish(request.GET, suggested) if request.GET.get("first") else suggested
        return _preview(request, rotation, wish, rotations.preview(rotation, wish))
    except RosterFault as fault:
        request.response.status_int = 422
        return _preview(request, rotation, suggested, None, fault.words)


def apply(request: Request) -> dict[str, Any] | Response:
    """Put it into the roster, as it was shown."""
    rotation, rotations = _rotation(request), request.find_service(Rotations)
    suggested = rotations.suggested(rotation, today_of(request))
    try:
        wish = _wish(request.POST, suggested)
    except RosterFault as fault:
        raise HTTPBadRequest(fault.words) from None
    try:
        run = rotations.apply(rotation, wish, request.POST.get("digest", ""))
    except RosterFault as fault:
        request.response.status_int = 422
        return _preview(request, rotation, wish, rotations.preview(rotation, wish), fault.words)
    words = _("${name} is in the roster from ${first} to ${last}.",
              mapping={"name": rotation.name, "first": f"{wish.first}", "last": f"{wish.last}"})  # fmt: skip
    undo_path = request.route_path("rotation.undo", id=run.id)
    say(request, words, undo_path)
    return HTTPSeeOther(request.route_path("roster.month", _query={"month": f"{wish.first:%Y-%m}"}))


def undo(request: Request) -> Response:
    """Take an application back."""
    rotations = request.find_service(Rotations)
    run: RotationRun | None = rotations.run(int(request.matchdict["id"]))
    if run is None:
        raise HTTPNotFound(_("There is no such application of a rotation."))
    try:
        stay = rotations.undo(run)
    except RosterFault as fault:
        return _back(request, fault.words, "error")
    if stay:
        return _back(request, _("Undone, but for shifts that have begun or were changed since (${n}): they stay.",
                                mapping={"n": stay}), "warning")  # fmt: skip
    return _back(request, _("Undone: the roster is as it was before."))


def _wheel(request: Request, row: dict[str, str]) -> Wheel:
    post, find = row["post"], _finder(request)
    try:
        pace, on = Pace(row["pace"]), DayChoice(row["wheel_on"])
    except ValueError:
        raise HTTPBadRequest(_("There is no such pace.")) from None
    if post not in dict(POSTS):
        raise HTTPBadRequest(_("There is no such duty."))
    duty = post.removesuffix(ON_CALL)
    slots = tuple(part for part in BETWEEN_NAMES.split(row["wheel_slots"]) if part)
    return Wheel(ShiftDuty(duty), groups_typed(row["groups"], find), pace, on, post != duty, slots)


def _finder(request: Request) -> Callable[[str], Sequence[Person]]:
    directory = request.find_service(Directory)
    return lambda name: [person for person in directory.search(name, 60) if person.name == name]


def _wish(values: Any, suggested: Wish) -> Wish:
    try:
        mode = Mode(values.get("mode", Mode.FILL.value))
    except ValueError:
        raise HTTPBadRequest from None
    starts = tuple(whole(values.get(f"start{n}", "0")) or 0 for n in range(len(suggested.starts)))
    return Wish(typed_day(values.get("first", "")), typed_day(values.get("last", "")), mode, starts)


def _preview(
    request: Request, rotation: Rotation, wish: Wish, shown: Preview | None, fault: TranslationString | str = ""
) -> dict[str, Any]:
    zone, translate = settings_of(request.registry).time_zone, request.localizer.translate
    pattern = read(rotation.pattern)
    people = _people(request, pattern)
    steps = shown.steps if shown else ()
    names = {
        m.person_id: m.name for step in steps for shift in (step.before, step.after) if shift for m in shift.members
    }
    load = Counter(m.person_id for step in steps for m in (step.after.members if step.after else ()))
    return {
        "rotation": rotation,
        "wish": wish,
        "shown": shown,
        "fault": fault,
        "modes": MODES,
        "what_words": WHAT_WORDS,
        "What": What,
        "counts": [(what, shown.count(what)) for what in What if shown.count(what)] if shown else [],
        "changes": bool(shown) and any(step.what in CHANGING for step in steps),
        "load": [(names[person], n) for person, n in load.most_common()],
        "wheels": [(wheel, groups_text(wheel.groups, people).splitlines()) for wheel in pattern.wheels],
        "duties": list(ShiftDuty),
        "unknown_years": _unknown(request, wish.first, wish.last),
        "sentence": lambda finding: sentence(finding, translate, zone),
    }


def _unknown(request: Request, first: date, last: date) -> list[int]:
    return sorted(request.find_service(Calendar).unknown_years(first, last)) if first <= last else []


def _form(
    rotation: Rotation | None, name: str, slots: list[dict[str, str]], wheels: list[dict[str, str]],
    fault: TranslationString | str = "",
) -> dict[str, Any]:  # fmt: skip
    return {
        "rotation": rotation,
        "name": name,
        "slots": [*slots, EMPTY_SLOT],
        "wheels": [*wheels, EMPTY_WHEEL],
        "posts": POSTS,
        "paces": list(Pace),
        "choices": list(DayChoice),
        "fault": fault,
    }


def _rows(request: Request, fields: Sequence[str]) -> list[dict[str, str]]:
    """Rows of fields as they were typed, empty ones left out."""
    columns = [request.POST.getall(field) for field in fields]
    rows = [dict(zip(fields, values, strict=True)) for values in zip(*columns, strict=False)]
    return [row for row in rows if row[fields[0] if fields is SLOT_FIELDS else fields[-1]].strip()]


def _people(request: Request, pattern: Pattern) -> dict[int, Person]:
    ids = {one for wheel in pattern.wheels for group in wheel.groups for one in group}
    return {person.id: person for person in request.find_service(Directory).people(ids)}


def _rotation(request: Request) -> Rotation:
    rotation: Rotation | None = request.find_service(Rotations).get(int(request.matchdict["id"]))
    if rotation is None:
        raise HTTPNotFound(_("There is no such rotation."))
    return rotation


def _back(request: Request, words: TranslationString, kind: str = "success") -> Response:
    say(request, words, kind=kind)
    return HTTPSeeOther(request.route_path("rotations"))


def includeme(config: Configurator) -> None:
    config.add_route("rotations", "/roster/rotations")
    config.add_route("rotation.new", "/roster/rotations/new")
    config.add_route("rotation", r"/roster/rotations/{id:\d{1,9}}")
    config.add_route("rotation.remove", r"/roster/rotations/{id:\d{1,9}}/remove")
    config.add_route("rotation.apply", r"/roster/rotations/{id:\d{1,9}}/apply")
    config.add_route("rotation.undo", r"/roster/rotations/runs/{id:\d{1,9}}/undo")
    edit, applying = "templates/rotation.jinja2", "templates/rotation_apply.jinja2"
    for route, view, method, renderer in (
        ("rotations", listing, "GET", "templates/rotations.jinja2"),
        ("rotation.new", form, "GET", edit),
        ("rotation.new", save, "POST", edit),
        ("rotation", form, "GET", edit),
        ("rotation", save, "POST", edit),
        ("rotation.remove", remove, "POST", None),
        ("rotation.apply", preview, "GET", applying),
        ("rotation.apply", apply, "POST", applying),
        ("rotation.undo", undo, "POST", None),
    ):
        config.add_view(view, route_name=route, renderer=renderer, request_method=method, permission="admin")

"""The directory to change: people and departments, each change with its undo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPConflict, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.editing import (
    ChangedMeanwhile,
    DepartmentDraft,
    DirectoryFault,
    Editing,
    NumberDraft,
    PersonDraft,
    version_of,
)
from dutycenter.directory.hours import words_of
from dutycenter.directory.models import Department, Person
from dutycenter.directory.proving import Proving
from dutycenter.directory.services import Directory
from dutycenter.directory.tree import branch_of
from dutycenter.directory.views import choice_text, chosen_id, person_of
from dutycenter.notices import say
from dutycenter.typed import row_id
from dutycenter.vocabulary import NumberKind
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

CHANGED = _("Somebody changed this person meanwhile. What you typed is still here; saving again replaces theirs.")

SPARE_NUMBERS, SPARE_DEPUTIES = 2, 1
LOCAL_FORM = "%Y-%m-%dT%H:%M"


def new_page(request: Request) -> dict[str, Any]:
    """The form of a new person."""
    department = request.params.get("department", "")
    values = _values(name="", post="", department=department, numbers=[NumberDraft(NumberKind.MOBILE.value, "")])
    return _page(request, None, values, {})


def edit_page(request: Request) -> dict[str, Any]:
    """The form of a person."""
    person = person_of(request)
    zone, translate = settings_of(request.registry).time_zone, request.localizer.translate

    def local(moment: datetime | None) -> str:
        return "" if moment is None else moment.astimezone(zone).strftime(LOCAL_FORM)

    values = _values(
        name=person.name,
        post=person.post,
        department=str(person.department_id),
        numbers=[
            NumberDraft(number.kind.value, number.number, translate(words_of(number.hours)))
            for number in person.numbers
        ],
        deputies=[choice_text(entry.deputy) for entry in person.deputies],
        superior=choice_text(person.superior) if person.superior is not None else "",
        address=person.address,
        away_from=local(person.away_from),
        away_until=local(person.away_until),
    )
    return _page(request, person, values, {})


def create(request: Request) -> dict[str, Any] | Response:
    """Take a new person in."""
    try:
        person, _entry = request.find_service(Editing).create(_draft(request))
    except DirectoryFault as fault:
        return _again(request, None, fault)
    say(
        request,
        _("${name} is in the directory now.", mapping={"name": person.name}),
        undo=request.route_path("directory.remove", id=person.id),
    )
    return HTTPSeeOther(request.route_path("directory.person", id=person.id))


def save(request: Request) -> dict[str, Any] | Response:
    """Take a change of a person."""
    person = person_of(request)
    request.db.refresh(person, with_for_update=True)  # of two who save at once the second is asked
    try:
        if request.POST.get("seen", version_of(person)) != version_of(person):
            raise DirectoryFault({"seen": CHANGED})
        entry = request.find_service(Editing).save(person, _draft(request))
    except DirectoryFault as fault:
        return _again(request, person, fault)
    if entry is not None:
        say(
            request,
            _("Saved: ${name}.", mapping={"name": person.name}),
            undo=request.route_path("directory.undo", id=person.id, entry=entry),
        )
    return HTTPSeeOther(request.route_path("directory.person", id=person.id))


def remove(request: Request) -> Response:
    """Take a person out."""
    person = person_of(request)
    request.find_service(Editing).remove(person)
    say(
        request,
        _("${name} is no longer in the directory.", mapping={"name": person.name}),
        undo=request.route_path("directory.restore", id=person.id),
    )
    return HTTPSeeOther(request.route_path("directory.list", _query={"department": person.department_id}))


def restore(request: Request) -> Response:
    """Put a removed person back."""
    person = person_of(request)
    request.find_service(Editing).restore(person)
    say(request, _("${name} is in the directory again.", mapping={"name": person.name}))
    return HTTPSeeOther(request.route_path("directory.person", id=person.id))


def undo(request: Request) -> Response:
    """Undo a change of a person."""
    person = person_of(request)
    try:
        request.find_service(Editing).undo(person, int(request.matchdict["entry"]))
    except LookupError:
        raise HTTPNotFound(_("There is no such change.")) from None
    except ChangedMeanwhile:
        raise HTTPConflict(_("This person was changed again since; the older change cannot be undone.")) from None
    say(request, _("Undone: ${name} is as before.", mapping={"name": person.name}))
    return HTTPSeeOther(request.route_path("directory.person", id=person.id))


def say_of_number(request: Request) -> Response:
    """Somebody has found out that a number is right, or that it is wrong."""
    proving = request.find_service(Proving)
    number = proving.number(int(request.matchdict["id"]))
    if number is None or not request.find_service(Directory).covers(number.person.department_id):
        raise HTTPNotFound(_("There is no such number."))
    right = request.matchdict["verdict"] == "right"
    proving.say(number, right=right)
    words = _("${number} is noted as right.") if right else _("${number} is noted as wrong.")
    say(request, _(words, mapping={"number": number.number}))
    return HTTPSeeOther(request.route_path("directory.person", id=number.person_id))


def department_page(request: Request) -> dict[str, Any]:
    """The form of a department, a new one or one that is there."""
    department = _department(request)
    above = row_id(request.params.get("parent", "")) or None
    draft = DepartmentDraft("", parent_id=above)
    if department is not None:
        draft = DepartmentDraft(
            department.name, department.short_name, department.parent_id, department.district_id
        )  # fmt: skip
    return _department_form(request, department, draft, {})


def save_department(request: Request) -> dict[str, Any] | Response:
    """Take what a department is called and where it stands."""
    department = _department(request)
    form = request.POST
    draft = DepartmentDraft(
        form.get("name", ""), form.get("short_name", ""),
        row_id(form.get("parent", "")) or None, row_id(form.get("district", "")) or None,
    )  # fmt: skip
    try:
        saved = request.find_service(Editing).save_department(department, draft)
    except DirectoryFault as fault:
        request.response.status_int = 422
        return _department_form(request, department, draft, fault.faults)
    say(request, _("Saved: ${name}.", mapping={"name": saved.name}))
    return HTTPSeeOther(request.route_path("directory.list", _query={"department": saved.id}))


def remove_department(request: Request) -> Response:
    """Take an empty department out."""
    department = _department(request)
    try:
        request.find_service(Editing).remove_department(department)
    except DirectoryFault as fault:
        say(request, fault.faults["department"], kind="error")
        return HTTPSeeOther(request.route_path("directory.department", id=department.id))
    say(request, _("${name} is no longer in the directory.", mapping={"name": department.name}))
    return HTTPSeeOther(request.route_path("directory.list"))


def _department_form(
    request: Request, department: Department | None, draft: DepartmentDraft, faults: Mapping[str, TranslationString]
) -> dict[str, Any]:
    directory = request.find_service(Directory)
    below = frozenset[int]() if department is None else branch_of(request.db, department.id)
    return {
        "department": department,
        "values": draft,
        "faults": faults,
        "above": [one for one in directory.departments() if one.id not in below],
        "districts": directory.districts(),
    }


def _department(request: Request) -> Any:
    if "id" not in request.matchdict:
        return None
    directory = request.find_service(Directory)
    department = directory.department(int(request.matchdict["id"]))
    if department is None or not directory.covers(department.id):
        raise HTTPNotFound(_("There is no such department."))
    return department


def _draft(request: Request) -> PersonDraft:
    form, faults = request.POST, dict[str, TranslationString]()
    deputies = []
    for text in form.getall("deputy"):
        if text.strip():
            deputy = chosen_id(text)
            if deputy is None:
                faults["deputies"] = _("Choose a deputy from the list that opens while you type.")
            else:
                deputies.append(deputy)
    superior = form.get("superior", "").strip()
    if superior and chosen_id(superior) is None:
        faults["superior"] = _("Choose a superior from the list that opens while you type.")
    department = form.get("department", "")
    return PersonDraft(
        name=form.get("name", ""),
        department_id=int(department) if department.isdecimal() and len(department) <= 9 else 0,
        post=form.get("post", ""),
        numbers=_typed_numbers(form),
        deputies=deputies,
        superior_id=chosen_id(superior) if superior else None,
        address=form.get("address", ""),
        away_from=_moment(request, "away_from", faults),
        away_until=_moment(request, "away_until", faults),
        faults=faults,
    )


def _typed_numbers(form: Any) -> list[NumberDraft]:
    typed = zip_longest(form.getall("kind"), form.getall("number"), form.getall("hours"), fillvalue="")
    return [NumberDraft(*one) for one in typed]


def _moment(request: Request, name: str, faults: dict[str, TranslationString]) -> datetime | None:
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        faults["away"] = _("Enter date and time such as 2026-11-23 08:00.")
        return None
    return local.replace(tzinfo=settings_of(request.registry).time_zone).astimezone(UTC)


def _again(request: Request, person: Person | None, fault: DirectoryFault) -> dict[str, Any]:
    """The form as it was typed, with what is wrong in it; nothing is lost."""
    form = request.POST
    request.response.status_int = 422
    values = _values(
        name=form.get("name", ""),
        post=form.get("post", ""),
        department=form.get("department", ""),
        numbers=_typed_numbers(form),
        deputies=form.getall("deputy"),
        superior=form.get("superior", ""),
        address=form.get("address", ""),
        away_from=form.get("away_from", ""),
        away_until=form.get("away_until", ""),
        spare=False,
    )
    return _page(request, person, values, fault.faults)


def _values(
    *,
    name: str,
    post: str,
    department: str,
    numbers: list[NumberDraft],
    deputies: list[str] | None = None,
    superior: str = "",
    address: str = "",
    away_from: str = "",
    away_until: str = "",
    spare: bool = True,
) -> dict[str, Any]:
    spare_numbers = [NumberDraft(NumberKind.OFFICE.value, "")] * (SPARE_NUMBERS if spare else 0)
    return {
        "name": name,
        "post": post,
        "department": department,
        "numbers": [*numbers, *spare_numbers],
        "deputies": [*(deputies or []), *[""] * (SPARE_DEPUTIES if spare else 0)],
        "superior": superior,
        "address": address,
        "away_from": away_from,
        "away_until": away_until,
    }


def _page(
    request: Request, person: Person | None, values: dict[str, Any], faults: Mapping[str, TranslationString]
) -> dict[str, Any]:
    return {
        "person": person,
        "seen": version_of(person) if person is not None else "",
        "values": values,
        "faults": faults,
        "departments": request.find_service(Directory).departments(),
        "kinds": list(NumberKind),
    }


def includeme(config: Configurator) -> None:
    from dutycenter.directory.editing import factory

    config.register_service_factory(factory, Editing)
    config.add_route("directory.edit", r"/directory/people/{id:\d{1,9}}/edit")
    config.add_route("directory.remove", r"/directory/people/{id:\d{1,9}}/remove")
    config.add_route("directory.restore", r"/directory/people/{id:\d{1,9}}/restore")
    config.add_route("directory.undo", r"/directory/people/{id:\d{1,9}}/undo/{entry:\d{1,18}}")
    config.add_route("directory.new_department", "/directory/departments/new")
    config.add_route("directory.department", r"/directory/departments/{id:\d{1,9}}")
    config.add_route("directory.remove_department", r"/directory/departments/{id:\d{1,9}}/remove")
    config.add_route("directory.number", r"/directory/numbers/{id:\d{1,9}}/{verdict:right|wrong}")
    config.add_view(say_of_number, route_name="directory.number", request_method="POST", permission="numbers")
    person, department = "templates/person_form.jinja2", "templates/department_form.jinja2"
    for route, view, method, renderer in (
        ("new", new_page, "GET", person),
        ("new", create, "POST", person),
        ("edit", edit_page, "GET", person),
        ("edit", save, "POST", person),
        ("remove", remove, "POST", None),
        ("restore", restore, "POST", None),
        ("undo", undo, "POST", None),
        ("remove_department", remove_department, "POST", None),
        ("new_department", department_page, "GET", department),
        ("new_department", save_department, "POST", department),
        ("department", department_page, "GET", department),
        ("department", save_department, "POST", department),
    ):
        config.add_view(
            view, route_name=f"directory.{route}", renderer=renderer, request_method=method, permission="directory"
        )

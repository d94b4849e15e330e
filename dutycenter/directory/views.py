"""The directory to look at: list, search, person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.directory.models import Person
from dutycenter.directory.services import Directory, has_failed, is_away
from dutycenter.interfaces import Found, IClock

_ = TranslationStringFactory("dutycenter")

SEARCH_LIMIT = 60


def listing(request: Request) -> dict[str, Any]:
    """People by department, by search, or those who can't be called."""
    directory = request.find_service(Directory)
    now = request.find_service(IClock).now()
    everybody = directory.people()
    uncallable = dict(directory.uncallable(now, everybody))
    text = request.params.get("q", "").strip()[:100]
    chosen = _chosen_department(request)
    problems = request.params.get("show") == "uncallable"
    if text:
        people = directory.search(text, SEARCH_LIMIT)
    elif problems:
        people = [person for person in everybody if person in uncallable]
    else:
        people = [person for person in everybody if chosen is None or person.department_id == chosen]
    return {
        "people": people,
        "why": {person.id: reach for person, reach in uncallable.items()},
        "departments": directory.departments(),
        "counts": Counter(person.department_id for person in everybody),
        "troubled": Counter(person.department_id for person in uncallable),
        "total": len(everybody),
        "text": text,
        "chosen": None if text or problems else chosen,
        "problems": problems and not text,
        "has_failed": has_failed,
        "limit": SEARCH_LIMIT,
    }


def _chosen_department(request: Request) -> int | None:
    raw = request.params.get("department", "")
    if not raw:
        return None
    if not raw.isdecimal() or len(raw) > 9 or request.find_service(Directory).department(int(raw)) is None:
        raise HTTPNotFound(_("There is no such department."))
    return int(raw)


def show(request: Request) -> dict[str, Any]:
    """One person."""
    person = person_of(request)
    now = request.find_service(IClock).now()
    return {
        "person": person,
        "reach": request.find_service(Directory).callable(person, now),
        "away": is_away(person, now),
        "now": now,
        "has_failed": has_failed,
    }


def choices(request: Request) -> dict[str, Any]:
    """Options of a field in which a person is chosen by typing."""
    text = next((value for value in request.params.values() if value.strip()), "")[:100]
    return {"people": request.find_service(Directory).search(text, 12)}


def person_of(request: Request) -> Person:
    """The person whom the address names.

    Raises:
        HTTPNotFound: there is none.
    """
    person: Person | None = request.find_service(Directory).person(int(request.matchdict["id"]))
    if person is None:
        raise HTTPNotFound(_("There is no such person in the directory."))
    return person


def choice_text(person: Person) -> str:
    """A person as one line of a field in which people are chosen; ``chosen_id`` reads it."""
    return f"{person.name} · {person.department.short_name} {person.post} #{person.id}"


def chosen_id(text: str) -> int | None:
    """The id at the end of ``choice_text``; None when somebody typed something else."""
    digits = text.rpartition("#")[2].strip()
    return int(digits) if digits.isdecimal() and len(digits) <= 9 and "#" in text else None


def find_people(request: Request, text: str, limit: int) -> Sequence[Found]:
    """People for the find box."""
    if not request.has_permission("view"):
        return []
    return [
        Found(
            kind=_("Person"),
            title=person.name,
            detail=" ".join((person.department.short_name, person.post, *(n.number for n in person.numbers[:1]))),
            path=request.route_path("directory.person", id=person.id),
            icon="person",
        )
        for person in request.find_service(Directory).search(text, limit)
    ]


def includeme(config: Configurator) -> None:
    config.add_route("directory.list", "/directory")
    config.add_route("directory.choices", "/directory/choices")
    config.add_route("directory.new", "/directory/people/new")
    config.add_route("directory.person", r"/directory/people/{id:\d{1,9}}")
    config.add_view(
        listing, route_name="directory.list", renderer="templates/list.jinja2", request_method="GET", permission="view"
    )
    config.add_view(
        listing, route_name="directory.list", renderer="templates/people.jinja2", request_method="GET",
        header="HX-Request", permission="view",
    )  # fmt: skip
    config.add_view(
        choices, route_name="directory.choices", renderer="templates/choices.jinja2", request_method="GET",
        permission="view",
    )  # fmt: skip
    config.add_view(
        show, route_name="directory.person", renderer="templates/person.jinja2", request_method="GET", permission="view"
    )

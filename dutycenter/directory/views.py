"""The directory to look at: list, search, person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import ColumnElement

from dutycenter.directory.hours import words_of
from dutycenter.directory.models import Department, Person
from dutycenter.directory.services import PAGE, Directory, has_failed, is_away
from dutycenter.directory.tree import branch_of, outline
from dutycenter.interfaces import Found, IClock
from dutycenter.typed import row_id, whole

_ = TranslationStringFactory("dutycenter")

SEARCH_LIMIT = 60


def listing(request: Request) -> dict[str, Any]:
    """One page of people: by department or district, by search, or those who can't be called."""
    directory = request.find_service(Directory)
    now = request.find_service(IClock).now()
    text = request.params.get("q", "").strip()[:100]
    if text:
        return _table(request, directory.search(text, SEARCH_LIMIT), now) | {"text": text, "problems": False}
    troubled = directory.troubled(now)
    problems = request.params.get("show") == "uncallable"
    asked, conditions = asked_for(request)
    if problems:
        conditions.append(troubled)
    total = sum(directory.counts(*conditions).values())
    pages = max(1, -(-total // PAGE))
    page = min(max(1, whole(request.params.get("page", "")) or 1), pages)
    table = _table(request, directory.page(page, *conditions), now)
    return table | {
        "text": "",
        "problems": problems,
        "pages": pages,
        "page": page,
        "asked": asked | ({"show": "uncallable"} if problems else {}),
    }


def listing_page(request: Request) -> dict[str, Any]:
    """The whole page: the list, and the tree of departments beside it."""
    directory = request.find_service(Directory)
    now = request.find_service(IClock).now()
    counts, troubled = directory.counts(), directory.counts(directory.troubled(now))
    shown = listing(request)
    asked = shown.get("asked", {})
    return shown | {
        "lines": outline(
            directory.departments(), counts, troubled,
            department_id=asked.get("department"), district_id=asked.get("district"),
        ),
        "total": sum(counts.values()),
        "uncallable": sum(troubled.values()),
        "chosen": asked,
    }  # fmt: skip


def _table(request: Request, people: Sequence[Person], now: datetime) -> dict[str, Any]:
    directory = request.find_service(Directory)
    return {
        "people": people,
        "why": {person.id: reach for person, reach in directory.uncallable(now, people)},
        "has_failed": has_failed,
        "limit": SEARCH_LIMIT,
        "pages": 1,
        "page": 1,
        "asked": {},
    }


def asked_for(request: Request) -> tuple[dict[str, int], list[ColumnElement[bool]]]:
    """The department or district that is asked for, and the condition that keeps to it."""
    directory, raw = request.find_service(Directory), request.params.get("department", "")
    if raw:
        department = directory.department(row_id(raw))
        if department is None or not directory.covers(department.id):
            raise HTTPNotFound(_("There is no such department."))
        return {"department": department.id}, [Person.department_id.in_(branch_of(request.db, department.id))]
    district = whole(request.params.get("district", ""))
    if district is not None:
        return {"district": district}, [Department.district_id == district]
    return {}, []


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
        "hours_words": words_of,
    }


def choices(request: Request) -> dict[str, Any]:
    """Options of a field in which a person is chosen by typing."""
    text = next((value for value in request.params.values() if value.strip()), "")[:100]
    return {"people": request.find_service(Directory).search(text, 12)}


def numbers(request: Request) -> dict[str, Any]:
    """Options of a field that takes a number: those of people found by typing."""
    return {"people": request.find_service(Directory).search(request.params.get("q", "").strip()[:100], 12)}


def person_of(request: Request) -> Person:
    """The person whom the address names.

    Raises:
        HTTPNotFound: there is none among those whom the reader may see.
    """
    directory = request.find_service(Directory)
    person: Person | None = directory.person(int(request.matchdict["id"]))
    if person is None or not directory.covers(person.department_id):
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
            detail=f"{person.department.short_name} {person.post}",
            number=next((n.number for n in person.numbers), ""),
            path=request.route_path("directory.person", id=person.id),
            icon="person",
        )
        for person in request.find_service(Directory).search(text, limit)
    ]


def includeme(config: Configurator) -> None:
    config.add_route("directory.list", "/directory")
    config.add_route("directory.choices", "/directory/choices")
    config.add_route("directory.numbers", "/directory/numbers")
    config.add_route("directory.new", "/directory/people/new")
    config.add_route("directory.person", r"/directory/people/{id:\d{1,9}}")
    config.add_view(
        listing_page, route_name="directory.list", renderer="templates/list.jinja2", request_method="GET",
        permission="view",
    )  # fmt: skip
    config.add_view(
        listing, route_name="directory.list", renderer="templates/people.jinja2", request_method="GET",
        header="HX-Request", permission="view",
    )  # fmt: skip
    config.add_view(
        choices, route_name="directory.choices", renderer="templates/choices.jinja2", request_method="GET",
        permission="view",
    )  # fmt: skip
    config.add_view(
        numbers, route_name="directory.numbers", renderer="templates/numbers.jinja2", request_method="GET",
        permission="view",
    )  # fmt: skip
    config.add_view(
        show, route_name="directory.person", renderer="templates/person.jinja2", request_method="GET", permission="view"
    )

"""A report as a page whose numbers lead to their rows, and those rows."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.view import view_config

from broadcast.board import ground_words
from dutycenter.frame.labels import label
from dutycenter.interfaces import IClock
from dutycenter.work import settings_of
from reports.paper import Figure, Rows
from reports.render import heading, subheading
from reports.rows import KINDS, PAGE, UNSAID, find
from reports.services import Asked, Reports
from reports.statistics import of_block
from reports.views import has_begun, language_of, read_period, rows_path
from reports.words import LANGUAGES, Words

_ = TranslationStringFactory("dutycenter")

FILTERS = {
    "class": _("Class"), "level": _("Level"), "district": _("District"), "channel": _("How it came in"),
    "status": _("Status"), "result": _("Result"), "outcome": _("Outcome"), "department": _("Department"),
    "disposition": _("Result"), "report": _("Report"), "kind": _("Kind"), "state": _("State"),
    "foundling": _("Foundlings"), "standing": _("State"), "day": _("Day"), "hour": _("o'clock"),
    "exercise": _("Exercise"),
}  # fmt: skip
STANDINGS = {"met": _("In time"), "late": _("Late"), "missed": _("Not reported"), "pending": _("Not due yet")}


@view_config(route_name="reports.read", renderer="reports:templates/read.jinja2")
def read(request: Request) -> dict[str, Any]:
    """The report as a page, from the data as it is now."""
    period = read_period(request.matchdict["about"])
    if not has_begun(request, period):
        raise HTTPNotFound(_("This period has not begun yet."))
    paper = request.find_service(Reports).paper(Asked.period(period, _readers_language(request)))
    figures = [block for section in paper.sections for block in section.all_blocks if isinstance(block, Figure)]
    return {
        "period": period,
        "paper": paper,
        "heading": heading,
        "subheading": subheading,
        "rows_path": lambda rows: rows_path(request, rows),
        "charts": {
            figure.label: of_block(
                lambda rows: rows_path(request, rows), figure.label, figure.title, figure.chart
            ).told()
            for figure in figures
        },
        "kind_of": lambda block: type(block).__name__,
    }


def _readers_language(request: Request) -> str:
    """A page speaks its reader's language, unless another is asked for."""
    if "language" in request.params or request.locale_name not in LANGUAGES:
        return language_of(request)
    return str(request.locale_name)


@view_config(route_name="reports.rows", renderer="reports:templates/rows.jinja2")
def rows(request: Request) -> dict[str, Any]:
    """The rows that a number counts."""
    period = read_period(request.matchdict["about"])
    filters = {name: value for name, value in request.GET.items() if name != "page"}
    page = request.GET.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 and int(page) else 1
    wanted = Rows(request.matchdict["kind"], period, tuple(sorted(filters.items())))
    settings = settings_of(request.registry)
    try:
        found = find(request.db, wanted, settings.time_zone, request.find_service(IClock).now(), number)
    except ValueError:
        raise HTTPBadRequest(_("There are no such rows.")) from None
    return {
        "kind": wanted.kind,
        "period": period,
        "name": Words(request.locale_name, settings.time_zone).period(period),
        "chosen": [_chosen(request, wanted.kind, name, value) for name, value in wanted.filters],
        "found": found,
        "ground_words": ground_words,
        "page": number,
        "pages": max(1, -(-found.total // PAGE)),
        "paths": [request.current_route_path(_query={**filters, "page": str(number + step)}) for step in (-1, 1)],
    }


def _chosen(request: Request, kind: str, name: str, value: str) -> str:
    """A filter of rows in words: what it is about, and which."""
    words: str = request.localizer.translate(FILTERS.get(name, name))
    column = KINDS[kind].filters.get(name)
    kinds = getattr(column.type, "enum_class", None) if column is not None else None
    if value == UNSAID:
        value = "–"
    elif kinds is not None and value in {member.value for member in kinds}:
        value = request.localizer.translate(label(kinds(value)))
    elif name == "standing":
        value = request.localizer.translate(STANDINGS.get(value, value))
    elif name in ("exercise", "foundling"):
        value = "✓" if value == "1" else "–"
    return f"{value} {words}" if name == "hour" else f"{words} {value}"

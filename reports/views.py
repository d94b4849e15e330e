"""The pages of the reports: a calendar of months, the figures of one, its PDF. They only ask; the clerk makes."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config

from dutycenter.interfaces import IClock
from dutycenter.work import settings_of
from reports.figures import Baselines
from reports.gather import gather
from reports.jobs import TRIES
from reports.month_paper import month_paper
from reports.paper import Items, Paragraph, Part
from reports.period import Month
from reports.screen import screen
from reports.services import Reports, month_of

_ = TranslationStringFactory("dutycenter")


@view_config(route_name="reports", renderer="reports:templates/reports.jinja2")
def index(request: Request) -> dict[str, Any]:
    """The months of a year and their reports, and the figures of one month."""
    now = _now(request)
    month = _month(request.params.get("month")) if request.params.get("month") else _latest(request, now)
    if month > now:
        raise HTTPNotFound(_("This month has not begun yet."))
    settings = settings_of(request.registry)
    facts = gather(request.registry["dutycenter.engine"], month, settings.time_zone, request.find_service(IClock).now())
    paper = month_paper(facts, settings.time_zone, settings.authority, settings.duty_room)
    said = [_texts(part) for part in paper.sections[0].parts]
    return {
        **_calendar(request, month.year, now),
        **screen(facts, settings.time_zone),
        "month": month,
        "said": said,
        "alone": not Baselines.of(facts, settings.time_zone).before,
    }


@view_config(route_name="reports.months", renderer="reports:templates/months.jinja2")
def months(request: Request) -> dict[str, Any]:
    """The calendar alone, asked for again whenever a report changes."""
    month = _month(request.params.get("month", ""))
    return {**_calendar(request, month.year, _now(request)), "month": month}


@view_config(route_name="reports.ask", permission="admin", request_method="POST")
def ask(request: Request) -> Response:
    """Ask the clerk for a month's report."""
    month = _month(request.matchdict["month"])
    try:
        request.find_service(Reports).ask(month.year, month.month, request.identity.id)
    except ValueError:
        raise HTTPBadRequest(_("This month has not begun yet.")) from None
    if request.headers.get("HX-Request"):
        return Response(status=204)  # the calendar follows by itself
    return HTTPSeeOther(request.route_path("reports", _query={"month": str(month)}))


@view_config(route_name="reports.pdf")
def pdf(request: Request) -> Response:
    """The report as it was made."""
    month = _month(request.matchdict["month"])
    reports: Reports = request.find_service(Reports)
    report = reports.find(month)
    path = reports.file(report) if report is not None else None
    if path is None:
        raise HTTPNotFound(_("This report has not been made yet, or its file is gone. An administrator can make it."))
    response = FileResponse(str(path), request=request, content_type="application/pdf")
    response.content_disposition = f'inline; filename="dutycenter-{month}.pdf"'
    return response


def _texts(part: Part) -> list[str]:
    """What a part of the summary says, without its tables and remarks."""
    found: list[str] = []
    for block in part.blocks:
        if isinstance(block, Items):
            found += block.texts
        elif isinstance(block, Paragraph):
            found.append(block.text)
    return found


def _calendar(request: Request, year: int, now: Month) -> dict[str, Any]:
    reports: Reports = request.find_service(Reports)
    return {
        "year": year,
        "tries": TRIES,
        "now": now,
        "months": [Month(year, number) for number in range(1, 13)],
        "rows": (rows := reports.of_year(year)),
        "files": {month for month, row in rows.items() if reports.file(row) is not None},
    }


def _latest(request: Request, now: Month) -> Month:
    """The last month that is over, unless the record began in this one."""
    began = request.find_service(Reports).began_in()
    return now.before if began is not None and began < now else now


def _now(request: Request) -> Month:
    return month_of(request.find_service(IClock).now(), settings_of(request.registry))


def _month(text: str | None) -> Month:
    try:
        return Month.parse(text or "")
    except ValueError:
        raise HTTPBadRequest(_("This is no month; write it like 2026-10.")) from None

"""The calendar of reports: asking for them, reading them, sending them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config

from dutycenter.notices import say
from dutycenter.vocabulary import LetterState, ReportState
from dutycenter.work import settings_of
from dutycenter.workbook import MEDIA_TYPE
from reports.jobs import TRIES
from reports.letters import send_again, write_letters
from reports.models import Report, ReportLetter
from reports.period import Month, Period, Quarter, Range, Year
from reports.services import Asked, Reports
from reports.stages import STAGE_NAMES
from reports.views import language_of, read_period, this_month
from reports.words import Words

_ = TranslationStringFactory("dutycenter")


def calendar(request: Request, period: Period) -> dict[str, Any]:
    """What the calendar shows of the year of a period."""
    reports: Reports = request.find_service(Reports)
    settings = settings_of(request.registry)
    language, year = language_of(request), period.first.year
    words = Words(request.locale_name, settings.time_zone)
    rows = reports.of_year(year, language)
    ranges = reports.ranges()
    periods: list[Period] = [
        *(Month(year, n) for n in range(1, 13)),
        *(Quarter(year, n) for n in range(1, 5)),
        Year(year),
    ]
    every = [*rows.values(), *ranges]
    return {
        "year": year,
        "language": language,
        "tries": TRIES,
        "now": this_month(request),
        "today": this_month(request).first,
        "period": period,
        "periods": periods,
        "names": {one: words.period(one) for one in periods},
        "range_names": {row.id: words.period(read_period(row.about)) for row in ranges},
        "rows": rows,
        "ranges": ranges,
        "files": {row.id for row in every if reports.file(row.file_name) is not None},
        "sheets": {row.id for row in every if reports.file(row.sheet_name) is not None},
        "stages": STAGE_NAMES,
        "busy": any(row.state is ReportState.WAITING for row in every),
        "mail_to": settings.reports_mail_to,
        "unsettled": (LetterState.REFUSED, LetterState.UNKNOWN),
    }


@view_config(route_name="reports.calendar", renderer="reports:templates/calendar.jinja2")
def fragment(request: Request) -> dict[str, Any]:
    """The calendar alone, asked for again whenever a report changes."""
    return calendar(request, read_period(request.params.get("period")))


@view_config(route_name="reports.ask", permission="admin", request_method="POST")
def ask(request: Request) -> Response:
    """Ask the clerk for a period's report."""
    return _asked(request, read_period(request.matchdict["about"]))


@view_config(route_name="reports.range", permission="admin", request_method="POST")
def ask_range(request: Request) -> Response:
    """Ask the clerk for a report of any days."""
    try:
        days = [date.fromisoformat(request.params.get(name, "")) for name in ("from", "to")]
        period = Range(*days)
    except ValueError:
        raise HTTPBadRequest(
            _("These days make no report: the last must not be before the first, and at most three years lie between.")
        ) from None
    return _asked(request, period)


def _asked(request: Request, period: Period) -> Response:
    language = language_of(request)
    try:
        request.find_service(Reports).ask(Asked.period(period, language), request.identity.id)
    except ValueError:
        raise HTTPBadRequest(_("This period has not begun yet.")) from None
    if request.headers.get("HX-Request"):
        return Response(status=204)  # the calendar follows by itself
    shown = period if not isinstance(period, Range) else Month(period.first.year, period.first.month)
    return HTTPSeeOther(request.route_path("reports", _query={"period": str(shown), "language": language}))


@view_config(route_name="reports.pdf")
def pdf(request: Request) -> Response:
    """The report as it was made."""
    report = _report(request)
    return serve(request, request.find_service(Reports).file(report.file_name if report else ""), "application/pdf")


@view_config(route_name="reports.sheet")
def sheet(request: Request) -> Response:
    """The report's tables as a spreadsheet."""
    report = _report(request)
    return serve(request, request.find_service(Reports).file(report.sheet_name if report else ""), MEDIA_TYPE)


def serve(request: Request, path: Path | None, media_type: str) -> Response:
    """A kept file.

    Raises:
        HTTPNotFound: it was never made, or is gone.
    """
    if path is None:
        raise HTTPNotFound(_("This report has not been made yet, or its file is gone. An administrator can make it."))
    response = FileResponse(str(path), request=request, content_type=media_type)
    how = "inline" if media_type == "application/pdf" else "attachment"
    response.content_disposition = f'{how}; filename="dutycenter-{path.name}"'
    return response


@view_config(route_name="reports.send", permission="admin", request_method="POST")
def send(request: Request) -> Response:
    """Send a made report to the addresses of the settings that don't have it yet."""
    report = _report(request)
    if report is None or report.state is not ReportState.MADE:
        raise HTTPNotFound
    count = write_letters(request, report)
    text = _("Letters written: ${n}. The clerk sends them.", mapping={"n": count})
    if not count:
        text = _("Every address of the settings has a letter of this report already.")
    say(request, text, kind="success" if count else "warning")
    return _back(request, report)


@view_config(route_name="reports.letter", permission="admin", request_method="POST")
def again(request: Request) -> Response:
    """Send a letter once more that was not taken, or perhaps was."""
    letter = request.db.get(ReportLetter, int(request.matchdict["id"]))
    if letter is None or letter.state not in (LetterState.REFUSED, LetterState.UNKNOWN):
        raise HTTPNotFound
    send_again(request, letter)
    return _back(request, letter.report)


def _back(request: Request, report: Report) -> Response:
    return HTTPSeeOther(request.route_path("reports", _query={"period": report.about, "language": report.language}))


def _report(request: Request) -> Report | None:
    period = read_period(request.matchdict["about"])
    found: Report | None = request.find_service(Reports).find(Asked.period(period, language_of(request)))
    return found

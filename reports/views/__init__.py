"""The pages of the reports. They only ask and show; the clerk makes."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.interfaces import IClock
from dutycenter.work import settings_of
from reports.chapters import Telling
from reports.gather import gather
from reports.paper import Maker, Rows
from reports.period import Month, Period, parse
from reports.services import month_of
from reports.words import LANGUAGES, Words

_ = TranslationStringFactory("dutycenter")


def this_month(request: Request) -> Month:
    return month_of(request.find_service(IClock).now(), settings_of(request.registry))


def read_period(text: str | None) -> Period:
    """The period that an address names.

    Raises:
        HTTPBadRequest: it names none.
    """
    try:
        return parse(text or "")
    except ValueError:
        raise HTTPBadRequest(
            _("This is no period; write it like 2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15.")
        ) from None


def has_begun(request: Request, period: Period) -> bool:
    zone = settings_of(request.registry).time_zone
    return bool(request.find_service(IClock).now() >= period.span(zone).start)


def language_of(request: Request) -> str:
    """The language in which papers are wanted: the one that was chosen, or the calendar's."""
    wished = request.params.get("language", "")
    return wished if wished in LANGUAGES else settings_of(request.registry).reports_language


def telling(request: Request, period: Period) -> Telling:
    """A period's facts, told in the reader's language."""
    settings = settings_of(request.registry)
    facts = gather(
        request.registry["dutycenter.engine"], period, settings.time_zone, request.find_service(IClock).now()
    )
    return Telling(facts, Words(request.locale_name, settings.time_zone), Maker("", ""))


def rows_path(request: Request, rows: Rows) -> str:
    """The address of the rows that a number counts."""
    path: str = request.route_path("reports.rows", about=str(rows.period), kind=rows.kind, _query=dict(rows.filters))
    return path

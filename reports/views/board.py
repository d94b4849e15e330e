"""Statistics on screen, with the calendar of reports below: period → day → incident → recording."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import func, select

from broadcast.models import Broadcast, Recipient
from dutycenter.calls.models import Recording
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IClock
from dutycenter.work import settings_of
from reports.chapters.anomalies import anomalies
from reports.chapters.summary import overview
from reports.paper import Rows
from reports.period import Month, Period, Range
from reports.rows import find
from reports.services import Reports
from reports.statistics import charts, tiles
from reports.views import has_begun, read_period, rows_path, telling, this_month
from reports.views.calendar import calendar
from reports.words import Words

_ = TranslationStringFactory("dutycenter")

DAY_KINDS = ("incidents", "calls", "recipients")


@view_config(route_name="reports", renderer="reports:templates/reports.jinja2")
def index(request: Request) -> dict[str, Any]:
    """The frame of a period's statistics, which are counted meanwhile, and the calendar of reports."""
    period, against = _periods(request)
    words = Words(request.locale_name, settings_of(request.registry).time_zone)
    return {
        **calendar(request, period),
        "period": period,
        "against": against,
        "name": words.period(period),
        "other_name": words.period(against) if against else "",
    }


@view_config(route_name="reports.board", renderer="reports:templates/board.jinja2")
def board(request: Request) -> dict[str, Any]:
    """The statistics of a period, compared with another where that is wished."""
    period, against = _periods(request)
    told = telling(request, period)
    other = telling(request, against) if against is not None else None
    now = told.now
    return {
        "other_name": other.words.period(other.period) if other else "",
        "facts": told.facts,
        "empty": not (now.incidents.total or now.calls.total or now.broadcasts.broadcasts
                      or told.facts.exercise.broadcasts.broadcasts),
        "tiles": tiles(told),
        "other_tiles": tiles(other) if other else [],
        "charts": [
            chart.told() for chart in charts(
                told, other, lambda rows: rows_path(request, rows),
                lambda day: request.route_path("reports.day", day=day),
                lambda name: request.route_path("reports", _query={"period": name}),
            )
        ],
        "overview": overview(told),
        "anomalies": anomalies(told),
    }  # fmt: skip


def _periods(request: Request) -> tuple[Period, Period | None]:
    """The period asked for, and the one to compare with."""
    wished = request.params.get("period") or request.params.get("month")
    period = read_period(wished) if wished else _latest(request)
    against = read_period(request.params["against"]) if request.params.get("against") else None
    if not all(has_begun(request, one) for one in (period, against) if one is not None):
        raise HTTPNotFound(_("This period has not begun yet."))
    return period, against


@view_config(route_name="reports.day", renderer="reports:templates/day.jinja2")
def day(request: Request) -> dict[str, Any]:
    """What happened on one day: its incidents, calls and call-outs."""
    try:
        on = date.fromisoformat(request.matchdict["day"])
        period = Range(on, on)
    except ValueError:
        raise HTTPBadRequest(_("There is no such day.")) from None
    zone, now = settings_of(request.registry).time_zone, request.find_service(IClock).now()
    found = {kind: find(request.db, Rows(kind, period), zone, now) for kind in DAY_KINDS}
    return {
        "day": on, "found": found, "about": str(period), "whole": bool(request.headers.get("HX-Request")),
        "recordings": _recordings(request, [row[0].id for row in found["calls"].rows]),
    }  # fmt: skip


@view_config(route_name="reports.incident", renderer="reports:templates/incident_rows.jinja2")
def incident(request: Request) -> dict[str, Any]:
    """An incident's calls with their recordings, and its broadcasts."""
    row = request.db.get(Incident, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    reached = func.count(Recipient.acknowledged_at)
    query = (
        select(Broadcast, func.count(Recipient.id), reached)
        .outerjoin(Recipient, Recipient.broadcast_id == Broadcast.id)
        .where(Broadcast.incident_id == row.id)
        .group_by(Broadcast.id)
        .order_by(Broadcast.id)
    )
    return {
        "incident": row,
        "recordings": _recordings(request, [call.id for call in row.calls]),
        "broadcasts": request.db.execute(query).all(),
    }


def _recordings(request: Request, calls: list[int]) -> dict[int, list[Recording]]:
    """Recordings by call."""
    found: dict[int, list[Recording]] = {}
    query = select(Recording).where(Recording.call_id.in_(calls)).order_by(Recording.id)
    for row in request.db.scalars(query):
        found.setdefault(row.call_id, []).append(row)
    return found


def _latest(request: Request) -> Period:
    """The last month that is over, unless the record began in this one."""
    now: Month = this_month(request)
    began = request.find_service(Reports).began_in()
    return now.before if began is not None and began < now else now

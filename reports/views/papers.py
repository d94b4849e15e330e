"""The page of a paper about one thing: it is asked for here, made by the clerk, and opened from here."""

from __future__ import annotations

import json
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from dutycenter.incidents.documents.models import SituationReport
from dutycenter.incidents.documents.services import Documents, NoSuchDocument
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import ReportKind, ReportState
from reports.jobs import TRIES
from reports.models import Report
from reports.services import Asked, Reports
from reports.stages import STAGE_NAMES
from reports.views.calendar import serve
from reports.words import LANGUAGES

KINDS = {
    "report_brief": (ReportKind.BRIEF, "incident"),
    "report_evidence": (ReportKind.EVIDENCE, "incident"),
    "report_situation": (ReportKind.SITUATION, "situation_report"),
    "report_receipts": (ReportKind.RECEIPTS, "broadcast.board"),
    "report_shift_log": (ReportKind.SHIFT_LOG, "roster.week"),
    "report_roster": (ReportKind.ROSTER, "roster.week"),
    "report_month_roster": (ReportKind.ROSTER, "roster.month"),
    "report_handover": (ReportKind.HANDOVER, "handover.show"),
}
VERSIONS = 10  # earlier ones that are shown


def _asked(request: Request) -> Asked:
    kind, _back = KINDS[request.matched_route.name]
    wished = request.params.get("language", request.locale_name)
    if kind is ReportKind.SITUATION:  # it was written in one
        wished = situation(request).language
    return Asked(kind, request.matchdict["id"], wished if wished in LANGUAGES else LANGUAGES[0])


def situation(request: Request) -> SituationReport:
    """The written report that an address names."""
    try:
        return request.find_service(Documents).get(int(request.matchdict["id"]))
    except NoSuchDocument:
        raise HTTPNotFound from None


@view_config(route_name="report_brief", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_evidence", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_situation", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_receipts", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_shift_log", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_roster", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_month_roster", renderer="reports:templates/paper.jinja2")
@view_config(route_name="report_handover", renderer="reports:templates/paper.jinja2")
def paper(request: Request) -> dict[str, Any]:
    """The paper as it was made last, and its earlier versions; one that never was is asked for by the page."""
    asked = _asked(request)
    reports: Reports = request.find_service(Reports)
    report = reports.find(asked)
    back = KINDS[request.matched_route.name][1]
    query = {back.removeprefix("roster."): asked.about} if asked.kind is ReportKind.ROSTER else None
    return {
        "asked": asked,
        "report": report,
        "there": report is not None and reports.file(report.file_name) is not None,
        "versions": _versions(request, reports, report),
        "back": request.route_path(back, id=asked.about, _query=query),
        "here": request.current_route_path(_query={"language": asked.language}),
        "languages_of_papers": () if asked.kind is ReportKind.SITUATION else LANGUAGES,
        "stages": STAGE_NAMES,
        "tries": TRIES,
        "busy": report is not None and report.state is ReportState.WAITING,
        "whole": not request.headers.get("HX-Request"),
    }


@view_config(route_name="report_brief", request_method="POST")
@view_config(route_name="report_evidence", request_method="POST")
@view_config(route_name="report_situation", request_method="POST")
@view_config(route_name="report_receipts", request_method="POST")
@view_config(route_name="report_shift_log", request_method="POST")
@view_config(route_name="report_roster", request_method="POST")
@view_config(route_name="report_month_roster", request_method="POST")
@view_config(route_name="report_handover", request_method="POST")
def ask(request: Request) -> Response:
    """Ask the clerk for the paper as things stand now."""
    asked = _asked(request)
    request.find_service(Reports).ask(asked, request.identity.id)
    return HTTPSeeOther(request.current_route_path(_query={"language": asked.language}))


@view_config(route_name="report_file")
def file(request: Request) -> Response:
    """A version of a paper, by its file; only files that the ledger knows of this paper are handed out."""
    reports: Reports = request.find_service(Reports)
    report = reports.get(int(request.matchdict["id"]))
    name = request.matchdict["name"]
    if report is None or name not in {version["file"] for version in _versions(request, reports, report)}:
        raise HTTPNotFound
    return serve(request, reports.file(name), "application/pdf")


def _versions(request: Request, reports: Reports, report: Report | None) -> list[dict[str, Any]]:
    """What the ledger knows of the paper's versions, the latest first."""
    if report is None:
        return []
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.subject == f"report:{report.id}", LedgerEntry.action == "report.made")
        .order_by(LedgerEntry.id.desc())
        .limit(VERSIONS)
    )
    found: dict[str, dict[str, Any]] = {}
    for entry in request.db.scalars(query):
        data = json.loads(entry.data)
        found.setdefault(data["file"], {**data, "at": entry.at, "there": reports.file(data["file"]) is not None})
    return list(found.values())

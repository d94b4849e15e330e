"""A written report as a Word document, for whoever has to work on it outside."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from dutycenter.vocabulary import ReportKind
from reports.services import Asked, Reports
from reports.views.papers import situation
from reports.word import render_word

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@view_config(route_name="report_word")
def word(request: Request) -> Response:
    """Made at once: a page or two, no charts, no fonts to measure."""
    report = situation(request)
    reports: Reports = request.find_service(Reports)
    paper = reports.paper(Asked(ReportKind.SITUATION, str(report.id), report.language))
    response = Response(render_word(paper), content_type=WORD)
    name = f"{report.incident.number}-{report.kind.value}-{report.ordinal or 0}.docx"
    response.content_disposition = f'attachment; filename="{name}"'
    return response

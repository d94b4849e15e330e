"""Evidence packages: ask with a reason, watch them being made, take them away; each is on record."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config
from sqlalchemy import select

from dutycenter.audit.custody import LONGEST_REASON, ReasonMissing, read_reason
from dutycenter.audit.exports import MOST_RECORDINGS, Exports, NothingToExport, attachments_of, recordings_of
from dutycenter.audit.models import EvidenceExport
from dutycenter.calls.models import Recording
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IBroadcasts, ILedger
from dutycenter.typed import row_id
from dutycenter.vocabulary import ReportState
from dutycenter.work import Work, settings_of

_ = TranslationStringFactory("dutycenter")

SHOWN = 100
NEW = "dutycenter:audit/templates/export_new.jinja2"


@view_config(route_name="audit.exports", permission="audit", renderer="dutycenter:audit/templates/exports.jinja2")
def exports(request: Request) -> dict[str, Any]:
    """The packages that were asked for, newest first."""
    rows = request.db.scalars(select(EvidenceExport).order_by(EvidenceExport.id.desc()).limit(SHOWN)).all()
    return {"exports": rows, "waiting": any(row.state is ReportState.WAITING for row in rows)}


@view_config(route_name="audit.export_new", permission="audit", renderer=NEW)
def new(request: Request) -> dict[str, Any]:
    """What would be in the package, and why it is asked for."""
    incident, ids = _chosen(request)
    attached = attachments_of(request.db, incident.id) if incident is not None else []
    if incident is not None:
        rows = recordings_of(request.db, request.find_service(IBroadcasts), incident.id)
    else:
        rows = list(request.db.scalars(select(Recording).where(Recording.id.in_(ids)).order_by(Recording.id)))
    return {
        "incident": incident,
        "recordings": rows,
        "attachments": attached,
        "bytes": sum(row.bytes or 0 for row in rows) + sum(one.bytes for one in attached),
        "longest_reason": LONGEST_REASON,
        "fault": None,
    }


@view_config(route_name="audit.export_new", permission="audit", request_method="POST", renderer=NEW)
def ask(request: Request) -> dict[str, Any] | HTTPSeeOther:
    """Ask for the package."""
    incident, ids = _chosen(request)
    service = request.find_service(Exports)
    try:
        reason = read_reason(request.POST.get("reason", ""))
        if incident is not None:
            service.of_incident(incident.id, reason)
        else:
            service.of_recordings(ids, reason)
    except ReasonMissing:
        return {**new(request), "fault": _("Say in a few words why the package is asked for; it stays with it.")}
    except NothingToExport:
        return {**new(request), "fault": _("No recording is chosen. Tick some on the page of recordings.")}
    return HTTPSeeOther(request.route_path("audit.exports"))


@view_config(route_name="audit.export", permission="audit")
def take(request: Request) -> Response:
    """The package itself; that it was taken away is committed before the first byte leaves."""
    row: EvidenceExport | None = request.db.get(EvidenceExport, int(request.matchdict["id"]))
    if row is None or row.state is not ReportState.MADE:
        raise HTTPNotFound
    path = settings_of(request.registry).exports_dir / row.file_name
    if not path.is_file():
        raise HTTPNotFound
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append(
            "evidence.export_downloaded",
            f"export:{row.id}",
            {"reason": row.reason, "sha256": row.sha256, "address": request.client_addr or ""},
        )
    response = FileResponse(str(path), request=request, content_type="application/zip")
    response.content_disposition = f'attachment; filename="{row.file_name}"'
    return response


def _chosen(request: Request) -> tuple[Incident | None, list[int]]:
    asked = request.params.get("incident", "")
    if asked:
        incident = request.db.get(Incident, row_id(asked))
        if incident is None:
            raise HTTPNotFound
        return incident, []
    ids = [found for text in request.params.getall("recording") if (found := row_id(text))]
    return None, ids[:MOST_RECORDINGS]

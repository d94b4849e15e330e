"""Reports that are written and not sent, or sent and not confirmed: for desks, the next officer, and a closing."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.incidents.documents.content import name_words
from dutycenter.incidents.documents.models import SituationReport
from dutycenter.incidents.documents.services import Documents
from dutycenter.roster.handover.items import OpenItem, open_item

_ = TranslationStringFactory("dutycenter")


def open_documents(request: Request, incident_id: int | None = None) -> Sequence[OpenItem]:
    """Of all incidents, or of one."""
    documents = request.find_service(Documents)

    def about(report: SituationReport) -> dict[str, str]:
        return {"report": name_words(report.kind, report.ordinal), "number": report.incident.number}

    unsent = [
        open_item(
            request,
            f"situation_report:{report.id}",
            _("${report} of ${number} is written and not sent", mapping=about(report)),
            request.route_path("situation_report", id=report.id),
        )
        for report in documents.unsent(incident_id)
    ]
    unconfirmed = [
        open_item(
            request,
            f"situation_report_sending:{sending.id}",
            _(
                "${to} has not confirmed by telephone that ${report} of ${number} came",
                mapping={**about(sending.report), "to": sending.to_whom},
            ),
            request.route_path("situation_report", id=sending.report_id),
        )
        for sending in documents.unconfirmed(incident_id)
    ]
    return unsent + unconfirmed

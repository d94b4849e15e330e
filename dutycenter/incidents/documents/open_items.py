"""Reports that are written and not sent, or sent and not confirmed: for desks, the next officer, and a closing."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.incidents.documents.services import Documents
from dutycenter.incidents.models import Incident
from dutycenter.roster.handover.items import OpenItem

_ = TranslationStringFactory("dutycenter")


def open_documents(request: Request, incident_id: int | None = None) -> Sequence[OpenItem]:
    """Of all incidents, or of one."""
    documents, translate = request.find_service(Documents), request.localizer.translate

    def about(incident: Incident, report: str) -> dict[str, str]:
        return {"report": report, "number": incident.number}

    unsent = [
        OpenItem(
            f"situation_report:{report.id}",
            translate(
                _(
                    "${report} of ${number} is written and not sent",
                    mapping=about(report.incident, documents.name(report)),
                )
            ),
            request.route_path("situation_report", id=report.id),
        )
        for report in documents.unsent(incident_id)
    ]
    unconfirmed = [
        OpenItem(
            f"situation_report_sending:{sending.id}",
            translate(
                _(
                    "${to} has not confirmed by telephone that ${report} of ${number} came",
                    mapping={
                        **about(sending.report.incident, documents.name(sending.report)),
                        "to": sending.to_whom,
                    },
                )
            ),
            request.route_path("situation_report", id=sending.report_id),
        )
        for sending in documents.unconfirmed(incident_id)
    ]
    return unsent + unconfirmed

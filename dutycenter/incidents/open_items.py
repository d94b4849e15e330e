"""What the incidents have open, for the next officer: running clocks first, then the incidents."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select

from dutycenter.incidents.deadlines import REPORT_LABELS, Deadlines
from dutycenter.incidents.models import Incident
from dutycenter.roster.handover.items import OpenItem
from dutycenter.vocabulary import IncidentStatus
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MOST = 100


def open_incidents(request: Request) -> Sequence[OpenItem]:
    """Clocks that run and incidents that are not closed."""
    translate, zone = request.localizer.translate, settings_of(request.registry).time_zone
    clocks = [
        OpenItem(
            f"deadline:{deadline.id}",
            translate(
                _(
                    "${report} of ${number} ${title}, due ${at}",
                    mapping={
                        "report": translate(REPORT_LABELS.get(deadline.report, deadline.report)),
                        "number": deadline.incident.number,
                        "title": deadline.incident.title,
                        "at": f"{deadline.due_at.astimezone(zone):%m-%d %H:%M}",
                    },
                )
            ),
            request.route_path("incident", id=deadline.incident_id),
        )
        for deadline in request.find_service(Deadlines).running(MOST)
    ]
    incidents = request.db.scalars(
        select(Incident).where(Incident.status == IncidentStatus.OPEN).order_by(Incident.id).limit(MOST)
    )
    return clocks + [
        OpenItem(
            f"incident:{incident.id}",
            translate(
                _("Incident ${number} ${title} is open", mapping={"number": incident.number, "title": incident.title})
            ),
            request.route_path("incident", id=incident.id),
        )
        for incident in incidents
    ]

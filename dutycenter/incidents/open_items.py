"""What the next officer must know of the incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select

from dutycenter.incidents import desk
from dutycenter.incidents.deadlines import REPORT_LABELS, Deadlines
from dutycenter.incidents.documents.open_items import open_documents
from dutycenter.incidents.instructions.open_items import open_instructions
from dutycenter.incidents.intakes import Intakes, gist_of
from dutycenter.incidents.models import Deadline, Incident, Intake
from dutycenter.roster.handover.items import OpenItem, open_item
from dutycenter.vocabulary import BroadcastState, IncidentStatus
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MOST = 100
MOST_GIST = 60  # characters


def open_incidents(request: Request) -> Sequence[OpenItem]:
    """Clocks that run, incidents that are not closed, and forms that are no incident yet."""
    incidents = request.db.scalars(
        select(Incident).where(Incident.status == IncidentStatus.OPEN).order_by(Incident.id).limit(MOST)
    )
    return [
        *_clocks(request, request.find_service(Deadlines).running(MOST)),
        *(_not_closed(request, incident) for incident in incidents),
        *(_no_incident_yet(request, form) for form in request.find_service(Intakes).unfinished()),
    ]


def open_of(request: Request, incident: Incident) -> list[OpenItem]:
    """What is still open in one incident: to be seen before it is closed."""
    clocks = [deadline for deadline in incident.deadlines if deadline.met_at is None]
    running = [
        open_item(
            request,
            f"broadcast:{standing.broadcast_id}",
            _("Broadcast ${title} has not ended", mapping={"title": standing.title}),
            f"/broadcasts/{standing.broadcast_id}",
        )
        for standing in desk.broadcasts_of(request, incident.id)
        if standing.state in (BroadcastState.RUNNING, BroadcastState.PAUSED)
    ]
    return [
        *_clocks(request, clocks),
        *running,
        *open_documents(request, incident.id),
        *open_instructions(request, incident.id),
    ]


def _clocks(request: Request, deadlines: Iterable[Deadline]) -> list[OpenItem]:
    zone = settings_of(request.registry).time_zone
    return [
        open_item(
            request,
            f"deadline:{deadline.id}",
            _(
                "${report} of ${number} ${title}, due ${at}",
                mapping={
                    "report": REPORT_LABELS.get(deadline.report, deadline.report),
                    "number": deadline.incident.number,
                    "title": deadline.incident.title,
                    "at": f"{deadline.due_at.astimezone(zone):%m-%d %H:%M}",
                },
            ),
            request.route_path("incident", id=deadline.incident_id),
        )
        for deadline in deadlines
    ]


def _not_closed(request: Request, incident: Incident) -> OpenItem:
    words = _("Incident ${number} ${title} is open", mapping={"number": incident.number, "title": incident.title})
    return open_item(
        request,
        f"incident:{incident.id}",
        words,
        request.route_path("incident", id=incident.id),
    )


def _no_incident_yet(request: Request, form: Intake) -> OpenItem:
    words = _("Unfinished form: ${gist}", mapping={"gist": gist_of(form)[:MOST_GIST] or "–"})
    return open_item(
        request,
        f"intake:{form.id}",
        words,
        request.route_path("desk", _query={"intake": form.id}),
    )

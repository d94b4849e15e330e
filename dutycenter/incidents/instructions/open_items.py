"""Instructions that are not carried out, for desks, the next officer, and a closing."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request

from dutycenter.incidents.instructions.services import Instructions
from dutycenter.roster.handover.items import OpenItem, open_item
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

SHOWN = 60  # characters


def open_instructions(request: Request, incident_id: int | None = None) -> Sequence[OpenItem]:
    """Of all incidents, or of one."""
    zone = settings_of(request.registry).time_zone

    def words(number: str, owner: str, text: str, due: str) -> TranslationString:
        values = {"number": number, "owner": owner, "text": text, "at": due}
        if due:
            return _("${number}: ${owner} is to do by ${at}: ${text}", mapping=values)
        return _("${number}: ${owner} is to do: ${text}", mapping=values)

    return [
        open_item(
            request,
            f"instruction:{one.id}",
            words(
                one.incident.number, one.owner, one.text[:SHOWN],
                f"{one.due_at.astimezone(zone):%m-%d %H:%M}" if one.due_at else "",
            ),
            request.route_path("incident", id=one.incident_id, _anchor="instructions"),
        )
        for one in request.find_service(Instructions).open(incident_id)
    ]  # fmt: skip

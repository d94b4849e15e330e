"""What the form beside a call shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from sqlalchemy import select

from dutycenter.directory.models import Department, District
from dutycenter.incidents.attachments.services import Owner
from dutycenter.incidents.attachments.views import shown
from dutycenter.incidents.classes import TREE
from dutycenter.incidents.elements import BY_NAME, missing
from dutycenter.incidents.intakes import texts_of
from dutycenter.incidents.models import Intake
from dutycenter.incidents.services import Incidents
from dutycenter.incidents.typeahead import keys_of, subtype_keys
from dutycenter.vocabulary import IncidentClass, Level, SourceChannel

WITHOUT_CALL = (SourceChannel.FAX, SourceChannel.WALK_IN, SourceChannel.REPORT, SourceChannel.PHONE)


def form_of(
    request: Request,
    intake: Intake | None,
    texts: Mapping[str, str] | None = None,
    conflicts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the form's template needs.

    Args:
        intake: the form, when one is open.
        texts: what stands in it, when that is more than what is saved.
        conflicts: what somebody else wrote, by element.
    """
    texts = dict(texts or (texts_of(intake) if intake else {}))
    incident = request.find_service(Incidents).get(intake.incident_id) if intake and intake.incident_id else None
    return {
        "texts": texts,
        "conflicts": dict(conflicts or {}),
        "missing": missing(texts),
        "incident": incident,
        "elements": BY_NAME,
        "channels": WITHOUT_CALL,
        "tree": TREE,
        "subtype_keys": subtype_keys(request.registry) if intake else {},
        "keys_of": keys_of,
        "IncidentClass": IncidentClass,
        "Level": Level,
        **(shown(request, Owner(intake_id=intake.id)) if intake else {}),
        "units": request.db.scalars(select(Department.name).order_by(Department.position, Department.id)).all(),
        "districts": request.db.scalars(select(District).order_by(District.code)).all(),
    }

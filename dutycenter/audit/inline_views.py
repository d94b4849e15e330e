"""A recording played where it is told of: the reason is asked there, once for the case."""

from __future__ import annotations

from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.view import view_config

from dutycenter.audit.custody import LONGEST_REASON, Custody, ReasonMissing, case_of
from dutycenter.audit.views import the_recording

_ = TranslationStringFactory("dutycenter")

TEMPLATE = "dutycenter:audit/templates/inline.jinja2"


@view_config(route_name="audit.inline", permission="listen", renderer=TEMPLATE)
def inline(request: Request) -> dict[str, Any]:
    """The question for the reason, or the player while one holds."""
    recording = the_recording(request)
    return {
        "recording": recording,
        "reason": request.find_service(Custody).reason(case_of(request.db, recording)),
        "longest_reason": LONGEST_REASON,
        "fault": None,
    }


@view_config(route_name="audit.inline", permission="listen", request_method="POST", renderer=TEMPLATE)
def give_reason(request: Request) -> dict[str, Any]:
    """Take the reason; the player follows."""
    recording = the_recording(request)
    try:
        request.find_service(Custody).grant(case_of(request.db, recording), request.POST.get("reason", ""))
    except ReasonMissing:
        return {**inline(request), "fault": _("Say in a few words why you listen; it stays with the recording.")}
    return inline(request)

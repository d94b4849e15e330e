"""Holds, and destruction by two persons."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.view import view_config

from dutycenter.audit.custody import LONGEST_REASON, ReasonMissing, read_reason
from dutycenter.audit.retention import Refused, Retention
from dutycenter.incidents.services import Incidents
from dutycenter.notices import say
from dutycenter.vocabulary import RecordingKind
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")


@view_config(route_name="audit.retention", permission="audit", renderer="dutycenter:audit/templates/retention.jinja2")
def retention(request: Request) -> dict[str, Any]:
    """How long what is kept, what is due, what is on hold, what was proposed."""
    service: Retention = request.find_service(Retention)
    settings = settings_of(request.registry)
    return {
        "days": (
            (RecordingKind.CALL, settings.retention_call),
            (RecordingKind.VOICEMAIL, settings.retention_voicemail),
            (RecordingKind.NOTICE, settings.retention_notice),
        ),
        "exercise_days": settings.retention_exercise,
        "due": service.due(),
        "holds": service.holds(),
        "destructions": service.destructions(),
        "me": request.identity.id,
        "longest_reason": LONGEST_REASON,
        "incident": request.params.get("incident", ""),
    }


@view_config(route_name="audit.hold", permission="audit", request_method="POST")
def hold(request: Request) -> HTTPSeeOther:
    """Put an incident on hold."""
    there = request.find_service(Incidents).by_number(request.POST.get("incident", ""))
    if there is None:
        return _back(request, "warning", _("There is no incident of this number; write it as 2026-0001."))
    try:
        request.find_service(Retention).hold(there.id, read_reason(request.POST.get("reason", "")))
    except ReasonMissing:
        return _back(request, "warning", _("Say in a few words why; it stays with the record."))
    return _back(request, "success", _("Nothing of this incident can be destroyed from now on."))


@view_config(route_name="audit.lift", permission="audit", request_method="POST")
def lift(request: Request) -> HTTPSeeOther:
    """End a hold."""
    try:
        why = read_reason(request.POST.get("reason", ""))
    except ReasonMissing:
        return _back(request, "warning", _("Say in a few words why; it stays with the record."))
    request.find_service(Retention).lift(int(request.matchdict["id"]), why)
    return _back(request, "success", _("The hold is lifted."))


@view_config(route_name="audit.propose", permission="audit", request_method="POST")
def propose(request: Request) -> HTTPSeeOther:
    """Propose to destroy what is due."""
    try:
        made = request.find_service(Retention).propose(read_reason(request.POST.get("reason", "")))
    except ReasonMissing:
        return _back(request, "warning", _("Say in a few words why; it stays with the record."))
    if made is None:
        return _back(request, "warning", _("Nothing is due."))
    return _back(request, "success", _("Proposed. Another auditor must confirm it; until then nothing is destroyed."))


@view_config(route_name="audit.confirm", permission="audit", request_method="POST")
def confirm(request: Request) -> HTTPSeeOther:
    """Confirm another person's proposal, or withdraw one."""
    service, proposal = request.find_service(Retention), int(request.matchdict["id"])
    if "withdraw" in request.POST:
        service.withdraw(proposal)
        return _back(request, "success", _("Withdrawn. Nothing was destroyed."))
    if request.POST.get("words", "").strip() != str(proposal):
        return _back(request, "warning", _("Type the proposal's number to confirm. Nothing was destroyed."))
    try:
        count = service.confirm(proposal)
    except Refused:
        return _back(request, "error", _("Who proposed a destruction may not confirm it. Nothing was destroyed."))
    words = _("Recordings destroyed: ${n}; their hashes and their history stay.", mapping={"n": count})
    return _back(request, "success", words)


def _back(request: Request, kind: str, words: str) -> HTTPSeeOther:
    say(request, words, kind=kind)
    return HTTPSeeOther(request.route_path("audit.retention"))

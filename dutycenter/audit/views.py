"""The audit desk: search, replay, verify. Every replay is itself on record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config
from sqlalchemy import select

from dutycenter.audit.custody import (
    LONGEST_REASON,
    Custody,
    ReasonMissing,
    case_of,
    record_download,
    record_refusal,
    record_replay,
    record_search,
)
from dutycenter.audit.custody_log import ACTIONS, custody_entries, names
from dutycenter.audit.listening import listening_copy
from dutycenter.audit.marks import NOTED, marks_of
from dutycenter.audit.search import COUNTED, RESULTS, find, read_query
from dutycenter.audit.verification import ASKED, VERIFIED
from dutycenter.calls.models import Leg, Recording
from dutycenter.calls.store import Store
from dutycenter.interfaces import IBroadcasts, ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import last_head
from dutycenter.notices import say
from dutycenter.typed import whole
from dutycenter.vocabulary import RecordingKind, RecordingState
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

NOTE = 500  # characters


@view_config(route_name="audit.recordings", permission="audit", renderer="dutycenter:audit/templates/recordings.jinja2")
def recordings(request: Request) -> dict[str, Any]:
    """Search the recordings; what was looked for is on record."""
    query = read_query(request.params)
    found = find(request.db, query, settings_of(request.registry).time_zone, request.find_service(IBroadcasts))
    if query.criteria and query.after is None:
        record_search(request, query.criteria)
    return {
        "query": query,
        "found": found,
        "counted": COUNTED,
        "kinds": RecordingKind,
        "states": RecordingState,
        "results": RESULTS,
        "result_of": {value.value: value for value in RESULTS},
        "params": request.params,
    }


@view_config(route_name="audit.recording", permission="listen", renderer="dutycenter:audit/templates/recording.jinja2")
def recording(request: Request) -> dict[str, Any]:
    """One recording: what it is, who heard it, and the player once a reason is given."""
    row = the_recording(request)
    custody: Custody = request.find_service(Custody)
    entries = custody_entries(request.db, LedgerEntry.subject == f"recording:{row.id}")
    return {
        "recording": row,
        "leg": request.db.get(Leg, row.channel_uuid),
        "reason": custody.reason(case_of(request.db, row)),
        "custody": entries,
        "who": names(request.db, [entry.actor for entry, _data in entries]),
        "actions": ACTIONS,
        "marks": marks_of(request.db, row, request.localizer.translate),
        "longest_reason": LONGEST_REASON,
        "longest_note": NOTE,
        "fault": None,
    }


@view_config(
    route_name="audit.recording", permission="listen", request_method="POST",
    renderer="dutycenter:audit/templates/recording.jinja2",
)  # fmt: skip
def give_reason(request: Request) -> dict[str, Any] | HTTPSeeOther:
    """Take the reason for a replay."""
    row = the_recording(request)
    try:
        request.find_service(Custody).grant(case_of(request.db, row), request.POST.get("reason", ""))
    except ReasonMissing:
        return {**recording(request), "fault": _("Say in a few words why you listen; it stays with the recording.")}
    return HTTPSeeOther(request.route_path("audit.recording", id=row.id))


@view_config(route_name="audit.note", permission="listen", request_method="POST")
def note(request: Request) -> HTTPSeeOther:
    """Add a note at a moment of the recording. Notes are never changed; a correction is another note."""
    row = the_recording(request)
    if request.find_service(Custody).reason(case_of(request.db, row)) is None:
        record_refusal(request, row)
        raise HTTPForbidden
    text, at = " ".join(request.POST.get("text", "").split())[:NOTE], whole(request.POST.get("at", ""))
    if text and at is not None:
        request.find_service(ILedger).append(NOTED, f"recording:{row.id}", {"at_ms": at, "text": text})
    return HTTPSeeOther(request.route_path("audit.recording", id=row.id))


@view_config(route_name="audit.audio", permission="listen")
def audio(request: Request) -> Response:
    """The sound itself, with ranges; the entry is committed before the first byte leaves."""
    row, path, reason = _to_hear(request)
    if _is_from_the_start(request):
        record_replay(request, row, reason)
    copy = listening_copy(settings_of(request.registry), row.sha256)
    if copy is not None:
        return _file(request, copy, "audio/ogg")
    return _file(request, path, "audio/wav")


@view_config(route_name="audit.download", permission="audit")
def download(request: Request) -> Response:
    """The original, to take away."""
    row, path, reason = _to_hear(request)
    record_download(request, row, reason)
    response = _file(request, path, "audio/wav")
    response.content_disposition = f'attachment; filename="{row.id}-{row.file_name}"'
    return response


def _to_hear(request: Request) -> tuple[Recording, Path, str]:
    row = the_recording(request)
    reason = request.find_service(Custody).reason(case_of(request.db, row))
    if reason is None:
        record_refusal(request, row)
        raise HTTPForbidden
    path = Store(settings_of(request.registry)).path(row.file_name, row.sha256)
    if row.state not in (RecordingState.STOPPED, RecordingState.KEPT) or not path.is_file():
        raise HTTPNotFound
    return row, path, reason


def _file(request: Request, path: Path, kind: str) -> Response:
    response = FileResponse(str(path), request=request, content_type=kind)
    response.accept_ranges = "bytes"
    response.conditional_response = True
    return response


@view_config(route_name="audit.evidence", permission="audit", renderer="dutycenter:audit/templates/evidence.jinja2")
def evidence(request: Request) -> dict[str, Any]:
    """How the evidence stands: the last head and the last verification."""
    newest = request.db.scalars(
        select(LedgerEntry).where(LedgerEntry.action.in_((VERIFIED, ASKED))).order_by(LedgerEntry.id.desc()).limit(20)
    ).all()
    verified = next((entry for entry in newest if entry.action == VERIFIED), None)
    return {
        "head": last_head(request.db),
        "verified": verified,
        "figures": json.loads(verified.data) if verified else {},
        "waiting": bool(newest) and newest[0].action == ASKED,
    }


@view_config(route_name="audit.evidence", permission="audit", request_method="POST")
def ask_for_verification(request: Request) -> HTTPSeeOther:
    """Let the clerk verify everything."""
    request.find_service(ILedger).append(ASKED, "evidence:all")
    words = _("The verification has begun; the result appears here.")
    say(request, words)
    return HTTPSeeOther(request.route_path("audit.evidence"))


def the_recording(request: Request) -> Recording:
    """The recording that an address names.

    Raises:
        HTTPNotFound
    """
    row: Recording | None = request.db.get(Recording, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    return row


def _is_from_the_start(request: Request) -> bool:
    return request.range is None or request.range.start in (0, None)

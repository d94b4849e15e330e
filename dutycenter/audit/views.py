"""The audit desk: search, replay, verify. Every replay is itself on record."""

from __future__ import annotations

import json
from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config
from sqlalchemy import ColumnElement, or_, select

from dutycenter.accounts.models import Account
from dutycenter.audit.custody import LONGEST_REASON, Custody, ReasonMissing, record_refusal, record_replay
from dutycenter.audit.search import find, read_query
from dutycenter.audit.verification import ASKED, VERIFIED
from dutycenter.calls.models import Leg, Recording
from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import last_head
from dutycenter.vocabulary import RecordingKind, RecordingState
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MARKS = {
    "call.key": _("key"),
    "call.queued": _("waits"),
    "call.ringing": _("rings"),
    "call.answered": _("answered"),
    "call.voicemail": _("leaves a message"),
    "call.ended": _("gone"),
    "broadcast.answered": _("picked up"),
    "broadcast.acknowledged": _("acknowledged"),
    "broadcast.declined": _("can't come"),
    "broadcast.heard": _("heard out or hung up"),
}


@view_config(route_name="audit.recordings", permission="audit", renderer="dutycenter:audit/templates/recordings.jinja2")
def recordings(request: Request) -> dict[str, Any]:
    """Search the recordings."""
    query = read_query(request.params)
    found = find(request.db, query, settings_of(request.registry).time_zone)
    return {"query": query, "found": found, "kinds": RecordingKind, "states": RecordingState, "params": request.params}


@view_config(route_name="audit.recording", permission="listen", renderer="dutycenter:audit/templates/recording.jinja2")
def recording(request: Request) -> dict[str, Any]:
    """One recording: what it is, who heard it, and the player once a reason is given."""
    row = _recording(request)
    custody: Custody = request.find_service(Custody)
    return {
        "recording": row,
        "leg": request.db.get(Leg, row.channel_uuid),
        "reason": custody.reason(row.id),
        "custody": (custody_entries := _custody_entries(request, row)),
        "who": _names(request, [entry.actor for entry, _data in custody_entries]),
        "marks": _marks(request, row),
        "longest_reason": LONGEST_REASON,
        "fault": None,
    }


@view_config(
    route_name="audit.recording", permission="listen", request_method="POST",
    renderer="dutycenter:audit/templates/recording.jinja2",
)  # fmt: skip
def give_reason(request: Request) -> dict[str, Any] | HTTPSeeOther:
    """Take the reason for a replay."""
    row = _recording(request)
    try:
        request.find_service(Custody).grant(row.id, request.POST.get("reason", ""))
    except ReasonMissing:
        return {**recording(request), "fault": _("Say in a few words why you listen; it stays with the recording.")}
    return HTTPSeeOther(request.route_path("audit.recording", id=row.id))


@view_config(route_name="audit.audio", permission="listen")
def audio(request: Request) -> Response:
    """The sound itself, with ranges; the entry is committed before the first byte leaves."""
    row = _recording(request)
    reason = request.find_service(Custody).reason(row.id)
    if reason is None:
        record_refusal(request, row)
        raise HTTPForbidden
    path = settings_of(request.registry).recordings_dir / row.file_name
    if row.state in (RecordingState.RECORDING, RecordingState.MISSING) or not path.is_file():
        raise HTTPNotFound
    if _is_from_the_start(request):
        record_replay(request, row, reason)
    response = FileResponse(str(path), request=request, content_type="audio/wav")
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
    request.session.flash({"kind": "success", "text": request.localizer.translate(words)})
    return HTTPSeeOther(request.route_path("audit.evidence"))


def _recording(request: Request) -> Recording:
    row: Recording | None = request.db.get(Recording, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    return row


def _is_from_the_start(request: Request) -> bool:
    return request.range is None or request.range.start in (0, None)


def _custody_entries(request: Request, row: Recording) -> list[tuple[LedgerEntry, dict[str, Any]]]:
    entries = request.db.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.subject == f"recording:{row.id}")
        .order_by(LedgerEntry.id.desc())
        .limit(100)
    )
    return [(entry, json.loads(entry.data)) for entry in entries]


def _names(request: Request, actors: list[str]) -> dict[str, str]:
    """People's names for ``user:3``; processes keep theirs."""
    ids = {int(actor[5:]) for actor in actors if actor.startswith("user:") and actor[5:].isdigit()}
    accounts = request.db.scalars(select(Account).where(Account.id.in_(ids)))
    return {f"user:{account.id}": account.name for account in accounts}


def _marks(request: Request, row: Recording) -> list[dict[str, Any]]:
    """What happened during the recording, in seconds from its start, for the time axis."""
    about: list[ColumnElement[bool]] = []
    if row.call_id:
        about.append(LedgerEntry.subject == f"call:{row.call_id}")
    if row.attempt_id:
        about.append(LedgerEntry.subject.startswith("broadcast:") & LedgerEntry.data.contains(row.attempt_id))
    if not about:
        return []
    end = row.stopped_at or row.started_at
    entries = request.db.scalars(
        select(LedgerEntry)
        .where(or_(*about), LedgerEntry.at >= row.started_at, LedgerEntry.at <= end)
        .order_by(LedgerEntry.id)
        .limit(200)
    )
    marks = []
    for entry in entries:
        words = MARKS.get(entry.action)
        if words is not None:
            key = json.loads(entry.data).get("key", "")
            seconds = max(0.0, (entry.at - row.started_at).total_seconds())
            marks.append({"at": round(seconds, 2), "words": request.localizer.translate(words), "key": key})
    return marks

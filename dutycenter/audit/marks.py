"""What is marked on a recording's time axis: keys and events, notes, silences."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Recording
from dutycenter.ledger.models import LedgerEntry

_ = TranslationStringFactory("dutycenter")

NOTED = "recording.noted"
MOST = 200
WORDS = {
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


def marks_of(db: Session, recording: Recording, translate: Callable[[Any], str]) -> list[dict[str, Any]]:
    """Marks in seconds from the recording's start, in order; ``kind`` is event, note or silence."""
    found = [*_events(db, recording, translate), *_notes(db, recording), *_silences(recording, translate)]
    return sorted(found, key=lambda mark: float(mark["at"]))


def _events(db: Session, recording: Recording, translate: Callable[[Any], str]) -> list[dict[str, Any]]:
    about: list[ColumnElement[bool]] = []
    if recording.call_id:
        about.append(LedgerEntry.subject == f"call:{recording.call_id}")
    if recording.attempt_id:
        of_broadcast = LedgerEntry.subject.startswith("broadcast:")
        if recording.broadcast_id:
            of_broadcast = LedgerEntry.subject == f"broadcast:{recording.broadcast_id}"
        about.append(of_broadcast & LedgerEntry.data.contains(recording.attempt_id))
    if not about:
        return []
    end = recording.stopped_at or recording.started_at
    entries = db.scalars(
        select(LedgerEntry)
        .where(or_(*about), LedgerEntry.at >= recording.started_at, LedgerEntry.at <= end)
        .order_by(LedgerEntry.id)
        .limit(MOST)
    )
    return [
        {
            "kind": "event",
            "at": _since(recording.started_at, entry.at),
            "words": f"{translate(WORDS[entry.action])} {json.loads(entry.data).get('key', '')}".strip(),
        }
        for entry in entries
        if entry.action in WORDS
    ]


def _notes(db: Session, recording: Recording) -> list[dict[str, Any]]:
    entries = db.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.subject == f"recording:{recording.id}", LedgerEntry.action == NOTED)
        .order_by(LedgerEntry.id)
        .limit(MOST)
    )
    said = [json.loads(entry.data) for entry in entries]
    return [{"kind": "note", "at": note["at_ms"] / 1000, "words": note["text"]} for note in said]


def _silences(recording: Recording, translate: Callable[[Any], str]) -> list[dict[str, Any]]:
    return [
        {
            "kind": "silence",
            "at": one["from_ms"] / 1000,
            "until": one["to_ms"] / 1000,
            "words": translate(_("silence, channel ${n}", mapping={"n": one["channel"] + 1})),
        }
        for one in (recording.findings or {}).get("silences", [])
    ]


def _since(start: datetime, at: datetime) -> float:
    return round(max(0.0, (at - start).total_seconds()), 2)

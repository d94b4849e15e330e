"""The entries of custody, to read: of a recording, of a person, of everybody."""

from __future__ import annotations

import json
from typing import Any

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dutycenter.incidents.timeline import names_of
from dutycenter.ledger.models import LedgerEntry

_ = TranslationStringFactory("dutycenter")

MOST = 200
ACTIONS = {
    "recording.started": _("began"),
    "recording.stopped": _("ended"),
    "recording.kept": _("taken in, hashed"),
    "recording.found": _("found on the disk"),
    "recording.missing": _("file missing"),
    "recording.replayed": _("heard"),
    "recording.downloaded": _("downloaded"),
    "recording.refused": _("refused"),
    "recording.exported": _("asked for in a package"),
    "recording.noted": _("noted"),
    "recording.destroyed": _("destroyed"),
    "evidence.searched": _("searched"),
    "evidence.export_asked": _("asked for a package"),
    "evidence.export_downloaded": _("took a package away"),
    "evidence.table_taken": _("took away the table of who was told"),
    "evidence.verification_asked": _("had everything verified"),
    "evidence.held": _("put on hold"),
    "evidence.hold_lifted": _("lifted a hold"),
    "destruction.proposed": _("proposed a destruction"),
    "destruction.confirmed": _("confirmed a destruction"),
    "destruction.withdrawn": _("withdrew a destruction"),
}
PROCESSES = {
    "clerk": _("background work"),
    "console": _("the server's terminal"),
    "dialer": _("the dialer"),
    "ivr": _("the telephone line"),
    "terminal": _("the server's terminal"),
    "web": _("the web server"),
}
SUBJECTS = {
    "destruction": _("Destruction"),
    "evidence": _("All recordings"),
    "export": _("Evidence package"),
    "incident": _("Incident"),
}
SOUGHT = {
    "number": _("Number"),
    "person": _("Person"),
    "incident": _("Incident"),
    "since": _("From the day"),
    "until": _("Until and including"),
    "longer": _("At least, seconds"),
    "shorter": _("At most, seconds"),
    "kind": _("Kind"),
    "state": _("State"),
    "result": _("How it ended"),
    "odd": _("only with findings"),
}
"""The fields of a search, as the form calls them."""
BY_PEOPLE = [action for action in ACTIONS if action not in ("recording.started", "recording.stopped", "recording.kept")]


def custody_entries(db: Session, *where: ColumnElement[bool]) -> list[tuple[LedgerEntry, dict[str, Any]]]:
    """The newest entries of custody that fit, with their data."""
    query = select(LedgerEntry).where(LedgerEntry.action.in_(ACTIONS), *where).order_by(LedgerEntry.id.desc())
    return [(entry, json.loads(entry.data)) for entry in db.scalars(query.limit(MOST))]


def names(db: Session, actors: list[str]) -> dict[str, str]:
    """What to call the actors of entries: people by their names, the product's own processes by what they do (msgids)."""
    return PROCESSES | names_of(db, actors)

"""The entries of custody, to read: of a recording, of a person, of everybody."""

from __future__ import annotations

import json
from typing import Any

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
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
    "evidence.verification_asked": _("had everything verified"),
    "evidence.held": _("put on hold"),
    "evidence.hold_lifted": _("lifted a hold"),
    "destruction.proposed": _("proposed a destruction"),
    "destruction.confirmed": _("confirmed a destruction"),
    "destruction.withdrawn": _("withdrew a destruction"),
}
BY_PEOPLE = [action for action in ACTIONS if action not in ("recording.started", "recording.stopped", "recording.kept")]


def custody_entries(db: Session, *where: ColumnElement[bool]) -> list[tuple[LedgerEntry, dict[str, Any]]]:
    """The newest entries of custody that fit, with their data."""
    query = select(LedgerEntry).where(LedgerEntry.action.in_(ACTIONS), *where).order_by(LedgerEntry.id.desc())
    return [(entry, json.loads(entry.data)) for entry in db.scalars(query.limit(MOST))]


def names(db: Session, actors: list[str]) -> dict[str, str]:
    """People's names for ``user:3``; processes keep theirs."""
    ids = {int(actor[5:]) for actor in actors if actor.startswith("user:") and actor[5:].isdigit()}
    accounts = db.scalars(select(Account).where(Account.id.in_(ids)))
    return {f"user:{account.id}": account.name for account in accounts}

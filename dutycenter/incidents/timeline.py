"""One timeline of everything that happened to an incident, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call
from dutycenter.incidents.models import Incident, IncidentEntry
from dutycenter.kept_words import read

DEADLINES = (
    "deadline_met", "deadline_missed", "deadline_reopened", "deadline_moved", "deadline_dropped", "deadline_taken",
    "deadline_not_rung",
)  # fmt: skip
ATTACHMENTS = ("attachment", "attachment_removed", "attachment_restored")
# Which filter shows which kinds; what isn't named is shown under "all" alone.
FILTERS: dict[str, frozenset[str]] = {
    "calls": frozenset({"call", "call_unlinked", "phone", "merged"}),
    "notes": frozenset({"note", "merged", "detached", "related", "unrelated", "created", "closed", "reopened"}),
    "changes": frozenset({"edited", "created"}),
    "reports": frozenset({*DEADLINES, "report"}),
    "broadcasts": frozenset({"broadcast"}),
    "instructions": frozenset({"instruction"}),
    "attachments": frozenset(ATTACHMENTS),
}
ICONS = {
    "created": "plus-circle",
    **dict.fromkeys(ATTACHMENTS, "paperclip"),
    "instruction": "flag",
    "edited": "pencil",
    "note": "chat-left-text",
    "call": "link-45deg",
    "call_unlinked": "x-circle",
    "phone": "telephone",
    "merged": "intersect",
    "detached": "subtract",
    "related": "link-45deg",
    "unrelated": "link-45deg",
    "closed": "check-circle",
    "reopened": "arrow-counterclockwise",
    "broadcast": "broadcast-pin",
    "report": "file-earmark-text",
    **dict.fromkeys(DEADLINES, "alarm"),
    "deadline_missed": "exclamation-triangle",
    "deadline_not_rung": "telephone-x",
    "deadline_taken": "telephone-outbound",
}
MOST_ANSWERS = 3  # of one broadcast's people in a row that are shown one by one


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    kind: str
    who: str = ""
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    call: Call | None = None
    more: tuple[Moment, ...] = ()  # older lines that are shown on request

    @property
    def icon(self) -> str:
        return ICONS.get(self.kind, "dot")

    def said(self, translate: Callable[..., str], language: str) -> str:
        """What the product noted, in its reader's language; the text where a person wrote it, or that is all there is."""
        return read(self.data.get("words"), self.text, translate, language)


def timeline(db: Session, incident: Incident, show: str = "") -> list[Moment]:
    """The incident's entries and the calls themselves; ``show`` is one of ``FILTERS``, or all."""
    names = names_of(db, (entry.actor for entry in incident.entries))
    moments = [_of_entry(entry, names) for entry in incident.entries]
    moments += [Moment(call.arrived_at, "phone", call=call) for call in incident.calls]
    wanted = FILTERS.get(show)
    shown = [moment for moment in moments if wanted is None or moment.kind in wanted]
    return _folded(sorted(shown, key=lambda moment: moment.at, reverse=True))


def history(incident: Incident, name: str) -> Sequence[IncidentEntry]:
    """The changes of one element, newest first."""
    return [entry for entry in reversed(incident.entries) if entry.kind == "edited" and entry.data.get("field") == name]


def names_of(db: Session, actors: Iterable[str]) -> dict[str, str]:
    """The names of accounts among ledger actors (``user:3``)."""
    ids = {int(actor[5:]): actor for actor in set(actors) if actor.startswith("user:") and actor[5:].isdecimal()}
    rows = db.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all()
    return {ids[account_id]: name for account_id, name in rows}


def _folded(moments: list[Moment]) -> list[Moment]:
    """What many people of one broadcast said in a row is one line, so that nothing else drowns in it."""
    shown: list[Moment] = []
    for answered, run in groupby(moments, key=_answered):
        lines = tuple(run)
        shown += [replace(lines[0], more=lines[1:])] if answered and len(lines) > MOST_ANSWERS else lines
    return shown


def _answered(moment: Moment) -> int | None:
    """The broadcast to which this line is one person's answer."""
    return moment.data.get("broadcast") if moment.kind == "broadcast" and "recipient" in moment.data else None


def _of_entry(entry: IncidentEntry, names: dict[str, str]) -> Moment:
    # What the product did by itself has nobody's name.
    return Moment(entry.at, entry.kind, names.get(entry.actor, ""), entry.text, entry.data)

"""证据说明: what proves an incident's record: recordings, ledger entries, custody, and the signed head."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast
from dutycenter.audit.custody_log import ACTIONS
from dutycenter.calls.models import Recording
from dutycenter.incidents.models import Incident
from dutycenter.incidents.timeline import names_of
from dutycenter.ledger.models import LedgerEntry, LedgerLeaf
from reports.chapters.evidence import proof
from reports.making import Making
from reports.paper import Block, Maker, Note, Paper, Paragraph, Section, Signatures
from reports.papers.base import data_until, hashed, list_paper, maker, the
from reports.queries import covering_head, snapshot
from reports.words import NOTHING, Words

HANDED = ("recording.replayed", "recording.downloaded", "recording.exported")  # a person heard it or has a copy
ENTRIES = 300  # of the ledger, named one by one
SHORT = 16  # characters of a leaf's hash: the whole stands in the ledger


def paper(about: str, making: Making) -> Paper:
    """The statement of an incident's evidence."""
    w, _ = making.words, making.words.gettext
    with snapshot(making.engine) as db:
        incident = the(db, Incident, about)
        recordings = _recordings(db, incident)
        entries = _entries(db, incident, recordings)
        made = maker(making)
        return list_paper(
            making,
            _("Evidence Statement"),
            f"{incident.number} {incident.title}",
            [(_("Reported at"), w.moment(incident.reported_at)), (_("Data up to"), w.moment(data_until(db, making)))],
            [
                Section(_("Recordings"), _recorded(w, made, recordings)),
                Section(_("Custody"), _custody(w, db, made, entries)),
                Section(_("Ledger entries"), _ledger(w, db, made, entries)),
                Section(_("Signed head of the ledger"), _head(w, db, made, entries)),
                Section("", [Signatures([_("Drawn up by"), _("Checked by")])]),
            ],
            exercise=incident.exercise,
        )


def _recordings(db: Session, incident: Incident) -> Sequence[Recording]:
    calls = [call.id for call in incident.calls]
    attempts = select(Attempt.id).join(Broadcast, Attempt.broadcast_id == Broadcast.id)
    mine = Recording.attempt_id.in_(attempts.where(Broadcast.incident_id == incident.id))
    query = select(Recording).where(or_(Recording.call_id.in_(calls), mine))
    return db.scalars(query.order_by(Recording.started_at, Recording.id)).all()


def _entries(db: Session, incident: Incident, recordings: Sequence[Recording]) -> Sequence[LedgerEntry]:
    broadcasts = db.scalars(select(Broadcast.id).where(Broadcast.incident_id == incident.id))
    subjects = [f"incident:{incident.id}", *(f"call:{call.id}" for call in incident.calls)]
    subjects += [*(f"broadcast:{one}" for one in broadcasts), *(f"recording:{one.id}" for one in recordings)]
    found: list[LedgerEntry] = []
    for start in range(0, len(subjects), 500):
        part = LedgerEntry.subject.in_(subjects[start : start + 500])
        found += db.scalars(select(LedgerEntry).where(part))
    return sorted(found, key=lambda entry: entry.id)


def _recorded(w: Words, made: Maker, recordings: Sequence[Recording]) -> list[Block]:
    _ = w.gettext
    if not recordings:
        return [Paragraph(_("No recording belongs to this incident."))]
    rows = [
        (str(one.id), w.label(one.kind), w.clock(one.started_at), w.duration(round(one.seconds or 0)), w.label(one.state),
         hashed(one.sha256), hashed(one.sm3))
        for one in recordings
    ]  # fmt: skip
    head = (_("No."), _("Recording"), _("Began"), _("Length"), _("State"), "SHA-256", "SM3")
    return [made.table(_("Recordings and their hashes"), head, rows, align="rllrlll", queries=(), counting="")]


def _custody(w: Words, db: Session, made: Maker, entries: Sequence[LedgerEntry]) -> list[Block]:
    _ = w.gettext
    handed = [entry for entry in entries if entry.action in HANDED]
    if not handed:
        return [Paragraph(_("No recording was replayed or taken out."))]
    names = names_of(db, (entry.actor for entry in handed))
    rows = [
        (w.clock(entry.at), names.get(entry.actor, entry.actor), w.said(ACTIONS[entry.action]),
         entry.subject.removeprefix("recording:"))
        for entry in handed
    ]  # fmt: skip
    head = (_("When"), _("Who"), _("What"), _("Recording"))
    return [made.table(_("Replays and copies"), head, rows, align="llll", queries=(), counting="")]


def _ledger(w: Words, db: Session, made: Maker, entries: Sequence[LedgerEntry]) -> list[Block]:
    _ = w.gettext
    shown = entries[:ENTRIES]
    if not shown:
        return [Paragraph(_("The ledger has no entry of this incident."))]
    ids = [entry.id for entry in shown]
    leaves = {leaf.entry_id: leaf for leaf in db.scalars(select(LedgerLeaf).where(LedgerLeaf.entry_id.in_(ids)))}
    rows = [
        (
            str(entry.id),
            w.clock(entry.at),
            entry.action,
            entry.subject,
            str(leaf.position) if (leaf := leaves.get(entry.id)) else NOTHING,
            hashed(f"{leaf.sha256.hex()[:SHORT]}…" if leaf else None),
        )
        for entry in shown
    ]
    head = (_("Entry"), _("When"), _("Action"), _("Subject"), _("Leaf"), _("SHA-256 of the leaf"))
    blocks: list[Block] = [made.table(_("Entries of the ledger"), head, rows, align="rlllrl", queries=(), counting="")]
    if len(entries) > len(shown):
        blocks.append(Note(_("The first %(shown)s are listed; the other %(rest)s are in the system.",
                             shown=len(shown), rest=len(entries) - len(shown))))  # fmt: skip
    return blocks


def _head(w: Words, db: Session, made: Maker, entries: Sequence[LedgerEntry]) -> list[Block]:
    _ = w.gettext
    head = covering_head(db, [entry.id for entry in entries])
    if head is None:
        return [Paragraph(_("Not all of these entries are sealed yet: no signed head covers them."))]  # fmt: skip
    lines, hashes, code = proof(w, head)
    said = _("If any of the entries above were changed, taken out or put in between, the root "
"computed anew would not be this one; “dutycenter evidence verify” computes it.")  # fmt: skip
    return [
        Paragraph(said),
        made.proof(_("Signed head of the ledger"), lines, hashes, code, queries=(), counting=""),
    ]

"""Everything that can be proved, proved: the ledger, the recordings, the papers, the attachments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Recording
from dutycenter.calls.store import Store, examine
from dutycenter.db.engine import see_one_moment
from dutycenter.incidents.attachments.store import AttachmentStore
from dutycenter.interfaces import ILedger
from dutycenter.ledger.authority import NoStamp, StampCheck, authority_of
from dutycenter.ledger.canonical import said_in
from dutycenter.ledger.keys import KeyTrouble, verifying_key
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.verify import SLACK, Fault, Proof, prove
from dutycenter.settings import Settings
from dutycenter.vocabulary import RecordingState
from dutycenter.work import Work

VERIFIED = "evidence.verified"
ASKED = "evidence.verification_asked"
CHUNK = 500
FAULTS_IN_ENTRY = 50


class Verification:
    """What a verification found.

    Attributes:
        proof: of the ledger; its faults are all faults, whatever they concern.
        recordings: recordings hashed again.
        papers: reports hashed again.
        attachments: files that came with reports, hashed again.
        missing: recordings that were never there, and are on record as such.
    """

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.recordings = 0
        self.papers = 0
        self.attachments = 0
        self.missing = 0
        self.destroyed = 0  # by two persons, their hashes kept

    @property
    def holds(self) -> bool:
        return self.proof.holds

    @property
    def faults(self) -> list[Fault]:
        return self.proof.faults

    def figures(self) -> dict[str, int]:
        """The counts, as the ledger and the command line give them."""
        return {
            "entries": self.proof.entries,
            "unsealed": self.proof.unsealed,
            "heads": self.proof.heads,
            "anchored": self.proof.anchored,
            "stamped": self.proof.stamped,
            "recordings": self.recordings,
            "recordings_missing": self.missing,
            "recordings_destroyed": self.destroyed,
            "papers": self.papers,
            "attachments": self.attachments,
            "faults": len(self.faults),
        }


def verify(work: Work, say: Callable[[str], None] = lambda _: None) -> Verification:
    """Prove everything or name what fails.

    Args:
        work: units of work that read.
        say: is told what is being checked, one sentence a step.
    """
    settings = work.settings
    say("The ledger: every entry, every head, every anchored copy.")
    with work.read() as request:
        db: Session = request.db
        see_one_moment(db)
        found = Verification(_ledger(db, settings))
        say("The recordings: every file hashed again.")
        _recordings(db, settings, found)
        say("The papers: every report hashed again.")
        _papers(db, settings, found)
        say("The attachments: every file that came with a report hashed again.")
        _attachments(db, settings, found)
    return found


def put_on_record(work: Work, found: Verification) -> None:
    """Write down that a verification was made, and what it found."""
    with work.write() as request:
        request.find_service(ILedger).append(
            VERIFIED,
            "evidence:all",
            {
                **found.figures(),
                "named": [f"{fault.subject} {fault.what}" for fault in found.faults[:FAULTS_IN_ENTRY]],
            },
        )


def _ledger(db: Session, settings: Settings) -> Proof:
    try:
        key = verifying_key(settings.ledger_key_file)
    except KeyTrouble as trouble:
        proof = Proof()
        proof.accuse("key", str(trouble))
        return proof
    stamps: StampCheck | None = None
    no_stamps = ""
    try:
        stamps = StampCheck(authority_of(settings))
    except NoStamp as error:
        no_stamps = str(error)
    proof = prove(db, key, settings.ledger_anchor_file, slack=SLACK * settings.clock_speed, stamps=stamps)
    if no_stamps:
        proof.accuse("time stamps", no_stamps)
    return proof


def _recordings(db: Session, settings: Settings, found: Verification) -> None:
    store = Store(settings)
    ended = dict(_entries(db, "recording.destroyed", found))
    in_doubt = found.proof.entries_in_doubt
    rows = {row.id: row for row in db.scalars(select(Recording))}
    for subject, kept in _entries(db, "recording.kept", found):
        row = rows.pop(int(subject.partition(":")[2]), None)
        found.recordings += 1
        name = f"{subject} ({kept['file']})"
        if row is None:
            found.proof.accuse(name, "its row was removed")
        elif row.state is RecordingState.DESTROYED and (
            _is_agreed(ended.get(subject), kept) or (in_doubt and subject not in ended)
        ):
            found.destroyed += 1
            continue
        elif (row.state, row.sha256, row.sm3, row.file_name) != (
            RecordingState.KEPT, kept["sha256"], kept["sm3"], kept["file"],
        ):  # fmt: skip
            found.proof.accuse(name, "its row says something else than the ledger")
        _file(found, name, store.path(kept["file"], kept["sha256"]), kept)
    for row in rows.values():
        name = f"recording:{row.id} ({row.file_name})"
        if row.state is RecordingState.KEPT and in_doubt:
            found.recordings += 1
            own = {"sha256": row.sha256 or "", "sm3": row.sm3 or ""}
            _file(found, name, store.path(row.file_name, row.sha256), own)
        elif row.state is RecordingState.KEPT:
            found.proof.accuse(name, "is called kept, but the ledger knows nothing of it")
        elif row.state is RecordingState.MISSING:
            found.missing += 1


def _is_agreed(ended: dict[str, Any] | None, kept: dict[str, Any]) -> bool:
    """Two persons gave up exactly this recording."""
    return (
        ended is not None
        and (ended["sha256"], ended["sm3"]) == (kept["sha256"], kept["sm3"])
        and ended["proposed_by"] != ended["confirmed_by"]
    )


def _papers(db: Session, settings: Settings, found: Verification) -> None:
    newest = dict(_entries(db, "report.made", found))
    for subject, made in newest.items():
        found.papers += 1
        _file(found, f"{subject} ({made['file']})", settings.reports_dir / made["file"], made)


def _attachments(db: Session, settings: Settings, found: Verification) -> None:
    store = AttachmentStore(settings.attachments_dir)
    for subject, added in _entries(db, "attachment.added", found):
        found.attachments += 1
        _file(found, f"{subject} ({added['name']})", store.place(added["sha256"]), added)


def _file(found: Verification, name: str, path: Path, recorded: dict[str, str]) -> None:
    try:
        content = examine(path)
    except FileNotFoundError:
        found.proof.accuse(name, "the file is gone")
        return
    if content is None:
        found.proof.accuse(name, "the file changed while it was read")
    elif content.sha256 != recorded["sha256"] or content.sm3 != recorded.get("sm3", content.sm3):
        found.proof.accuse(name, "the file was changed")


def _entries(db: Session, action: str, found: Verification) -> Iterator[tuple[str, dict[str, Any]]]:
    """Subjects and data of the entries of an action, oldest first; what was changed tells nothing."""
    accused = found.proof.accused
    query = select(LedgerEntry).where(LedgerEntry.action == action).order_by(LedgerEntry.id)
    for entry in db.scalars(query.execution_options(yield_per=CHUNK)):
        said = said_in(entry.data)
        if said and f"entry:{entry.id}" not in accused:
            yield entry.subject, said

"""Packages that people ask for: a row when it is asked, made by the clerk, on record both times."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pyramid.request import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dutycenter.audit.models import EvidenceExport
from dutycenter.audit.package import Contents, Part, TooLarge, write_package
from dutycenter.audit.statement import statement
from dutycenter.calls.models import Recording
from dutycenter.calls.store import Store, examine
from dutycenter.frame.labels import label
from dutycenter.incidents.attachments.models import Attachment
from dutycenter.incidents.attachments.store import AttachmentStore
from dutycenter.incidents.models import IncidentCall
from dutycenter.interfaces import IBroadcasts, IClock, ILedger, NoticeLeg
from dutycenter.ledger.anchors import printed_head
from dutycenter.ledger.canonical import said_in
from dutycenter.ledger.keys import KeyTrouble, raw, verifying_key
from dutycenter.ledger.models import LedgerEntry, LedgerHead, LedgerLeaf
from dutycenter.ledger.proofs import prove_entry, prove_growth
from dutycenter.ledger.sealer import last_head, seal, sealed_rotations, signer_of
from dutycenter.ledger.subtrees import Subtrees
from dutycenter.vocabulary import Disposition, RecordingState, ReportState
from dutycenter.work import Work

log = logging.getLogger(__name__)

MOST_RECORDINGS = 2000
MOST_PAPERS = 1000  # whose heads a package leads back to, the latest
PAPER_MADE = "report.made"
ASKED, MADE, FAILED = "evidence.export_asked", "evidence.export_made", "evidence.export_failed"


class NothingToExport(ValueError):
    """Nothing was chosen that could be in a package."""


class Exports:
    """Asking for packages.

    Args:
        account_id: who asks.
        address: from where.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, broadcasts: IBroadcasts, account_id: int, address: str
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.broadcasts = broadcasts
        self.account_id = account_id
        self.address = address

    def of_incident(self, incident_id: int, reason: str) -> int:
        """Ask for everything of an incident; the export's id."""
        ids = [row.id for row in recordings_of(self.db, self.broadcasts, incident_id)]
        return self._ask(ids, reason, incident_id, [row.id for row in attachments_of(self.db, incident_id)])

    def of_recordings(self, ids: Iterable[int], reason: str) -> int:
        """Ask for these recordings; the export's id.

        Raises:
            NothingToExport: none of them is there.
        """
        there = list(self.db.scalars(select(Recording.id).where(Recording.id.in_(list(ids)[:MOST_RECORDINGS]))))
        if not there:
            raise NothingToExport
        return self._ask(there, reason, None)

    def _ask(self, ids: Sequence[int], reason: str, incident_id: int | None, attachments: Sequence[int] = ()) -> int:
        export = EvidenceExport(
            incident_id=incident_id,
            recordings=list(ids),
            reason=reason,
            state=ReportState.WAITING,
            asked_by_id=self.account_id,
            asked_at=self.clock.now(),
        )
        self.db.add(export)
        self.db.flush()
        said = {"reason": reason, "address": self.address, "export": export.id}
        self.ledger.append(ASKED, f"export:{export.id}", {**said, "incident": incident_id, "recordings": list(ids)})
        for recording in ids:
            self.ledger.append("recording.exported", f"recording:{recording}", said)
        for attachment in attachments:
            self.ledger.append("attachment.exported", f"attachment:{attachment}", said)
        return export.id


def exports_factory(context: object, request: Request) -> Exports:
    """The reader's exports."""
    return Exports(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(IBroadcasts),
        request.identity.id,
        request.client_addr or "",
    )


def recordings_of(db: Session, broadcasts: IBroadcasts, incident_id: int) -> list[Recording]:
    """Every recording of an incident: of its calls and of its broadcasts' legs, in the order of time."""
    calls = select(IncidentCall.call_id).where(IncidentCall.incident_id == incident_id)
    attempts = [leg.attempt_id for leg in broadcasts.legs(incident_id=incident_id)]
    query = select(Recording).where(or_(Recording.call_id.in_(calls), Recording.attempt_id.in_(attempts)))
    return list(db.scalars(query.order_by(Recording.started_at, Recording.id)))


def attachments_of(db: Session, incident_id: int, at: datetime | None = None) -> list[Attachment]:
    """The files of an incident that nobody struck out, as they are or were at a moment; the first one first."""
    query = select(Attachment).where(Attachment.incident_id == incident_id)
    if at is None:
        query = query.where(Attachment.removed_at.is_(None))
    else:
        query = query.where(Attachment.added_at <= at, or_(Attachment.removed_at.is_(None), Attachment.removed_at > at))
    return list(db.scalars(query.order_by(Attachment.id)))


def make_waiting(work: Work) -> None:
    """Make the packages that wait; one that fails says why and is not tried again."""
    with work.read() as request:
        waiting = list(request.db.scalars(select(EvidenceExport.id).where(EvidenceExport.state == ReportState.WAITING)))
    for export_id in waiting:
        try:
            seal(work)
            place = _make(work, export_id)
        except (TooLarge, KeyTrouble, LookupError, OSError) as error:
            log.exception("the evidence package %s could not be made", export_id)
            _settle(work, export_id, ReportState.FAILED, fault=str(error))
        else:
            content = examine(place)
            assert content is not None
            _settle(
                work, export_id, ReportState.MADE, file_name=place.name, bytes=content.bytes, sha256=content.sha256,
                sm3=content.sm3,
            )  # fmt: skip


def _make(work: Work, export_id: int) -> Path:
    settings, store = work.settings, Store(work.settings)
    with work.read() as request:
        db: Session = request.db
        export = db.get(EvidenceExport, export_id)
        head = last_head(db)
        if export is None or head is None:
            raise LookupError("nothing was sealed yet")
        rows = list(db.scalars(select(Recording).where(Recording.id.in_(export.recordings)).order_by(Recording.id)))
        legs = _legs(request.find_service(IBroadcasts), export, rows)
        tree = Subtrees(db)
        attached = attachments_of(db, export.incident_id, export.asked_at) if export.incident_id else []
        proofs = [prove_entry(db, entry, head.size, tree) for entry in _entries(db, export, rows, legs, head)]
        there = [row for row in rows if row.state is RecordingState.KEPT]
        files = {f"recordings/{row.id}-{row.file_name}": row for row in there}
        papers = _lying(AttachmentStore(settings.attachments_dir), attached)
        about = {
            "made_at": request.find_service(IClock).now().isoformat(),
            "made_by": export.asked_by.name,
            "reason": export.reason,
            "authority": settings.authority,
            "duty_room": settings.duty_room,
            "subject": f"incident:{export.incident.number}" if export.incident else "recordings",
        }
        report = statement(
            about, export.incident, rows, {row: row in papers for row in attached}, legs, proofs, head,
            settings.time_zone, _words(request),
        )  # fmt: skip
        parts = [Part(name, store.path(row.file_name, row.sha256)) for name, row in files.items()]
        parts += [Part(_name_of(row), place) for row, place in papers.items()]
        contents = Contents(
            about=about,
            first_key=raw(verifying_key(settings.ledger_key_file)),
            rotations=sealed_rotations(db),
            head=head,
            proofs=proofs,
            growth=[prove_growth(db, size, head.size, tree) for size in _printed(db, head)],
            recordings={name: f"recording:{row.id}" for name, row in files.items()},
            attachments={_name_of(row): f"attachment:{row.id}" for row in papers},
            parts=[Part("report.pdf", report), *parts],
        )
        key = signer_of(db, head.size, settings.ledger_key_file)
    place = settings.exports_dir / f"evidence-{export_id:06d}.zip"
    write_package(place, contents, key)
    return place


def _lying(store: AttachmentStore, attached: Sequence[Attachment]) -> dict[Attachment, Path]:
    """The files that are there; the statement says of the others that they are missing."""
    places = {row: store.place(row.sha256) for row in attached}
    return {row: place for row, place in places.items() if place.is_file()}


def _name_of(row: Attachment) -> str:
    """In the package a file has a name of ours; what its sender called it stands in the ledger's entry."""
    return f"attachments/{row.id}.{row.kind}"


def _printed(db: Session, head: LedgerHead) -> list[int]:
    """The sizes of the earlier heads that papers print: whoever holds one can see that the ledger grew from it."""
    made = select(LedgerEntry.data).where(LedgerEntry.action == PAPER_MADE)
    latest = db.scalars(made.order_by(LedgerEntry.id.desc()).limit(MOST_PAPERS))
    return sorted({size for data in latest for size in _sizes(said_in(data)) if 0 < size < head.size})


def _sizes(told: Mapping[str, Any]) -> Iterator[int]:
    for text in told.get("heads", ()):
        with suppress(ValueError):  # an entry that was changed is named by a verification, not here
            yield printed_head(text)[0]


def _words(request: Request) -> dict[str, str]:
    return {value.value: request.localizer.translate(label(value)) for value in Disposition}


def _legs(broadcasts: IBroadcasts, export: EvidenceExport, rows: Sequence[Recording]) -> list[NoticeLeg]:
    if export.incident_id is not None:
        return broadcasts.legs(incident_id=export.incident_id)
    return broadcasts.legs(attempts=[row.attempt_id for row in rows if row.attempt_id])


def _entries(
    db: Session, export: EvidenceExport, rows: Sequence[Recording], legs: Sequence[NoticeLeg], head: LedgerHead
) -> list[int]:
    """Sealed entries about the export's subjects, in the order of the tree."""
    subjects = {f"recording:{row.id}" for row in rows} | {f"call:{row.call_id}" for row in rows if row.call_id}
    if export.incident_id is not None:
        subjects |= {f"incident:{export.incident_id}"} | {f"broadcast:{leg.broadcast_id}" for leg in legs}
        calls = db.scalars(select(IncidentCall.call_id).where(IncidentCall.incident_id == export.incident_id))
        subjects |= {f"call:{call}" for call in calls}
        files = db.scalars(select(Attachment.id).where(Attachment.incident_id == export.incident_id))
        subjects |= {f"attachment:{file}" for file in files}
    found: list[tuple[int, int]] = []
    ordered = sorted(subjects)
    for start in range(0, len(ordered), 500):
        query = (
            select(LedgerLeaf.position, LedgerEntry.id)
            .join(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
            .where(LedgerEntry.subject.in_(ordered[start : start + 500]), LedgerLeaf.position < head.size)
        )
        found += [(row[0], row[1]) for row in db.execute(query)]
    return [entry for _, entry in sorted(found)]


def _settle(work: Work, export_id: int, state: ReportState, **facts: Any) -> None:
    with work.write() as request:
        export = request.db.get(EvidenceExport, export_id, with_for_update=True)
        export.state, export.made_at = state, request.find_service(IClock).now()
        for name, value in facts.items():
            setattr(export, name, value)
        action = MADE if state is ReportState.MADE else FAILED
        request.find_service(ILedger).append(action, f"export:{export_id}", facts)

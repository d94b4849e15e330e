"""``Attachments``: files of a form or an incident, in its timeline and in the ledger with their hashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from pyramid.request import Request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.incidents.attachments.kinds import kind_of
from dutycenter.incidents.attachments.models import Attachment
from dutycenter.incidents.attachments.names import plain_name
from dutycenter.incidents.attachments.store import AttachmentStore
from dutycenter.incidents.models import Incident, Intake
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock, ILedger
from dutycenter.work import settings_of


class NoSuchAttachment(LookupError):
    """There is no attachment, form or incident of this id."""


class TooMany(Exception):
    """The form or incident has as many files as it may have."""


@dataclass(frozen=True)
class Owner:
    """Whose files: a form's, or an incident's own and those of all forms that became part of it."""

    intake_id: int | None = None
    incident_id: int | None = None

    def owns(self) -> ColumnElement[bool]:
        """Condition: the attachment is this owner's."""
        if self.intake_id is not None:
            return Attachment.intake_id == self.intake_id
        return Attachment.incident_id == self.incident_id


class Attachments:
    """Files that came with a report.

    Args:
        store: where they lie.
        most: how many one form or incident may have.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, incidents: Incidents, store: AttachmentStore, most: int
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.incidents = incidents
        self.store = store
        self.most = most

    def get(self, attachment_id: int) -> Attachment:
        """The attachment.

        Raises:
            NoSuchAttachment
        """
        found = self.db.get(Attachment, attachment_id)
        if found is None:
            raise NoSuchAttachment(attachment_id)
        return found

    def of(self, owner: Owner) -> Sequence[Attachment]:
        """The owner's files, the first one first; removed ones too."""
        query = select(Attachment).where(owner.owns()).options(joinedload(Attachment.added_by))
        return self.db.scalars(query.order_by(Attachment.id)).all()

    def add(self, owner: Owner, name: str, file: IO[bytes], account_id: int) -> Attachment:
        """Keep a file. The same content sent again is the same attachment.

        Args:
            name: as its sender called it.

        Raises:
            NoSuchAttachment: there is no such form or incident.
            Refused: it is of no kind that is taken.
            TooMany
        """
        kind = kind_of(file)
        incident_id = self._lock(owner)
        there = [one for one in self.of(owner) if one.removed_at is None]
        content = self.store.keep(file)
        for one in there:
            if one.sha256 == content.sha256:
                return one
        if len(there) >= self.most:
            raise TooMany
        row = Attachment(
            intake_id=owner.intake_id,
            incident_id=incident_id,
            name=plain_name(name, kind.name),
            kind=kind.name,
            bytes=content.bytes,
            sha256=content.sha256,
            sm3=content.sm3,
            added_at=self.clock.now(),
            added_by_id=account_id,
        )
        self.db.add(row)
        self.db.flush()
        hashes = {"sha256": row.sha256, "sm3": row.sm3, "bytes": row.bytes}
        self._tell(row, "added", name=row.name, kind=row.kind, intake=row.intake_id, incident=incident_id, **hashes)
        self._enter(row, "attachment")
        return row

    def remove(self, attachment_id: int) -> Attachment:
        """It does not belong here: it is struck out, and stays where it is. Idempotent.

        Raises:
            NoSuchAttachment
        """
        row = self.get(attachment_id)
        if row.removed_at is None:
            row.removed_at = self.clock.now()
            self._tell(row, "removed")
            self._enter(row, "attachment_removed")
        return row

    def restore(self, attachment_id: int) -> Attachment:
        """Undo ``remove``. Idempotent.

        Raises:
            NoSuchAttachment
        """
        row = self.get(attachment_id)
        if row.removed_at is not None:
            row.removed_at = None
            self._tell(row, "restored")
            self._enter(row, "attachment_restored")
        return row

    def follow(self, intake: Intake) -> None:
        """The form became part of an incident, or stands alone again: its files go with it."""
        for row in self.of(Owner(intake_id=intake.id)):
            if row.incident_id == intake.incident_id:
                continue
            if row.incident_id is not None and row.removed_at is None:
                self._enter(row, "attachment_removed")
            row.incident_id = intake.incident_id
            self._tell(row, "moved", incident=row.incident_id)
            if row.removed_at is None:
                self._enter(row, "attachment")

    def _lock(self, owner: Owner) -> int | None:
        """Nobody else adds to this owner meanwhile; the incident that it is, or is part of."""
        row: Intake | Incident | None
        if owner.intake_id is not None:
            row = self.db.get(Intake, owner.intake_id, with_for_update=True, populate_existing=True)
            incident_id = row.incident_id if row else None
        else:
            row = self.db.get(Incident, owner.incident_id, with_for_update=True, populate_existing=True)
            incident_id = owner.incident_id
        if row is None:
            raise NoSuchAttachment(owner)
        return incident_id

    def _enter(self, row: Attachment, kind: str) -> None:
        if row.incident_id is not None:
            told = {"attachment": row.id, "kind": row.kind, "bytes": row.bytes}
            self.incidents.note(row.incident_id, row.name, kind=kind, data=told)

    def _tell(self, row: Attachment, verb: str, **data: object) -> None:
        self.ledger.append(f"attachment.{verb}", f"attachment:{row.id}", data)


def attachments_factory(context: object, request: Request) -> Attachments:
    """The request's ``Attachments``."""
    settings = settings_of(request.registry)
    return Attachments(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Incidents),
        AttachmentStore(settings.attachments_dir),
        settings.attachments_most,
    )

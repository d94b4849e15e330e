"""Sheets of people: handed in, looked at, taken in or not, and undone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from dutycenter.directory.imports.models import DirectoryImport, ImportRow
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import ImportState, RowVerdict

_ = TranslationStringFactory("dutycenter")

TAKEN = (RowVerdict.NEW, RowVerdict.CHANGED)
LISTED = 200  # rows on one page of a preview
LATEST = 30
KEPT = timedelta(days=90)  # what people are called and where is not kept longer than somebody may want to undo it


class Imports:
    """The life of a sheet, as people move it on; the clerk does the work between.

    Args:
        db: the session of the change.
        ledger: where each step is told.
        clock: the moment.
        account: id and name of who acts.
        within_id: the department to whose branch they are bound; None: to none.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, account: tuple[int | None, str], within_id: int | None = None
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.account = account
        self.within_id = within_id

    def hand_in(self, filename: str, content: bytes) -> DirectoryImport:
        """Keep a sheet until the clerk has read it. Nothing of it is in the directory."""
        name = "".join(c for c in filename.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:255]
        sheet = DirectoryImport(
            filename=name or "-",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            state=ImportState.READING,
            created_at=self.clock.now(),
            created_by_id=self.account[0],
            created_by_name=self.account[1],
        )
        self._act(sheet)
        self.db.add(sheet)
        self.db.flush()
        self._tell("handed_in", sheet, {"filename": sheet.filename, "sha256": sheet.sha256})
        return sheet

    def find(self, import_id: int, *, to_move: bool = False) -> DirectoryImport | None:
        """The sheet of this id; who means to move it on waits for others who do."""
        return self.db.get(DirectoryImport, import_id, with_for_update=to_move or None)

    def latest(self) -> Sequence[DirectoryImport]:
        """The sheets that were handed in last, newest first."""
        return self.db.scalars(select(DirectoryImport).order_by(DirectoryImport.id.desc()).limit(LATEST)).all()

    def counts(self, sheet: DirectoryImport) -> Mapping[RowVerdict | None, int]:
        """How many rows there are of each verdict; None: not looked at yet."""
        query = select(ImportRow.verdict, func.count()).where(ImportRow.import_id == sheet.id)
        return Counter({row[0]: row[1] for row in self.db.execute(query.group_by(ImportRow.verdict))})

    def progress(self, sheet: DirectoryImport) -> tuple[int, int]:
        """How many rows are through what is being done, and of how many."""
        done = {
            ImportState.READING: ImportRow.verdict.is_not(None),
            ImportState.APPLYING: ImportRow.done_at.is_not(None),
            ImportState.UNDOING: ImportRow.undone_at.is_not(None),
        }.get(sheet.state)
        concerned = select(func.count()).where(ImportRow.import_id == sheet.id)
        if sheet.state is not ImportState.READING:
            concerned = concerned.where(ImportRow.verdict.in_(TAKEN))
        whole = self.db.scalar(concerned) or 0
        return (whole if done is None else self.db.scalar(concerned.where(done)) or 0), whole

    def rows(self, sheet: DirectoryImport, verdict: RowVerdict | None, page: int) -> Sequence[ImportRow]:
        """One page of rows, of one verdict or all."""
        query = self.of(sheet)
        if verdict is not None:
            query = query.where(ImportRow.verdict == verdict)
        return self.db.scalars(query.limit(LISTED).offset((page - 1) * LISTED)).all()

    @staticmethod
    def of(sheet: DirectoryImport) -> Select[ImportRow]:
        """A sheet's rows in their order."""
        return select(ImportRow).where(ImportRow.import_id == sheet.id).order_by(ImportRow.line)

    def confirm(self, sheet: DirectoryImport) -> bool:
        """Take the rows in that are right; False when that was said before, or cannot be said now."""
        if sheet.state is not ImportState.PREVIEW:
            return False
        self._act(sheet)
        sheet.state, sheet.confirmed_at = ImportState.APPLYING, self.clock.now()
        counts = self.counts(sheet)
        self._tell("confirmed", sheet, {verdict.value: counts[verdict] for verdict in RowVerdict})
        return True

    def discard(self, sheet: DirectoryImport) -> bool:
        """Forget a sheet that was not confirmed."""
        if sheet.state not in (ImportState.PREVIEW, ImportState.UNREADABLE, ImportState.READING):
            return False
        sheet.state, sheet.content = ImportState.DISCARDED, None
        self.db.execute(delete(ImportRow).where(ImportRow.import_id == sheet.id))
        self._tell("discarded", sheet)
        return True

    def undo(self, sheet: DirectoryImport) -> bool:
        """Put everybody back to what they were before; False when there is nothing to undo."""
        if sheet.state is not ImportState.DONE:
            return False
        self._act(sheet)
        sheet.state = ImportState.UNDOING
        self._tell("undo_asked", sheet)
        return True

    def forget(self) -> int:
        """Delete the rows of sheets that are done with for long; how many that were. The record keeps each change."""
        finished = select(DirectoryImport.id).where(
            DirectoryImport.state.in_((ImportState.DONE, ImportState.UNDONE, ImportState.PREVIEW)),
            func.coalesce(DirectoryImport.done_at, DirectoryImport.created_at) < self.clock.now() - KEPT,
        )
        gone = self.db.execute(delete(ImportRow).where(ImportRow.import_id.in_(finished)))
        return int(gone.rowcount)  # type: ignore[attr-defined]

    def _act(self, sheet: DirectoryImport) -> None:
        sheet.actor_id, sheet.within_id = self.account[0], self.within_id

    def _tell(self, what: str, sheet: DirectoryImport, data: Mapping[str, object] | None = None) -> None:
        self.ledger.append(f"import.{what}", f"import:{sheet.id}", data or {})


def factory(context: object, request: Request) -> Imports:
    """The request's sheets."""
    identity = None if "dutycenter.actor" in request.environ else request.identity
    account = (None, "") if identity is None else (identity.id, identity.name)
    within_id = None if identity is None else identity.department_id
    return Imports(request.db, request.find_service(ILedger), request.find_service(IClock), account, within_id)

"""What the clerk does with sheets: read them, take them in, undo them, a few rows in each transaction.

A row says itself how far it is, so that a clerk who died is followed by one who goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyramid.i18n import TranslationStringFactory
from sqlalchemy import Select, delete, select, update

from dutycenter.directory.editing import ChangedMeanwhile, DepartmentDraft, DirectoryFault, Editing
from dutycenter.directory.imports.columns import LINKS, Column
from dutycenter.directory.imports.known import known_to
from dutycenter.directory.imports.models import DirectoryImport, ImportRow
from dutycenter.directory.imports.planning import Known, Planned, Planner
from dutycenter.directory.imports.services import TAKEN, Imports
from dutycenter.directory.imports.sheets import SheetFault, read_sheet
from dutycenter.directory.models import Department, District
from dutycenter.directory.services import Directory, bound_to
from dutycenter.interfaces import IClock, ILedger
from dutycenter.kept_words import keep
from dutycenter.vocabulary import ImportState, RowVerdict
from dutycenter.work import Work

_ = TranslationStringFactory("dutycenter")

SECONDS = 1.0
LOOKED_AT = 400  # rows in one transaction that changes no people
TAKEN_IN = 40  # rows in one that does: it holds SQLite's write lock
HALF = _("The rest of the row was taken in; enter this by hand.")


def work_on(work: Work) -> None:
    """Bring every sheet to where a person must look at it."""
    steps: dict[ImportState, Callable[[Work, int], None]] = {
        ImportState.READING: read,
        ImportState.APPLYING: apply,
        ImportState.UNDOING: undo,
    }
    with work.read() as request:
        query = select(DirectoryImport.id, DirectoryImport.state).where(DirectoryImport.state.in_(steps))
        waiting = request.db.execute(query.order_by(DirectoryImport.id)).all()
    for sheet_id, state in waiting:
        steps[state](work, sheet_id)


def forget(work: Work) -> None:
    """Delete the rows of sheets that nobody will undo any more."""
    with work.write() as request:
        request.find_service(Imports).forget()


# --- reading ------------------------------------------------------------------------


def read(work: Work, sheet_id: int) -> None:
    """Read a sheet's rows, and say of each what it would do."""
    with work.read() as request:
        content = request.db.get(DirectoryImport, sheet_id).content
    if content is not None and not _keep_rows(work, sheet_id, content):
        return
    with work.read() as request:
        sheet = request.db.get(DirectoryImport, sheet_id)
        lines = request.db.execute(select(ImportRow.id, ImportRow.line, ImportRow.cells).where(_of(sheet_id))).all()
        expected = frozenset(row.cells[Column.NAME] for row in lines if Column.NAME in row.cells)
    # One planner for the whole sheet: it knows which row meant whom. So this always begins at the first row.
    meant: dict[object, int] = {}
    brought: dict[str, list[str]] = {}
    for some in _chunks(sorted(lines, key=lambda row: row.line), LOOKED_AT):
        with work.write() as request:
            sheet = request.db.get(DirectoryImport, sheet_id)
            if sheet.state is not ImportState.READING:
                return
            planner, known = _planner(request, sheet, [row.cells for row in some], expected, meant)
            verdicts = []
            for row in some:
                planned = planner.plan(row.line, row.cells, known)
                _note_departments(brought, row.cells, planned, known)
                verdicts.append({"id": row.id, **_kept(planned)})
            request.db.execute(update(ImportRow), verdicts)
    with work.write() as request:
        sheet = request.db.get(DirectoryImport, sheet_id)
        if sheet.state is ImportState.READING:
            sheet.state, sheet.new_departments = ImportState.PREVIEW, list(brought.values())
            _tell(request, "previewed", sheet)


def _keep_rows(work: Work, sheet_id: int, content: bytes) -> bool:
    """Keep what stands in the sheet; False when nothing can be read from it."""
    rows, fault = [], None
    try:
        rows = read_sheet(content)
    except SheetFault as refused:
        fault = refused.words
    with work.write() as request:
        sheet = request.db.get(DirectoryImport, sheet_id)
        if sheet.state is not ImportState.READING:
            return False
        sheet.content = None
        request.db.execute(delete(ImportRow).where(_of(sheet_id)))
        request.db.add_all(
            ImportRow(import_id=sheet_id, line=row.line, cells=row.cells, changes=[], faults=[], entries=[])
            for row in rows
        )
        if fault is not None:
            sheet.state, sheet.fault = ImportState.UNREADABLE, keep(fault)
            _tell(request, "unreadable", sheet)
    return fault is None


def _note_departments(brought: dict[str, list[str]], cells: dict[str, str], planned: Planned, known: Known) -> None:
    name = cells.get(Column.DEPARTMENT, "")
    if planned.verdict in TAKEN and name and name not in known.departments and name not in brought:
        brought[name] = [name, cells.get(Column.ABOVE, ""), cells.get(Column.DISTRICT, "")]


def _kept(planned: Planned) -> dict[str, Any]:
    return {
        "verdict": planned.verdict,
        "person_id": None if planned.person is None else planned.person.id,
        "changes": [list(change) for change in planned.changes],
        "faults": [[column, keep(words)] for column, words in planned.faults],
    }


# --- taking in ----------------------------------------------------------------------


def apply(work: Work, sheet_id: int) -> None:
    """Take in the rows of a confirmed sheet that are right: people first, then who stands in for whom."""
    _make_departments(work, sheet_id)
    pending = select(ImportRow).where(_of(sheet_id), ImportRow.verdict.in_(TAKEN), ImportRow.done_at.is_(None))
    _in_batches(work, sheet_id, pending.where(ImportRow.written_at.is_(None)), _take_in)
    _in_batches(work, sheet_id, pending, _link)
    with work.write(_actor(work, sheet_id)) as request:
        sheet = request.db.get(DirectoryImport, sheet_id)
        sheet.state, sheet.done_at = ImportState.DONE, request.find_service(IClock).now()
        _tell(request, "done", sheet)


def _make_departments(work: Work, sheet_id: int) -> None:
    with work.write(_actor(work, sheet_id)) as request:
        sheet = request.db.get(DirectoryImport, sheet_id)
        editing = _editing(request, sheet)
        wanted = {name: (above, district) for name, above, district in sheet.new_departments}
        for name in wanted:
            _make_department(request, editing, wanted, name, set())


def _make_department(
    request: Any, editing: Editing, wanted: dict[str, tuple[str, str]], name: str, under_way: set[str]
) -> int | None:
    """The department of this name, made with those above it where it isn't there."""
    there: int | None = request.db.scalar(
        select(Department.id).where(
            (Department.name == name) | (Department.short_name == name), Department.removed_at.is_(None)
        )
    )
    if there is not None or name not in wanted or name in under_way:
        return there
    above, district = wanted[name]
    parent = _make_department(request, editing, wanted, above, under_way | {name})
    district_id = request.db.scalar(select(District.id).where(District.name == district)) if district else None
    made: int = editing.save_department(None, DepartmentDraft(name, "", parent, district_id)).id
    return made


def _take_in(request: Any, sheet: DirectoryImport, row: ImportRow, planned: Planned, editing: Editing) -> None:
    if planned.draft is None or not _as_seen(row, planned):
        row.verdict = RowVerdict.WRONG
        words = _("Left out: the directory was changed since the preview.")
        row.faults = [*([column, keep(why)] for column, why in planned.faults), ["", keep(words)]]
        return
    now = request.find_service(IClock).now()
    person, entry = planned.person, None
    if person is None:
        person, entry = editing.create(planned.draft)
    else:
        entry = editing.save(person, planned.draft)
    row.person_id, row.written_at = person.id, now
    row.entries = [*row.entries, *([] if entry is None else [entry])]
    if not planned.waits:
        row.done_at = now


def _link(request: Any, sheet: DirectoryImport, row: ImportRow, planned: Planned, editing: Editing) -> None:
    """The row's person is there by now, and so is whoever else the sheet brought."""
    row.done_at = request.find_service(IClock).now()
    if planned.draft is None or planned.person is None or planned.waits:
        faults = [[column, keep(words)] for column, words in planned.faults]
        row.faults = [*faults, [Column.DEPUTIES.value, keep(HALF)]]
        return
    entry = editing.save(planned.person, planned.draft)
    row.entries = [*row.entries, *([] if entry is None else [entry])]


def _as_seen(row: ImportRow, planned: Planned) -> bool:
    """Would the row do what the preview said? Who is named as a deputy may have come with an earlier row."""
    seen = (row.person_id, _without_links(row.changes))
    return seen == (None if planned.person is None else planned.person.id, _without_links(planned.changes))


def _without_links(changes: Iterable[Sequence[str]]) -> list[list[str]]:
    return [list(change) for change in changes if change[0] not in {column.value for column in LINKS}]


# --- undoing ------------------------------------------------------------------------


def undo(work: Work, sheet_id: int) -> None:
    """Put everybody back to what they were before the sheet; who was changed since stays as they are."""
    pending = select(ImportRow).where(_of(sheet_id), ImportRow.done_at.is_not(None), ImportRow.undone_at.is_(None))
    while True:
        with work.write(_actor(work, sheet_id)) as request:
            rows = request.db.scalars(pending.order_by(ImportRow.line.desc()).limit(TAKEN_IN)).all()
            for row in rows:
                _put_back(request, row)
        if not rows:
            break
    with work.write(_actor(work, sheet_id)) as request:
        sheet = request.db.get(DirectoryImport, sheet_id)
        editing = request.find_service(Editing)
        for name, _above, _district in reversed(sheet.new_departments):
            department = request.db.scalar(select(Department).where(Department.name == name))
            if department is not None:
                _remove_if_empty(editing, department)
        sheet.state, sheet.undone_at = ImportState.UNDONE, request.find_service(IClock).now()
        _tell(request, "undone", sheet)


def _put_back(request: Any, row: ImportRow) -> None:
    row.undone_at = request.find_service(IClock).now()
    person = request.find_service(Directory).person(row.person_id)
    savepoint = request.db.begin_nested()
    try:
        for entry in reversed(row.entries):
            request.find_service(Editing).undo(person, entry)
    except ChangedMeanwhile:
        savepoint.rollback()
        row.undone_at = request.find_service(IClock).now()
        row.faults = [*row.faults, ["", keep(_("Not undone: the person was changed since."))]]
        return
    savepoint.commit()


def _remove_if_empty(editing: Editing, department: Department) -> None:
    try:
        editing.remove_department(department)
    except DirectoryFault:
        return  # somebody came into it since


# --- within -------------------------------------------------------------------------


def _in_batches(
    work: Work,
    sheet_id: int,
    pending: Select[ImportRow],
    act: Callable[[Any, DirectoryImport, ImportRow, Planned, Editing], None],
) -> None:
    with work.read() as request:
        names = request.db.scalars(select(ImportRow.cells).where(_of(sheet_id)))
        expected = frozenset(cells[Column.NAME] for cells in names if Column.NAME in cells)
    actor = _actor(work, sheet_id)
    while True:
        with work.write(actor) as request:
            rows = request.db.scalars(pending.order_by(ImportRow.line).limit(TAKEN_IN)).all()
            if not rows:
                return
            sheet = request.db.get(DirectoryImport, sheet_id)
            planner, known = _planner(request, sheet, [_now(row) for row in rows], expected, {})
            for row in rows:
                act(request, sheet, row, planner.plan(row.line, _now(row), known), planner.editing)
                request.db.flush()


def _now(row: ImportRow) -> dict[str, str]:
    """The row's cells; once its person is there it means that person whatever their name."""
    return row.cells | ({Column.ID.value: str(row.person_id)} if row.written_at is not None else {})


def _planner(
    request: Any,
    sheet: DirectoryImport,
    rows: Sequence[dict[str, str]],
    expected: frozenset[str],
    meant: dict[object, int],
) -> tuple[Planner, Known]:
    editing = _editing(request, sheet)
    return Planner(editing, meant), known_to(request.db, editing.directory, rows, expected)


def _editing(request: Any, sheet: DirectoryImport) -> Editing:
    directory = bound_to(request, sheet.within_id)
    return Editing(request.db, request.find_service(ILedger), request.find_service(IClock), directory)


def _of(sheet_id: int) -> Any:
    return ImportRow.import_id == sheet_id


def _actor(work: Work, sheet_id: int) -> str:
    """Whoever said yes answers for what the sheet changes."""
    with work.read() as request:
        account = request.db.scalar(select(DirectoryImport.actor_id).where(DirectoryImport.id == sheet_id))
    return work.actor if account is None else f"user:{account}"


def _tell(request: Any, what: str, sheet: DirectoryImport) -> None:
    counts = request.find_service(Imports).counts(sheet)
    request.find_service(ILedger).append(
        f"import.{what}", f"import:{sheet.id}", {verdict.value: counts[verdict] for verdict in RowVerdict}
    )


def _chunks(rows: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))

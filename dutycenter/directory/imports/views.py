"""Sheets of people on screen: hand in, look, confirm, undo; and take the directory away."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPConflict, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.directory.hours import WORKDAYS, words_of
from dutycenter.directory.imports.columns import HEADS, Column
from dutycenter.directory.imports.models import DirectoryImport
from dutycenter.directory.imports.services import LISTED, TAKEN, Imports
from dutycenter.directory.imports.sheets import MOST_BYTES
from dutycenter.directory.imports.writing import CSV, rows_of, template, write_csv, write_xlsx
from dutycenter.directory.services import Directory
from dutycenter.directory.views import asked_for
from dutycenter.interfaces import IClock, ILedger
from dutycenter.kept_words import kept
from dutycenter.notices import say
from dutycenter.typed import whole
from dutycenter.vocabulary import ImportState, RowVerdict
from dutycenter.work import Work, settings_of
from dutycenter.workbook import MEDIA_TYPE

_ = TranslationStringFactory("dutycenter")

UNDER_WAY = (ImportState.READING, ImportState.APPLYING, ImportState.UNDOING)


def listing(request: Request) -> dict[str, Any]:
    """Hand a sheet in, and the sheets before it."""
    return {"sheets": request.find_service(Imports).latest(), "fault": "", "most": MOST_BYTES // 2**20}


def hand_in(request: Request) -> dict[str, Any] | Response:
    """Take a sheet to be looked at."""
    handed = request.POST.get("sheet")
    content = handed.file.read(MOST_BYTES + 1) if hasattr(handed, "file") else b""
    fault: TranslationString | str = ""
    if not content:
        fault = _("Choose a file first: Excel (.xlsx) or CSV.")
    elif len(content) > MOST_BYTES:
        fault = _("The file is larger than ${n} MB. Split it.", mapping={"n": MOST_BYTES // 2**20})
    if fault:
        request.response.status_int = 422
        return listing(request) | {"fault": fault}
    sheet = request.find_service(Imports).hand_in(handed.filename, content)
    return HTTPSeeOther(request.route_path("imports.sheet", id=sheet.id))


def show(request: Request) -> dict[str, Any]:
    """What the sheet would change, row by row, or how far it is."""
    sheet, imports = _sheet(request), request.find_service(Imports)
    counts = imports.counts(sheet)
    raw = request.params.get("verdict", "")
    verdict = RowVerdict(raw) if raw in set(RowVerdict) else None
    rows = counts[verdict] if verdict is not None else sum(counts.values())
    pages = max(1, -(-rows // LISTED))
    page = min(max(1, whole(request.params.get("page", "")) or 1), pages)
    done, of = imports.progress(sheet)
    return {
        "sheet": sheet,
        "counts": counts,
        "taken": sum(counts[one] for one in TAKEN),
        "verdicts": [one for one in RowVerdict if counts[one]],
        "verdict": verdict,
        "rows": imports.rows(sheet, verdict, page),
        "page": page,
        "pages": pages,
        "done": done,
        "of": of,
        "under_way": sheet.state in UNDER_WAY,
        "heads": {column.value: HEADS[column] for column in Column},
        "kept": kept,
        "shown": lambda text: text.replace(WORKDAYS, request.localizer.translate(words_of(WORKDAYS))),
        "ImportState": ImportState,
        "RowVerdict": RowVerdict,
    }


def move(request: Request) -> Response:
    """Confirm, discard or undo."""
    sheet, imports = _sheet(request, to_move=True), request.find_service(Imports)
    verb = request.matchdict["verb"]
    if not {"confirm": imports.confirm, "discard": imports.discard, "undo": imports.undo}[verb](sheet):
        raise HTTPConflict(_("This was done already, or the sheet is at another step by now. Load its page again."))
    if verb == "discard":
        words = _("${name} is discarded; nothing of it was saved.", mapping={"name": sheet.filename})
        say(request, words)
        return HTTPSeeOther(request.route_path("imports"))
    return HTTPSeeOther(request.route_path("imports.sheet", id=sheet.id))


def wrong_rows(request: Request) -> Response:
    """The rows that are not taken in, to be corrected and handed in again."""
    sheet = _sheet(request)
    rows = request.db.scalars(Imports.of(sheet)).all()
    cells = [row.cells for row in rows if row.verdict is RowVerdict.WRONG]
    return _file(request, write_xlsx(cells, request.localizer.translate), MEDIA_TYPE, "not-taken-in.xlsx")


def take_away(request: Request) -> Response:
    """The directory, or the part of it that the list shows, as a sheet; the record says who took it."""
    directory, translate = request.find_service(Directory), request.localizer.translate
    asked, conditions = asked_for(request)
    people = directory.people_where(*conditions)
    kind = request.matchdict["form"]
    told = {"people": len(people), "as": kind, **asked}
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append("directory.exported", "directory:0", told)
    rows = rows_of(people, translate)
    day = request.find_service(IClock).now().astimezone(settings_of(request.registry).time_zone).strftime("%Y%m%d")
    if kind == "csv":
        return _file(request, write_csv(rows, translate), CSV, f"directory-{day}.csv")
    return _file(request, write_xlsx(rows, translate), MEDIA_TYPE, f"directory-{day}.xlsx")


def blank(request: Request) -> Response:
    """An empty sheet to fill in."""
    return _file(request, template(request.localizer.translate), MEDIA_TYPE, "directory-template.xlsx")


def _file(request: Request, content: bytes, kind: str, name: str) -> Response:
    return Response(content, content_type=kind, content_disposition=f'attachment; filename="{name}"')


def _sheet(request: Request, *, to_move: bool = False) -> DirectoryImport:
    sheet = request.find_service(Imports).find(int(request.matchdict["id"]), to_move=to_move)
    if sheet is None:
        raise HTTPNotFound(_("There is no such sheet."))
    return sheet


def includeme(config: Configurator) -> None:
    config.add_route("imports", "/directory/imports")
    config.add_route("imports.template", "/directory/imports/template.xlsx")
    config.add_route("imports.sheet", r"/directory/imports/{id:\d{1,9}}")
    config.add_route("imports.wrong", r"/directory/imports/{id:\d{1,9}}/wrong.xlsx")
    config.add_route("imports.move", r"/directory/imports/{id:\d{1,9}}/{verb:confirm|discard|undo}")
    config.add_route("imports.take_away", "/directory/people.{form:xlsx|csv}")
    one, all_ = "templates/import.jinja2", "templates/imports.jinja2"
    for view, route, method, renderer in (
        (listing, "imports", "GET", all_),
        (hand_in, "imports", "POST", all_),
        (show, "imports.sheet", "GET", one),
        (move, "imports.move", "POST", None),
        (wrong_rows, "imports.wrong", "GET", None),
        (blank, "imports.template", "GET", None),
    ):
        config.add_view(view, route_name=route, request_method=method, renderer=renderer, permission="directory")
    config.add_view(take_away, route_name="imports.take_away", request_method="GET", permission="view")

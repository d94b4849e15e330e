"""Who was told what and when: a broadcast's film, an incident's table; and who read what, person by person."""

from __future__ import annotations

import io
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import ColumnElement, select

from dutycenter.accounts.models import Account
from dutycenter.audit.custody_log import ACTIONS, BY_PEOPLE, custody_entries, names
from dutycenter.audit.film import ROW, film_of
from dutycenter.calls.models import Recording
from dutycenter.frame.labels import label
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IBroadcasts, IClock, ILedger, NoticeLeg
from dutycenter.ledger.models import LedgerEntry
from dutycenter.typed import row_id
from dutycenter.vocabulary import Disposition, Outcome
from dutycenter.work import Work, settings_of

_ = TranslationStringFactory("dutycenter")

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@view_config(route_name="audit.film", permission="audit", renderer="dutycenter:audit/templates/film.jinja2")
def film(request: Request) -> dict[str, Any]:
    """All legs of a broadcast on one time axis."""
    legs = request.find_service(IBroadcasts).legs(broadcast_id=int(request.matchdict["id"]))
    recordings = _recordings(request, legs)
    shown = film_of(legs, recordings, request.find_service(IClock).now())
    if shown is None:
        raise HTTPNotFound
    return {"film": shown, "title": legs[0].title, "message": legs[0].message, "exercise": legs[0].exercise,
            "row": ROW, "words": _words()}  # fmt: skip


@view_config(route_name="audit.told", permission="audit", renderer="dutycenter:audit/templates/told.jinja2")
def told(request: Request) -> dict[str, Any]:
    """One incident: every person, every leg, in one table."""
    incident, legs = _of_incident(request)
    return {"incident": incident, "legs": legs, "recordings": _recordings(request, legs), "words": _words()}


@view_config(route_name="audit.told_sheet", permission="audit")
def told_sheet(request: Request) -> Response:
    """The table as a spreadsheet; taking it away is on record."""
    import xlsxwriter

    incident, legs = _of_incident(request)
    zone, say = settings_of(request.registry).time_zone, request.localizer.translate
    words = {value: say(text) for value, text in _words().items()}
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append(
            "evidence.table_taken", f"incident:{incident.id}", {"address": request.client_addr or ""}
        )
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.write_row(0, 0, [say(text) for text in COLUMNS], bold)
    for n, leg in enumerate(legs, start=1):
        moments = [
            at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""
            for at in (leg.created_at, leg.answered_at, leg.ended_at, leg.acknowledged_at)
        ]
        person = [leg.department, leg.post, leg.name, leg.number]
        sheet.write_row(
            n, 0, [*moments, *person, words.get(leg.disposition, ""), leg.key, words.get(leg.outcome, ""), leg.message]
        )
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 3, 20)
    sheet.set_column(4, 11, 16)
    book.close()
    response = Response(out.getvalue(), content_type=SHEET)
    response.content_disposition = f'attachment; filename="told-{incident.number}.xlsx"'
    return response


@view_config(route_name="audit.custody", permission="audit", renderer="dutycenter:audit/templates/custody.jinja2")
def custody(request: Request) -> dict[str, Any]:
    """Who searched, heard, took away, or was refused; of one person or of everybody."""
    asked = request.params.get("account", "")
    account = request.db.get(Account, row_id(asked))
    where: list[ColumnElement[bool]] = [LedgerEntry.action.in_(BY_PEOPLE)]
    if account is not None:
        where.append(LedgerEntry.actor == f"user:{account.id}")
    entries = custody_entries(request.db, *where)
    return {
        "account": account,
        "accounts": request.db.scalars(select(Account).order_by(Account.name)).all(),
        "entries": entries,
        "who": names(request.db, [entry.actor for entry, _data in entries]),
        "actions": ACTIONS,
    }


COLUMNS = (
    _("Called"), _("Answered"), _("Ended"), _("Acknowledged"), _("Department"), _("Post"), _("Name"), _("Number"),
    _("How it ended"), _("Key"), _("Outcome"), _("Message"),
)  # fmt: skip


def _of_incident(request: Request) -> tuple[Incident, list[NoticeLeg]]:
    incident: Incident | None = request.db.get(Incident, int(request.matchdict["id"]))
    if incident is None:
        raise HTTPNotFound
    return incident, request.find_service(IBroadcasts).legs(incident_id=incident.id)


def _recordings(request: Request, legs: list[NoticeLeg]) -> dict[str, int]:
    attempts = [leg.attempt_id for leg in legs]
    found: dict[str, int] = {}
    for start in range(0, len(attempts), 500):
        part = attempts[start : start + 500]
        rows = request.db.execute(select(Recording.attempt_id, Recording.id).where(Recording.attempt_id.in_(part)))
        found.update({row[0]: row[1] for row in rows})
    return found


def _words() -> dict[str, str]:
    """What dispositions and outcomes are called; where both have a word, it is the same one."""
    return {value.value: label(value) for kind in (Outcome, Disposition) for value in kind}

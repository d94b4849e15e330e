"""Who was told what and when: a broadcast's film, an incident's table; and who read what, person by person."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.audit.custody import LONGEST_REASON, Custody, ReasonMissing, broadcast_case
from dutycenter.audit.custody_log import ACTIONS, BY_PEOPLE, SOUGHT, SUBJECTS, custody_entries, names
from dutycenter.audit.film import ROW, film_of
from dutycenter.calls.models import Recording
from dutycenter.frame.labels import label
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IBroadcasts, IClock, ILedger, NoticeLeg, NoticeText
from dutycenter.ledger.models import LedgerEntry
from dutycenter.typed import row_id
from dutycenter.vocabulary import Disposition, Outcome, SmsMeaning, SmsState
from dutycenter.work import Work, settings_of
from dutycenter.workbook import MEDIA_TYPE, new_workbook

_ = TranslationStringFactory("dutycenter")


@view_config(route_name="audit.film", permission="audit", renderer="dutycenter:audit/templates/film.jinja2")
def film(request: Request) -> dict[str, Any]:
    """All legs of a broadcast on one time axis."""
    legs = request.find_service(IBroadcasts).legs(broadcast_id=int(request.matchdict["id"]))
    shown = film_of(legs, _recordings(request, legs), request.find_service(IClock).now())
    if shown is None:
        raise HTTPNotFound
    return {"film": shown, "title": legs[0].title, "message": legs[0].message, "exercise": legs[0].exercise,
            "row": ROW, "words": _words(), "fault": None, "longest_reason": LONGEST_REASON,
            "reason": request.find_service(Custody).reason(broadcast_case(legs[0].broadcast_id))}  # fmt: skip


@view_config(
    route_name="audit.film", permission="audit", request_method="POST",
    renderer="dutycenter:audit/templates/film.jinja2",
)  # fmt: skip
def give_reason(request: Request) -> dict[str, Any] | HTTPSeeOther:
    """Take the reason for hearing this broadcast's legs."""
    shown = film(request)
    broadcast_id = int(request.matchdict["id"])
    try:
        request.find_service(Custody).grant(broadcast_case(broadcast_id), request.POST.get("reason", ""))
    except ReasonMissing:
        return {**shown, "fault": _("Say in a few words why you listen; it stays with the recording.")}
    return HTTPSeeOther(request.route_path("audit.film", id=broadcast_id))


@view_config(route_name="audit.told", permission="audit", renderer="dutycenter:audit/templates/told.jinja2")
def told(request: Request) -> dict[str, Any]:
    """One incident: every person, every leg, every text, in order of time."""
    incident, legs = _of_incident(request)
    texts = request.find_service(IBroadcasts).texts(incident.id)
    return {
        "incident": incident,
        "lines": sorted([*legs, *texts], key=_when),
        "recordings": {attempt: row.id for attempt, row in _recordings(request, legs).items()},
        "words": _words(),
        "state_of": _text_words(),
    }


@view_config(route_name="audit.told_sheet", permission="audit")
def told_sheet(request: Request) -> Response:
    """The table as a spreadsheet; taking it away is on record."""
    incident, legs = _of_incident(request)
    zone, say = settings_of(request.registry).time_zone, request.localizer.translate
    words = {value: say(text) for value, text in _words().items()}
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append(
            "evidence.table_taken", f"incident:{incident.id}", {"address": request.client_addr or ""}
        )
    out = io.BytesIO()
    book = new_workbook(out)
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
    _texts_sheet(book, bold, request.find_service(IBroadcasts).texts(incident.id), zone, say)
    book.close()
    response = Response(out.getvalue(), content_type=MEDIA_TYPE)
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
        "subjects": SUBJECTS,
        "incidents": _numbers(request.db, [entry.subject for entry, _data in entries]),
        "sought": SOUGHT,
    }


def _numbers(db: Session, subjects: Sequence[str]) -> dict[str, str]:
    """The numbers of the incidents among the subjects of entries, by their ids as text."""
    ids = {int(id_) for kind, _colon, id_ in (one.partition(":") for one in subjects) if kind == "incident"}
    return {str(one.id): one.number for one in db.scalars(select(Incident).where(Incident.id.in_(ids)))}


def _texts_sheet(book: Any, bold: Any, texts: list[NoticeText], zone: ZoneInfo, say: Callable[[Any], str]) -> None:
    sheet = book.add_worksheet(say(_("Text messages")))
    sheet.write_row(0, 0, [say(text) for text in TEXT_COLUMNS], bold)
    states = _text_words()
    for n, text in enumerate(texts, start=1):
        at = text.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        way = say(_("From the person") if text.received else _("To the person"))
        state = say(states[text.state, text.received])
        sheet.write_row(n, 0, [at, way, text.department, text.post, text.name, text.number, state, text.text])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 6, 18)
    sheet.set_column(7, 7, 60)


TEXT_COLUMNS = (
    _("Time"), _("Direction"), _("Department"), _("Post"), _("Name"), _("Number"), _("State"), _("Text"),
)  # fmt: skip
COLUMNS = (
    _("Called"), _("Answered"), _("Ended"), _("Acknowledged"), _("Department"), _("Post"), _("Name"), _("Number"),
    _("How it ended"), _("Key pressed"), _("In the end"), _("Message"),
)  # fmt: skip


def _of_incident(request: Request) -> tuple[Incident, list[NoticeLeg]]:
    incident: Incident | None = request.db.get(Incident, int(request.matchdict["id"]))
    if incident is None:
        raise HTTPNotFound
    return incident, request.find_service(IBroadcasts).legs(incident_id=incident.id)


def _recordings(request: Request, legs: list[NoticeLeg]) -> dict[str, Recording]:
    attempts = [leg.attempt_id for leg in legs]
    found: dict[str, Recording] = {}
    for start in range(0, len(attempts), 500):
        part = attempts[start : start + 500]
        rows = request.db.scalars(select(Recording).where(Recording.attempt_id.in_(part)))
        found.update({str(row.attempt_id): row for row in rows})
    return found


def _when(line: NoticeLeg | NoticeText) -> datetime:
    return line.at if isinstance(line, NoticeText) else line.created_at


def _text_words() -> dict[tuple[str, bool], str]:
    """What became of a text, by its state and whether it came from the person."""
    return {(value.value, kind is SmsMeaning): label(value) for kind in (SmsState, SmsMeaning) for value in kind}


def _words() -> dict[str, str]:
    """What dispositions and outcomes are called; where both have a word, it is the same one."""
    return {value.value: label(value) for kind in (Outcome, Disposition) for value in kind}

"""值班日志: what happened in a shift, numbered, to the minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast
from dutycenter.calls.models import Call
from dutycenter.incidents.models import Incident, IncidentEntry
from dutycenter.incidents.timeline import names_of
from dutycenter.roster.duty_log.models import DutyLogEntry
from dutycenter.roster.models import Shift
from dutycenter.vocabulary import IncidentStatus, ShiftDuty
from reports.making import Making
from reports.paper import Block, Items, Paper, Paragraph, Section, Signatures
from reports.papers.base import data_until, list_paper, maker, the
from reports.period import Span
from reports.queries import snapshot
from reports.queries.base import inside
from reports.words import NOTHING, Words


@dataclass(frozen=True, order=True)
class Line:
    at: datetime
    what: str
    text: str
    who: str


def paper(about: str, making: Making) -> Paper:
    """The log of a shift."""
    w, _ = making.words, making.words.gettext
    with snapshot(making.engine) as db:
        shift = the(db, Shift, about)
        lines = _lines(w, db, Span(shift.starts_at, shift.ends_at))
        open_incidents = db.scalars(
            select(Incident)
            .where(Incident.reported_at < shift.ends_at)
            .where((Incident.status == IncidentStatus.OPEN) | (Incident.closed_at >= shift.ends_at))
            .order_by(Incident.reported_at, Incident.id)
        ).all()
        duties = [
            (w.label(duty), w.listed(m.person.name for m in shift.members if m.duty is duty) or NOTHING)
            for duty in ShiftDuty
        ]
        blocks: list[Block] = [_table(w, making, lines)] if lines else [
            Paragraph(_("Nothing is on record for this shift."))
        ]  # fmt: skip
        left = [f"{i.number} {i.title or _('(no title)')}" for i in open_incidents]
        return list_paper(
            making,
            _("Shift Log"),
            f"{w.moment(shift.starts_at)} – {w.moment(shift.ends_at)} {shift.name}",
            [*duties, (_("Data up to"), w.moment(data_until(db, making)))],
            [
                Section(_("Events of the shift"), blocks),
                Section(_("Handed over open"), [
                    Items(left) if left else Paragraph(_("Nothing was left open."))
                ]),
                Section("", [Signatures([_("Handed over by"), _("Taken over by"), _("Handed over at"),
                                         _("Leader on duty")])]),
            ],
        )  # fmt: skip


def _table(w: Words, making: Making, lines: list[Line]) -> Block:
    _ = w.gettext
    rows = [(str(n), w.clock(line.at)[:-3], line.what, line.text, line.who) for n, line in enumerate(lines, start=1)]
    head = ("", _("When"), _("Kind"), _("Content"), _("Recorded by"))
    return maker(making).table(_("Log"), head, rows, align="rllll", queries=(), counting="")


def _lines(w: Words, db: Session, span: Span) -> list[Line]:
    found = [*_entries(w, db, span), *_calls(w, db, span), *_incidents(w, db, span), *_broadcasts(w, db, span)]
    return sorted(found)


def _entries(w: Words, db: Session, span: Span) -> list[Line]:
    """What was written into the duty log, under its own numbers; a correction names what it puts right."""
    _ = w.gettext
    query = select(DutyLogEntry).where(inside(DutyLogEntry.at, span)).order_by(DutyLogEntry.at, DutyLogEntry.id)
    return [
        Line(
            entry.at,
            _("Log No. %(number)s", number=entry.number),
            w.clauses(
                [_("Puts No. %(number)s right", number=entry.corrects.number) if entry.corrects else "", entry.text]
            ),
            entry.author_name,
        )
        for entry in db.scalars(query)
    ]


def _calls(w: Words, db: Session, span: Span) -> list[Line]:
    _ = w.gettext
    return [
        Line(
            call.arrived_at,
            _("Call came in"),
            w.clauses([call.caller_number or _("number withheld"),
                       w.label(call.result) if call.result else _("Still going on"), call.settled_how,
                       _("Exercise") if call.exercise else ""]),
            call.answered_by.name if call.answered_by else "",
        )
        for call in db.scalars(select(Call).where(inside(Call.arrived_at, span)))
    ]  # fmt: skip


def _incidents(w: Words, db: Session, span: Span) -> list[Line]:
    _ = w.gettext
    query = (
        select(IncidentEntry, Incident)
        .join(Incident, IncidentEntry.incident_id == Incident.id)
        .where(inside(IncidentEntry.at, span))
    )
    rows = db.execute(query).all()
    names = names_of(db, (entry.actor for entry, _incident in rows))
    kinds = {
        "created": _("Incident"), "note": _("N.B."), "closed": _("Closed"), "reopened": _("Opened again"),
        "deadline_met": _("Reported"), "deadline_missed": _("Not reported in time"),
        "broadcast": _("Broadcast"),
    }  # fmt: skip
    return [
        Line(
            entry.at,
            kinds[entry.kind],
            w.clauses([f"{incident.number} {incident.title}".strip(), entry.text,
                       _("Exercise") if incident.exercise else ""]),
            names.get(entry.actor, ""),
        )
        for entry, incident in rows
        if entry.kind in kinds
    ]  # fmt: skip


def _broadcasts(w: Words, db: Session, span: Span) -> list[Line]:
    """Those of no incident; the others stand in their incident's timeline."""
    _ = w.gettext
    query = select(Broadcast).where(inside(Broadcast.launched_at, span), Broadcast.incident_id.is_(None))
    return [
        Line(b.launched_at, _("Broadcast"), w.clauses([b.title, _("Exercise") if b.exercise else ""]), "")
        for b in db.scalars(query)
        if b.launched_at is not None
    ]

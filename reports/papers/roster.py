"""值班表: who serves in a week, to be hung on the wall."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dutycenter.directory.models import Person, PhoneNumber
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import NumberKind, ShiftDuty
from reports.figures import gaps
from reports.making import Making
from reports.paper import Block, Note, Paper, Paragraph, Section, Signatures
from reports.papers.base import list_paper, maker
from reports.period import Range, Span
from reports.queries import snapshot
from reports.words import Words

WEEKDAYS = 7


def paper(about: str, making: Making) -> Paper:
    """The roster of the week that begins on a Monday."""
    w, _ = making.words, making.words.gettext
    monday = date.fromisoformat(about)
    week = Range(monday, monday + timedelta(days=WEEKDAYS - 1))
    span = week.span(w.zone)
    with snapshot(making.engine) as db:
        query = (
            select(Shift)
            .where(Shift.starts_at < span.end, Shift.ends_at > span.start)
            .options(selectinload(Shift.members).selectinload(ShiftMember.person).selectinload(Person.numbers))
            .order_by(Shift.starts_at, Shift.id)
        )
        shifts = [shift for shift in db.scalars(query) if shift.members]
        blocks = _blocks(w, making, shifts, span)
        return list_paper(
            making, _("Duty Roster"), w.between(week.first, week.last), [],
            [Section("", [*blocks, Signatures([_("Drawn up by"), _("Signed by")])])],
        )  # fmt: skip


def _blocks(w: Words, making: Making, shifts: list[Shift], span: Span) -> list[Block]:
    _ = w.gettext
    if not shifts:
        return [Paragraph(_("There is no roster for this week yet."))]
    rows = [
        (
            w.short_moment(shift.starts_at),
            w.short_moment(shift.ends_at),
            shift.name,
            *(_who(w, [m.person for m in shift.members if m.duty is duty]) for duty in ShiftDuty),
        )
        for shift in shifts
    ]
    head = (_("From"), _("To"), _("Shift"), *(w.label(duty) for duty in ShiftDuty))
    table = maker(making).table(_("Shifts of the week"), head, rows, align="llllll", queries=(), counting="")
    empty = gaps([Span(shift.starts_at, shift.ends_at) for shift in shifts], span)
    if not empty:
        return [table]
    named = w.listed(f"{w.short_moment(gap.start)} – {w.short_moment(gap.end)}" for gap in empty)
    return [table, Note(_("Nobody is on the roster: %(named)s.", named=named))]


def _who(w: Words, people: list[Person]) -> str:
    return w.listed(" ".join(part for part in (person.name, _number(person.numbers)) if part) for person in people)


def _number(numbers: list[PhoneNumber]) -> str:
    """The number to call first, a mobile before any other."""
    ordered = sorted(numbers, key=lambda one: (one.kind is not NumberKind.MOBILE, one.position))
    return ordered[0].number if ordered else ""

"""值班表: who serves in a week, or in a month on one sheet across, to be hung on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from dutycenter.directory.models import Person, PhoneNumber
from dutycenter.roster.calendar import DayInfo, KnownDays, name_of
from dutycenter.roster.grid import next_month, weeks_of
from dutycenter.roster.models import SensitivePeriod, Shift, ShiftMember
from dutycenter.roster.periods import periods_touching
from dutycenter.roster.views import SHORT_DUTIES
from dutycenter.roster.views import WEEKDAYS as WEEKDAY_NAMES
from dutycenter.vocabulary import DayKind, NumberKind, ShiftDuty
from reports.figures import gaps
from reports.making import Making
from reports.paper import Block, CalendarDay, Note, Paper, Paragraph, Section, Signatures
from reports.paper import Calendar as Sheet
from reports.papers.base import list_paper, maker
from reports.period import Month, Range, Span
from reports.queries import snapshot
from reports.words import Words

WEEKDAYS = 7
ONE = timedelta(days=1)


def paper(about: str, making: Making) -> Paper:
    """The roster of a month, ``2026-11``, or of the week that begins on a Monday, ``2026-11-23``."""
    if len(about) == len("2026-11"):
        return _month(about, making)
    w, _ = making.words, making.words.gettext
    monday = date.fromisoformat(about)
    week = Range(monday, monday + timedelta(days=WEEKDAYS - 1))
    span = week.span(w.zone)
    with snapshot(making.engine) as db:
        shifts = _shifts(db, span)
        blocks = _blocks(w, making, shifts, span)
        return list_paper(
            making, _("Duty Roster"), w.between(week.first, week.last), [],
            [Section("", [*blocks, Signatures([_("Drawn up by"), _("Signed by")])])],
        )  # fmt: skip


def _month(about: str, making: Making) -> Paper:
    w, _ = making.words, making.words.gettext
    first = date.fromisoformat(f"{about}-01")
    monday, sunday = weeks_of(first)
    days = Range(monday, sunday)
    with snapshot(making.engine) as db:
        shifts = _shifts(db, days.span(w.zone))
        calendar, sensitive = KnownDays(db), periods_touching(db, monday, sunday)
        infos = calendar.days(monday, sunday)
        unknown = calendar.unknown_years(first, next_month(first) - ONE)
        cells = [
            CalendarDay(
                str(day.day) if day.day > 1 else f"{day.month}-{day.day}", _notes(w, day, info, sensitive),
                [(s.name, _duties(w, s)) for s in shifts if s.starts_at.astimezone(w.zone).date() == day],
                info.kind is DayKind.REST, (day.year, day.month) != (first.year, first.month),
            )
            for day, info in infos.items()
        ]  # fmt: skip
        month = Sheet([w.gettext(name) for name in WEEKDAY_NAMES], [cells[n : n + 7] for n in range(0, len(cells), 7)])
        notes = [
            Note(_("Each day goes by its weekday: the holidays of %(year)s are not known to this release.", year=year))
            for year, entered in unknown.items() if not entered
        ]  # fmt: skip
        return list_paper(
            making, _("Duty Roster"), w.month(Month(first.year, first.month)), [],
            [Section("", [month, *notes, Signatures([_("Drawn up by"), _("Signed by")])])], landscape=True,
        )  # fmt: skip


def _notes(w: Words, day: date, info: DayInfo, periods: Sequence[SensitivePeriod]) -> str:
    named = name_of(info, w.said)
    kind = "" if not info.special else w.gettext("off") if info.kind is DayKind.REST else w.gettext("work")
    return w.clauses([" ".join(part for part in (kind, named) if part),
                      *(period.name for period in periods if period.first <= day <= period.last)])  # fmt: skip


def _duties(w: Words, shift: Shift) -> str:
    """Everybody with a word for their duty; who is on call says so."""
    said = []
    for duty in ShiftDuty:
        names = [m.person.name + (w.gettext("(on call)") if m.on_call else "") for m in shift.members if m.duty is duty]
        if names:
            said.append(f"{w.gettext(SHORT_DUTIES[duty])} {w.listed(names)}")
    return " ".join(said)


def _shifts(db: Session, span: Span) -> list[Shift]:
    query = (
        select(Shift)
        .where(Shift.starts_at < span.end, Shift.ends_at > span.start)
        .options(selectinload(Shift.members).selectinload(ShiftMember.person).selectinload(Person.numbers))
        .order_by(Shift.starts_at, Shift.id)
    )
    return [shift for shift in db.scalars(query) if shift.members]


def _blocks(w: Words, making: Making, shifts: list[Shift], span: Span) -> list[Block]:
    _ = w.gettext
    if not shifts:
        return [Paragraph(_("There is no roster for this week yet."))]
    rows = [
        (
            w.short_moment(shift.starts_at),
            w.short_moment(shift.ends_at),
            shift.name,
            *(_who(w, [m for m in shift.members if m.duty is duty]) for duty in ShiftDuty),
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


def _who(w: Words, members: list[ShiftMember]) -> str:
    return w.listed(
        " ".join(
            part
            for part in (m.person.name + (w.gettext("(on call)") if m.on_call else ""), _number(m.person.numbers))
            if part
        )
        for m in members
    )


def _number(numbers: list[PhoneNumber]) -> str:
    """The number to call first, a mobile before any other."""
    ordered = sorted(numbers, key=lambda one: (one.kind is not NumberKind.MOBILE, one.position))
    return ordered[0].number if ordered else ""

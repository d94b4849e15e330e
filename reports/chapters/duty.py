"""值班出勤: who served, whether an hour was left empty, who answered, spot checks."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.vocabulary import ShiftDuty
from reports.chapters import Telling
from reports.facts import Served
from reports.figures import gaps
from reports.paper import Block, Cell, Note, Paragraph, Part, Section
from reports.period import Span

LISTED = 30  # people in the table
GAPS = 5  # named one by one


def tell(t: Telling) -> Section:
    """The chapter."""
    duty, _ = t.facts.duty, t.gettext
    nothing: list[Block] = [Paragraph(_("The system has no roster for %(this)s: attendance cannot be counted.", this=t.terms.this))]  # fmt: skip
    parts = [Part(_("Attendance"), _served(t) if duty.served else nothing)]
    if duty.by_officer:
        parts.append(Part(_("Who answered"), _officers(t)))
    checks = _("Spot checks are not kept in this system: no scores can be shown. Their records stand in "
"the paper log.")  # fmt: skip
    parts.append(Part(_("Spot checks"), [Paragraph(checks)]))
    return Section(_("Duty and attendance"), parts=parts)


def uncovered(t: Telling) -> list[Span]:
    """Parts of the period so far that no shift covers; nothing to say where no roster was kept."""
    if not t.facts.duty.shifts:
        return []
    return gaps(t.facts.duty.shifts, Span(t.facts.span.start, t.facts.as_of))


def empty_hours(found: Sequence[Span]) -> str:
    """How many hours the gaps are together."""
    return _hours(sum(_seconds(gap) for gap in found))


def _served(t: Telling) -> list[Block]:
    served, w, _ = t.facts.duty.served, t.words, t.gettext
    begun = sum(1 for shift in t.facts.duty.shifts if t.facts.span.holds(shift.start))
    said = [_("Shifts: %(shifts)s; people who served: %(people)s.",
              shifts=w.number(begun), people=w.number(len({(s.name, s.department) for s in served})))]  # fmt: skip
    empty = uncovered(t)
    if empty:
        said.append(_("Times without anybody on the roster: %(n)s, %(hours)s hours together.", n=len(empty), hours=empty_hours(empty)))  # fmt: skip
    else:
        said.append(_("Somebody was on the roster at every hour so far."))
    rows = _people(t, served)
    table = t.maker.table(
        _("Attendance"),
        (_("Name"), _("Unit"), *(w.label(duty) for duty in ShiftDuty), _("Total"), _("Hours")),
        rows[:LISTED],
        align="llrrrrr",
        queries=["served", "shifts"],
        counting=_("By the roster; the duties count shifts."),
    )
    blocks: list[Block] = [Paragraph(w.join(said)), table]
    if len(rows) > LISTED:
        blocks.append(Note(_("The first %(shown)s are listed; the other %(rest)s are in the system.",
                             shown=LISTED, rest=len(rows) - LISTED)))  # fmt: skip
    if empty:
        named = [f"{w.short_moment(gap.start)} – {w.short_moment(gap.end)}" for gap in empty[:GAPS]]
        more = _(" and others") if len(empty) > GAPS else ""
        blocks.append(Note(_("Without anybody on the roster: %(named)s%(more)s.",
                             named=w.listed(named), more=more)))  # fmt: skip
    return blocks


def _people(t: Telling, served: Sequence[Served]) -> list[tuple[Cell | str, ...]]:
    """A row for each person, who served most comes first."""
    w = t.words
    found: dict[tuple[str, str], dict[ShiftDuty, tuple[int, int]]] = {}
    for one in served:
        found.setdefault((one.name, one.department), {})[one.duty] = (one.shifts, one.seconds)
    rows = [
        (who, [duties.get(duty, (0, 0))[0] for duty in ShiftDuty], sum(seconds for _, seconds in duties.values()))
        for who, duties in found.items()
    ]
    rows.sort(key=lambda row: (-row[2], row[0]))
    return [
        (*who, *(w.count(count) for count in counts), w.count(sum(counts)), _hours(seconds))
        for who, counts, seconds in rows
    ]


def _officers(t: Telling) -> list[Block]:
    found, w, _ = t.facts.duty.by_officer, t.words, t.gettext
    whole = sum(found.values())
    rows = [(name or _("not on record"), w.count(count), w.part(count, whole)) for name, count in found.items()]
    rest = [(name, count) for name, count in list(found.items())[LISTED:]]
    rows = rows[:LISTED]
    if rest:
        others = sum(count for _, count in rest)
        rows.append((_("others"), w.count(others), w.part(others, whole)))
    rows.append((_("Total"), w.count(whole, t.rows("calls", result="answered")), w.part(whole, whole)))
    return [
        t.maker.table(
            _("Calls by who answered"),
            (_("Name"), _("Times answered"), _("Share")),
            rows,
            queries=["calls_by_officer"],
            counting=_("By the account that was logged in at the desk."),
            total=True,
        )
    ]


def _seconds(span: Span) -> float:
    return (span.end - span.start).total_seconds()


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f}"

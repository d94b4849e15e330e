"""信息报送: what was reported in time, what late, what never."""

from __future__ import annotations

from collections.abc import Sequence

from reports.chapters import Telling
from reports.chapters.incidents import cut_off
from reports.paper import Block, Cell, Paragraph, Part, Section

PARTS = ("met", "late", "missed", "pending")


def tell(t: Telling) -> Section:
    """The chapter."""
    _ = t.gettext
    title = _("Reports to superiors")
    if not t.facts.deadlines.total:
        return Section(title, [Paragraph(_("No reporting deadline fell due in %(this)s.",
                                           this=t.terms.this))])  # fmt: skip
    parts = [Part(_("Deadlines"), _deadlines(t))]
    if t.facts.lapses:
        parts.append(Part(_("Late and missed reports"), _lapses(t)))
    return Section(title, parts=parts)


def report_name(t: Telling, report: str) -> str:
    """The kind of report that a deadline asks for."""
    _ = t.gettext
    names = {
        "phone": _("By telephone"), "written": _("In writing"),
        "follow_up": _("Follow-up"), "final": _("Final report"), "first": _("First report"),
    }  # fmt: skip
    return names.get(report, report)


def lapse_words(t: Telling) -> str:
    """Reports that came late or never, as far as there are any: 迟报4项、漏报1项."""
    _, d = t.gettext, t.facts.deadlines
    late, missed = sum(d.late.values()), sum(d.missed.values())
    parts = [_("%(n)s late", n=t.words.number(late))] if late else []
    parts += [_("%(n)s missed", n=t.words.number(missed))] if missed else []
    return t.words.listed(parts)


def _deadlines(t: Telling) -> list[Block]:
    d, w, _ = t.facts.deadlines, t.words, t.gettext
    due = d.total - sum(d.pending.values())
    met = sum(d.met.values())
    said = _(
        "Deadlines that fell due: %(due)s; kept: %(met)s or %(share)s; %(lapses)s.",
        due=w.number(due), met=w.number(met), share=w.share(met, due),
        lapses=lapse_words(t) or _("none late, none missed"),
    )  # fmt: skip
    rows: list[Sequence[Cell | str]] = [
        (
            report_name(t, report),
            *(
                w.count(getattr(d, part).get(report, 0), t.rows("deadlines", standing=part, report=report))
                for part in PARTS
            ),
            w.part(d.met.get(report, 0), sum(getattr(d, part).get(report, 0) for part in PARTS[:3])),
        )
        for report in d.reports
    ]
    sums = (w.count(sum(getattr(d, part).values()), t.rows("deadlines", standing=part)) for part in PARTS)
    rows.append((_("Total"), *sums, w.part(met, due)))
    table = t.maker.table(
        _("Reporting deadlines"),
        (_("Report"), _("In time"), _("Late"), _("Not reported"), _("Not due yet"),
         _("Reported in time")),
        rows,
        queries=["deadlines"],
        counting=_("Reported after it was due is late; not reported by the data's end is missed."),
        total=True,
    )  # fmt: skip
    return [Paragraph(said), table]


def _lapses(t: Telling) -> list[Block]:
    w, _, d = t.words, t.gettext, t.facts.deadlines
    rows = [
        (
            lapse.number,
            lapse.title or _("(no title)"),
            report_name(t, lapse.report),
            w.short_moment(lapse.due_at),
            w.short_moment(lapse.met_at) if lapse.met_at else _("never"),
            w.duration(int((lapse.met_at - lapse.due_at).total_seconds())) if lapse.met_at else "",
        )
        for lapse in t.facts.lapses
    ]
    table = t.maker.table(
        _("Late and missed reports, one by one"),
        (_("Incident no."), _("Incident"), _("Report"), _("Due"), _("Reported when"),
         _("Late by")),
        rows,
        align="lllllr",
        queries=["lapses"],
        counting=_("By when they were due."),
    )  # fmt: skip
    return [table, *cut_off(t, len(rows), sum(d.late.values()) + sum(d.missed.values()))]

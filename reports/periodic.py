"""The report of a month, quarter, year or any days as a paper, made from its facts."""

from __future__ import annotations

from dutycenter.vocabulary import ReportKind
from reports.chapters import Telling, broadcasts, calls, duty, evidence, exercises, incidents, reporting, summary
from reports.facts import Facts
from reports.house import House
from reports.paper import Appendix, Maker, Paper
from reports.period import Month, Quarter, Year
from reports.words import Words

CHAPTERS = (summary, incidents, reporting, calls, broadcasts, duty, exercises, evidence)


def periodic_paper(facts: Facts, words: Words, house: House) -> Paper:
    """The paper of a period.

    Args:
        facts: what the record says.
        words: language and zone.
        house: whose duty room it is.
    """
    _ = words.gettext
    period = facts.period
    t = Telling(facts, words, Maker(_("Table"), _("Figure")))
    sections = [chapter.tell(t) for chapter in CHAPTERS]
    until = words.moment(facts.as_of)
    if facts.complete:
        until = _("%(day)s, 24:00", day=words.full_day(period.last))
    issued = words.full_day(period.end if facts.complete else facts.as_of.astimezone(words.zone).date())
    return Paper(
        language=words.language,
        form="report",
        authority=house.authority,
        head=house.duty_room,
        title=t.terms.title,
        subtitle=words.period(period),
        issue=_issue(words, facts),
        issued=issued,
        cover=[
            (_("Made by"), house.duty_room),
            (_("Days counted"), words.between(period.first, period.last)),
            (_("Data up to"), until),
        ],
        banner=words.clauses(([] if facts.complete else [t.terms.running]) + house.warnings(words)),
        sections=sections,
        sources=t.maker.sources,
        contents=_("Contents"),
        appendix=appendix(words),
        note=_("N.B."),
    )


def _issue(words: Words, facts: Facts) -> str:
    period, _ = facts.period, words.gettext
    if isinstance(period, Month):
        return _("No. %(n)s of %(year)s", year=period.year, n=period.month)
    if isinstance(period, Quarter):
        return _("Quarter, no. %(n)s of %(year)s", year=period.year, n=period.quarter)
    if isinstance(period, Year):
        return _("Year %(year)s", year=period.year)
    assert period.kind is ReportKind.RANGE
    return _("Made by hand")


def appendix(words: Words) -> Appendix:
    """The words around the list of sources."""
    _ = words.gettext
    return Appendix(
        title=_("Appendix: how it was counted, and from what"),
        text=_("The tables and figures were counted from the ledger and the records by the queries "
"below, and changed by nobody. The queries are functions of these names in the program's "
"reports.queries; the page of this report in the system shows the rows behind every "
"number. Exercises are counted in their own chapter alone. What belongs to the period:"),
        rules=[
            _("incidents by when they reached the duty room, deadlines by when they were due;"),
            _("calls by their arrival, also where they went on past midnight or the period's end;"),
            _("broadcasts by their launch, with all their people and calls;"),
            _("shifts and recordings by their beginning, ledger entries by when they were written; "
"times are those of the duty room's zone;"),
            _("a figure stands out when its robust z, 0.6745 (x − median) ÷ MAD over the earlier "
"periods (at least 6), is beyond ±3.5; the MAD is not taken smaller than a Poisson count "
"of that median scatters."),
        ],
        head=(_("No."), _("Table or figure"), _("How it is counted"), _("Query")),
        nothing=_("There is no data in this period: no table and no figure."),
    )  # fmt: skip

"""How a kind of period is spoken of: this month, the month before, month on month."""

from __future__ import annotations

from dataclasses import dataclass

from dutycenter.vocabulary import ReportKind
from reports.words import Words


@dataclass(frozen=True)
class Terms:
    this: str  # 本月
    before: str  # 上月
    before_rate: str  # 环比
    on_before: str
    year: str  # 上年同月
    year_rate: str  # 同比
    on_year: str
    title: str  # of the paper
    running: str  # a warning


def terms(kind: ReportKind, words: Words) -> Terms:
    """The words for a kind of period."""
    _ = words.gettext
    if kind is ReportKind.MONTH:
        return Terms(
            this=_("this month"),
            before=_("the month before"),
            before_rate=_("Month on month"),
            on_before=_("on the month before"),
            year=_("the same month last year"),
            year_rate=_("Year on year"),
            on_year=_("on the same month last year"),
            title=_("Monthly Report of the Duty Room"),
            running=_("The month is not over: its data is not whole"),
        )
    if kind is ReportKind.QUARTER:
        return Terms(
            this=_("this quarter"),
            before=_("the quarter before"),
            before_rate=_("Quarter on quarter"),
            on_before=_("on the quarter before"),
            year=_("the same quarter last year"),
            year_rate=_("Year on year"),
            on_year=_("on the same quarter last year"),
            title=_("Quarterly Report of the Duty Room"),
            running=_("The quarter is not over: its data is not whole"),
        )
    if kind is ReportKind.YEAR:
        return Terms(
            this=_("this year"),
            before=_("the year before"),
            before_rate=_("Year on year"),
            on_before=_("on the year before"),
            year=_("the year before"),
            year_rate=_("Year on year"),
            on_year=_("on the year before"),
            title=_("Yearly Report of the Duty Room"),
            running=_("The year is not over: its data is not whole"),
        )
    return Terms(
        this=_("this period"),
        before=_("the period before"),
        before_rate=_("On the period before"),
        on_before=_("on the period before"),
        year=_("the same days last year"),
        year_rate=_("Year on year"),
        on_year=_("on the same days last year"),
        title=_("Report of the Duty Room"),
        running=_("The period is not over: its data is not whole"),
    )

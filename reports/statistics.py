"""A period on the screen: the same facts as on paper, as tiles and charts that lead to their rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dutycenter.vocabulary import IncidentClass, Level, RecordingState, SourceChannel
from reports.chapters import Telling
from reports.chapters.broadcasts import SHOWN, acknowledged, by_department, called, outcome_name
from reports.chapters.broadcasts import total as all_people
from reports.chapters.calls import DAYS_SHOWN
from reports.chapters.calls import total as all_calls
from reports.chapters.incidents import class_name, level_name
from reports.chapters.incidents import total as all_incidents
from reports.figures import by_day, by_hour, by_month, merged, only
from reports.paper import Bars, Columns, Rows

DEPARTMENTS = 14  # charted

Link = Callable[[Rows], str]


@dataclass(frozen=True)
class Series:
    """``line``: drawn as a line over the columns; ``stack``: those of the same name stand on each other."""

    name: str
    values: Sequence[int | None]  # None: the period has no such day
    line: bool = False
    stack: str = "all"


@dataclass(frozen=True)
class Chart:
    """What the page's script draws. ``links`` lead on, one for each category; ``drill``: into this very page."""

    name: str
    title: str
    unit: str
    categories: Sequence[str]
    series: Sequence[Series]
    links: Sequence[str] = ()
    drill: bool = False
    lying: bool = False  # bars from left to right
    shares: bool = False  # of 100 %

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Tile:
    """One number with what it is compared with."""

    name: str
    value: str
    remarks: Sequence[str] = field(default_factory=list)
    bad: bool = False


def tiles(t: Telling) -> list[Tile]:
    """The period in four numbers."""
    w, _, now = t.words, t.gettext, t.now
    calls, waits = now.calls, merged(now.broadcasts.to_acknowledge)
    missing = t.facts.recorded(RecordingState.MISSING)
    return [
        Tile(_("Reported incidents"), w.number(now.incidents.total), [t.change(all_incidents)]),
        Tile(
            _("Calls answered"),
            w.share(calls.answered, calls.total),
            [
                _("out of %(n)s (%(change)s)",
                  n=w.number(calls.total), change=t.change(all_calls)),
                t.within(calls.to_answer) if calls.to_answer else "",
            ],
        ),
        Tile(
            _("Call-outs acknowledged"),
            w.share(acknowledged(now), called(now)),
            [
                _("people called: %(n)s (%(change)s)",
                  n=w.number(called(now)), change=t.change(all_people)),
                t.within(waits) if waits else "",
            ],
        ),
        Tile(
            _("Recordings kept"),
            w.number(t.facts.recorded(RecordingState.KEPT)),
            [
                _("missing: %(n)s", n=w.number(missing)),
                _("replays: %(n)s", n=w.number(t.facts.ledger.replays)),
            ],
            bad=missing > 0,
        ),
    ]  # fmt: skip


def charts(
    t: Telling, other: Telling | None, link: Link, day: Callable[[str], str], period: Callable[[str], str]
) -> list[Chart]:
    """The period's charts; ``other`` is the one to compare with.

    Args:
        t: the period.
        other: the one to compare with, or nothing.
        link: the address of rows.
        day: the address of a day.
        period: the address of a period's page.
    """
    found = [_dates(t, other, day, period), _hours(t, other, link)]
    if t.now.incidents.total:
        found += [_classes(t, link), _districts(t, other, link), _channels(t, other, link)]
    if t.now.broadcasts.recipients:
        found.append(_departments(t, link))
    if len(t.facts.history) > 2:
        found.append(_history(t, period))
    return found


def _calls(t: Telling, answered: bool) -> dict[int, int]:
    return only(t.facts.calls_by_quarter, answered)


def _named(t: Telling, name: str) -> str:
    return f"{name} · {t.words.period(t.period)}"


def _dates(t: Telling, other: Telling | None, day: Callable[[str], str], period: Callable[[str], str]) -> Chart:
    _, w = t.gettext, t.words
    long = t.period.length > DAYS_SHOWN

    def values(of: Telling, quarters: dict[int, int]) -> list[int]:
        if long:
            return by_month(quarters, of.period.months, w.zone)
        return by_day(quarters, of.period, w.zone)

    series = [
        Series(_("answered"), values(t, _calls(t, True))),
        Series(_("not answered"), values(t, _calls(t, False))),
        Series(_("Reported incidents"), values(t, dict(t.facts.incidents_by_quarter)), line=True),
    ]
    length = len(series[0].values)
    if other is not None:
        both = [a + b for a, b in zip(values(other, _calls(other, True)), values(other, _calls(other, False)),
                                      strict=True)]  # fmt: skip
        series.append(Series(_named(other, _("Calls")), both[:length] + [None] * (length - len(both)), line=True))
    if long:
        months = t.period.months
        return Chart("dates", _("Calls and incidents by month"), "", [str(month) for month in months], series,
                     [period(str(month)) for month in months])  # fmt: skip
    return Chart("dates", _("Calls and incidents by day"), "", [str(date.day) for date in t.period.dates],
                 series, [day(str(date)) for date in t.period.dates], drill=True)  # fmt: skip


def _hours(t: Telling, other: Telling | None, link: Link) -> Chart:
    _, zone = t.gettext, t.words.zone
    series = [
        Series(_("answered"), by_hour(_calls(t, True), zone)),
        Series(_("not answered"), by_hour(_calls(t, False), zone)),
        Series(_("Reported incidents"), by_hour(t.facts.incidents_by_quarter, zone), line=True),
    ]
    if other is not None:
        taken, missed = by_hour(_calls(other, True), zone), by_hour(_calls(other, False), zone)
        both = [a + b for a, b in zip(taken, missed, strict=True)]
        series.append(Series(_named(other, _("Calls")), both, line=True))
    links = [link(t.rows("calls", hour=str(hour))) for hour in range(24)]
    title = _("Calls and incidents by hour of the day")
    return Chart("hours", title, "", [str(hour) for hour in range(24)], series, links)


def _classes(t: Telling, link: Link) -> Chart:
    _, kinds = t.gettext, t.now.incidents.kinds
    classes = [kind for kind in (*IncidentClass, None) if any(found is kind for found, _level in kinds)]
    series = [
        Series(level_name(t, level), [kinds.get((kind, level), 0) for kind in classes])
        for level in (*Level, None)
        if any(found is level for _kind, found in kinds)
    ]
    links = [link(t.rows("incidents", **{"class": kind or "-"})) for kind in classes]
    return Chart("classes", _("Incidents by class and level"), _("incidents"), [class_name(t, kind) for kind in classes],
                 series, links)  # fmt: skip


def _districts(t: Telling, other: Telling | None, link: Link) -> Chart:
    _, found = t.gettext, t.now.incidents.districts
    names = list(found)
    series = [Series(t.words.period(t.period), list(found.values()), stack="this")]
    if other is not None:
        base = other.now.incidents.districts
        series.append(Series(other.words.period(other.period), [base.get(name, 0) for name in names], stack="other"))
    links = [link(t.rows("incidents", district=name or "-")) for name in names]
    labels = [name or _("Not filled in") for name in names]
    return Chart("districts", _("Incidents by district"), _("incidents"), labels, series, links, lying=True)


def _channels(t: Telling, other: Telling | None, link: Link) -> Chart:
    _, found = t.gettext, t.now.incidents.channels
    known = [channel for channel in SourceChannel if found.get(channel)]
    series = [Series(t.words.period(t.period), [found[channel] for channel in known], stack="this")]
    if other is not None:
        base = other.now.incidents.channels
        series.append(
            Series(other.words.period(other.period), [base.get(channel, 0) for channel in known], stack="other")
        )
    links = [link(t.rows("incidents", channel=channel)) for channel in known]
    labels = [t.words.label(channel) for channel in known]
    return Chart("channels", _("Incidents by source"), _("incidents"), labels, series, links, lying=True)


def _departments(t: Telling, link: Link) -> Chart:
    _ = t.gettext
    found = dict(list(by_department(t.now.broadcasts).items())[:DEPARTMENTS])
    series = [
        Series(outcome_name(t, outcome), [counts.get(outcome, 0) for counts in found.values()]) for outcome in SHOWN
    ]
    links = [link(t.rows("recipients", department=name or "-")) for name in found]
    labels = [name or _("(no department)") for name in found]
    return Chart("departments", _("Results by department"), _("people"), labels, series, links, lying=True, shares=True)


def _history(t: Telling, period: Callable[[str], str]) -> Chart:
    _ = t.gettext
    history = list(reversed(t.facts.history))
    series = [
        Series(_("Calls"), [past.calls for _period, past in history]),
        Series(_("Reported incidents"), [sum(past.incidents.values()) for _period, past in history], line=True),
    ]
    names = [str(one) for one, _past in history]
    return Chart("history", _("This and the earlier periods"), "", names, series, [period(name) for name in names])


def of_block(t_rows: Callable[[Rows], str], name: str, title: str, chart: Columns | Bars) -> Chart:
    """A paper's figure as a chart of the page."""
    series = [Series(label, values) for label, values in chart.series]
    if isinstance(chart, Bars):
        return Chart(name, title, chart.unit, chart.categories, series, lying=True, shares=True)
    return Chart(name, title, chart.unit, chart.categories, series, [t_rows(rows) for rows in chart.rows])

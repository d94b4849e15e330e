"""电话值守: what came in, who was answered and how soon, and when it rings."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.vocabulary import CallResult
from reports.chapters import Count, Counted, Telling
from reports.facts import TAKEN, Activity
from reports.figures import by_day, by_hour, by_month, only, percentile
from reports.paper import Block, Columns, Figure, Note, Paragraph, Part, Rows, Section

DAYS_SHOWN = 62  # a chart of more days than this is one of months


def tell(t: Telling) -> Section:
    """The chapter."""
    _ = t.gettext
    title = _("Telephone duty")
    if not t.now.calls.total:
        said = [_("No call came in on the duty number in %(this)s.", this=t.terms.this)]
        if t.before.known and t.before.activity.calls.total:
            said.append(_("In %(base)s there were %(n)s: please check the line.",
                          base=t.before.name, n=t.words.number(t.before.activity.calls.total)))  # fmt: skip
        return Section(title, [Paragraph(t.words.join(said))])
    parts = [Part(_("Calls and answers"), _results(t)), Part(_("When it rings"), _rhythm(t))]
    return Section(title, parts=parts)


def total(activity: Activity) -> int:
    """All calls."""
    return activity.calls.total


def result_name(t: Telling, result: CallResult | None) -> str:
    return t.words.label(result) if result else t.gettext("Still going on")


def _with(result: CallResult | None) -> Count:
    return lambda a: sum(n for found, n in a.calls.results.items() if found is result)


def _results(t: Telling) -> list[Block]:
    calls, w, _ = t.now.calls, t.words, t.gettext
    table = t.compared(
        _("Calls by result"),
        _("Result"),
        "calls",
        [
            Counted(result_name(t, result), _with(result), {"result": result or "-"})
            for result in (*CallResult, None)
            if result or calls.results.get(None)
        ],
        total,
        queries=["calls_by_result"],
        counting=_("Every call has one result."),
    )
    base = t.before.activity.calls
    before = ""
    if t.before.known and base.total:
        before = _(" (%(base)s: %(share)s)",
                   base=t.before.name, share=w.share(base.answered, base.total))  # fmt: skip
    missed = sum(n for result, n in calls.results.items() if result not in (None, *TAKEN))
    said = [
        _("Calls that came in on the duty number: %(n)s (%(change)s).",
          n=w.number(calls.total), change=t.change(total)),
        _("Answered: %(n)s, a rate of %(share)s%(before)s.",
          n=w.number(calls.answered), share=w.share(calls.answered, calls.total), before=before),
    ]  # fmt: skip
    if not missed:
        said.append(_("No call was missed."))
    elif calls.open:
        said.append(_("Not answered: %(n)s, of which %(settled)s were dealt with and %(open)s still wait.",
                      n=w.number(missed), settled=w.number(calls.settled), open=w.number(calls.open)))  # fmt: skip
    else:
        said.append(_("Not answered: %(n)s; all were dealt with.", n=w.number(missed)))
    blocks: list[Block] = [Paragraph(w.join(said)), table]
    return [*blocks, *_waits(t)] if calls.to_answer else blocks


def _waits(t: Telling) -> list[Block]:
    _ = t.gettext
    said = _("From a call's arrival to the answer of a desk: %(within)s.",
             within=t.within(t.now.calls.to_answer))  # fmt: skip
    table = t.waits(
        _("Time to answer"),
        _("Times answered"),
        lambda a: a.calls.to_answer,
        queries=["time_to_answer"],
        counting=_("Whole seconds from the arrival at the switch to the answer of a desk, prompts and queue "
"included; nearest rank."),
    )  # fmt: skip
    return [Paragraph(said), table]


def _rhythm(t: Telling) -> list[Block]:
    hours = _by_hours(t)
    days = _by_months(t) if t.period.length > DAYS_SHOWN else _by_days(t)
    blocks: list[Block] = [Paragraph(hours.reading), hours, Paragraph(days.reading), days]
    if not t.facts.complete:
        blocks.append(
            Note(t.gettext("The period is still running; the daily mean is over the %(n)s days gone by.", n=_elapsed(t)))
        )  # fmt: skip
    return blocks


def _elapsed(t: Telling) -> int:
    if t.facts.complete:
        return t.period.length
    return (t.facts.as_of.astimezone(t.words.zone).date() - t.period.first).days + 1


def _series(t: Telling, taken: Sequence[int], missed: Sequence[int]) -> list[tuple[str, Sequence[int]]]:
    return [(t.gettext("answered"), taken), (t.gettext("not answered"), missed)]


def _quarters(t: Telling) -> tuple[dict[int, int], dict[int, int]]:
    return only(t.facts.calls_by_quarter, answered=True), only(t.facts.calls_by_quarter, answered=False)


def _by_hours(t: Telling) -> Figure:
    w, _ = t.words, t.gettext
    taken, missed = (by_hour(quarters, w.zone) for quarters in _quarters(t))
    per_hour = [a + b for a, b in zip(taken, missed, strict=True)]
    busiest = per_hour.index(max(per_hour))
    night = sum(per_hour[hour] for hour in (*range(8), *range(18, 24)))
    said = _(
        "It rings most from %(from)s to %(to)s o'clock: %(n)s calls or %(share)s. Outside "
"working hours (18 to 8 o'clock): %(night)s or %(part)s.",
        **{"from": busiest}, to=busiest + 1, n=w.number(per_hour[busiest]),
        share=w.share(per_hour[busiest], sum(per_hour)), night=w.number(night), part=w.share(night, sum(per_hour)),
    )  # fmt: skip
    rows = [t.rows("calls", hour=str(hour)) for hour in range(24)]
    return t.maker.figure(
        _("Calls by hour of the day"),
        Columns([str(hour) for hour in range(24)], _series(t, taken, missed), _("o'clock"), _("calls"), rows),
        said,
        queries=["calls_by_quarter"],
        counting=_("By the hour of arrival."),
    )


def _by_days(t: Telling) -> Figure:
    w, _, dates = t.words, t.gettext, t.period.dates
    taken, missed = (by_day(quarters, t.period, w.zone) for quarters in _quarters(t))
    per_day = [a + b for a, b in zip(taken, missed, strict=True)]
    busiest = per_day.index(max(per_day))
    quiet = sum(1 for count in per_day if count == 0)
    said = _(
        "A day has %(mean)s calls in the mean; %(day)s had the most, %(n)s.",
        mean=f"{sum(per_day) / _elapsed(t):.1f}", day=w.day(dates[busiest]), n=w.number(per_day[busiest]),
    )  # fmt: skip
    if quiet and t.facts.complete:
        said = w.join([said, _("Days without a call: %(n)s.", n=quiet)])
    names = [str(day.day) for day in dates]
    rows = [t.rows("calls", day=str(day)) for day in dates]
    return _dated(t, _("Calls by day"), names, _("day"), taken, missed, rows, said)


def _by_months(t: Telling) -> Figure:
    w, _, months = t.words, t.gettext, t.period.months
    taken, missed = (by_month(quarters, months, w.zone) for quarters in _quarters(t))
    both = [a + b for a, b in zip(taken, missed, strict=True)]
    busiest = both.index(max(both))
    said = _(
        "A day has %(mean)s calls in the mean; %(month)s had the most, %(n)s.",
        mean=f"{sum(both) / _elapsed(t):.1f}", month=w.month(months[busiest]), n=w.number(both[busiest]),
    )  # fmt: skip
    names = [str(month)[2:] for month in months]
    return _dated(t, _("Calls by month"), names, _("month"), taken, missed, (), said)


def _dated(t: Telling, title: str, names: Sequence[str], axis: str, taken: Sequence[int], missed: Sequence[int],
           rows: Sequence[Rows], said: str) -> Figure:  # fmt: skip
    _ = t.gettext
    return t.maker.figure(
        title,
        Columns(names, _series(t, taken, missed), axis, _("calls"), rows),
        said,
        queries=["calls_by_quarter"],
        counting=_("By the date of arrival."),
    )


def answered_within(t: Telling) -> str:
    """How soon half of the calls were answered; empty when none was."""
    half = percentile(t.now.calls.to_answer, 50)
    return t.words.duration(half) if half is not None else ""

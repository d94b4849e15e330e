"""突发事件: what happened, where, when, and how it was told."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel
from reports.chapters import Count, Counted, Telling
from reports.facts import LOSSES, Activity
from reports.figures import by_hour
from reports.paper import Block, Cell, Columns, Note, Paragraph, Part, Section
from reports.words import NOTHING

FEW = 5  # fewer incidents than this have no busiest hour


def tell(t: Telling) -> Section:
    """The chapter."""
    _ = t.gettext
    title = _("Reported incidents")
    if not t.now.incidents.total:
        said = [_("No incident was reported in %(this)s.", this=t.terms.this)]
        if t.before.known and t.before.activity.incidents.total:
            count = t.words.number(t.before.activity.incidents.total)
            said.append(_("In %(base)s there were %(n)s.", base=t.before.name, n=count))
        return Section(title, [Paragraph(t.words.join(said))])
    parts = [
        Part(_("Classes and levels"), _kinds(t)),
        Part(_("Places and sources"), _places(t)),
        Part(_("Hours of the day"), _hours(t)),
        Part(_("Serious and graver incidents"), _notable(t)),
    ]
    return Section(title, parts=parts)


def class_name(t: Telling, kind: IncidentClass | None) -> str:
    return t.words.label(kind) if kind else t.gettext("Not classified")


def level_name(t: Telling, level: Level | None) -> str:
    """Without its number: the tables are narrow."""
    names = {
        Level.I: t.gettext("Particularly grave"),
        Level.II: t.gettext("Grave"),
        Level.III: t.gettext("Serious"),
        Level.IV: t.gettext("Ordinary"),
        None: t.gettext("Not graded"),
    }
    return names[level]


def of_class(kind: IncidentClass | None) -> Count:
    """Counts the incidents of a class."""
    return lambda a: sum(n for (found, _), n in a.incidents.kinds.items() if found is kind)


def _of_level(level: Level | None) -> Count:
    return lambda a: sum(n for (_, found), n in a.incidents.kinds.items() if found is level)


def total(activity: Activity) -> int:
    """All incidents."""
    return activity.incidents.total


def _counting(t: Telling) -> str:
    return t.gettext(
        "Class and level as they stand when the report is made."
    )  # fmt: skip


def _kinds(t: Telling) -> list[Block]:
    w, _, incidents = t.words, t.gettext, t.now.incidents
    classes = [kind for kind in (*IncidentClass, None) if kind or of_class(None)(t.now)]
    levels = [level for level in (*Level, None) if level or _of_level(None)(t.now)]
    rows: list[Sequence[Cell | str]] = [
        (
            class_name(t, kind),
            *(
                w.count(
                    incidents.kinds.get((kind, level), 0),
                    t.rows("incidents", **{"class": kind or "-"}, level=level or "-"),
                )
                for level in levels
            ),
            w.count(of_class(kind)(t.now), t.rows("incidents", **{"class": kind or "-"})),
        )
        for kind in classes
    ]
    sums = (w.count(_of_level(level)(t.now), t.rows("incidents", level=level or "-")) for level in levels)
    rows.append((_("Total"), *sums, w.count(incidents.total, t.rows("incidents"))))
    matrix = t.maker.table(
        _("Incidents by class and level"),
        (_("Class"), *(level_name(t, level) for level in levels), _("Total")),
        rows,
        queries=["incidents_by_kind"],
        counting=_counting(t),
        total=True,
    )
    blocks: list[Block] = [Paragraph(_overview(t, classes)), matrix]
    if not t.alone:
        blocks.append(
            t.compared(
                _("Incidents by class, compared"),
                _("Class"),
                "incidents",
                [Counted(class_name(t, kind), of_class(kind), {"class": kind or "-"}) for kind in classes],
                total,
                queries=["incidents_by_kind"],
                counting=_counting(t),
            )
        )
    return [*blocks, *_trend(t), *_missing(t)]


def _overview(t: Telling, classes: Sequence[IncidentClass | None]) -> str:
    w, _, incidents = t.words, t.gettext, t.now.incidents
    most = max(classes, key=lambda kind: of_class(kind)(t.now))
    closed = incidents.statuses.get(IncidentStatus.CLOSED, 0)
    return w.join(
        [
            _("Incidents reported in %(this)s: %(n)s (%(change)s).",
              this=t.terms.this, n=w.number(incidents.total), change=t.change(total)),
            _leading(t, class_name(t, most), of_class(most)(t.now), incidents.total),
            _handled(t, closed, incidents.total),
            _losses(t),
        ]
    )  # fmt: skip


def _handled(t: Telling, closed: int, whole: int) -> str:
    """How many are closed, in words that fit all, none, one or some of them."""
    _, w = t.gettext, t.words
    if whole == 1:
        return _("It is closed.") if closed else _("It is still being handled.")
    if closed == whole:
        return _("All are closed.")
    if not closed:
        return _("All are still being handled.")
    return _("Closed: %(closed)s; being handled: %(open)s.", closed=w.number(closed), open=w.number(whole - closed))


def _leading(t: Telling, name: str, count: int, whole: int, what: str = "") -> str:
    """The largest part of the incidents, in words that fit all of them, one of them, or most of them."""
    _, w = t.gettext, t.words
    if whole == 1:
        return _("It is: %(name)s.", name=name) if not what else ""
    if count == whole:
        return _("All of it: %(name)s.", name=name)
    values = {"name": name, "n": w.number(count), "share": w.share(count, whole)}
    if not what:
        return _("Most of all: %(name)s, %(n)s or %(share)s.", **values)
    return _("%(what)s %(name)s: %(n)s or %(share)s.", what=what, **values)


def _losses(t: Telling) -> str:
    _, found = t.gettext, t.now.incidents.losses
    names = {
        "dead": _("dead"), "injured": _("injured"), "missing": _("missing"),
        "trapped": _("trapped"), "evacuated": _("evacuated"),
    }  # fmt: skip
    told = [_("%(n)s %(name)s", name=names[name], n=t.words.number(found[name])) for name in LOSSES if found.get(name)]
    if not told:
        return _("No casualties are on record.")
    return _("As far as filled in: %(losses)s.", losses=t.words.listed(told))


def _trend(t: Telling) -> list[Block]:
    """The periods before, where there are some."""
    _ = t.gettext
    history = list(reversed(t.facts.history))
    if len(history) < 3:
        return []
    counts = [sum(past.incidents.values()) for _, past in history]
    reading = _("%(n)s periods: at least %(low)s, at most %(high)s.",
                n=len(counts), low=t.words.number(min(counts)), high=t.words.number(max(counts)))  # fmt: skip
    return [
        t.maker.figure(
            _("Incidents in this and the earlier periods"),
            Columns(
                [str(period)[2:] for period, _ in history], [(_("Reported incidents"), counts)],
                _("period"), _("incidents"), [t.rows_of(period, "incidents") for period, _ in history],
            ),
            reading,
            queries=["past"],
            counting=_("Earlier periods that the record covers whole."),
        )
    ]  # fmt: skip


def _missing(t: Telling) -> list[Block]:
    _, incidents = t.gettext, t.now.incidents
    unknown = of_class(None)(t.now)
    ungraded = sum(n for (kind, level), n in incidents.kinds.items()
                   if level is None and kind not in (None, IncidentClass.SECURITY))  # fmt: skip
    missing = [_("%(n)s without a class", n=unknown)] if unknown else []
    missing += [_("%(n)s that should be graded and are not", n=ungraded)] if ungraded else []
    if not missing:
        return []
    return [
        Note(
            _("Data missing: %(what)s. Social security incidents need no level by law.", what=t.words.listed(missing))
        )
    ]  # fmt: skip


def _places(t: Telling) -> list[Block]:
    _, incidents = t.gettext, t.now.incidents
    names = [name for name in incidents.districts if name is not None]
    counted = [Counted(name, in_district(name), {"district": name}) for name in names]
    if None in incidents.districts:
        counted.append(Counted(_("Not filled in"), in_district(None), {"district": "-"}))
    districts = t.compared(
        _("Incidents by district"),
        _("District"),
        "incidents",
        counted,
        total,
        queries=["incidents_by_district"],
        counting=_("By the district on the form."),
    )
    channels = t.compared(
        _("Incidents by source"),
        _("Source"),
        "incidents",
        [
            Counted(t.words.label(channel), by_channel(channel), {"channel": channel})
            for channel in SourceChannel
            if incidents.channels.get(channel)
        ],
        total,
        queries=["incidents_by_channel"],
        counting=_("By how the first report came in."),
    )
    said = []
    if names:
        top = max(names, key=lambda name: incidents.districts[name])
        said.append(_leading(t, top, incidents.districts[top], incidents.total, _("Most incidents were in")))
    most = max(incidents.channels, key=lambda c: incidents.channels[c])
    said.append(_leading(t, t.words.label(most), incidents.channels[most], incidents.total, _("Most reports came by")))
    told = t.words.join(said)
    return [*([Paragraph(told)] if told else []), districts, channels]


def in_district(name: str | None) -> Count:
    return lambda a: a.incidents.districts.get(name, 0)


def by_channel(channel: object) -> Count:
    return lambda a: sum(n for found, n in a.incidents.channels.items() if found is channel)


def _hours(t: Telling) -> list[Block]:
    _, w = t.gettext, t.words
    hours = by_hour(t.facts.incidents_by_quarter, w.zone)
    said = _hours_said(t, hours)
    chart = Columns(
        [str(hour) for hour in range(24)], [(_("Reported incidents"), hours)], _("o'clock"), _("incidents"),
        [t.rows("incidents", hour=str(hour)) for hour in range(24)],
    )  # fmt: skip
    figure = t.maker.figure(
        _("Incidents by hour of the day"), chart, said, queries=["incidents_by_quarter"],
        counting=_("By the hour in which the report reached the duty room."),
    )  # fmt: skip
    return [Paragraph(said), figure]


def _hours_said(t: Telling, hours: Sequence[int]) -> str:
    _, w = t.gettext, t.words
    busiest = hours.index(max(hours))
    night = sum(hours[hour] for hour in (*range(8), *range(18, 24)))
    if sum(hours) < FEW:
        known = [_("%(n)s o'clock", n=hour) for hour, count in enumerate(hours) if count]
        return _("Reported in the hours from: %(hours)s.", hours=w.listed(known))
    return _(
        "Most incidents were reported from %(from)s to %(to)s o'clock: %(n)s. Outside working "
"hours (18 to 8 o'clock): %(night)s or %(share)s.",
        **{"from": busiest}, to=busiest + 1, n=hours[busiest], night=w.number(night), share=w.share(night, sum(hours)),
    )  # fmt: skip


def _notable(t: Telling) -> list[Block]:
    facts, w, _ = t.facts, t.words, t.gettext
    if not facts.notable_count:
        return [Paragraph(_("There was no serious or graver incident in %(this)s.",
                            this=t.terms.this))]  # fmt: skip
    statuses = {status: w.label(status) for status in IncidentStatus}
    rows = [
        (
            incident.number,
            w.short_moment(incident.reported_at),
            incident.title or _("(no title)"),
            class_name(t, incident.incident_class),
            level_name(t, incident.level),
            incident.district or NOTHING,
            statuses[incident.status],
        )
        for incident in facts.notable
    ]
    table = t.maker.table(
        _("Serious and graver incidents, one by one"),
        (_("Incident no."), _("Reported at"), _("Incident"), _("Class"), _("Level"),
         _("District"), _("Status")),
        rows,
        align="lllllll",
        queries=["notable_incidents"],
        counting=_("Levels I to III, by the time of the report."),
    )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(_("Serious and graver incidents: %(n)s.",
                    n=w.number(facts.notable_count))),
        table,
    ]  # fmt: skip
    return [*blocks, *cut_off(t, len(rows), facts.notable_count)]


def cut_off(t: Telling, shown: int, whole: int) -> list[Block]:
    """A remark where a list names the first only."""
    if whole <= shown:
        return []
    return [
        Note(t.gettext("The first %(shown)s are listed; the other %(rest)s are in the system.", shown=shown, rest=t.words.number(whole - shown)))
    ]  # fmt: skip

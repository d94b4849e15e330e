"""叫应通知: who was called out, who answered, how soon, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dutycenter.vocabulary import Disposition, Outcome
from reports.chapters import Count, Counted, Telling
from reports.chapters.incidents import cut_off
from reports.facts import Activity, BroadcastFacts, Launched
from reports.figures import longest, merged, percentile
from reports.paper import Bars, Block, Cell, Figure, Paragraph, Part, Section

CHARTED = 14  # departments in the figure; the table has them all
LEADERS = 40  # in the table
SHOWN = (Outcome.ACKNOWLEDGED, Outcome.DECLINED, Outcome.REACHED, Outcome.NOT_REACHED, Outcome.NOT_CALLED)


def tell(t: Telling) -> Section:
    """The chapter."""
    _, b = t.gettext, t.now.broadcasts
    title = _("Call-outs")
    if not b.recipients:
        said = _("Nobody was called out in %(this)s.", this=t.terms.this)
        if b.broadcasts:
            said = _("Broadcasts launched: %(n)s, all without recipients.",
                     n=t.words.number(b.broadcasts))  # fmt: skip
        return Section(title, [Paragraph(said)])
    parts = [
        Part(_("Overview"), _overall(t)),
        Part(_("By department"), _departments(t)),
    ]
    if t.facts.leaders:
        parts.append(Part(_("By leader"), _leaders(t)))
    parts += [
        Part(_("From report to notification"), _launches(t)),
        Part(_("How the calls ended"), _attempts(t)),
        Part(_("List of broadcasts"), _list(t)),
    ]
    return Section(title, parts=parts)


def total(activity: Activity) -> int:
    """All recipients."""
    return activity.broadcasts.recipients


def with_outcome(outcome: Outcome | None) -> Count:
    """Counts the recipients with an outcome."""
    return lambda a: sum(n for (_, found), n in a.broadcasts.outcomes.items() if found is outcome)


def called(activity: Activity) -> int:
    """Recipients who were really called."""
    return activity.broadcasts.recipients - with_outcome(Outcome.NOT_CALLED)(activity)


def acknowledged(activity: Activity) -> int:
    return with_outcome(Outcome.ACKNOWLEDGED)(activity)


def outcome_name(t: Telling, outcome: Outcome | None) -> str:
    return t.words.label(outcome) if outcome else t.gettext("Not settled")


def by_department(facts: BroadcastFacts) -> dict[str, dict[Outcome | None, int]]:
    """Outcomes of each department, the one with the most recipients first."""
    found: dict[str, dict[Outcome | None, int]] = {}
    for (department, outcome), count in facts.outcomes.items():
        found.setdefault(department, {})[outcome] = count
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def _outcomes(t: Telling) -> list[Outcome | None]:
    return [*SHOWN, *([None] if with_outcome(None)(t.now) else [])]


def _overall(t: Telling) -> list[Block]:
    b, w, _ = t.now.broadcasts, t.words, t.gettext
    base, before = t.before.activity, ""
    if t.before.known and called(base):
        before = _(" (%(base)s: %(share)s)",
                   base=t.before.name, share=w.share(acknowledged(base), called(base)))  # fmt: skip
    said = [
        _("Broadcasts: %(n)s; people notified: %(people)s (%(change)s).",
          n=w.number(b.broadcasts), people=w.number(b.recipients), change=t.change(total)),
        _("Called: %(called)s; acknowledged: %(done)s, a rate of %(share)s%(before)s.",
          called=w.number(called(t.now)), done=w.number(acknowledged(t.now)),
          share=w.share(acknowledged(t.now), called(t.now)), before=before),
    ]  # fmt: skip
    waits = merged(b.to_acknowledge)
    if waits:
        said.append(_("From launch to acknowledgement: %(within)s.", within=t.within(waits)))
    table = t.compared(
        _("Results of call-outs"),
        _("Result"),
        "recipients",
        [
            Counted(outcome_name(t, outcome), with_outcome(outcome), {"outcome": outcome or "-"})
            for outcome in _outcomes(t)
        ],
        total,
        queries=["recipients_by_outcome", "broadcasts_launched", "time_to_acknowledge"],
        counting=_("One result for each person in each broadcast; a pressed key acknowledges, voicemail does not."),
    )  # fmt: skip
    return [Paragraph(w.join(said)), table]


def _departments(t: Telling) -> list[Block]:
    found, w, _ = by_department(t.now.broadcasts), t.words, t.gettext
    outcomes = _outcomes(t)
    unnamed = _("(no department)")
    rows: list[list[Cell | str]] = [
        [department or unnamed, *_row(t, counts, outcomes, {"department": department or "-"}),
         w.wait(_median(t, department))]
        for department, counts in found.items()
    ]  # fmt: skip
    whole: dict[Outcome | None, int] = {outcome: with_outcome(outcome)(t.now) for outcome in outcomes}
    half = w.wait(percentile(merged(t.now.broadcasts.to_acknowledge), 50))
    rows.append([_("Total"), *_row(t, whole, outcomes, {}), half])
    table = t.maker.table(
        _("Call-outs by department"),
        (_("Unit"), _("Notified"), *(outcome_name(t, outcome) for outcome in outcomes),
         _("Rate"), _("Half within")),
        rows,
        queries=["recipients_by_outcome", "time_to_acknowledge"],
        counting=_("Departments as named at launch; the rate is that of the acknowledged among those "
"called; waits are from launch to acknowledgement."),
        total=True,
    )  # fmt: skip
    return [Paragraph(_reading(t, found)), table, _composition(t, found, unnamed)]


def _composition(t: Telling, found: Mapping[str, Mapping[Outcome | None, int]], unnamed: str) -> Figure:
    _ = t.gettext
    charted = dict(list(found.items())[:CHARTED])
    counting = _("Parts of each department's people; their number stands at the end of the bar.")  # fmt: skip
    if len(found) > CHARTED:
        counting = t.words.join([counting, _("The %(n)s departments with the most people.",
                                             n=CHARTED)])  # fmt: skip
    chart = Bars(
        [department or unnamed for department in charted],
        [
            (outcome_name(t, outcome), [counts.get(outcome, 0) for counts in charted.values()])
            for outcome in _outcomes(t)
        ],
        _("people"),
    )
    return t.maker.figure(
        _("Results by department"), chart, _reading(t, found),
        queries=["recipients_by_outcome"], counting=counting,
    )  # fmt: skip


def _reading(t: Telling, found: Mapping[str, Mapping[Outcome | None, int]]) -> str:
    _ = t.gettext
    rated = {
        department: counts.get(Outcome.ACKNOWLEDGED, 0) / people
        for department, counts in found.items()
        if (people := sum(counts.values()) - counts.get(Outcome.NOT_CALLED, 0)) and department
    }
    said = [_("Departments notified: %(n)s.", n=len(found))]
    if len(rated) > 1:
        best, worst = max(rated, key=lambda d: rated[d]), min(rated, key=lambda d: rated[d])
        if rated[best] == rated[worst]:
            said.append(_("All have a rate of %(share)s.", share=f"{100 * rated[best]:.1f}%"))
        else:
            said.append(_("The highest rate is that of %(best)s (%(high)s), the lowest that of %(worst)s (%(low)s).",
                          best=best, high=f"{100 * rated[best]:.1f}%", worst=worst,
                          low=f"{100 * rated[worst]:.1f}%"))  # fmt: skip
    return t.words.join(said)


def _row(t: Telling, counts: Mapping[Outcome | None, int], outcomes: Sequence[Outcome | None],
         filters: Mapping[str, str]) -> list[Cell]:  # fmt: skip
    w = t.words
    whole = sum(counts.values())
    people = whole - counts.get(Outcome.NOT_CALLED, 0)
    shown = [
        w.count(counts.get(outcome, 0), t.rows("recipients", outcome=outcome or "-", **filters)) for outcome in outcomes
    ]
    return [
        w.count(whole, t.rows("recipients", **filters)),
        *shown,
        w.part(counts.get(Outcome.ACKNOWLEDGED, 0), people),
    ]


def _median(t: Telling, department: str) -> int | None:
    return percentile({s: n for (d, s), n in t.now.broadcasts.to_acknowledge.items() if d == department}, 50)


def _leaders(t: Telling) -> list[Block]:
    """Leaders one by one, and in which time they acknowledged."""
    w, _, leaders = t.words, t.gettext, t.facts.leaders
    people = sum(one.called for one in leaders)
    done = sum(sum(one.waits.values()) for one in leaders)
    waits: dict[int, int] = {}
    for one in leaders:
        for seconds, count in one.waits.items():
            waits[seconds] = waits.get(seconds, 0) + count
    said = _("Leaders called: %(n)s people, %(called)s times; acknowledged %(done)s times or %(share)s.",
             n=w.number(len(leaders)), called=w.number(people), done=w.number(done),
             share=w.share(done, people))  # fmt: skip
    if waits:
        said = w.join([said, _("From launch to acknowledgement: %(within)s.",
                               within=t.within(waits))])  # fmt: skip
    rows = [
        (
            one.name,
            w.clauses([one.department, one.post]),
            w.count(one.called),
            w.count(sum(one.waits.values())),
            w.part(sum(one.waits.values()), one.called),
            w.wait(percentile(one.waits, 50)),
            w.wait(longest(one.waits)),
        )
        for one in leaders[:LEADERS]
    ]
    table = t.maker.table(
        _("Time to acknowledgement by leader"),
        (_("Name"), _("Unit and post"), _("Called"), _("Acknowledged"), _("Rate"),
         _("Half within"), _("Longest")),
        rows,
        align="llrrrrr",
        queries=["leaders"],
        counting=_("People of weight 2 or more in the directory at launch, the weightiest first."),
    )  # fmt: skip
    return [Paragraph(said), table, *cut_off(t, len(rows), len(leaders))]


def _launches(t: Telling) -> list[Block]:
    _, waits = t.gettext, t.now.broadcasts.to_launch
    if not waits:
        return [Paragraph(_("No incident of %(this)s led to a broadcast.",
                            this=t.terms.this))]  # fmt: skip
    said = _("From the report of an incident to its first broadcast: %(within)s.",
             within=t.within(waits))  # fmt: skip
    table = t.waits(
        _("Time from report to notification"),
        _("Reported incidents"),
        lambda a: a.broadcasts.to_launch,
        queries=["time_to_launch"],
        counting=_("From the moment in which the report reached the duty room to the launch of the "
"incident's first broadcast."),
    )  # fmt: skip
    return [Paragraph(said), table]


def _attempts(t: Telling) -> list[Block]:
    attempts, w, _ = t.now.broadcasts.attempts, t.words, t.gettext
    whole = sum(attempts.values())
    if not whole:
        return [Paragraph(_("No number was dialled."))]
    known = sorted((d for d in (*Disposition, None) if attempts.get(d)), key=lambda d: -attempts[d])
    rows = [
        (
            w.label(kind) if kind else _("Not settled"),
            w.count(attempts[kind], t.rows("attempts", disposition=kind or "-")),
            w.part(attempts[kind], whole),
        )
        for kind in known
    ]
    rows.append((_("Total"), w.count(whole, t.rows("attempts")), w.part(whole, whole)))
    table = t.maker.table(
        _("Numbers dialled, by result"),
        (_("Result"), _("Times"), _("Share")),
        rows,
        queries=["attempts_by_disposition"],
        counting=_("Every dialled number has one result."),
        total=True,
    )
    said = [_("Numbers dialled: %(n)s.", n=w.number(whole))]
    if called(t.now):
        said.append(_("That is %(mean)s for each person called.",
                      mean=f"{whole / called(t.now):.1f}"))  # fmt: skip
    bad = attempts.get(Disposition.NO_SUCH_NUMBER, 0)
    if bad:
        said.append(_("Numbers that don't exist: %(n)s; the departments should check their directory.", n=w.number(bad)))  # fmt: skip
    return [Paragraph(w.join(said)), table]


def _list(t: Telling) -> list[Block]:
    _ = t.gettext
    return listed(t, _("Broadcasts, one by one"), t.facts.launched, t.now.broadcasts.broadcasts,
                  _("By their launch."))  # fmt: skip


def listed(t: Telling, title: str, found: Sequence[Launched], whole: int, counting: str) -> list[Block]:
    """Broadcasts one by one with their result, and how many more there are."""
    w, _ = t.words, t.gettext
    rows = [
        (
            w.short_moment(one.launched_at),
            one.title,
            w.count(one.recipients),
            w.count(one.acknowledged),
            w.part(one.acknowledged, one.recipients),
        )
        for one in found
    ]
    head = (_("Launched"), _("Broadcast"), _("Notified"), _("Acknowledged"), _("Share"))
    table = t.maker.table(title, head, rows, align="llrrr", queries=["launched_broadcasts"], counting=counting)
    return [table, *cut_off(t, len(rows), whole)]

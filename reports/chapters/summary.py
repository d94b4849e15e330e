"""摘要: the period in a few sentences, and what is missing in its data."""

from __future__ import annotations

from dutycenter.vocabulary import IncidentClass, RecordingState
from reports.chapters import Telling
from reports.chapters.anomalies import anomalies
from reports.chapters.broadcasts import acknowledged, called
from reports.chapters.calls import answered_within
from reports.chapters.calls import total as all_calls
from reports.chapters.incidents import class_name, of_class
from reports.chapters.incidents import total as all_incidents
from reports.chapters.reporting import lapse_words
from reports.paper import Block, Items, Note, Paragraph, Part, Section


def tell(t: Telling) -> Section:
    """The chapter."""
    _ = t.gettext
    found = anomalies(t)
    nothing = Paragraph(_("No figure stands out."))
    attention: list[Block] = [Items(found, "warning")] if found else [nothing]
    return Section(
        _("Summary"),
        parts=[
            Part(_("Overview"), [Paragraph(overview(t)), *_remarks(t)]),
            Part(_("What stands out"), attention),
        ],
    )


def overview(t: Telling) -> str:
    """The period in a few sentences."""
    now, w, _ = t.now, t.words, t.gettext
    name = w.period(t.period)
    if not (now.incidents.total or now.calls.total or now.broadcasts.broadcasts):
        return _("In %(period)s no incident was reported, no call came in and nobody was called out.", period=name)  # fmt: skip
    return w.join([*_incidents(t, name), _calls(t), _callouts(t), _rest(t)])


def _incidents(t: Telling, name: str) -> list[str]:
    w, _ = t.words, t.gettext
    incidents = t.now.incidents
    if not incidents.total:
        return [_("In %(period)s no incident was reported.", period=name)]
    if incidents.total == 1:
        (kind,) = [kind for kind in (*IncidentClass, None) if of_class(kind)(t.now)]
        reported = _("In %(period)s one incident was reported (%(change)s); its class: %(name)s.",
                     period=name, change=t.change(all_incidents), name=class_name(t, kind))  # fmt: skip
        return [reported, _graver(t)]
    parts = w.listed(
        _("%(name)s %(n)s", name=class_name(t, kind), n=w.number(of_class(kind)(t.now)))
        for kind in (*IncidentClass, None)
        if of_class(kind)(t.now)
    )
    said = [
        _("In %(period)s %(n)s incidents were reported (%(change)s): %(parts)s.",
          period=name, n=w.number(incidents.total), change=t.change(all_incidents), parts=parts)
    ]  # fmt: skip
    return [*said, _graver(t)]


def _graver(t: Telling) -> str:
    w, _, count = t.words, t.gettext, t.facts.notable_count
    return _("Serious or graver: %(n)s.", n=w.number(count)) if count else _("None was serious or graver.")


def _calls(t: Telling) -> str:
    calls, w, _ = t.now.calls, t.words, t.gettext
    if not calls.total:
        return _("No call came in.")
    said = [
        _("Calls: %(n)s (%(change)s), %(share)s answered.",
          n=w.number(calls.total), change=t.change(all_calls), share=w.share(calls.answered, calls.total))
    ]  # fmt: skip
    if half := answered_within(t):
        said.append(_("Half were answered within %(half)s.", half=half))
    return w.join(said)


def _callouts(t: Telling) -> str:
    b, w, _ = t.now.broadcasts, t.words, t.gettext
    if not b.recipients:
        return _("Nobody was called out.")
    return _(
        "Broadcasts: %(n)s; people notified: %(people)s; acknowledged: %(done)s or %(share)s of those called.",
        n=w.number(b.broadcasts), people=w.number(b.recipients), done=w.number(acknowledged(t.now)),
        share=w.share(acknowledged(t.now), called(t.now)),
    )  # fmt: skip


def _rest(t: Telling) -> str:
    w, _, said = t.words, t.gettext, []
    if t.facts.deadlines.total:
        lapses = lapse_words(t)
        said.append(
            _("Reports to superiors: %(lapses)s.", lapses=lapses) if lapses else _("No report was late or missed.")
        )
    if t.facts.recorded():
        said.append(_("Recordings kept as evidence: %(n)s.",
                      n=w.number(t.facts.recorded(RecordingState.KEPT))))  # fmt: skip
    return w.join(said)


def _remarks(t: Telling) -> list[Block]:
    """Where data is missing, and what that does to the comparisons."""
    b, w, _ = t.baselines, t.words, t.gettext
    notes: list[Block] = []
    if b.began_at is None:
        notes.append(Note(_("The system knows of nothing yet: there is nothing to compare with.")))  # fmt: skip
    else:
        partly = (b.before_partly, b.year_before_partly)
        missing = [base.name for base in t.bases if not base.known]
        half = [base.name for base, part in zip(t.bases, partly, strict=False) if part]
        said = []
        if missing:
            said.append(_("nothing is known of %(names)s",
                          names=w.listed(missing)))  # fmt: skip
        if half:
            said.append(_("%(names)s is known in part, comparisons are rough",
                          names=w.listed(half)))  # fmt: skip
        if said:
            since = w.full_day(b.began_at.astimezone(w.zone).date())
            notes.append(Note(_("The record begins on %(day)s: %(said)s.",
                                day=since, said=w.clauses(said))))  # fmt: skip
    if not t.facts.complete:
        notes.append(Note(_("The period is still running, data up to %(at)s; comparisons with whole periods are rough.",
                            at=w.short_moment(t.facts.as_of))))  # fmt: skip
    return notes

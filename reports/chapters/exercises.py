"""演练: everything that was not in earnest, told apart from the rest."""

from __future__ import annotations

from dutycenter.vocabulary import Outcome, RecordingState
from reports.chapters import Telling
from reports.chapters.broadcasts import acknowledged, called, listed, outcome_name, with_outcome
from reports.figures import merged
from reports.paper import Block, Paragraph, Section


def tell(t: Telling) -> Section:
    """The chapter."""
    drill, w, _ = t.facts.exercise, t.words, t.gettext
    title = _("Exercises")
    b = drill.broadcasts
    if not (drill.incidents.total or drill.calls.total or b.broadcasts):
        return Section(title, [Paragraph(_("There was no exercise in %(this)s.", this=t.terms.this))])
    said = _(
        "Exercises are counted apart and in nothing above: incidents %(incidents)s, calls "
"%(calls)s (answered %(answered)s), broadcasts %(broadcasts)s.",
        incidents=w.number(drill.incidents.total), calls=w.number(drill.calls.total),
        answered=w.number(drill.calls.answered), broadcasts=w.number(b.broadcasts),
    )  # fmt: skip
    blocks: list[Block] = [Paragraph(said), *_people(t)]
    if recorded := t.facts.recorded(exercise=True):
        kept = t.facts.recorded(RecordingState.KEPT, exercise=True)
        missing = t.facts.recorded(RecordingState.MISSING, exercise=True)
        blocks.append(
            Paragraph(_("Recordings of exercises: %(n)s; kept %(kept)s, missing %(missing)s.",
                        n=w.number(recorded), kept=w.number(kept), missing=w.number(missing)))
        )  # fmt: skip
    if t.facts.drilled:
        blocks += listed(t, _("Broadcasts of exercises"), t.facts.drilled, b.broadcasts, _counting(t))
    return Section(title, blocks)


def _counting(t: Telling) -> str:
    return t.gettext("Only what is marked as an exercise.")


def _people(t: Telling) -> list[Block]:
    drill, w, _ = t.facts.exercise, t.words, t.gettext
    b = drill.broadcasts
    if not b.recipients:
        return []
    said = [
        _("People notified in exercises: %(people)s; numbers dialled: %(dialled)s; acknowledged: "
"%(share)s of those called.",
          people=w.number(b.recipients), dialled=w.number(sum(b.attempts.values())),
          share=w.share(acknowledged(drill), called(drill)))
    ]  # fmt: skip
    waits = merged(b.to_acknowledge)
    if waits:
        said.append(_("From launch to acknowledgement: %(within)s.", within=t.within(waits)))
    rows = [
        (
            outcome_name(t, outcome),
            w.count(with_outcome(outcome)(drill), t.rows("recipients", outcome=outcome or "-", exercise="1")),
            w.part(with_outcome(outcome)(drill), b.recipients),
        )
        for outcome in (*Outcome, None)
        if outcome or with_outcome(None)(drill)
    ]
    rows.append((_("Total"), w.count(b.recipients, t.rows("recipients", exercise="1")), w.part(1, 1)))
    table = t.maker.table(
        _("Results of exercises"),
        (_("Result"), _("Notified"), _("Share")),
        rows,
        queries=["recipients_by_outcome", "attempts_by_disposition", "time_to_acknowledge"],
        counting=_counting(t),
        total=True,
    )
    return [Paragraph(w.join(said)), table]

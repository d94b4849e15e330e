"""值得注意的情况: what stands out, each as a sentence with its figures."""

from __future__ import annotations

from collections.abc import Callable

from dutycenter.vocabulary import Disposition, IncidentClass, Outcome, RecordingState
from reports.chapters import Telling
from reports.chapters.broadcasts import by_department
from reports.chapters.duty import empty_hours, uncovered
from reports.chapters.incidents import class_name
from reports.chapters.reporting import lapse_words
from reports.facts import Past
from reports.figures import by_day, only, unlike, unusual_days

ANSWER_RATE = 0.9  # below it is pointed out
ACKNOWLEDGE_RATE = 0.6  # of a department
FEW = 5  # fewer people or calls than this say nothing about a rate
BAD_NUMBERS = 0.05  # share of attempts to numbers that don't exist
DAYS_NAMED = 5


def anomalies(t: Telling) -> list[str]:
    """What stands out; the gravest first."""
    return [*_evidence(t), *_reporting(t), *_calls(t), *_callouts(t), *_unlike(t), *_days(t)]


def _evidence(t: Telling) -> list[str]:
    said, w, _ = [], t.words, t.gettext
    missing = t.facts.recorded(RecordingState.MISSING)
    if missing:
        said.append(_("Recordings without a file: %(n)s. The evidence has a gap, its cause must be found.", n=w.number(missing)))  # fmt: skip
    unsealed = t.facts.ledger.entries - t.facts.ledger.sealed
    if unsealed and t.facts.complete:
        said.append(_("Entries of the ledger not sealed: %(n)s. Please see whether the clerk runs.", n=w.number(unsealed)))  # fmt: skip
    empty = uncovered(t)
    if empty:
        said.append(_("Gaps in the roster with nobody on duty: %(n)s, %(hours)s hours together.", n=len(empty), hours=empty_hours(empty)))  # fmt: skip
    return said


def _reporting(t: Telling) -> list[str]:
    lapses = lapse_words(t)
    if not lapses:
        return []
    return [t.gettext("Reports to superiors: %(lapses)s.", lapses=lapses)]


def _calls(t: Telling) -> list[str]:
    calls, w, _ = t.now.calls, t.words, t.gettext
    said = []
    if calls.total >= FEW and calls.answered / calls.total < ANSWER_RATE:
        said.append(_("Only %(share)s of the calls were answered, less than %(bound)s.",
                      share=w.share(calls.answered, calls.total), bound=f"{ANSWER_RATE:.0%}"))  # fmt: skip
    if calls.open:
        said.append(_("Missed calls that nobody has dealt with up to now: %(n)s.",
                      n=w.number(calls.open)))  # fmt: skip
    return said


def _callouts(t: Telling) -> list[str]:
    said, w, _ = [], t.words, t.gettext
    for department, counts in by_department(t.now.broadcasts).items():
        people = sum(counts.values()) - counts.get(Outcome.NOT_CALLED, 0)
        done = counts.get(Outcome.ACKNOWLEDGED, 0)
        if people >= FEW and done / people < ACKNOWLEDGE_RATE:
            said.append(_("%(name)s acknowledged %(share)s of its calls (%(done)s of %(people)s), less than %(bound)s.",
                          name=department or _("(no department)"), share=w.share(done, people),
                          done=w.number(done), people=w.number(people), bound=f"{ACKNOWLEDGE_RATE:.0%}"))  # fmt: skip
    attempts = t.now.broadcasts.attempts
    whole, bad = sum(attempts.values()), attempts.get(Disposition.NO_SUCH_NUMBER, 0)
    if whole >= FEW and bad / whole >= BAD_NUMBERS:
        said.append(_("%(share)s of the dialled numbers (%(n)s) don't exist: the directory must be checked.", share=w.share(bad, whole),
                      n=w.number(bad)))  # fmt: skip
    lines = attempts.get(Disposition.GATEWAY_DOWN, 0) + attempts.get(Disposition.CONGESTION, 0)
    if lines:
        said.append(_("Calls that could not go out, lines down or full: %(n)s. Please check the lines.", n=w.number(lines)))  # fmt: skip
    return said


def _unlike(t: Telling) -> list[str]:
    """Figures far from their median over the earlier periods."""
    _ = t.gettext
    if not t.facts.complete or not t.facts.history:
        return []
    (_period, this), earlier = t.facts.history[0], t.facts.history[1:]
    said = []
    for told, measure in _measures(t, this):
        found = unlike(measure(this), [measure(past) for _, past in earlier])
        if found is None:
            continue
        more = _("clearly more than usual") if found.z > 0 else _("clearly fewer than usual")
        said.append(_("%(told)s, %(more)s (median of the %(of)s periods before %(median)s, robust z %(z)s).",
                      told=told, more=more, of=found.of, median=f"{found.median:g}",
                      z=f"{found.z:+.1f}".replace("-", "−")))  # fmt: skip
    return said


def _measures(t: Telling, this: Past) -> list[tuple[str, Callable[[Past], int]]]:
    """What is compared with the earlier periods: this one's figure in words, and how it is found."""
    n, _ = t.words.number, t.gettext
    classes = [
        (_("%(name)s: %(n)s incidents", name=class_name(t, kind), n=n(_of_class(kind)(this))), _of_class(kind))
        for kind in IncidentClass
    ]
    return [
        *classes,
        (_("Calls: %(n)s", n=n(this.calls)), lambda past: past.calls),
        (_("Calls not answered: %(n)s", n=n(this.unanswered)), lambda past: past.unanswered),
        (_("Reports late or missed: %(n)s", n=n(this.lapses)), lambda past: past.lapses),
        (_("People called who did not acknowledge: %(n)s", n=n(this.silent)), lambda past: past.silent),
    ]


def _of_class(kind: IncidentClass) -> Callable[[Past], int]:
    return lambda past: past.incidents.get(kind, 0)


def _days(t: Telling) -> list[str]:
    w, _ = t.words, t.gettext
    taken, missed = (by_day(only(t.facts.calls_by_quarter, answered=kind), t.period, w.zone) for kind in (True, False))
    days = [a + b for a, b in zip(taken, missed, strict=True)]
    average = sum(days) / len(days)
    return [
        _("On %(day)s there were %(n)s calls, far more than the daily mean of %(mean)s.", day=w.day(day), n=w.number(count), mean=f"{average:.1f}")
        for day, count in unusual_days(days, t.period.dates)[:DAYS_NAMED]
    ]  # fmt: skip

"""Can the plan do what it says? Facts in, findings out; said in words when somebody looks.

``red``: the plan cannot do what it says. The others are gaps that it survives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pyramid.i18n import TranslationString, TranslationStringFactory

from broadcast.board import ground_words
from broadcast.messages import Translate
from broadcast.people import Candidate, first_mobile
from broadcast.plans.content import Content
from broadcast.wording import duration_words
from dutycenter.directory.models import Person
from dutycenter.directory.services import has_failed, is_away
from dutycenter.vocabulary import EscalationKind, PlanLight, SmsWhen

_ = TranslationStringFactory("dutycenter")

LEAST_CHANCE = 0.8  # of the goal being met in time
SHOWN = 30  # people named in one finding


@dataclass(frozen=True)
class Finding:
    """One thing that the check found. ``people``: (id, name, why) of whom it concerns."""

    kind: str
    red: bool = False
    people: Sequence[tuple[int, str, str]] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def finding_of(kept: Mapping[str, Any]) -> Finding:
    """The reverse of ``Finding.kept``."""
    return Finding(kept["kind"], kept["red"], tuple((i, n, w) for i, n, w in kept["people"]), kept["data"])


def light_of(findings: Iterable[Finding]) -> PlanLight:
    """What the findings come to."""
    found = list(findings)
    if any(one.red for one in found):
        return PlanLight.RED
    return PlanLight.AMBER if found else PlanLight.GREEN


def people_findings(
    content: Content, people: Sequence[Candidate], superiors: Mapping[int, Sequence[Person]], now: Any
) -> list[Finding]:
    """People who can't be reached, numbers that failed, stand-ins who are missing or away."""
    kinds = {step.kind for step in content.steps}
    found: list[Finding] = []

    def tell(kind: str, those: list[tuple[Candidate, str]], *, red: bool = False) -> None:
        if those:
            named = [(c.person.id, c.person.name, why) for c, why in those]
            found.append(Finding(kind, red, named, {"count": len(named)}))

    if not people:
        return [Finding("nobody", red=True)]
    unreachable = [(c, str(c.ground)) for c in people if not c.callable]
    if len(unreachable) == len(people):
        return [Finding("nobody_callable", True, [(c.person.id, c.person.name, why) for c, why in unreachable])]
    tell("unreachable", [(c, why) for c, why in unreachable if not c.deputies])
    tell("covered_by_deputy", [(c, why) for c, why in unreachable if c.deputies])
    failed = [c for c in people if c.callable and any(has_failed(n) for n in c.numbers)]
    tell("all_numbers_failed", [(c, "") for c in failed if all(has_failed(n) for n in c.numbers)])
    tell("number_failed", [(c, "") for c in failed if not all(has_failed(n) for n in c.numbers)])
    if content.sms_when is SmsWhen.ALONE:
        tell("no_mobile", [(c, "") for c in people if c.callable and first_mobile(c.numbers) is None])
    if EscalationKind.DEPUTY in kinds:
        tell("no_deputy", [(c, "") for c in people if not c.person.deputies])
        away = [c for c in people if c.person.deputies and all(is_away(d.deputy, now) for d in c.person.deputies)]
        tell("deputy_away", [(c, "") for c in away])
    if EscalationKind.SUPERIOR in kinds:
        tell("no_superior", [(c, "") for c in people if not superiors.get(c.person.id)])
    return found


WORDS: dict[str, tuple[str, str]] = {
    "nobody": (_("The plan names nobody."), _("Edit the plan: name departments, posts or people.")),
    "nobody_callable": (
        _("Nobody in the plan can be called."),
        _("Enter numbers in the directory, or see that a line may carry them."),
    ),
    "unreachable": (
        _("Can't be called, and nobody stands in: ${count}."),
        _("Enter a number that works, or name a deputy."),
    ),
    "covered_by_deputy": (
        _("Can't be called, but a deputy stands in: ${count}."),
        _("Nothing need be done if that is meant."),
    ),
    "all_numbers_failed": (
        _("Every number failed when it was last called: ${count}."),
        _("Ask for the right number and enter it in the directory."),
    ),
    "number_failed": (
        _("A number failed when it was last called: ${count}."),
        _("Ask for the right number, or put the one that works first."),
    ),
    "no_mobile": (
        _("No mobile number, and the plan sends texts alone: ${count}."),
        _("Enter a mobile number, or have the plan call as well."),
    ),
    "no_deputy": (_("No deputy, and the plan calls deputies: ${count}."), _("Name deputies in the directory.")),
    "deputy_away": (
        _("All deputies are away: ${count}."),
        _("Name another deputy for the time, or shorten the absence."),
    ),
    "no_superior": (
        _("No superior is known, and the plan calls superiors: ${count}."),
        _("Name a superior in the directory, or put a leader first in the department."),
    ),
    "part_gone": (_("The plan names “${part}”, which is no longer there."), _("Edit the plan: take it out or replace it.")),
    "part_empty": (_("“${part}” means nobody now."), _("Fill the department, post or group, or take it out of the plan.")),
    "roster_gap": (_("Nobody is on the roster as ${part} on ${when}."), _("Fill the roster for that time.")),
    "unit_gone": (_("The unit that is to knock at doors is no longer there."), _("Edit the plan: name another unit.")),
    "goal": (_("The goal cannot be met: ${fault}"), _("Change the goal, or add the people whom it needs.")),
    "message": (_("The message cannot be spoken as it stands: ${fault}"), _("Edit the message.")),
    "no_line": (_("No telephone line is in service."), _("See Settings, gateways.")),
    "late": (
        _("The goal is met in time in ${chance} of 100 cases: expected after ${expected}, wanted within ${wanted}."),
        _("Use more lines, a shorter message, fewer people, or give more time."),
    ),
    "never": (
        _("The goal is met in time in ${chance} of 100 cases, and often not at all; wanted within ${wanted}."),
        _("Add numbers, rounds or people who can stand in, or give more time."),
    ),
}  # fmt: skip
"""What is wrong, and what to do about it."""


def finding_words(finding: Finding, translate: Translate) -> tuple[str, str]:
    """A finding in the reader's words: what is wrong, what to do."""
    wrong, todo = WORDS[finding.kind]
    mapping = {name: _shown(name, value, translate) for name, value in finding.data.items()}
    return translate(TranslationString(wrong, domain="dutycenter", mapping=mapping)), translate(todo)


def _shown(name: str, value: Any, translate: Translate) -> str:
    return duration_words(int(value), translate) if name in ("expected", "wanted") else str(value)


def why_words(why: str, translate: Translate) -> str:
    """Why a person can't be called."""
    words = ground_words(why)
    return translate(words) if words else ""

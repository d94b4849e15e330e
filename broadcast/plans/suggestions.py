"""Which plans suit an incident: pure. The best first, each with why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from broadcast.plans.content import Content
from dutycenter.vocabulary import IncidentClass, Level

CLASS, DISTRICT, LEVEL = 4, 3, 2
"""What a match says of how well a plan fits: a plan for floods here beats one for anything of this level."""


@dataclass(frozen=True)
class Facts:
    """What is known of an incident that plans are chosen by."""

    incident_class: IncidentClass | None = None
    level: Level | None = None
    district_id: int | None = None


@dataclass(frozen=True)
class Suggestion:
    """A plan that fits. ``matches``: by what; ``unsure``: what the plan asks for and the incident doesn't say."""

    plan_id: int
    title: str
    score: int
    matches: Sequence[str]
    unsure: Sequence[str]


def suggest(plans: Iterable[tuple[int, Content]], facts: Facts) -> list[Suggestion]:
    """Those that fit, the best first; what an incident doesn't say rules nothing out."""
    fitting = (one for plan_id, content in plans if (one := _fit(plan_id, content, facts)) is not None)
    return sorted(fitting, key=lambda one: (-one.score, len(one.unsure), one.title))


def _fit(plan_id: int, content: Content, facts: Facts) -> Suggestion | None:
    score, matches, unsure = 0, list[str](), list[str]()
    for name, asked, known, worth in (
        ("class", content.classes, facts.incident_class, CLASS),
        ("level", content.levels, facts.level, LEVEL),
        ("district", content.districts, facts.district_id, DISTRICT),
    ):
        if not asked:
            continue
        if known is None:
            unsure.append(name)
        elif known in asked:
            score += worth
            matches.append(name)
        else:
            return None
    return Suggestion(plan_id, content.title, score, tuple(matches), tuple(unsure))

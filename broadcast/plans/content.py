"""What a plan says: a value that is written, compared and carried out; no database.

It is kept as JSON in ``PlanVersion.content``; ``read`` takes what an older
version of the product wrote.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dutycenter.interfaces import EscalationStep
from dutycenter.typed import whole
from dutycenter.vocabulary import (
    EscalationKind,
    IncidentClass,
    Level,
    ReachedRule,
    ShiftDuty,
    SmsWhen,
    StepWhom,
    WhoKind,
)

MOST_WHO, MOST_STEPS, MOST_TIER = 60, 6, 5


@dataclass(frozen=True)
class Who:
    """People by what they are. ``ref``: an id as text, a post's name, or a ``ShiftDuty``."""

    kind: WhoKind
    ref: str
    tier: int = 0  # 0 is called before 1
    both: bool = False  # two of a person's numbers ring at once

    @property
    def token(self) -> str:
        """How forms carry it: ``department:5``, ``post:局长``, ``duty:leader``."""
        return f"{self.kind.value}:{self.ref}"

    @property
    def id(self) -> int | None:
        """The row that it names, if it names one."""
        return int(self.ref) if self.kind not in (WhoKind.POST, WhoKind.DUTY) else None


def who_of(token: str, tier: int = 0, *, both: bool = False) -> Who | None:
    """The reverse of ``Who.token``; None for what is none."""
    kind, colon, ref = token.strip().partition(":")
    if not colon or kind not in set(WhoKind) or not ref or len(ref) > 64 or not ref.isprintable():
        return None
    found = WhoKind(kind)
    fits = ref in set(ShiftDuty) if found is WhoKind.DUTY else found is WhoKind.POST or whole(ref) is not None
    return Who(found, ref, min(max(tier, 0), MOST_TIER), both) if fits else None


@dataclass(frozen=True)
class Content:
    """One version of a plan. ``classes``, ``levels``, ``districts``: what it is for; empty: anything."""

    title: str
    message: str = ""  # a template: broadcast.plans.fields
    who: Sequence[Who] = ()
    classes: Sequence[IncidentClass] = ()
    levels: Sequence[Level] = ()
    districts: Sequence[int] = ()
    reached_rule: ReachedRule = ReachedRule.KEY
    sms_when: SmsWhen = SmsWhen.NEVER
    ask_arrival: bool = False  # who acknowledges is asked when they will be there
    report_within: int = 60  # minutes until who named no time should have reported
    channels: int = 20
    rounds: int = 3
    pause: int = 60
    ring_timeout: int = 30
    wave_pause: int = 0  # seconds between the beginnings of two tiers; 0: as soon as lines are free
    goal: str = ""
    goal_seconds: int | None = None
    steps: Sequence[EscalationStep] = ()


def write(content: Content) -> dict[str, Any]:
    """A plan as JSON values."""
    return dataclasses.asdict(content) | {
        "who": [dataclasses.asdict(who) for who in content.who],
        "steps": write_steps(content.steps),
    }


def read(kept: Mapping[str, Any]) -> Content:
    """A plan from what ``write`` made of it."""
    plain = {f.name: kept[f.name] for f in dataclasses.fields(Content) if f.name in kept}
    return Content(
        **plain
        | {
            "who": tuple(Who(WhoKind(w["kind"]), w["ref"], w["tier"], w["both"]) for w in kept.get("who", ())),
            "classes": tuple(IncidentClass(one) for one in kept.get("classes", ())),
            "levels": tuple(Level(one) for one in kept.get("levels", ())),
            "districts": tuple(kept.get("districts", ())),
            "reached_rule": ReachedRule(kept.get("reached_rule", ReachedRule.KEY)),
            "sms_when": SmsWhen(kept.get("sms_when", SmsWhen.NEVER)),
            "steps": read_steps(kept.get("steps", ())),
        }
    )


def write_steps(steps: Sequence[EscalationStep]) -> list[dict[str, Any]]:
    """Steps as JSON values."""
    return [dataclasses.asdict(step) for step in steps]


def read_steps(kept: Sequence[Mapping[str, Any]]) -> tuple[EscalationStep, ...]:
    """Steps from what ``write_steps`` made of them."""
    return tuple(
        EscalationStep(EscalationKind(one["kind"]), one["after"], StepWhom(one["whom"]), one["unit_id"]) for one in kept
    )

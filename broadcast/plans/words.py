"""A plan in words, for whoever writes it, starts it, or asks later what it said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pyramid.i18n import TranslationStringFactory

from broadcast.messages import Translate
from broadcast.plans.content import Content, Who
from broadcast.wording import MINUTE, duration_words, goal_words
from dutycenter.frame.labels import label
from dutycenter.interfaces import EscalationStep
from dutycenter.vocabulary import EscalationKind, ShiftDuty, StepWhom, WhoKind

_ = TranslationStringFactory("dutycenter")


@dataclass(frozen=True)
class Names:
    """What ids are called: selections by token, districts and departments by id."""

    who: Mapping[str, str]
    districts: Mapping[int, str]
    departments: Mapping[int, str]


@dataclass(frozen=True)
class Section:
    """One part of a plan in words."""

    title: str
    words: str


@dataclass(frozen=True)
class Change:
    """One part that two versions say differently; empty: not said there."""

    title: str
    before: str
    after: str


def sections(content: Content, names: Names, translate: Translate) -> list[Section]:
    """The plan in words, part by part; parts that say nothing are left out."""
    parts: Sequence[tuple[str, Callable[[], str]]] = (
        (_("Title"), lambda: content.title),
        (_("For"), lambda: suits_words(content, names, translate)),
        (_("Who is called"), lambda: _who(content, names, translate)),
        (_("Message"), lambda: content.message),
        (_("By what means"), lambda: translate(label(content.sms_when))),
        (_("Reached is who has"), lambda: translate(label(content.reached_rule))),
        (
            _("Arrival"),
            lambda: _arrival(content, translate) if content.ask_arrival else "",
        ),
        (_("How fast"), lambda: _pace(content, translate)),
        (_("Enough is"), lambda: goal_words(content.goal, content.goal_seconds, translate)),
        (_("Then"), lambda: _steps(content, names, translate)),
    )
    return [Section(translate(title), words) for title, made in parts if (words := made())]


def changes(before: Sequence[Section], after: Sequence[Section]) -> list[Change]:
    """What two versions say differently."""
    old = {section.title: section.words for section in before}
    new = {section.title: section.words for section in after}
    titles = list(dict.fromkeys([*old, *new]))
    return [Change(t, old.get(t, ""), new.get(t, "")) for t in titles if old.get(t) != new.get(t)]


def who_words(who: Who, name: str, translate: Translate) -> str:
    """One part of a selection in words."""
    if who.kind is WhoKind.DUTY:
        return translate(
            _("${duty} (who is on duty then)", mapping={"duty": translate(label(ShiftDuty(who.ref)))})
        )  # fmt: skip
    if not name:
        return translate(_("${kind} that is no longer there", mapping={"kind": translate(label(who.kind))}))
    if who.kind is WhoKind.POST:
        return translate(_("every ${post}", mapping={"post": name}))
    return name


def step_words(step: EscalationStep, names: Names, translate: Translate) -> str:
    """One escalation step in words."""
    after = duration_words(step.after, translate)
    unit = translate(_("their own department")) if step.unit_id is None else names.departments.get(step.unit_id, "?")
    mapping = {"after": after, "unit": unit}
    words = {
        EscalationKind.DEPUTY: _("${after} after the launch whoever is not reached has their deputy called", mapping=mapping),
        EscalationKind.SUPERIOR: _(
            "${after} after the launch the superior of whoever is not reached is called", mapping=mapping
        ),
        EscalationKind.KNOCK: _(
            "${after} after the launch ${unit} knocks at the door of whoever is not reached", mapping=mapping
        ),
    }[step.kind]  # fmt: skip
    told = translate(words)
    return (
        told
        if step.whom is StepWhom.UNREACHED
        else translate(_("${step}, unless the goal is met", mapping={"step": told}))
    )


def suits_words(content: Content, names: Names, translate: Translate) -> str:
    """What a plan is for."""
    parts = [
        translate(_(", ")).join(translate(label(one)) for one in content.classes),
        translate(_(", ")).join(translate(label(one)) for one in content.levels),
        translate(_(", ")).join(names.districts.get(one, "?") for one in content.districts),
    ]
    return " · ".join(part for part in parts if part) or translate(_("any incident"))


def _who(content: Content, names: Names, translate: Translate) -> str:
    waves = []
    ordered = sorted(content.who, key=lambda who: who.tier)
    for place, (_tier, group) in enumerate(groupby(ordered, key=lambda who: who.tier)):
        said = translate(_(", ")).join(_one(who, names, translate) for who in group)
        if place == 0:
            waves.append(translate(_("first call ${who}", mapping={"who": said})))
        elif content.wave_pause:
            mapping = {"who": said, "pause": duration_words(content.wave_pause, translate)}
            waves.append(translate(_("${pause} later ${who}", mapping=mapping)))
        else:
            waves.append(translate(_("then ${who}", mapping={"who": said})))
    return translate(_("; ")).join(waves)


def _one(who: Who, names: Names, translate: Translate) -> str:
    said = who_words(who, names.who.get(who.token, ""), translate)
    return translate(_("${who} on two numbers at once", mapping={"who": said})) if who.both else said


def _arrival(content: Content, translate: Translate) -> str:
    return translate(
        _(
            "Who acknowledges is asked when they arrive; who named no time is reminded after ${time}",
            mapping={"time": duration_words(content.report_within * MINUTE, translate)},
        )
    )


def _pace(content: Content, translate: Translate) -> str:
    return translate(
        _(
            "${channels} lines at once; each number up to ${rounds} times with ${pause} between, "
            "ringing for ${ring} at most",
            mapping={
                "channels": content.channels,
                "rounds": content.rounds,
                "pause": duration_words(content.pause, translate),
                "ring": duration_words(content.ring_timeout, translate),
            },
        )
    )


def _steps(content: Content, names: Names, translate: Translate) -> str:
    return translate(_("; ")).join(step_words(step, names, translate) for step in content.steps)

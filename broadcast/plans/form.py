"""The plan form: what was typed, and the plan it makes or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from broadcast.goal_grammar import GoalError, read_goal
from broadcast.messages import MAX_TITLE, Translate, clean_text, message_fault
from broadcast.plans.content import MOST_STEPS, MOST_WHO, Content, Who, who_of
from broadcast.plans.fields import FIELDS, filled
from broadcast.wishes import LIMITS
from dutycenter.interfaces import EscalationStep
from dutycenter.typed import whole
from dutycenter.vocabulary import EscalationKind, IncidentClass, Level, ReachedRule, SmsWhen, StepWhom, WhoKind

_ = TranslationStringFactory("dutycenter")

MOST_TEXT = 20_000
MINUTE = 60
LONGEST_MINUTES = 24 * 60
NUMBERS = ("channels", "rounds", "pause", "ring_timeout", "wave_pause", "report_within")
USUAL = Content("")
ANY_CROWD = range(100_000)  # while only a goal's grammar is looked at, every name stands for enough people


@dataclass
class Form:
    """What stands in the form."""

    title: str = ""
    message: str = ""
    note: str = ""
    who: list[Who] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    districts: list[str] = field(default_factory=list)
    reached_rule: str = ReachedRule.KEY.value
    sms_when: str = SmsWhen.NEVER.value
    ask_arrival: bool = True
    numbers: dict[str, str] = field(default_factory=dict)
    goal: str = ""
    goal_minutes: str = ""
    steps: list[tuple[str, str, str, str]] = field(default_factory=list)  # kind, minutes, whom, unit
    base: int = 0

    @classmethod
    def of(cls, content: Content, base: int = 0) -> Form:
        """A plan to be edited."""
        return cls(
            title=content.title,
            message=content.message,
            who=list(content.who),
            classes=[one.value for one in content.classes],
            levels=[one.value for one in content.levels],
            districts=[str(one) for one in content.districts],
            reached_rule=content.reached_rule.value,
            sms_when=content.sms_when.value,
            ask_arrival=content.ask_arrival,
            numbers={name: str(getattr(content, name)) for name in NUMBERS},
            goal=content.goal,
            goal_minutes="" if content.goal_seconds is None else _minutes(content.goal_seconds),
            steps=[(s.kind.value, _minutes(s.after), s.whom.value, str(s.unit_id or "")) for s in content.steps],
            base=base,
        )

    @classmethod
    def read(cls, request: Request) -> Form:
        """What was sent."""
        post = request.POST
        who: list[Who] = []
        for token, tier, both in zip(post.getall("who"), post.getall("tier"), post.getall("both"), strict=False):
            one = who_of(token, _whole(tier, 0), both=both == "yes")
            if one is not None and one.kind is not WhoKind.PLAN and one.token not in {w.token for w in who}:
                who.append(one)
        steps = zip(
            post.getall("step_kind"),
            post.getall("step_minutes"),
            post.getall("step_whom"),
            post.getall("step_unit"),
            strict=False,
        )
        return cls(
            title=post.get("title", "")[:MOST_TEXT],
            message=post.get("message", "")[:MOST_TEXT],
            note=post.get("note", "")[:255],
            who=who[:MOST_WHO],
            classes=post.getall("classes"),
            levels=post.getall("levels"),
            districts=post.getall("districts"),
            reached_rule=post.get("reached_rule", ""),
            sms_when=post.get("sms_when", ""),
            ask_arrival=post.get("ask_arrival") == "yes",
            numbers={name: post.get(name, str(getattr(USUAL, name)))[:12].strip() for name in NUMBERS},
            goal=post.get("goal", "")[:MOST_TEXT].strip(),
            goal_minutes=post.get("goal_minutes", "")[:12].strip(),
            steps=[step for step in steps if step[0]][:MOST_STEPS],
            base=_whole(post.get("base", ""), 0),
        )

    def content(self, translate: Translate) -> tuple[Content, dict[str, str]]:
        """The plan, and what is wrong with it by field; what is wrong has its default in the plan."""
        faults: dict[str, str] = {}
        numbers = self._numbers(translate, faults)
        content = Content(
            title=clean_text(self.title).replace("\n", " "),
            message=clean_text(self.message),
            who=tuple(self.who),
            classes=tuple(one for one in IncidentClass if one.value in self.classes),
            levels=tuple(one for one in Level if one.value in self.levels),
            districts=tuple(sorted({_whole(one, 0) for one in self.districts} - {0})),
            reached_rule=_one_of(ReachedRule, self.reached_rule, ReachedRule.KEY),
            sms_when=_one_of(SmsWhen, self.sms_when, SmsWhen.NEVER),
            ask_arrival=self.ask_arrival,
            goal=self.goal,
            goal_seconds=self._seconds(self.goal_minutes, "goal_minutes", translate, faults),
            steps=self._steps(translate, faults),
            **numbers,
        )
        return content, faults | _faults(content, translate)

    def _numbers(self, translate: Translate, faults: dict[str, str]) -> dict[str, Any]:
        found = {}
        for name in NUMBERS:
            least, most = LIMITS.get(name, (0, 3600))
            value = _whole(self.numbers.get(name, ""), -1)
            if not least <= value <= most:
                faults[name] = translate(
                    _("Give a number from ${least} to ${most}.", mapping={"least": least, "most": most})
                )
                continue
            found[name] = value
        return found

    def _steps(self, translate: Translate, faults: dict[str, str]) -> tuple[EscalationStep, ...]:
        steps = []
        for place, (kind, minutes, whom, unit) in enumerate(self.steps):
            seconds = self._seconds(minutes or "?", f"step-{place}", translate, faults)
            if kind in set(EscalationKind) and seconds is not None:
                steps.append(
                    EscalationStep(
                        EscalationKind(kind),
                        seconds,
                        _one_of(StepWhom, whom, StepWhom.UNREACHED),
                        _whole(unit, 0) or None if kind == EscalationKind.KNOCK else None,
                    )
                )
        return tuple(sorted(steps, key=lambda step: step.after))

    def _seconds(self, text: str, name: str, translate: Translate, faults: dict[str, str]) -> int | None:
        if not text:
            return None
        try:
            minutes = float(text)
        except ValueError:
            minutes = -1.0
        if not 0.1 <= minutes <= LONGEST_MINUTES:
            faults[name] = translate(_("Give minutes, such as 5 or 1.5."))
            return None
        return round(minutes * MINUTE)


def _faults(content: Content, translate: Translate) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not content.title:
        faults["title"] = translate(_("Give the plan a title."))
    elif len(content.title) > MAX_TITLE:
        faults["title"] = translate(
            _("The title is too long; ${most} characters are the most.", mapping={"most": MAX_TITLE})
        )
    if not content.who:
        faults["who"] = translate(_("Say who is called: departments, posts, who is on duty, groups or people."))
    spoken = filled(content.message, {one.name: one.chinese for one in FIELDS})
    fault = message_fault(spoken.text, translate)
    if spoken.unknown:
        known = "、".join(one.chinese for one in FIELDS)
        fault = translate(
            _(
                "No incident has a field “${field}”. There are: ${known}.",
                mapping={"field": spoken.unknown[0], "known": known},
            )
        )
    if fault:
        faults["message"] = fault
    if content.goal and (wrong := _goal_fault(content.goal, translate)):
        faults["goal"] = wrong
    return faults


def _goal_fault(goal: str, translate: Translate) -> str:
    """Only how it is written; whether the people are there is for the check to say, every night."""
    try:
        read_goal(goal, lambda name: ANY_CROWD)
    except GoalError as error:
        return translate(
            _(
                "The goal cannot be read at character ${at}: expected is ${expected}.",
                mapping={"at": error.position + 1, "expected": translate(error.words)},
            )
        )
    return ""


def _one_of(kind: Any, value: str, otherwise: Any) -> Any:
    return kind(value) if value in set(kind) else otherwise


def _whole(text: str, otherwise: int) -> int:
    found = whole(text)
    return otherwise if found is None else found


def _minutes(seconds: int) -> str:
    return f"{seconds / MINUTE:g}"


def step_faults(faults: Mapping[str, str]) -> Sequence[str]:
    """What is wrong with the steps."""
    return [words for name, words in faults.items() if name.startswith("step-")]

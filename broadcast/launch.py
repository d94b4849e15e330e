"""The launch page's form: what was typed, what is proposed, whom it means, and how it becomes a wish."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from broadcast.extras import recipient_for
from broadcast.messages import calls_to_a_place
from broadcast.models import Recipient
from broadcast.people import Candidate
from broadcast.plans import fields
from broadcast.plans.content import Content, Who, read, who_of
from broadcast.plans.models import PlanVersion
from broadcast.plans.naming import names_for
from broadcast.plans.picking import ICONS
from broadcast.plans.who import Meaning, Meant
from broadcast.plans.words import who_words
from broadcast.services import Broadcasts
from dutycenter.directory.numbers import NumberFault
from dutycenter.frame.i18n import translator
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import ExtraNumber, IClock, Wish
from dutycenter.typed import whole
from dutycenter.vocabulary import ReachedRule, SmsWhen
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

DEFAULTS: Mapping[str, int] = {"channels": 20, "rounds": 3, "pause": 60, "ring_timeout": 30, "report_within": 60}
MAX_TEXT = 20_000  # characters of a field that are kept, however wrong it is
MOST_WHO, MOST_EXTRAS = 400, 100
MINUTE = 60
WRONG = -1  # a number that is none becomes one that is refused


@dataclass
class Form:
    """What stands in the form now."""

    title: str = ""
    message: str = ""
    who: list[Who] = field(default_factory=list)
    without: set[int] = field(default_factory=set)
    extras: list[ExtraNumber] = field(default_factory=list)
    incident_id: int | None = None
    plan_version_id: int | None = None
    exercise: bool = False
    numbers: dict[str, str] = field(default_factory=lambda: {name: str(value) for name, value in DEFAULTS.items()})
    reached_rule: str = ReachedRule.KEY.value
    sms_when: str = SmsWhen.NEVER.value
    likeliest_first: bool = False
    ask_arrival: bool = False
    goal: str = ""
    goal_minutes: str = ""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @classmethod
    def read(cls, request: Request) -> Form:
        """What was sent; what is no number stays as it was typed, to be shown again."""
        post = request.POST
        return cls(
            title=post.get("title", "")[:MAX_TEXT],
            message=post.get("message", "")[:MAX_TEXT],
            who=_selection(post),
            without={one for raw in post.getall("without") if (one := whole(raw)) is not None},
            extras=extras_of(post),
            incident_id=whole(post.get("incident_id", "")),
            plan_version_id=whole(post.get("plan_version", "")),
            exercise=post.get("exercise") == "yes",
            numbers={name: post.get(name, str(usual))[:20].strip() for name, usual in DEFAULTS.items()},
            reached_rule=post.get("reached_rule", ReachedRule.KEY.value),
            sms_when=post.get("sms_when", SmsWhen.NEVER.value),
            likeliest_first=post.get("likeliest_first") == "yes",
            ask_arrival=post.get("ask_arrival") == "yes",
            goal=post.get("goal", "")[:MAX_TEXT].strip(),
            goal_minutes=post.get("goal_minutes", "")[:20].strip(),
            token=post.get("form_token", "")[:64] or secrets.token_urlsafe(18),
        )

    @classmethod
    def proposed(cls, request: Request, incident: Incident | None, version: PlanVersion | None) -> Form:
        """What is proposed for an incident, or for none, by a plan, or by none."""
        known = fields.values(incident, _spoken(request), settings_of(request.registry).time_zone)
        form = cls()
        if incident is not None:
            form.incident_id, form.exercise = incident.id, incident.exercise
            form.title, form.message = _words_of(request, incident)
            form.ask_arrival = calls_to_a_place(form.message)
        if version is not None:
            form.take(version, read(version.content), known)
        return form

    def take(self, version: PlanVersion, content: Content, known: Mapping[str, str]) -> None:
        """Fill in what a plan says."""
        self.plan_version_id = version.id
        self.title = f"{content.title} · {self.title}" if self.title else content.title
        self.message = fields.filled(content.message, known).text
        self.who = list(content.who)
        self.numbers = {name: str(getattr(content, name)) for name in DEFAULTS}
        self.reached_rule, self.sms_when = content.reached_rule.value, content.sms_when.value
        self.ask_arrival = content.ask_arrival
        self.goal = content.goal
        self.goal_minutes = "" if content.goal_seconds is None else f"{content.goal_seconds / MINUTE:g}"

    def wish(self, meant: Meant, plan: Content | None) -> Wish:
        """The form as a wish for these people; what follows if they are not reached is the plan's to say."""
        chosen: dict[str, Any] = {name: _number(raw) for name, raw in self.numbers.items()}
        rules, texts = set(ReachedRule), set(SmsWhen)
        return Wish(
            title=self.title,
            message=self.message,
            people=[one for one in meant.people if one not in self.without],
            incident_id=self.incident_id,
            exercise=self.exercise,
            channels=chosen["channels"],
            rounds=chosen["rounds"],
            pause=chosen["pause"],
            ring_timeout=chosen["ring_timeout"],
            reached_rule=ReachedRule(self.reached_rule) if self.reached_rule in rules else ReachedRule.KEY,
            sms_when=SmsWhen(self.sms_when) if self.sms_when in texts else SmsWhen.NEVER,
            likeliest_first=self.likeliest_first,
            ask_arrival=self.ask_arrival,
            report_within=chosen["report_within"],
            goal=self.goal,
            goal_seconds=_seconds(self.goal_minutes),
            extras=self.extras,
            turns=meant.turns,
            steps=() if plan is None else plan.steps,
            plan_version_id=None if plan is None else self.plan_version_id,
        )


@dataclass(frozen=True)
class Chip:
    """One part of the selection, as it is shown."""

    who: Who
    words: str
    count: int

    @property
    def icon(self) -> str:
        return ICONS[self.who.kind]


@dataclass(frozen=True)
class Chosen:
    """Whom the form means now."""

    meant: Meant
    people: Sequence[Candidate]
    extras: Sequence[Recipient]
    chips: Sequence[Chip]

    @property
    def able(self) -> int:
        """How many can be called."""
        return sum(c.callable for c in self.people) + sum(bool(extra.numbers) for extra in self.extras)

    @property
    def calls(self) -> int:
        """How many calls there are to make at once, if there are lines for all of them."""
        each = (min(self.meant.turns[c.person.id].legs, len(c.numbers)) for c in self.people if c.callable)
        return sum(each) + sum(bool(extra.numbers) for extra in self.extras)

    @property
    def count(self) -> int:
        return len(self.people) + len(self.extras)

    @property
    def unable(self) -> list[Candidate]:
        return [candidate for candidate in self.people if not candidate.callable]

    @property
    def first(self) -> list[Candidate]:
        """Who can be called, in the order of their waves."""
        able = [candidate for candidate in self.people if candidate.callable]
        return sorted(able, key=lambda c: self.meant.turns[c.person.id].tier)


def chosen(request: Request, form: Form) -> Chosen:
    """Look up whom the form means at this moment."""
    broadcasts = request.find_service(Broadcasts)
    plan = plan_of(request, form.plan_version_id)
    pause = 0 if plan is None else plan.wave_pause
    meant = request.find_service(Meaning).of(form.who, request.find_service(IClock).now(), pause)
    people = broadcasts.candidates([one for one in meant.people if one not in form.without])
    names = names_for(request.db, [Content("", who=form.who)])
    translate = request.localizer.translate
    chips = [
        Chip(who, who_words(who, names.who.get(who.token, ""), translate), len(meant.by_who.get(who.token, ())))
        for who in form.who
    ]
    return Chosen(meant, people, _typed(broadcasts, form.extras), chips)


def _typed(broadcasts: Broadcasts, extras: Sequence[ExtraNumber]) -> list[Recipient]:
    lines, made = broadcasts.lines(), []
    for extra in extras:
        try:
            made.append(recipient_for(extra, lines))
        except NumberFault:
            continue  # said beside the number when the form is sent
    return made


def plan_of(request: Request, version_id: int | None) -> Content | None:
    """What a version of a plan says."""
    version = request.db.get(PlanVersion, version_id) if version_id is not None else None
    return None if version is None else read(version.content)


def insertable(request: Request, incident: Incident | None) -> list[tuple[str, str]]:
    """The incident's fields that can be put into the message: what it is, and its words."""
    known = fields.values(incident, _spoken(request), settings_of(request.registry).time_zone)
    return [(request.localizer.translate(one.label), known[one.name]) for one in fields.FIELDS if known.get(one.name)]


def extras_of(post: Any) -> list[ExtraNumber]:
    """The numbers typed in; an empty line is left out."""
    typed = zip(post.getall("extra_name"), post.getall("extra_number"), strict=False)
    return [ExtraNumber(name.strip()[:64], number.strip()[:40]) for name, number in typed if number.strip()][
        :MOST_EXTRAS
    ]


def _selection(post: Any) -> list[Who]:
    tiers, both = post.getall("tier"), post.getall("both")
    found: dict[str, Who] = {}
    for place, token in enumerate(post.getall("who")[:MOST_WHO]):
        tier = tiers[place] if place < len(tiers) else "0"
        two = place < len(both) and both[place] == "yes"
        who = who_of(token, int(tier) if tier in set("012345") else 0, both=two)
        if who is not None:
            found.setdefault(who.token, who)
    return list(found.values())


def _spoken(request: Request) -> Callable[..., str]:
    """Officials hear the room's first language, whichever the officer's screen is in."""
    return translator(request.registry, settings_of(request.registry).languages[0])


def _words_of(request: Request, incident: Incident) -> tuple[str, str]:
    """Title and message where no plan says them."""
    translate = _spoken(request)
    title = incident.title or translate(_("Incident ${number}", mapping={"number": incident.number}))
    where = incident.place
    message = translate(
        _(
            "${place}: ${title}. Go to your post at once, as the plan says.",
            mapping={"place": where, "title": title},
        )
        if where
        else _("${title}. Go to your post at once, as the plan says.", mapping={"title": title})
    )
    return title[:100], message


def _number(raw: str) -> int:
    found = whole(raw, digits=6)
    return WRONG if found is None else found


def _seconds(minutes: str) -> int | None:
    if not minutes:
        return None
    try:
        return max(WRONG, min(round(float(minutes) * MINUTE), 10**6))
    except (ValueError, OverflowError):
        return WRONG

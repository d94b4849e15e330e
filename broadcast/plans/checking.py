"""Plans are checked by the clerk: every night, after a change, and when somebody asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from broadcast.goals import goal_fault
from broadcast.messages import estimated_seconds, message_fault
from broadcast.people import Candidate, candidates, lines_of
from broadcast.plans.checks import LEAST_CHANCE, SHOWN, Finding, light_of, people_findings
from broadcast.plans.content import Content, read
from broadcast.plans.fields import FIELDS, filled
from broadcast.plans.models import Plan, PlanCheck
from broadcast.plans.naming import names_for
from broadcast.plans.outlook import outlook
from broadcast.plans.services import Plans
from broadcast.plans.who import Meaning, Meant
from broadcast.plans.words import who_words
from dutycenter.directory.models import Department, Person
from dutycenter.directory.services import Directory
from dutycenter.interfaces import IClock, ILedger
from dutycenter.roster.services import Rosters
from dutycenter.vocabulary import EscalationKind, PlanLight, SmsWhen, WhoKind
from dutycenter.work import Work

log = logging.getLogger(__name__)

STALE = timedelta(hours=26)  # a clerk that was away at night checks when it is back
AHEAD = timedelta(days=3)  # of the roster
NIGHTLY = "10 2 * * *"


def ask_all(work: Work) -> None:
    """Every night: all plans are to be checked."""
    with work.write() as request:
        plans = request.find_service(Plans)
        for plan in plans.listed():
            plans.ask_check(plan)


def check_asked(work: Work) -> None:
    """Check every plan for which a check was asked, or whose last one is too old."""
    with work.read() as request:
        stale = request.find_service(IClock).now() - STALE
        asked = or_(
            PlanCheck.checked_at.is_(None), PlanCheck.asked_at > PlanCheck.checked_at, PlanCheck.checked_at < stale
        )
        ids = list(
            request.db.scalars(
                select(Plan.id)
                .join(PlanCheck, PlanCheck.plan_id == Plan.id)
                .where(Plan.removed_at.is_(None), asked)
                .order_by(Plan.id)
            )
        )
    for plan_id in ids:
        check(work, plan_id)


def check(work: Work, plan_id: int) -> PlanLight | None:
    """Check one plan and keep what is found; the light, or None when the plan is gone."""
    with work.read() as request:
        plan = request.db.get(Plan, plan_id)
        version = None if plan is None else request.find_service(Plans).version(plan)
        if plan is None or version is None:
            return None
        began, number = request.find_service(IClock).now(), plan.version
        people, findings = _look(request, read(version.content), began)
    with work.write() as request:
        kept = request.db.get(PlanCheck, plan_id, with_for_update=True)
        light = light_of(findings)
        kept.version, kept.light, kept.checked_at = number, light, began
        kept.findings = [_short(one).kept() for one in findings]
        kept.people, kept.callable = len(people), sum(c.callable for c in people)
        request.find_service(ILedger).append(
            "plan.checked",
            f"plan:{plan_id}",
            {"version": number, "light": light.value, "findings": [one.kind for one in findings]},
        )
    log.info("Plan %d, version %d, is %s.", plan_id, number, light.value)
    return light


def _short(finding: Finding) -> Finding:
    return Finding(finding.kind, finding.red, finding.people[:SHOWN], finding.data)


def _look(request: Any, content: Content, now: datetime) -> tuple[list[Candidate], list[Finding]]:
    settings = request.registry["dutycenter.settings"]
    translate = request.localizer.translate
    meant = request.find_service(Meaning).of(content.who, now, content.wave_pause)
    lines = lines_of(request.db, {settings.hotline_number}, settings.time_zone)
    people = candidates(request.db, meant.people, now, lines)
    directory = request.find_service(Directory)
    bosses: dict[int, list[Person]] = {}
    if any(step.kind is EscalationKind.SUPERIOR for step in content.steps):
        bosses = {c.person.id: directory.superiors(c.person) for c in people}
    findings = [*_parts(request, content, meant, now), *people_findings(content, people, bosses, now)]
    if not lines.prefixes:
        findings.append(Finding("no_line", red=True))
    spoken = filled(content.message, {one.name: one.chinese for one in FIELDS})
    fault = message_fault(spoken.text, translate)
    if fault:
        findings.append(Finding("message", True, data={"fault": fault}))
    fault = goal_fault(content.goal, people, translate)
    if fault:
        findings.append(Finding("goal", True, data={"fault": fault}))
    elif _foreseeable(content) and any(c.callable for c in people) and lines.prefixes:
        findings += _in_time(request, content, meant, people, estimated_seconds(spoken.text))
    return people, findings


def _foreseeable(content: Content) -> bool:
    """Is there a time to be kept, and a forecast of it? When a text is answered, nobody foretells."""
    return content.goal_seconds is not None and content.sms_when is not SmsWhen.ALONE


def _parts(request: Any, content: Content, meant: Meant, now: datetime) -> Iterator[Finding]:
    names, translate = names_for(request.db, [content]), request.localizer.translate
    for step in content.steps:
        if step.unit_id is not None and request.db.get(Department, step.unit_id) is None:
            yield Finding("unit_gone", red=True)
    for who in content.who:
        name = names.who.get(who.token, "")
        said = who_words(who, name, translate)
        if who.kind is WhoKind.DUTY:
            missing = _roster_gap(request, content, who.token, now)
            if missing is not None:
                zone = request.registry["dutycenter.settings"].time_zone
                when = missing.astimezone(zone).strftime("%m-%d %H:%M")
                yield Finding("roster_gap", True, data={"part": said, "when": when})
        elif who in meant.empty:
            yield Finding("part_empty" if name else "part_gone", not name, data={"part": name or who.ref})


def _roster_gap(request: Any, content: Content, token: str, now: datetime) -> datetime | None:
    """When nobody serves in this duty, looking at each shift of the next days; None when somebody always does."""
    meaning = request.find_service(Meaning)
    shifts = request.find_service(Rosters).between(now, now + AHEAD)
    moments = sorted({now, *(s.starts_at for s in shifts if s.starts_at > now), *(s.ends_at for s in shifts)})
    who = [one for one in content.who if one.token == token]
    return next((at for at in moments if at < now + AHEAD and not meaning.of(who, at).turns), None)


def _in_time(request: Any, content: Content, meant: Meant, people: list[Candidate], message: int) -> Iterator[Finding]:
    expected = outlook(request, content, meant, people, message)
    if expected is None or expected.chance >= LEAST_CHANCE:
        return
    data = {"chance": round(100 * expected.chance), "wanted": content.goal_seconds}
    if expected.seconds is None:
        yield Finding("never", True, data=data)
    else:
        yield Finding("late", True, data=data | {"expected": round(expected.seconds)})

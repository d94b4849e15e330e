"""What follows when people are not reached: pure. Rows in, steps that are due out.

A step is due for a person when its time has come, or when nobody is left to
call; the deputy of somebody who cannot be called at all is due at once. Nothing
is due for whoever is covered: they acknowledged, somebody in their place did, or
they were told at their door. Which steps were taken is in the store, a row for
each person and step, so this may be asked any number of times.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from broadcast.settle import Ground
from dutycenter.interfaces import EscalationStep
from dutycenter.vocabulary import EscalationKind, Outcome, RecipientRole, StepWhom

NOT_AT_HOME = frozenset({Ground.AWAY.value, Ground.REMOVED.value})
"""Knocking at such a person's door, or telling their superior, would be no use."""


@dataclass(frozen=True)
class Standing:
    """Where one recipient stands."""

    id: int
    role: RecipientRole = RecipientRole.LISTED
    acknowledged: bool = False
    outcome: Outcome | None = None
    ground: str = ""  # why the outcome is what it is, or will be at the end
    dropped: bool = False  # taken out by hand, or told at their door
    listening: bool = False  # on an answered leg at this moment
    since: float = 0.0  # seconds after the launch: when they came into the broadcast


@dataclass(frozen=True)
class Due:
    """Steps to take now, and when to ask again (seconds after the launch; None: something must happen first)."""

    steps: Sequence[tuple[int, int]]  # position of the step, recipient
    again_at: float | None
    waiting: bool  # somebody still has a step to come: the broadcast has not ended


def due(
    steps: Sequence[EscalationStep],
    people: Sequence[Standing],
    taken: Mapping[int, Collection[int]],
    deputies: Mapping[int, Collection[int]],
    now: float,
    *,
    idle: bool,
    goal_met: bool,
) -> Due:
    """What is due.

    Args:
        steps: in their order.
        people: everybody in the broadcast.
        taken: positions of the steps taken so far, by recipient.
        deputies: recipients who are called in somebody's place, by that somebody.
        now: seconds after the launch.
        idle: nobody is being called and nobody will be.
        goal_met: of the broadcast's goal.
    """
    accepted = {p.id for p in people if p.acknowledged}
    found: list[tuple[int, int]] = []
    later: list[float] = []
    waiting = False
    for person in people:
        if not pursued(person) or not accepted.isdisjoint(deputies.get(person.id, ())):
            continue
        done = taken.get(person.id, ())
        for position, step in enumerate(steps):
            if position in done or not concerns(step, person) or (step.whom is StepWhom.GOAL_UNMET and goal_met):
                continue
            waiting = True
            at = person.since + step.after
            if _at_once(step, person) or now >= at or idle:
                if person.listening:
                    break  # what they answer decides
                found.append((position, person.id))
                if not (_at_once(step, person) or now >= at):
                    break  # what this step brings is awaited before the next is hurried
            else:
                later.append(at)
                break
    return Due(found, min(later, default=None), waiting)


def pursued(person: Standing) -> bool:
    """Is there reason to take any step for this person?"""
    if person.role in (RecipientRole.DEPUTY, RecipientRole.SUPERIOR) or person.acknowledged or person.dropped:
        return False
    return person.outcome is not Outcome.ACKNOWLEDGED and not _spoke_to_the_desk(person)


def concerns(step: EscalationStep, person: Standing) -> bool:
    """Whoever said that they can't come is reached, but leaves a post empty: only the deputy follows."""
    if step.kind is EscalationKind.DEPUTY:
        return True
    return person.outcome is not Outcome.DECLINED and person.ground not in NOT_AT_HOME


def _at_once(step: EscalationStep, person: Standing) -> bool:
    return step.kind is EscalationKind.DEPUTY and person.outcome in (Outcome.NOT_CALLED, Outcome.DECLINED)


def _spoke_to_the_desk(person: Standing) -> bool:
    return person.outcome is Outcome.REACHED

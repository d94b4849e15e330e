"""A plan as arrays, one entry per person or number, and what makes it one that cannot be carried out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broadcast.kernel.index import Rank
from broadcast.kernel.layout import MAX_CHANNELS, MAX_GATEWAYS, MAX_NUMBERS, MAX_TIERS
from broadcast.kernel.plan import RULES, Gateway, Plan, PlanError, Rules


@dataclass
class Tables:
    """A plan as arrays, one entry per person or number; what :func:`.assembly.assemble` takes.

    ``first`` (people + 1,) are offsets into the numbers. Times in seconds.
    """

    first: np.ndarray
    weight: np.ndarray
    p: np.ndarray
    rules: Sequence[Rules]
    gateways: Sequence[Gateway]
    tier: np.ndarray | None = None
    ordered: np.ndarray | None = None
    legs: np.ndarray | None = None
    since: np.ndarray | None = None
    deadline: np.ndarray | None = None
    hold: np.ndarray | None = None  # NaN: what the rules say
    kind: np.ndarray | None = None  # row of ``rules``
    mask: np.ndarray | None = None  # uint64 bits of gateways
    tries: np.ndarray | None = None
    evidence: np.ndarray | None = None
    fairness: float = math.inf
    rank: Rank = Rank.INDEX


def tabulate(plan: Plan) -> Tables:
    """The tables of a plan.

    Raises :class:`PlanError` for what a table cannot say.
    """
    rules: list[Rules] = []
    seen: dict[int, int] = {}
    first = [0]
    p: list[float] = []
    hold: list[float] = []
    kind: list[int] = []
    mask: list[int] = []
    tries: list[int] = []
    evidence: list[float] = []
    for person in plan.people:
        for number in person.numbers:
            row = seen.get(id(number.rules))
            if row is None:
                row = seen[id(number.rules)] = len(rules)
                rules.append(number.rules)
            p.append(number.p)
            hold.append(math.nan if number.hold is None else number.hold)
            kind.append(row)
            mask.append(number.gateways)
            tries.append(number.tries)
            evidence.append(number.evidence)
        first.append(len(p))
    if len(rules) > 255:
        raise PlanError(f"{len(rules)} different rules; at most 255 kinds of line fit")
    people = plan.people
    return Tables(
        first=np.array(first, np.int64),
        weight=np.array([x.weight for x in people], np.float64),
        p=np.array(p, np.float64),
        rules=rules or [RULES],
        gateways=plan.gateways,
        tier=np.array([x.tier for x in people], np.int64),
        ordered=np.array([x.ordered for x in people], bool),
        legs=np.array([x.legs for x in people], np.int64),
        since=np.array([x.since for x in people], np.float64),
        deadline=np.array([x.deadline for x in people], np.float64),
        hold=np.array(hold, np.float64),
        kind=np.array(kind, np.int64),
        mask=np.array(mask, np.uint64),
        tries=np.array(tries, np.int64),
        evidence=np.array(evidence, np.float64),
        fairness=plan.fairness,
        rank=plan.rank,
    )


def check(tables: Tables) -> None:  # noqa: C901
    """Raises :class:`PlanError` if the plan cannot be carried out: no channel, a probability outside 0..1, ..."""
    n, arms = len(tables.weight), len(tables.p)
    gateways = tables.gateways
    if not 0 < len(gateways) <= MAX_GATEWAYS:
        raise PlanError(f"{len(gateways)} gateways; between 1 and {MAX_GATEWAYS} are needed")
    if sum(g.usable for g in gateways) <= 0:
        raise PlanError("no channel: every line of every gateway is reserved or absent")
    if sum(g.usable for g in gateways) > MAX_CHANNELS:
        raise PlanError(f"more than {MAX_CHANNELS} channels")
    for g in gateways:
        if not (g.rate > 0.0 and math.isfinite(g.rate)):
            raise PlanError(f"a gateway's rate is {g.rate}; calls per second must be above 0")
        if not g.burst >= 1.0:
            raise PlanError(f"a gateway's burst is {g.burst}; at least 1 call")
    if len(tables.first) != n + 1 or tables.first[-1] != arms or np.any(np.diff(tables.first) < 0):
        raise PlanError("the offsets of the numbers do not fit the people")
    if n and np.max(np.diff(tables.first)) > MAX_NUMBERS:
        raise PlanError(f"a person has more than {MAX_NUMBERS} numbers")
    if not np.all((tables.p >= 0.0) & (tables.p <= 1.0)):
        raise PlanError("a probability is not between 0 and 1")
    if not np.all((tables.weight >= 0.0) & np.isfinite(tables.weight)):
        raise PlanError("a weight is negative or not finite")
    for name, low, high in (("tier", 0, MAX_TIERS - 1), ("legs", 1, 8), ("tries", 0, 60)):
        values = getattr(tables, name)
        if values is not None and values.size and not (low <= values.min() <= values.max() <= high):
            raise PlanError(f"{name}: between {low} and {high}")
    if tables.hold is not None and np.any(tables.hold <= 0.0):
        raise PlanError("an expected hold is not above 0 seconds")
    if not tables.fairness >= 0.0:
        raise PlanError("the fairness bound is negative")

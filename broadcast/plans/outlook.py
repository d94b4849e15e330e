"""What the forecast says of a plan: how likely its goal is met in time. Never on a gevent hub."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from broadcast.goals import member_of_candidate, resolver
from broadcast.lines import gateway_lines
from broadcast.people import Candidate
from broadcast.plans.content import Content
from broadcast.plans.who import Meant
from dutycenter.interfaces import IClock
from dutycenter.work import settings_of

RUNS = 100


@dataclass(frozen=True)
class Outlook:
    """``chance`` of the goal in time; ``seconds`` until it is met in the middle of cases, None: often never."""

    chance: float
    seconds: float | None


def outlook(
    request: Any, content: Content, meant: Meant, people: Sequence[Candidate], message: float
) -> Outlook | None:
    """The forecast of a plan launched now; None when there is no line to call on."""
    # The kernel is compiled code: whoever only shows plans need not load it.
    from broadcast.assembly import chooser_if_launched
    from broadcast.chooser import Called, Dialled
    from broadcast.forecasts.idle import idle_before
    from broadcast.history.alike import alike
    from broadcast.kernel import compile_goal, forecast

    able = [candidate for candidate in people if candidate.callable]
    lines = gateway_lines(request.db)
    if not able or not lines.at_once(content.channels):
        return None
    called = [
        Called(
            c.person.id,
            c.person.weight,
            [Dialled(n.id, n.number, n.kind) for n in c.numbers],
            tier=meant.turns[c.person.id].tier,
            legs=meant.turns[c.person.id].legs,
            since=meant.turns[c.person.id].since,
        )
        for c in able
    ]
    settings, now = settings_of(request.registry), request.find_service(IClock).now()
    chooser = chooser_if_launched(
        request.db,
        called,
        lines,
        content,
        message=message,
        rehearsed=settings.rehearsal,
        now=now,
        zone=settings.time_zone,
    )
    doubt = chooser.doubt(
        alike(request.db, settings.rehearsal, now, settings.time_zone),
        idle_before(request.db, settings.rehearsal, lines.at_once(content.channels)),
        0.0,
    )
    goal = compile_goal(content.goal or "100%", resolver([member_of_candidate(i, c) for i, c in enumerate(able)]))
    found = forecast(
        chooser.snapshot(0.0), RUNS, goal=goal, deadline=float(content.goal_seconds or math.inf), doubt=doubt
    )
    assert found.goal is not None
    assert found.goal_chance is not None
    return Outlook(found.goal_chance, found.goal.median if math.isfinite(found.goal.median) else None)

"""The broadcast scheduler: who next, on which number, and when will all know.

A plan (:mod:`.plan`) becomes tables (:mod:`.tables`) and these the arrays of a state
(:mod:`.assembly`), the arrays are decided on by compiled code
(:mod:`.decide`, :mod:`.queues`, :mod:`.index`), the live dialer asks through
:class:`Chooser`, forecasts and the bench run the same decisions in simulated time
(:mod:`.simulate`, :mod:`.forecast`). Nothing here knows the product, a database
or a switch; docs/scheduling.md derives the policy and its lower bound.
"""

from __future__ import annotations

from pathlib import Path

from broadcast.kernel.cache import discard_stale

discard_stale(Path(__file__).parent)

from broadcast.kernel.bound import Bound, lower_bound  # noqa: E402
from broadcast.kernel.chooser import Chooser, Decision, Leg, Snapshot  # noqa: E402
from broadcast.kernel.codes import ArmState, Code, Status  # noqa: E402
from broadcast.kernel.explanation import Explanation, Ground, NumberView  # noqa: E402
from broadcast.kernel.forecast import Estimate, Forecast, forecast  # noqa: E402
from broadcast.kernel.goal import Goal, GoalError, compile_goal  # noqa: E402
from broadcast.kernel.index import Rank  # noqa: E402
from broadcast.kernel.pieces import BoundError  # noqa: E402
from broadcast.kernel.plan import Ending, Gateway, Number, Person, Plan, PlanError, Rules  # noqa: E402
from broadcast.kernel.tables import Tables  # noqa: E402
from broadcast.kernel.urgency import CROWD  # noqa: E402


def warm() -> None:
    """Run every compiled function once, so that no later call waits for anything.

    Importing has compiled them already (or loaded them from the cache beside the
    sources); this touches the code paths of Python around them.
    """
    number = Number(0.5)
    plan = Plan([Person([number])] * CROWD, [Gateway(1, 10.0)])  # so many that urgency is computed
    chooser = Chooser(plan)
    decision = chooser.next(0.0)
    assert decision is not None
    chooser.next(0.0)
    chooser.why(1 - decision.recipient, 0.0)
    chooser.ended(decision.recipient, decision.number, Code.BUSY, 1.0)
    forecast(chooser.snapshot(1.0), runs=1)


__all__ = [
    "ArmState",
    "Bound",
    "BoundError",
    "Chooser",
    "Code",
    "Decision",
    "Ending",
    "Estimate",
    "Explanation",
    "Forecast",
    "Gateway",
    "Goal",
    "GoalError",
    "Ground",
    "Leg",
    "Number",
    "NumberView",
    "Person",
    "Plan",
    "PlanError",
    "Rank",
    "Rules",
    "Snapshot",
    "Status",
    "Tables",
    "compile_goal",
    "forecast",
    "lower_bound",
    "warm",
]

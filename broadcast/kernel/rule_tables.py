"""What the endings of a call mean, as tables with a row per rule: for decisions, and for drawn outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from broadcast.kernel.codes import CODES, Code
from broadcast.kernel.layout import MAX_FAILURES, RULE, WORLD, micros
from broadcast.kernel.plan import DEFAULT_FACTOR, DEFAULT_PAUSE, PlanError, Rules

assert CODES == 16, "the tables have a column per code"


def rule_table(rules: Sequence[Rules]) -> np.ndarray:
    """What decisions read: the expected holds, and for each code the pause and the factor."""
    table = np.zeros(len(rules), RULE)
    for row, rule in zip(table, rules, strict=True):
        row["ack_hold"], row["fail_hold"] = rule.ack_hold, rule.fail_hold
        for code in Code:
            row["pause"][code] = micros(rule.pause.get(code, DEFAULT_PAUSE.get(code, 0.0)))
            row["factor"][code] = rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))
    return table


def worlds(rules: Sequence[Rules]) -> np.ndarray:
    """What forecasts and rehearsals draw endings and holds from, a row per rule."""
    table = np.zeros(len(rules), WORLD)
    for row, rule in zip(table, rules, strict=True):
        if not 0 < len(rule.endings) <= MAX_FAILURES:
            raise PlanError(f"between 1 and {MAX_FAILURES} ways to fail")
        row["ring_low"], row["ring_high"] = rule.ring
        row["message"], row["after"], row["refused"] = rule.message, rule.after, rule.refused
        row["failures"] = len(rule.endings)
        shares = np.cumsum([e.share for e in rule.endings])
        for k, ending in enumerate(rule.endings):
            row["code"][k] = ending.code
            row["share"][k] = shares[k] / shares[-1]
            row["low"][k], row["high"][k] = ending.low, ending.high
        for code in Code:
            row["factor"][code] = rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))
    return table

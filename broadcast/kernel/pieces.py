"""Attempts of an instance in their best order: what the lower bounds are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadcast.kernel.plan import DEFAULT_FACTOR, DEFAULT_PAUSE, Rules
from broadcast.kernel.tables import Tables

Floats = npt.NDArray[np.float64]


class BoundError(ValueError):
    """An instance of a shape that the bounds are not derived for."""


@dataclass(frozen=True)
class Pieces:
    """Attempts (people, attempts), each person's in the best order; see docs."""

    p: Floats
    survive: Floats  # probability that all before it failed
    hold: Floats
    weight: Floats  # (people,)
    number: npt.NDArray[np.int64]  # position of the number, for each attempt
    attempt: npt.NDArray[np.int64]


def only_rule(tables: Tables) -> Rules:
    """The rules of the one kind of line; raises :class:`BoundError` if there are several."""
    if len(tables.rules) != 1:
        raise BoundError("bounds are derived for one kind of line")
    rule = tables.rules[0]
    factors = {rule.factor.get(e.code, DEFAULT_FACTOR.get(e.code, 1.0)) for e in rule.endings}
    if len(factors) != 1:
        raise BoundError("bounds are derived for one factor on the next probability")
    return rule


def _factor(rule: Rules) -> float:
    code = rule.endings[0].code
    return rule.factor.get(code, DEFAULT_FACTOR.get(code, 1.0))


def pauses_of(rule: Rules) -> Floats:
    """Seconds (endings,) that a number rests after each way to fail."""
    return np.array([rule.pause.get(e.code, DEFAULT_PAUSE.get(e.code, 0.0)) for e in rule.endings])


def shares_of(rule: Rules) -> Floats:
    """How often each way to fail comes (endings,); together 1."""
    shares = np.array([e.share for e in rule.endings])
    return shares / shares.sum()


def pieces_of(tables: Tables) -> Pieces:
    """Everybody's attempts, the likeliest first."""
    rule = only_rule(tables)
    counts = np.diff(tables.first)
    n, width = len(counts), int(counts.max(initial=0))
    tries = np.full(len(tables.p), 4) if tables.tries is None else tables.tries
    most = int(tries.max(initial=0))
    if n == 0 or width == 0 or most == 0:
        nothing = np.zeros((n, 0))
        none = np.zeros((n, 0), np.int64)
        return Pieces(nothing, nothing, nothing, tables.weight, none, none)
    column = np.arange(len(tables.p)) - np.repeat(tables.first[:-1], counts)
    row = np.repeat(np.arange(n), counts)
    p = np.zeros((n, width, most))
    power = _factor(rule) ** np.arange(most)
    p[row, column] = tables.p[:, None] * power * (np.arange(most) < tries[:, None])
    number = np.broadcast_to(np.arange(width)[:, None], (width, most)).ravel()
    attempt = np.broadcast_to(np.arange(most), (width, most)).ravel()
    flat = p.reshape(n, -1)
    # Fewest seconds per success first; with one kind of line that is the highest p.
    order = np.argsort(-flat, axis=1, kind="stable")
    flat = np.take_along_axis(flat, order, axis=1)
    survive = np.cumprod(np.concatenate([np.ones((n, 1)), 1.0 - flat[:, :-1]], axis=1), axis=1)
    hold = flat * rule.ack_hold + (1.0 - flat) * rule.fail_hold
    return Pieces(flat, survive, hold, tables.weight, number[order], attempt[order])


def by_number(pieces: Pieces) -> Floats:
    """(people, numbers, tries) probabilities, 0 where there is no such attempt."""
    n = len(pieces.weight)
    table = np.zeros((n, int(pieces.number.max()) + 1, int(pieces.attempt.max()) + 1))
    table[np.arange(n)[:, None], pieces.number, pieces.attempt] = pieces.p
    return table

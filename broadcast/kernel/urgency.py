"""Urgency: what waiting costs somebody who will need several rounds of calls.

A round of calls on the same number lasts as long as its pause, however many lines
there are. When a pause is not short beside the whole broadcast, whoever needs
several rounds must begin early, or lines lie idle at the end while the last few
rest. So a call brings, beside its chance, what would be lost by making it later:

    gain = weight * p + pull * S ** 0.7 * (-ln(1 - q)) ** 1.3,

S the chance that the person is not reached by the horizon if all numbers are
called again as soon as they may, q the chance of the number's last round before
it. The product S * (-ln(1 - q)) is the derivative of the chance to be reached by
the number of rounds that are left; both powers, and how ``pull`` grows, are fitted
on drawn people other than those of the bench (docs/scheduling.md).

Both factors are looked up: rows by rounds left, then by tries left, then by
probability. The row changes a few times in a broadcast, and then the queue is put
into its new order.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from broadcast.kernel.layout import FOREVER, MICRO, Float64s

STEPS = 4  # rows per round
MOST_ROUNDS = 8
MOST_TRIES = 8
CLASSES = 128  # of probability
ROWS = STEPS * (MOST_ROUNDS + 1)
MISS_POWER, LAST_POWER = 0.7, 1.3
STRONGEST_PULL = 40.0  # times the usual weight
SHORT_ROUND = 0.28  # of the broadcast; below it the pull falls with the cube
WEAKEST_PULL = 0.3
CROWD = 50
"""Fewer people know no urgency: when 95 % of them know depends on one or two, and who
looks at such a broadcast expects the order of weights and chances."""
REFRESH = 0.65  # of a round, between two rows


def aim(board: np.void, channels: float) -> None:
    """Set when most should be reached and how strong urgency is, with ``channels``.

    ``board`` has its work, its round and the usual weight. A broadcast that is long
    beside a round needs no urgency: strength 0. While it runs, what is left of it
    becomes longer or shorter with the channels.
    """
    round_, now, old = float(board["round"]), int(board["now"]), int(board["goal"])
    duration = max(float(board["work"]) * MICRO / max(channels, 1e-9), 1.0)
    strength = STRONGEST_PULL * min(1.0, (round_ / duration / SHORT_ROUND) ** 3)
    strength = float(board["usual"]) * strength if strength > WEAKEST_PULL else 0.0
    goal = max(duration + 0.5 * round_, 2.1 * round_)
    left = max(0.0, 1.0 - now / old) if old else 1.0
    board["goal"] = int(min(now + left * goal, float(FOREVER)))
    if strength > 0.0 or board["strength"] > 0.0:
        board["refresh"] = now
    board["strength"] = strength


@lru_cache(maxsize=8)
def table(factor: float) -> Float64s:
    """Pairs (chance to fail in all rounds left ** MISS_POWER, the last round's pull).

    ``factor`` on the probability after each failure. Flat: row, tries left, class.
    """
    p = (np.arange(CLASSES) + 0.5) / CLASSES
    each = -np.log(1.0 - p[None, :] * factor ** np.arange(MOST_TRIES)[:, None])
    total = np.concatenate([np.zeros((1, CLASSES)), np.cumsum(each, axis=0)])
    made = np.zeros((ROWS, MOST_TRIES + 1, CLASSES, 2))
    for row in range(ROWS):
        rounds = (row + 0.5) / STEPS
        for left in range(1, MOST_TRIES + 1):
            used = min(rounds, float(left))
            whole = int(used)
            made[row, left, :, 0] = total[whole]
            if whole < left:
                made[row, left, :, 0] += (used - whole) * each[whole]
            # With more rounds than tries left nothing is lost by waiting.
            share = min(1.0, max(0.0, left + 1.0 - rounds))
            last = max(0.0, used - 1.0)
            q = p * factor**last
            made[row, left, :, 1] = share * (-np.log(1.0 - q)) ** LAST_POWER
    made[..., 0] = np.exp(-MISS_POWER * made[..., 0])
    return made.ravel()


@njit(forceinline=True)
def place(row, left, p):
    """Where the pair of a number begins in the table."""
    tries = min(max(np.int64(left), np.int64(0)), np.int64(MOST_TRIES))
    at = min(np.int64(p * CLASSES), np.int64(CLASSES - 1))
    return ((np.int64(row) * (MOST_TRIES + 1) + tries) * CLASSES + at) * 2


@njit(forceinline=True)
def set_row(board, now):
    """Bring the board's row, pull and next refresh to ``now`` (microseconds)."""
    rounds = 1.0 + (board.goal - now) / board.round
    board.pull = 0.0
    if rounds <= 0.0 or board.strength == 0.0:
        board.refresh = FOREVER
        return
    if rounds >= MOST_ROUNDS + 1:
        # There is time for every try; nothing is lost by waiting yet.
        board.refresh = np.int64(board.goal - MOST_ROUNDS * board.round) + 1
        return
    board.row = np.int64(rounds * STEPS)
    board.pull = board.strength * min(1.0, (now + board.round) / max(board.goal, 1.0))
    board.refresh = now + np.int64(REFRESH * board.round)

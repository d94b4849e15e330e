"""What a forecast does not know, and all its calls share.

Two broadcasts to the same people differ by more than dice: nobody knows how good the
numbers of a kind are on the whole, how long a message is listened to, how the calls
that fail do so. Such an unknown is the same for every call of one run, so it moves all
of them at once, and an interval that forgets it is far too narrow. Each world here is
one draw of all of them from their posteriors:

* the mean of each kind's probabilities and how much its numbers differ: a grid of beta-
  binomial likelihoods under a shift that all kinds share (an exact draw, no sampler);
* each number's own probability given these: Beta, with what its calls showed;
* how those of whom there is history answer today: a shift of their logits, by what the
  calls of this broadcast show, apart for who was reached before and who was not;
* seconds until the answer, until the acknowledgement, until the line is free: normal;
* the shares of the ways to fail: Dirichlet; of those who refuse: Beta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadcast.kernel.plan import Rules
from broadcast.kernel.posterior import log_gamma
from broadcast.kernel.rule_tables import worlds

Floats = npt.NDArray[np.float64]

LOGITS = np.linspace(-4.5, 4.5, 61)  # of a kind's mean
STRENGTHS = 2.0 ** np.arange(-4, 7)  # of a kind's Beta, in calls
SHIFTS = np.linspace(-2.4, 2.4, 33)  # that all kinds share, in logits
SHARED, OWN = 0.8, 0.5  # standard deviations: of the shift, of a kind beside it
USUAL_STRENGTH, STRENGTH_SPREAD = 1.0, 1.2  # and in logarithms
DAYS = np.linspace(-3.0, 4.0, 57)
DAY_SPREAD = 0.8  # of a day's shift, in logits, with tails for days that are like no other
HABIT = 0.2  # of its middle: who was reached before is so again more surely than a single Beta says
KNOWN = 0.5  # calls from which a number has a history
TRUST = 0.03  # of what calls say of the strength
LEAST = 1e-3  # of a Beta's parameters: smaller ones draw nothing but 0 and 1
MOST_WORLDS = 250


@dataclass(frozen=True)
class Seconds:
    """A mean time that is known to ``sd``."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Line:
    """What is known of one kind of line, in the order of the plan's rules.

    ``guess`` is the mean of its numbers' probabilities where no call tells.
    ``successes``, ``trials`` and ``count`` (cells,): so many numbers showed that.
    ``calls``: what each of the rules' endings counts for. ``refused``: parameters of
    the Beta of those who answer and refuse.
    """

    guess: float
    successes: Floats
    trials: Floats
    count: Floats
    ring: Seconds
    message: Seconds
    after: Seconds
    calls: Floats
    refused: tuple[float, float]


@dataclass(frozen=True)
class Doubt:
    """Of a plan: of its kinds of line, and what each number's own calls showed, (numbers,) each.

    ``idle``: how long a line stands idle between two calls. ``kind`` is the row of the plan's rules: those of ``lines``, and once more for numbers
    that are known, whose owners have not refused before. ``wear``: what the failures of this broadcast have
    left of the next call's chance. ``believed`` and ``today`` (calls,): what history said of
    the numbers that were called, and whether their first call was acknowledged; apart for
    those ``reached_before``, who are called first and tell nothing of the others.
    """

    lines: Sequence[Line]
    idle: Seconds
    kind: npt.NDArray[np.int64]
    successes: Floats
    failures: Floats
    wear: Floats
    believed: Floats
    today: npt.NDArray[np.bool_]
    reached_before: npt.NDArray[np.bool_]

    def worlds(self, rules: Sequence[Rules], runs: int, seed: int) -> tuple[Floats, np.ndarray]:
        """Chances ``(worlds, numbers)`` and the table ``(worlds, kinds)`` that calls are drawn from."""
        rng = np.random.default_rng([seed, 2])
        count = min(runs, MOST_WORLDS)
        table = np.repeat(worlds(rules)[None, :], count, axis=0)
        shared = rng.standard_normal((4, count))
        idle = np.maximum(0.0, self.idle.mean + self.idle.sd * shared[3])
        kinds = len(self.lines)
        for row, line in ((row, self.lines[row % kinds]) for row in range(len(rules))):
            _times(table[:, row], line, shared[:3])
            table[:, row]["after"] += idle
            table[:, row]["low"] += idle[:, None]
            table[:, row]["high"] += idle[:, None]
            if row < kinds:
                table[:, row]["refused"] = rng.beta(*line.refused, count)
            parts = rng.gamma(np.maximum(line.calls, LEAST), size=(count, len(line.calls)))
            shares = np.cumsum(parts, axis=1)
            table[:, row]["share"][:, : shares.shape[1]] = shares / shares[:, -1:]
        mean, strength = draw_means(self.lines, count, rng)
        line_of = self.kind % kinds
        a = (mean * strength)[:, line_of] + self.successes
        b = ((1.0 - mean) * strength)[:, line_of] + self.failures
        p = rng.beta(np.maximum(a, LEAST), np.maximum(b, LEAST))
        known = self.successes + self.failures > KNOWN
        for before in (True, False):
            numbers, calls = known & ((self.successes > 0.0) == before), self.reached_before == before
            day = draw_day(self.believed[calls], self.today[calls], count, rng, HABIT if before else 0.0)
            p[:, numbers] = _shifted(p[:, numbers], day[:, None])
        p *= self.wear
        # Probabilities are of the calls that were not refused; those are drawn with them.
        refused = table["refused"][:, self.kind]
        return p / (p + (1.0 - p) * (1.0 - refused)), table


def _times(table: np.ndarray, line: Line, shared: Floats) -> None:
    """Rings and messages: a shift of their means that kinds of line share."""
    for z, name, known in zip(shared, ("ring", "message", "after"), (line.ring, line.message, line.after), strict=True):
        least = min(1.0, known.mean)
        seconds = np.maximum(least, known.mean + known.sd * z)
        if name == "ring":
            factor = seconds / max(known.mean, 1e-9)
            table["ring_low"] *= factor
            table["ring_high"] *= factor
        else:
            table[name] = seconds


def draw_day(
    believed: Floats, today: npt.NDArray[np.bool_], count: int, rng: np.random.Generator, usual: float
) -> Floats:
    """``(count,)`` logits by which numbers with a history are better today than it says; ``usual`` is their middle."""
    prior = -2.0 * np.log1p(((DAYS - usual) / DAY_SPREAD) ** 2)
    chance = _shifted(believed[None, :], DAYS[:, None])
    weight = prior + np.log(np.where(today, chance, 1.0 - chance)).sum(axis=1)
    even = (rng.permutation(count) + rng.random(count)) / count
    jitter = (rng.random(count) - 0.5) * (DAYS[1] - DAYS[0])
    drawn: Floats = DAYS[_pick(np.exp(weight - weight.max()), even)] + jitter
    return drawn


def _shifted(p: Floats, logits: Floats) -> Floats:
    p = np.clip(p, 1e-6, 1.0 - 1e-6)
    found: Floats = 1.0 / (1.0 + (1.0 / p - 1.0) * np.exp(-logits))
    return found


def draw_means(lines: Sequence[Line], count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """``(count, kinds)`` means and strengths of the kinds' Betas from their posterior.

    Stratified: the draws of the shift stand evenly in its distribution, so that few of
    them show its whole width.
    """
    each = [_posterior(line) for line in lines]  # (shifts, logits, strengths), not normed
    most = [one.max() for one in each]
    weight = -0.5 * (SHIFTS / SHARED) ** 2
    weight += sum(np.log(np.exp(one - top).sum(axis=(1, 2))) for one, top in zip(each, most, strict=True))
    even = (rng.permutation(count) + rng.random(count)) / count
    shift = _pick(np.exp(weight - weight.max()), even)
    means, strengths = np.empty((count, len(lines))), np.empty((count, len(lines)))
    for k, (one, top) in enumerate(zip(each, most, strict=True)):
        u, jitter = rng.random(count), rng.random((2, count)) - 0.5
        at = np.empty(count, np.int64)
        for value in np.unique(shift):
            chosen = shift == value
            at[chosen] = _pick(np.exp(one[value] - top).ravel(), u[chosen])
        logit, strong = np.unravel_index(at, one.shape[1:])
        # Between the points of the grid, that steps of it are not seen.
        x = LOGITS[logit] + jitter[0] * (LOGITS[1] - LOGITS[0])
        means[:, k] = 1.0 / (1.0 + np.exp(-x))
        strengths[:, k] = STRENGTHS[strong] * 2.0 ** jitter[1]
    return means, strengths


def _pick(weight: Floats, u: Floats) -> npt.NDArray[np.int64]:
    sums = np.cumsum(weight)
    return np.minimum(np.searchsorted(sums, u * sums[-1]), len(weight) - 1)


def _posterior(line: Line) -> Floats:
    """Log weight of each (shift, logit of the mean, strength)."""
    centre = np.log(line.guess / (1.0 - line.guess))
    near = -0.5 * ((LOGITS[None, :] - centre - SHIFTS[:, None]) / OWN) ** 2
    spread = -0.5 * (np.log(STRENGTHS / USUAL_STRENGTH) / STRENGTH_SPREAD) ** 2
    found: Floats = near[:, :, None] + spread + likelihood(line)
    return found


def likelihood(line: Line) -> Floats:
    """Log of the beta-binomial likelihood (Griffiths 1973) of a kind's numbers, (logits, strengths).

    How much numbers differ is told by repeated calls, whose chances follow each other
    in more ways than one factor says (who missed a call and sees it answers the next).
    So the calls speak of it with TRUST of their weight, and of the mean with all.
    """
    mean = 1.0 / (1.0 + np.exp(-LOGITS))
    a = (mean[:, None] * STRENGTHS)[..., None]
    b = ((1.0 - mean)[:, None] * STRENGTHS)[..., None]
    strength = np.asarray(STRENGTHS[:, None], np.float64)
    s: Floats = line.successes
    n: Floats = np.maximum(line.trials, line.successes)
    of_mean: Floats = log_gamma(a + s) + log_gamma(b + n - s) - log_gamma(a) - log_gamma(b)
    of_strength: Floats = log_gamma(strength + n) - log_gamma(strength)
    showed: Floats = (of_mean - of_strength) @ line.count
    top = showed.max()
    along = top + np.log(np.exp(showed - top).sum(axis=0))
    found: Floats = showed - (1.0 - TRUST) * along
    return found

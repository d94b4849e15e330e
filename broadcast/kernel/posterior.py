"""What history says about a number: Beta posteriors that borrow, and forget.

A number's probability of acknowledgement has a prior that comes from all numbers
of its kind of line and hour band, that from its kind, and that from everything
(empirical Bayes, by the greatest likelihood).
Calls add to it, and lose weight with age. Pure functions over arrays; the store
is somebody else's.

A repeated call within one broadcast succeeds less often: attempt n (0-based) with
``factor ** n`` of the first one's probability. A success counts as a trial whenever
it comes, a failure as much of one as it is likely to be the number's own fault and
not the repetition's (``failed_trial``). So the estimate is not biased, whatever a
policy repeats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
HALF_LIFE = 180.0  # days after which a call counts half
BANDS = (0, 6, 9, 12, 14, 18, 22)  # hours at which a new band begins
WEAKEST, STRONGEST = 1.0, 60.0  # of a prior, in calls
USUAL = 0.4  # probability of acknowledgement
PARENT = 4.0  # calls that the wider group's mean counts for


def failed_trial(attempt: int, factor: float = 0.8, share: float = 1.0) -> float:
    """How much of a trial the failure of an attempt is (0-based within its broadcast), above 0 and at most 1.

    With q = share * factor ** attempt (``share``: of all answers, those that come while it rings) the call fails whoever is called in 1 - q of all cases, and otherwise in 1 - p. So
    the number has failed in q (1 - p) / (1 - q p) of the failures: the expectation step of Dempster, Laird and Rubin (1977).
    For p stands ``USUAL``: with each number's own p the estimate is no better, and would depend on the order of calls.
    """
    q = share * factor**attempt
    return q * (1.0 - USUAL) / (1.0 - q * USUAL)


@dataclass(frozen=True)
class Beta:
    """Belief about one probability; ``mean`` and ``evidence`` are what a plan wants."""

    a: float
    b: float

    def __post_init__(self) -> None:
        if not (self.a > 0.0 and self.b > 0.0 and math.isfinite(self.a + self.b)):
            raise ValueError(f"Beta({self.a}, {self.b}): both above 0")

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    @property
    def evidence(self) -> float:
        """How many calls it is worth."""
        return self.a + self.b

    def interval(self, share: float = 0.8, draws: int = 4000) -> tuple[float, float]:
        """A central interval, by a fixed sample: the same on every call."""
        sample = np.random.default_rng(7).beta(self.a, self.b, draws)
        low, high = np.quantile(sample, ((1.0 - share) / 2.0, (1.0 + share) / 2.0))
        return float(low), float(high)

    def seen(self, acknowledged: bool, attempt: int = 0, factor: float = 0.8, share: float = 1.0) -> Beta:
        """The belief after one more call; see ``failed_trial``."""
        if acknowledged:
            return Beta(self.a + 1.0, self.b)
        return Beta(self.a, self.b + failed_trial(attempt, factor, share))

    def aged(self, days: float, prior: Beta, half_life: float = HALF_LIFE) -> Beta:
        """The belief after ``days`` without a call: it goes back towards ``prior``."""
        if days < 0.0:
            raise ValueError("days must not be negative")
        keep = 0.5 ** (days / half_life)
        return Beta(prior.a + keep * (self.a - prior.a), prior.b + keep * (self.b - prior.b))


GUESS = Beta(0.8, 1.2)  # where there is no history at all


def band(hour: int) -> int:
    """The band of an hour of the day, 0-based."""
    if not 0 <= hour < 24:
        raise ValueError(f"hour {hour}: between 0 and 23")
    return sum(hour >= start for start in BANDS) - 1


def fit_prior(successes: Floats, trials: Floats, parent: Beta = GUESS) -> Beta:
    """The prior of a group of numbers from what each of them showed.

    The beta-binomial of the greatest likelihood (Griffiths 1973), strength between
    WEAKEST and STRONGEST, with ``parent`` counting as a few calls. Likelihood and not
    moments, because a policy calls the good numbers more often: pooled means then lie
    too high, but the likelihood does not mind why a number was called. ``trials``
    may be fractions (see above).
    """
    successes, trials = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    used = np.flatnonzero(trials > 0.0)
    s, n = successes[used], np.maximum(trials[used], successes[used])
    strength = min(max(parent.evidence, WEAKEST), STRONGEST)
    if len(n) < 5 or n.sum() < 10.0:
        mean = float((s.sum() + PARENT * parent.mean) / (n.sum() + PARENT))
        return Beta(mean * strength, (1.0 - mean) * strength)
    cells, counts = np.unique(np.round(np.stack([s, n]), 2), axis=1, return_counts=True)
    s, n = cells

    def likelihood(mean: float, strength: float) -> float:
        a, b = mean * strength, (1.0 - mean) * strength
        each = log_gamma(a + s) + log_gamma(b + n - s) - log_gamma(a + b + n)
        one = log_gamma(np.array([a, b, a + b]))
        total = float((counts * (each - one[0] - one[1] + one[2])).sum())
        return total + PARENT * (parent.mean * math.log(mean) + (1.0 - parent.mean) * math.log(1.0 - mean))

    return _climb(likelihood, parent.mean, strength)


def _climb(likelihood: Callable[[float, float], float], mean: float, strength: float) -> Beta:
    """The greatest likelihood by steps in logit(mean) and log(strength) that halve."""
    x = math.log(mean / (1.0 - mean))
    y = math.log(strength)
    low, high = math.log(WEAKEST), math.log(STRONGEST)

    def at(x: float, y: float) -> float:
        return likelihood(1.0 / (1.0 + math.exp(-x)), math.exp(y))

    best, step = at(x, y), 0.8
    while step > 0.01:
        moves = [(x + step, y), (x - step, y), (x, min(y + step, high)), (x, max(y - step, low))]
        found = max((at(*m), m) for m in moves if abs(m[0]) < 5.0)
        if found[0] > best:
            best, (x, y) = found
        else:
            step /= 2.0
    mean = 1.0 / (1.0 + math.exp(-x))
    return Beta(mean * math.exp(y), (1.0 - mean) * math.exp(y))


def log_gamma(x: Floats) -> Floats:
    """log Gamma for x > 0: Stirling's series at x + 8 (error below 1e-12)."""
    shifted = x + 8.0
    product = np.ones_like(x)
    for k in range(8):
        product = product * (x + k)
    series = 1.0 / (12.0 * shifted) - 1.0 / (360.0 * shifted**3) + 1.0 / (1260.0 * shifted**5)
    return (shifted - 0.5) * np.log(shifted) - shifted + 0.5 * math.log(2.0 * math.pi) + series - np.log(product)


@dataclass(frozen=True)
class Record:
    """What is stored of one number in one hour band: decayed counts as of ``day``."""

    successes: float = 0.0
    trials: float = 0.0
    day: float = 0.0

    def at(self, day: float, half_life: float = HALF_LIFE) -> Record:
        """The same, decayed to a later day (an earlier one changes nothing)."""
        keep = 0.5 ** (max(0.0, day - self.day) / half_life)
        return Record(self.successes * keep, self.trials * keep, max(day, self.day))

    def seen(self, acknowledged: bool, day: float, attempt: int = 0, factor: float = 0.8) -> Record:
        """With one more call, ``attempt`` 0-based within its broadcast."""
        old = self.at(day)
        trial = 1.0 if acknowledged else failed_trial(attempt, factor)
        return Record(old.successes + float(acknowledged), old.trials + trial, old.day)

    def belief(self, prior: Beta) -> Beta:
        """The posterior."""
        return Beta(prior.a + self.successes, max(prior.b + self.trials - self.successes, 0.05))


@dataclass(frozen=True)
class Hierarchy:
    """Priors: of everything, of each kind of line, of each kind in each hour band."""

    everything: Beta
    kinds: dict[str, Beta]
    cells: dict[tuple[str, int], Beta]

    def prior(self, kind: str, hour_band: int) -> Beta:
        """The narrowest prior that there is, for a number never called for example."""
        return self.cells.get((kind, hour_band), self.kinds.get(kind, self.everything))


def fit(records: list[tuple[str, int, Record]], day: float) -> Hierarchy:
    """Priors from (kind, hour band, record) of all numbers, decayed to ``day``."""
    now = [(kind, b, record.at(day)) for kind, b, record in records]

    def pick(chosen: list[Record], parent: Beta) -> Beta:
        return fit_prior(np.array([r.successes for r in chosen]), np.array([r.trials for r in chosen]), parent)

    everything = pick([r for _, _, r in now], GUESS)
    kinds = {kind: pick([r for k, _, r in now if k == kind], everything) for kind in sorted({k for k, _, _ in now})}
    cells = {
        (kind, b): pick([r for k, c, r in now if (k, c) == (kind, b)], kinds[kind])
        for kind, b in sorted({(k, c) for k, c, _ in now})
    }
    return Hierarchy(everything, kinds, cells)


def posterior_means(successes: Floats, trials: Floats, prior: Beta) -> tuple[Floats, Floats]:
    """Means and evidence of many numbers of one kind at once."""
    a = prior.a + successes
    b = np.maximum(prior.b + trials - successes, 0.05)
    return a / (a + b), a + b

"""What history says: posteriors that borrow, learn without bias, and forget."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.kernel.posterior import (
    GUESS,
    STRONGEST,
    Beta,
    Record,
    band,
    failed_trial,
    fit,
    fit_prior,
    log_gamma,
)


@given(st.floats(1e-3, 1e4))
def testlog_gamma_is_the_librarys(x: float) -> None:
    assert log_gamma(np.array([x]))[0] == pytest.approx(math.lgamma(x), rel=1e-9, abs=1e-9)


def test_the_prior_is_found_again() -> None:
    rng = np.random.default_rng(3)
    p = rng.beta(2.0, 2.5, 3000)
    trials = rng.integers(1, 15, 3000).astype(float)
    prior = fit_prior(rng.binomial(trials.astype(int), p).astype(float), trials)
    assert prior.mean == pytest.approx(2.0 / 4.5, abs=0.02)
    assert prior.evidence == pytest.approx(4.5, rel=0.15)


def test_calling_the_good_numbers_more_often_does_not_bias_it() -> None:
    rng = np.random.default_rng(4)
    p = rng.beta(2.0, 2.5, 4000)
    first = rng.random(4000) < p
    more = np.where(first, rng.binomial(20, p), 0)
    trials = np.where(first, 21.0, 1.0)
    prior = fit_prior(first + more.astype(float), trials)
    assert (first.sum() + more.sum()) / trials.sum() > 0.5  # pooling would say that
    assert prior.mean == pytest.approx(2.0 / 4.5, abs=0.02)


def test_equal_numbers_make_a_strong_prior() -> None:
    rng = np.random.default_rng(5)
    trials = np.full(2000, 20.0)
    prior = fit_prior(rng.binomial(20, 0.4, 2000).astype(float), trials)
    assert prior.evidence == pytest.approx(STRONGEST, rel=0.05)


def test_without_history_it_guesses() -> None:
    prior = fit_prior(np.zeros(0), np.zeros(0))
    assert (prior.a, prior.b) == pytest.approx((GUESS.a, GUESS.b))


@pytest.mark.parametrize("p", [0.15, 0.4, 0.75])
def test_repeats_do_not_bias_the_estimate(p: float) -> None:
    rng = np.random.default_rng(6)
    record = Record()
    for _ in range(4000):
        for attempt in range(4):
            acknowledged = bool(rng.random() < p * 0.8**attempt)
            record = record.seen(acknowledged, 0.0, attempt)
            if acknowledged:
                break
    assert record.successes / record.trials == pytest.approx(p, abs=0.03)
    assert record.belief(GUESS).mean == pytest.approx(p, abs=0.03)


def test_the_failure_of_a_repeat_says_less() -> None:
    assert failed_trial(0) == 1.0
    assert failed_trial(1) == pytest.approx(0.8 * 0.6 / (1.0 - 0.8 * 0.4))
    assert failed_trial(3) < failed_trial(2) < failed_trial(1) < 1.0


def test_a_number_never_called_borrows_from_its_kind() -> None:
    records = [("mobile", 2, Record(8.0, 10.0))] * 30 + [("office", 2, Record(1.0, 10.0))] * 30
    found = fit(records, 0.0)
    assert found.prior("mobile", 5).mean == pytest.approx(0.8, abs=0.03)
    assert found.prior("office", 2).mean == pytest.approx(0.1, abs=0.03)
    assert 0.2 < found.prior("home", 2).mean < 0.7
    assert Record().belief(found.prior("office", 2)).mean == pytest.approx(0.1, abs=0.03)


@given(st.floats(0.0, 50.0), st.floats(0.0, 50.0), st.floats(0.0, 4000.0))
def test_age_leads_back_to_the_prior(good: float, bad: float, days: float) -> None:
    prior = Beta(2.0, 3.0)
    fresh = Record(good, good + bad, 0.0)
    old = fresh.at(days)
    assert old.successes <= fresh.successes
    assert abs(old.belief(prior).mean - prior.mean) <= abs(fresh.belief(prior).mean - prior.mean) + 1e-12
    assert fresh.at(180.0).trials == pytest.approx(fresh.trials / 2.0)
    assert fresh.belief(prior).aged(days, prior).mean == pytest.approx(old.belief(prior).mean)


def test_calls_raise_and_lower_it() -> None:
    belief = Beta(2.0, 2.0)
    assert belief.seen(True).mean > belief.mean > belief.seen(False).mean
    assert belief.seen(False, attempt=3).mean > belief.seen(False).mean
    low, high = belief.interval()
    assert low == pytest.approx(0.196, abs=0.02)
    assert high == pytest.approx(0.804, abs=0.02)
    with pytest.raises(ValueError, match="above 0"):
        Beta(0.0, 1.0)


def test_bands_cover_the_day() -> None:
    assert [band(h) for h in (0, 5, 6, 11, 12, 13, 14, 18, 22, 23)] == [0, 0, 1, 2, 3, 3, 4, 5, 6, 6]
    with pytest.raises(ValueError, match="24"):
        band(24)

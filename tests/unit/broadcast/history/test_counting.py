"""What calls add: the same in any order and however often it is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.history import counting
from broadcast.history.counting import Seen, Sums, add_up, band_of, weight_of
from broadcast.kernel import posterior
from dutycenter.vocabulary import Disposition, NumberKind, ReachedRule

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def seen(**more) -> Seen:
    given = {
        "number": "13800000001",
        "kind": NumberKind.MOBILE,
        "rehearsed": False,
        "rule": ReachedRule.KEY,
        "disposition": Disposition.NO_ANSWER,
        "nth": 0,
        "created_at": NOW,
        "answered_at": None,
        "ended_at": NOW + timedelta(seconds=30),
        "acknowledged_at": None,
        "message_seconds": 12.0,
        "ring_timeout": 30.0,
    }
    return Seen(**(given | more))


CALLS = st.builds(
    seen,
    number=st.sampled_from(["13800000001", "13800000002", "0731555"]),
    kind=st.sampled_from(list(NumberKind)),
    rehearsed=st.booleans(),
    rule=st.sampled_from(list(ReachedRule)),
    disposition=st.sampled_from(list(Disposition)),
    nth=st.integers(0, 4),
    created_at=st.integers(0, 900 * 24).map(lambda hours: NOW - timedelta(hours=hours)),
    answered_at=st.none() | st.just(NOW),
)


def figures(sums: Sums) -> dict:
    """All sums by what they are of."""
    numbers = {(*key, name): getattr(s, name) for key, s in sums.numbers.items() for name in
               ("calls", "acknowledged", "trials", "successes")}  # fmt: skip
    kinds = {(*key, name): value for key, s in sums.kinds.items() for name, value in vars(s).items()}
    return numbers | kinds


@given(st.lists(CALLS, max_size=20), st.randoms(use_true_random=False))
def test_their_order_does_not_matter(calls, random):
    shuffled = list(calls)
    random.shuffle(shuffled)
    assert figures(add_up(calls, ZONE)) == pytest.approx(figures(add_up(shuffled, ZONE)), abs=1e-6)


@given(st.lists(CALLS, max_size=20))
def test_no_more_is_acknowledged_than_was_called(calls):
    for of_number in add_up(calls, ZONE).numbers.values():
        assert 0 <= of_number.acknowledged <= of_number.calls
        assert of_number.successes >= 0.0 < of_number.trials


def test_what_the_network_or_we_ourselves_did_says_nothing_of_a_number():
    for disposition in counting.NEUTRAL:
        assert not add_up([seen(disposition=disposition)], ZONE).numbers


def test_a_message_heard_to_its_end_counts_where_that_is_the_rule():
    heard = seen(disposition=Disposition.HEARD, rule=ReachedRule.HEARD)
    assert [s.acknowledged for s in add_up([heard], ZONE).numbers.values()] == [1]
    assert [s.acknowledged for s in add_up([seen(disposition=Disposition.HEARD)], ZONE).numbers.values()] == [0]


def test_a_call_counts_half_after_its_half_life():
    before = NOW - timedelta(days=counting.HALF_LIFE)
    assert weight_of(before) / weight_of(NOW) == pytest.approx(0.5)


def test_who_was_not_let_ring_for_long_has_not_failed_as_surely():
    def trials(**more) -> float:
        return sum(s.trials for s in add_up([seen(**more)], ZONE).numbers.values())

    assert trials(ring_timeout=8.0) < 0.5 * trials(ring_timeout=30.0)
    assert trials(ring_timeout=60.0) == trials(ring_timeout=30.0)
    busy = {"disposition": Disposition.BUSY}
    assert trials(ring_timeout=8.0, **busy) == trials(ring_timeout=30.0, **busy)


def test_hours_are_those_of_the_duty_room():
    assert band_of(datetime(2026, 11, 27, 16, 30, tzinfo=UTC), ZONE) == 0  # half past midnight
    assert band_of(datetime(2026, 11, 27, 2, 0, tzinfo=UTC), ZONE) == 2


def test_it_counts_as_the_kernel_believes():
    assert counting.BANDS == posterior.BANDS
    assert counting.HALF_LIFE == posterior.HALF_LIFE
    assert [band_of(datetime(2026, 1, 1, h, tzinfo=ZONE), ZONE) for h in range(24)] == list(
        map(posterior.band, range(24))
    )

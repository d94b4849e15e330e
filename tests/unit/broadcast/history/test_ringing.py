"""For how long it is worth to let a number ring: what answers tell, and what stands in for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.history.chances import Chances
from broadcast.history.ringing import LONG, NOT_SEEN, OFFERED, Ringing, ringing, usual
from dutycenter.vocabulary import NumberKind

MOBILE = NumberKind.MOBILE
ROUNDED = 1e-12
timeouts = st.floats(0.0, 120.0)
answers = st.lists(st.floats(0.0, LONG), max_size=30).map(lambda seconds: Ringing(tuple(sorted(seconds))))


@given(answers, timeouts, timeouts)
def test_who_may_ring_for_longer_reaches_no_fewer(seen: Ringing, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert 0.0 <= seen.share(less) <= seen.share(more) + ROUNDED <= 1.0 + ROUNDED
    assert 0.0 <= NOT_SEEN.share(less) <= NOT_SEEN.share(more) + ROUNDED <= 1.0 + ROUNDED
    assert seen.share(LONG) == NOT_SEEN.share(LONG) == 1.0


def test_half_a_minute_is_long() -> None:
    assert usual(0.0) == 0.0
    assert usual(9.0) == pytest.approx(0.577, abs=1e-3)
    assert usual(LONG) > 0.99


def test_many_answers_count_for_more_than_what_is_usual() -> None:
    assert Ringing((5.0,) * 500).share(6.0) > 0.95
    assert Ringing((20.0,) * 500).share(15.0) < 0.06
    assert Ringing((20.0,)).share(15.0) == pytest.approx(Ringing().share(15.0), abs=0.04)


def best(*seconds: float) -> int:
    seen = Chances(0, ringing={MOBILE: Ringing(tuple(sorted(seconds)))})
    return seen.best_ring({MOBILE: (100, 0.5)}, pause=60.0, message=20.0)


def test_lines_ring_as_long_as_it_brings_most_for_their_time() -> None:
    assert best(*[4.0] * 500) == OFFERED[0]
    assert best(*[24.0] * 500) == 25
    assert OFFERED[0] < best() < OFFERED[-1]


def test_nobody_is_given_up_for_it() -> None:
    """The late ones would be called again in vain."""
    assert best(*[4.0] * 400, *[26.0] * 40) == 30


def test_without_numbers_nothing_is_better() -> None:
    assert Chances(0).best_ring({}, pause=60.0, message=20.0) in OFFERED


def test_only_calls_that_could_ring_for_long_tell_when_people_answer(town, manner) -> None:
    town.settle(12, numbers=1)
    town.gateway()
    twin = town.twin(lambda number, nth: manner(ring=11.0))
    dialer = town.dialer(twin)
    town.launch(ring_timeout=20)
    town.play(twin, dialer)
    with town.work.read() as request:
        assert ringing(request.db, rehearsed=True) == {}
    town.launch(ring_timeout=30)
    town.play(twin, dialer)
    with town.work.read() as request:
        found = ringing(request.db, rehearsed=True)
        assert ringing(request.db, rehearsed=False) == {}
    assert len(found[MOBILE].answered) == 12
    assert all(11.0 <= seconds < 13.0 for seconds in found[MOBILE].answered)

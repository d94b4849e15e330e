from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from broadcast.yielding import EVERY, FLOOR, GROWTH, HOLD, LEAST, Pace, Seen, channels_of, paced, rate_of

seen = st.builds(Seen, st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
shares = st.floats(FLOOR, 1.0)


class TestPaced:
    @given(shares, st.floats(0, HOLD), seen, st.floats(0, 2), st.floats(0, 60))
    def test_it_stays_between_the_floor_and_the_whole(self, share, hold, came, used, passed):
        assert FLOOR <= paced(Pace(share, hold), came, used, passed).share <= 1.0

    @given(seen, st.floats(0, 1))
    def test_it_is_never_more_after_a_failure(self, came, used):
        after = paced(Pace(0.5), came, used, EVERY)
        assert (after.share > 0.5) == (came.troubles == 0)

    def test_it_falls_below_what_was_up_and_not_below_what_was_allowed(self):
        assert paced(Pace(1.0), Seen(failed=20), used=0.4, passed=EVERY).share < 0.4

    def test_a_few_failures_among_many_legs_are_chance(self):
        assert paced(Pace(), Seen(carried=1, failed=LEAST - 1), 1.0, EVERY).share == 1.0
        assert paced(Pace(), Seen(carried=100, failed=LEAST), 1.0, EVERY).share == 1.0

    def test_what_was_begun_before_a_cut_cuts_no_second_time(self):
        cut = paced(Pace(), Seen(failed=9), 1.0, EVERY)
        still = paced(cut, Seen(failed=50), 1.0, HOLD - 0.1)
        assert still.share == cut.share
        assert paced(still, Seen(failed=50), 1.0, EVERY).share < cut.share

    def test_when_all_goes_well_the_whole_comes_back_by_even_steps(self):
        pace, at = Pace(FLOOR), [FLOOR]
        while pace.share < 1.0:
            pace = paced(pace, Seen(carried=1), 1.0, EVERY)
            at.append(pace.share)
        assert len(at) - 1 == -(-(1 - FLOOR) // (GROWTH * EVERY))
        assert all(later - earlier <= GROWTH * EVERY + 1e-9 for earlier, later in pairwise(at))


class TestParts:
    @given(shares, st.integers(0, 3000))
    def test_a_line_keeps_one_channel_and_gets_no_more_than_it_has(self, share, channels):
        got = channels_of(share, channels)
        assert min(1, channels) <= got <= channels

    @given(shares, st.floats(0.01, 500))
    def test_a_line_keeps_one_call_a_second_and_gets_no_more_than_it_takes(self, share, rate):
        assert min(1.0, rate) <= rate_of(share, rate) <= rate

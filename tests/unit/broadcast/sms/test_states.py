"""Reports in any order, any number of times."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.sms.states import reported, stronger
from dutycenter.vocabulary import SmsState

STATES = st.sampled_from(list(SmsState))


class TestStronger:
    @given(st.lists(STATES, min_size=1), st.randoms())
    def test_order_and_repeats_make_no_difference(self, said: list[SmsState], chance: object) -> None:
        again = said + said
        chance.shuffle(again)  # type: ignore[attr-defined]
        assert reduce(stronger, said) is reduce(stronger, again)

    def test_only_a_report_of_delivery_makes_it_delivered(self) -> None:
        others = [state for state in SmsState if state is not SmsState.DELIVERED]
        assert reduce(stronger, others) is SmsState.FAILED
        assert stronger(SmsState.FAILED, SmsState.DELIVERED) is SmsState.DELIVERED


class TestReported:
    @pytest.mark.parametrize(
        ("kind", "state"),
        [(1, SmsState.DELIVERED), (2, SmsState.FAILED), (4, SmsState.ACCEPTED), (8, SmsState.ACCEPTED),
         (16, SmsState.FAILED), (0, None), (3, None), (999, None)],
    )  # fmt: skip
    def test_each_kind_says_one_thing(self, kind: int, state: SmsState | None) -> None:
        assert reported(kind) is state

"""Who goes last in the queue: what a flood can do, and what it can't."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dutycenter.calls.flood import BLOCK, NUMBER, Bucket, block_of, is_slowed, slowed, tokens
from dutycenter.calls.services import Calls
from dutycenter.interfaces import IClock
from dutycenter.work import Work

times = st.lists(st.floats(0, 3600), max_size=60).map(sorted)
buckets = st.builds(Bucket, st.integers(1, 10), st.floats(1, 300))


@given(times, buckets)
def test_no_more_calls_pass_than_the_bucket_gives(arrivals: list[float], bucket: Bucket) -> None:
    passed = [at for index, at in enumerate(arrivals) if tokens(arrivals[:index], bucket, at) >= 1]
    for begin in range(len(passed)):
        for end in range(begin, len(passed)):
            allowed = bucket.burst + (passed[end] - passed[begin]) / bucket.refill
            assert end - begin + 1 <= allowed + 1e-6


@given(times, buckets, st.floats(3600, 4000))
def test_more_earlier_calls_never_help(arrivals: list[float], bucket: Bucket, now: float) -> None:
    for left_out in range(len(arrivals)):
        fewer = arrivals[:left_out] + arrivals[left_out + 1 :]
        assert tokens(fewer, bucket, now) >= tokens(arrivals, bucket, now) - 1e-6


@given(times, st.floats(3600, 4000))
def test_it_is_over_when_the_number_rests(arrivals: list[float], now: float) -> None:
    rested = now + max(NUMBER.refill, BLOCK.refill)
    assert not slowed(arrivals, arrivals, rested)


def test_a_block_is_ten_thousand_numbers_and_an_extension_has_none() -> None:
    assert block_of("13800138000") == "1380013"
    assert block_of("1001") == ""


def test_a_flood_goes_last_and_nobody_else_does(work: Work) -> None:
    def arrive(number: str) -> bool:
        with work.write() as request:
            channel, now = str(uuid.uuid4()), request.find_service(IClock).now() + timedelta(seconds=1)
            verdict = is_slowed(request.db, number, channel, now)
            request.find_service(Calls).arrive(channel, number, "07318888")
        return verdict

    def verdict(number: str) -> Any:
        with work.read() as request:
            return is_slowed(request.db, number, "", request.find_service(IClock).now() + timedelta(seconds=1))

    assert [arrive("13800138000") for _ in range(5)] == [False, False, False, True, True]
    assert verdict("+8613800138000")
    assert not verdict("13800138001")
    assert not verdict("13900138000")
    assert [arrive(f"1380013{n:04}") for n in range(9)][-1]
    assert not verdict("13900138000")
    assert not verdict("")

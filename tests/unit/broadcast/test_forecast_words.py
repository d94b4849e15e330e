"""What a forecast says and draws: never of a share that is reached already."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from broadcast.forecasts.picture import curve
from broadcast.forecasts.words import SHARES, launch_sentence, likely, live_sentence

moments = st.one_of(st.none(), st.floats(0, 900))


@st.composite
def forecasts(draw: st.DrawFn) -> dict[str, Any]:
    """As ``Answering`` tells it of a running broadcast: a larger share comes later, or never."""
    people = draw(st.integers(1, 600))
    acknowledged = draw(st.integers(0, people))
    now = draw(st.floats(1, 600))
    later = sorted((draw(moments) for _ in SHARES), key=lambda at: (at is None, at or 0.0), reverse=True)
    points = sorted(draw(st.lists(st.floats(0, 900), min_size=1, max_size=20)))
    told = {f"t{share}": [at, at, None] for share, at in zip(SHARES, later, strict=True)}
    share = acknowledged / people
    return told | {
        "people": people, "acknowledged": acknowledged, "reached": max(share, 0.5), "now": now,
        "curve": [(at, share, share, share) for at in points],
    }  # fmt: skip


@given(forecasts())
def test_the_mark_stands_where_the_sentence_speaks_of_and_ahead_of_now(told: dict[str, Any]) -> None:
    drawn, found = curve(told), likely(told)
    if drawn.reached is None:
        assert found is None or found[1][0] is None or found[1][0] <= told["now"]
    else:
        assert found is not None
        assert drawn.now is not None
        assert drawn.reached >= drawn.now


@given(forecasts())
def test_the_live_sentence_expects_no_share_that_is_reached(told: dict[str, Any]) -> None:
    said = live_sentence(told, _english)
    share = 100 * told["acknowledged"] / told["people"]
    for expected in SHARES:
        if said.startswith(f"{expected}% expected"):
            assert share < expected


def test_what_is_not_to_be_had_is_said_before_a_launch() -> None:
    told = {"t95": [None, 300.0, None], "t80": [130.0, 110.0, 160.0], "t50": [60.0, 50.0, 70.0], "lines": 30,
            "reached": 0.93, "people": 417, "more": {"lines": 60, "t80": [75.0, 60.0, 90.0]},
            "ring": {"seconds": 18, "t80": [100.0, 90.0, 120.0]}}  # fmt: skip
    assert launch_sentence(told, _english) == (
        "80% acknowledged in 2 min 10 s (80% interval 1:50–2:40), 30 at once; with 60: 1:15; ringing for 18 s: 1:40"
        " · about 93% of 417 will acknowledge in the end"
    )


def _english(message: Any) -> str:
    return str(message.interpolate())

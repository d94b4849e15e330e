"""Two reports of one emergency are found alike for grounds that can be named."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.incidents.duplicates.grounds import NEAR_IN_TIME, Ground, Report, grounds, is_likely, weight

NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
REPORTS = st.builds(
    Report,
    at=st.none() | st.integers(0, 600).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    place=st.sampled_from(["", "柳河镇三组", "柳河镇 三组河堤", "湘江大桥"]) | st.text(max_size=30),
    district=st.sampled_from(["", "1", "2"]),
    incident_class=st.sampled_from(["", "natural", "accident"]),
    subtype=st.sampled_from(["", "11A00", "12C00"]),
    numbers=st.frozensets(st.sampled_from(["13800138000", "07318888"])),
    words=st.sampled_from(["", "柳河水位超过警戒线,低洼处已经进水"]) | st.text(max_size=60),
)
FULL = Report(
    NOON, "柳河镇三组", "1", "natural", "11A00", frozenset({"13800138000"}), "柳河水位超过警戒线,低洼处已经进水"
)


class TestGrounds:
    @given(REPORTS, REPORTS)
    def test_it_does_not_matter_which_is_first(self, one: Report, other: Report) -> None:
        assert grounds(one, other) == grounds(other, one)

    @given(REPORTS)
    def test_what_is_not_known_is_never_a_ground(self, one: Report) -> None:
        assert grounds(one, Report()) == frozenset()

    @given(REPORTS, REPORTS, st.sampled_from([field.name for field in fields(Report)]))
    def test_having_more_in_common_never_makes_them_less_alike(self, one: Report, other: Report, name: str) -> None:
        closer = replace(other, **{name: getattr(one, name)})
        unknown = replace(other, **{name: getattr(Report(), name)})
        assert weight(grounds(one, closer)) >= weight(grounds(one, unknown))

    def test_the_same_report_is_alike_on_every_ground(self) -> None:
        assert grounds(FULL, FULL) == frozenset(Ground)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("柳河镇三组", "柳河镇 三组(河堤段)"),
            ("湘江大桥", "岳麓区湘江大桥东头"),
            ("XIANGJIANG Bridge", "xiangjiang bridge east"),
        ],
    )
    def test_a_place_is_known_again_in_other_words(self, one: str, other: str) -> None:
        assert Ground.PLACE in grounds(Report(place=one), Report(place=other))

    @pytest.mark.parametrize(("one", "other"), [("解放路", "五一路"), ("路", "路"), ("柳河镇三组", "湘江大桥")])
    def test_other_places_are_other_places(self, one: str, other: str) -> None:
        assert Ground.PLACE not in grounds(Report(place=one), Report(place=other))


class TestIsLikely:
    @pytest.mark.parametrize(
        ("known", "likely"),
        [
            ({"numbers"}, True),
            ({"place"}, False),  # many things happen at the bridge
            ({"place", "at"}, True),
            ({"subtype", "at", "district"}, True),
            ({"incident_class", "at", "district"}, False),
            ({"subtype", "incident_class", "district"}, False),
            ({"words", "at"}, True),
        ],
    )
    def test_it_weighs_them_together(self, known: set[str], likely: bool) -> None:
        other = replace(Report(), **{name: getattr(FULL, name) for name in known})
        assert is_likely(grounds(FULL, other)) is likely

    def test_time_is_near_or_not(self) -> None:
        assert Ground.TIME in grounds(Report(at=NOON), Report(at=NOON + NEAR_IN_TIME))
        assert Ground.TIME not in grounds(Report(at=NOON), Report(at=NOON + NEAR_IN_TIME + timedelta(seconds=1)))

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.origin import Origin, origin_of


@pytest.mark.parametrize(
    ("number", "place", "carrier"),
    [
        ("18570712234", "湖南省长沙市", "中国联通"),
        ("018570712234", "湖南省长沙市", "中国联通"),
        ("+8618570712234", "湖南省长沙市", "中国联通"),
        ("01066668888", "北京市", ""),
        ("19200001111", "", "中国广电"),  # a range that belongs to no place
        ("+12125551234", "美国", ""),
        ("110", "", ""),
        ("1001", "", ""),
        ("", "", ""),
        ("anonymous", "", ""),
        ("1" * 40, "", ""),
    ],
)
def test_place_and_carrier(number: str, place: str, carrier: str) -> None:
    assert origin_of(number, "zh_CN") == Origin(place, carrier)


def test_the_other_language() -> None:
    assert str(origin_of("18570712234", "en")) == "Changsha, Hunan · China Unicom"


def test_a_landline_without_area_code_is_at_home_here_and_nothing_else_is() -> None:
    assert origin_of("66668888", "zh_CN") == Origin()
    assert origin_of("66668888", "zh_CN", "010").place == "北京市"
    assert origin_of("1001", "zh_CN", "010") == Origin()
    assert origin_of("18570712234", "zh_CN", "010").place == "湖南省长沙市"


@given(st.text(max_size=40))
def test_hostile_text_has_an_origin_or_none(number: str) -> None:
    assert isinstance(str(origin_of(number, "zh_CN", "0731")), str)


def test_who_shows_no_numbers_pays_no_tables() -> None:
    asked = "import sys, dutycenter.origin; print('phonenumbers.geocoder' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"

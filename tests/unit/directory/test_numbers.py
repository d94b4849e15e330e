from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.directory.numbers import EMERGENCY, NumberFault, area_code_of, dialled, is_dialable, same_line
from dutycenter.vocabulary import NumberKind

MOBILE, OFFICE = NumberKind.MOBILE, NumberKind.OFFICE


class TestDialled:
    @pytest.mark.parametrize(
        ("typed", "kind", "number"),
        [
            ("138 0731 2234", MOBILE, "13807312234"),
            ("+86 138-0731-2234", MOBILE, "13807312234"),
            ("008613807312234", MOBILE, "13807312234"),
            ("(0731) 8886 1234", OFFICE, "073188861234"),
            ("（0731）88861234", OFFICE, "073188861234"),
            ("010-88861234", OFFICE, "01088861234"),
            ("88861234", OFFICE, "88861234"),
            ("8001", OFFICE, "8001"),
            ("400 810 1234", OFFICE, "4008101234"),
            ("12345", OFFICE, "12345"),
            ("13807312234", OFFICE, "13807312234"),
        ],
    )
    def test_it_takes_numbers_as_people_write_them(self, typed: str, kind: NumberKind, number: str) -> None:
        assert dialled(typed, kind) == number

    @pytest.mark.parametrize(
        "typed",
        ["", " ", "0", "12", "110", "119", "120", "1 1 0", "+1 202 555 0100", "0044 20 7946 0000", "1380731223", "138073122345",
         "9" * 40, "00000000000", "0731", "12a45", "１３８０７３１２２３４", "13807312234\r\nX: y", "${system(id)}",
         "138073122 34,9", "*72", "#31#13807312234"],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", [MOBILE, OFFICE])
    def test_it_refuses_what_cannot_or_must_not_be_called(self, typed: str, kind: NumberKind) -> None:
        with pytest.raises(NumberFault) as refused:
            dialled(typed, kind)
        assert refused.value.words

    def test_a_landline_is_no_mobile(self) -> None:
        with pytest.raises(NumberFault):
            dialled("073188861234", MOBILE)

    @given(st.text(max_size=60), st.sampled_from(NumberKind))
    def test_whatever_passes_is_digits_and_passes_again(self, typed: str, kind: NumberKind) -> None:
        try:
            number = dialled(typed, kind)
        except NumberFault:
            return
        assert number.isascii()
        assert number.isdigit()
        assert number not in EMERGENCY
        assert dialled(number, kind) == number
        assert is_dialable(number, kind)


class TestSameLine:
    @pytest.mark.parametrize(
        ("caller", "kept"),
        [
            ("13807312234", "13807312234"),
            ("+8613807312234", "13807312234"),
            ("013807312234", "13807312234"),
            ("073188861234", "88861234"),
            ("88861234", "073188861234"),
            ("73188861234", "073188861234"),
            ("1001", "1001"),
        ],
    )
    def test_it_finds_a_line_in_the_forms_that_networks_send(self, caller: str, kept: str) -> None:
        assert kept in same_line(caller, "0731")

    @pytest.mark.parametrize("caller", ["", "anonymous", "unknown", "1380731%0A", "<sip:x>", "+"])
    def test_what_is_no_number_is_nobodys(self, caller: str) -> None:
        assert same_line(caller, "0731") == []

    @given(st.text(max_size=40))
    def test_it_has_an_answer_for_anything(self, caller: str) -> None:
        assert all(form.isdigit() for form in same_line(caller, "0731"))


@pytest.mark.parametrize(
    ("number", "code"), [("07318888", "0731"), ("01012345", "010"), ("02112345", "021"), ("8888", "")]
)
def test_area_code_of(number: str, code: str) -> None:
    assert area_code_of(number) == code

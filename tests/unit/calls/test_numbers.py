from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.calls.numbers import clean_number, dialled_form


class TestCleanNumber:
    @pytest.mark.parametrize(
        ("raw", "shown"),
        [
            ("13800138000", "13800138000"),
            ("+86 138-0013-8000", "+8613800138000"),
            ("(0731) 8888 1234", "073188881234"),
            ("sipp", ""),
            ("anonymous", ""),
            ("110%0AEvent-Name%3A%20X", ""),
            ("${system(reboot)}", ""),
            ("١٢٣٤٥", ""),
            ("1" * 5000, ""),
            ("", ""),
        ],
    )
    def test_it_shows_numbers_and_nothing_else(self, raw: str, shown: str) -> None:
        assert clean_number(raw) == shown

    @given(st.text())
    def test_it_never_lets_anything_else_pass(self, raw: str) -> None:
        assert re.fullmatch(r"(\+?[0-9*#]{1,24})?", clean_number(raw))


class TestDialledForm:
    @pytest.mark.parametrize(
        ("number", "kept"),
        [
            ("+8613800138000", "13800138000"),
            ("008613800138000", "13800138000"),
            ("013800138000", "13800138000"),
            ("07311234567", "07311234567"),
            ("8613", "8613"),
            ("110", "110"),
        ],
    )
    def test_it_is_what_the_directory_keeps(self, number: str, kept: str) -> None:
        assert dialled_form(number) == kept

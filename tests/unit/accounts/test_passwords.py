from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.accounts.passwords import (
    COMMON,
    MAX_LENGTH,
    MIN_LENGTH,
    ONE_TIME_ALPHABET,
    fault_of,
    hash_password,
    matches,
    one_time_password,
)


class TestMatches:
    def test_only_the_password_itself(self) -> None:
        hashed = hash_password("three small boats")

        assert matches(hashed, "three small boats")
        assert not matches(hashed, "three small boat")
        assert not matches(hashed, "")

    def test_nobodys_password_is_never_right(self) -> None:
        assert not matches(None, "")
        assert not matches(None, "three small boats")

    def test_a_broken_hash_lets_nobody_in(self) -> None:
        assert not matches("-", "-")
        assert not matches("", "")

    def test_what_is_too_long_is_wrong_even_if_its_beginning_is_right(self) -> None:
        longest = "x" * MAX_LENGTH

        assert matches(hash_password(longest), longest)
        assert not matches(hash_password(longest + "x"), longest + "x")


class TestFaultOf:
    @pytest.mark.parametrize(
        "password",
        ["short", "", "x" * (MAX_LENGTH + 1), "1234567890", "Password-123", "aaaaaaaaaaaa", "abababababab", "0987654321",
         "abcdefghijkl", "zhangwei-2026", "ZHANGWEI2026", "我是张伟我是张伟我是张伟", "7890123456"],
    )  # fmt: skip
    def test_it_refuses_what_would_be_tried_first(self, password: str) -> None:
        assert fault_of(password, "zhangwei", "张伟") is not None

    @pytest.mark.parametrize(
        "password", ["three small boats", "春江潮水连海平海上明月", "k7mp-2xqr-9fhd", "Liuhe-Water-2026"]
    )
    def test_it_takes_a_good_one(self, password: str) -> None:
        assert fault_of(password, "zhangwei", "张伟") is None

    def test_the_list_holds_what_the_other_rules_would_let_pass(self) -> None:
        assert all(word == word.casefold() and word.isalnum() for word in COMMON)
        assert sum(len(word) >= MIN_LENGTH for word in COMMON) > 50

    @given(st.text(max_size=200))
    def test_it_has_an_answer_for_anything(self, password: str) -> None:
        fault_of(password, "officer", "张伟")


class TestOneTimePassword:
    def test_it_passes_the_policy_and_is_readable_from_paper(self) -> None:
        made = {one_time_password() for _n in range(50)}

        assert len(made) == 50
        assert all(fault_of(password, "officer", "张伟") is None for password in made)
        assert set("".join(made)) <= {*ONE_TIME_ALPHABET, "-"}
        assert not set("0o1il") & set(ONE_TIME_ALPHABET)

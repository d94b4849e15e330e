"""Splitting and counting as it is billed, for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.sms.parts import BASIC, EXTENDED, Alphabet, alphabet_of, count, split

GSM = st.text(st.sampled_from(sorted(BASIC | EXTENDED)), max_size=700)
CHINESE = st.text(st.sampled_from("水库漫坝请立即到岗,。1a😀𠮷€"), min_size=1, max_size=400)
ANY = st.text(max_size=400) | GSM | CHINESE


def septets(text: str) -> int:
    return sum(2 if c in EXTENDED else 1 for c in text)


def units(text: str) -> int:
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


class TestSplit:
    @given(ANY)
    def test_nothing_is_lost_and_every_part_fits(self, text: str) -> None:
        parts = split(text)
        size, alone, together = (septets, 160, 153) if alphabet_of(text) is Alphabet.GSM else (units, 70, 67)
        assert "".join(parts) == text
        assert all(parts)
        assert all(size(part) <= (alone if len(parts) == 1 else together) for part in parts)

    @given(ANY)
    def test_there_are_no_more_parts_than_needed(self, text: str) -> None:
        size, alone, together = (septets, 160, 153) if alphabet_of(text) is Alphabet.GSM else (units, 70, 67)
        whole = size(text)
        if whole <= alone:
            assert len(split(text)) == min(1, whole)
        else:
            # A character of two units may leave one unit of a part empty.
            assert -(-whole // together) <= len(split(text)) <= -(-whole // (together - 1))

    @given(ANY)
    def test_the_count_is_that_of_the_parts(self, text: str) -> None:
        counted = count(text)
        assert (counted.parts, counted.characters, counted.alphabet) == (len(split(text)), len(text), alphabet_of(text))
        assert counted.left >= 0

    @given(CHINESE, st.integers(1, 200))
    def test_so_many_units_more_still_fit(self, text: str, more: int) -> None:
        counted = count(text)
        if counted.alphabet is Alphabet.UCS2 and counted.parts == 1:
            assert count(text + "水" * counted.left).parts == 1
            assert count(text + "水" * (counted.left + more)).parts > 1


class TestCount:
    @pytest.mark.parametrize(
        ("text", "alphabet", "parts", "left"),
        [
            ("", "gsm-7", 0, 160),
            ("a" * 160, "gsm-7", 1, 0),
            ("a" * 161, "gsm-7", 2, 145),
            ("a" * 306, "gsm-7", 2, 0),
            ("a" * 307, "gsm-7", 3, 152),
            ("€" * 80, "gsm-7", 1, 0),
            ("€" * 81, "gsm-7", 2, 143),  # 76 of them and one septet unused, then 5
            ("水" * 70, "ucs-2", 1, 0),
            ("水" * 71, "ucs-2", 2, 63),
            ("水" * 134, "ucs-2", 2, 0),
            ("水" * 135, "ucs-2", 3, 66),
            ("😀" * 35, "ucs-2", 1, 0),
            ("😀" * 36, "ucs-2", 2, 61),  # 33 of them and one unit unused, then 3
            ("【演练】", "ucs-2", 1, 66),
            ("ç", "ucs-2", 1, 69),  # only the capital one is in the alphabet
        ],
    )
    def test_known_ones(self, text: str, alphabet: str, parts: int, left: int) -> None:
        counted = count(text)
        assert (counted.alphabet.value, counted.parts, counted.left) == (alphabet, parts, left)

    def test_the_alphabet_is_whole(self) -> None:
        assert (len(BASIC), len(EXTENDED)) == (127, 10)  # without the escape

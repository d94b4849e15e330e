"""What goes out, and what comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.sms.words import LONGEST_REPLY, Arrival, arrival_of, clean_reply, compose, meaning_of
from dutycenter.vocabulary import SmsMeaning


class TestCompose:
    def test_an_exercise_says_so_first(self) -> None:
        assert compose(" 请到岗。\n", "总值班室。", exercise=True) == "【演练】请到岗。\n总值班室。"
        assert compose("请到岗。", "", exercise=False) == "请到岗。"


class TestMeaning:
    @pytest.mark.parametrize(
        "text",
        ["1", "\uff11", " 1 ", "\u30001\uff0e", "1。", "1.", "「1」", "收到", "收到!", "已收到。", "1,收到", "确认"],
    )
    def test_acknowledgements(self, text: str) -> None:
        assert meaning_of(text) is SmsMeaning.ACKNOWLEDGE

    @pytest.mark.parametrize("text", ["4", "\uff14", "4。", "不能到"])
    def test_cannot_come(self, text: str) -> None:
        assert meaning_of(text) is SmsMeaning.DECLINE

    @pytest.mark.parametrize(
        "text", ["", "11", "14", "41", "1 4", "10分钟到不了", "没到", "收到,但来不了", "没收到", "不确认", "①②", "l"]
    )
    def test_anything_else_is_for_people_to_read(self, text: str) -> None:
        assert meaning_of(text) is SmsMeaning.OTHER

    @pytest.mark.parametrize(
        ("text", "minutes"),
        [("20分钟", 20), ("1,20分钟到", 20), ("１２０分钟后到达。", 120), ("收到,5分内能到", 5), ("15 min", 15),
         ("已到", None), ("到了!", None), ("报到", None)],
    )  # fmt: skip
    def test_who_says_when_they_come_has_accepted(self, text: str, minutes: int | None) -> None:
        assert arrival_of(text) == Arrival(minutes)
        assert meaning_of(text) is SmsMeaning.ACKNOWLEDGE

    @given(st.text())
    def test_any_text_means_something(self, text: str) -> None:
        assert meaning_of(text) in SmsMeaning


class TestForeignText:
    @given(st.text(max_size=3000))
    def test_it_is_kept_short_and_without_what_is_invisible(self, text: str) -> None:
        kept = clean_reply(text)
        assert len(kept) <= LONGEST_REPLY
        assert all(c == "\n" or c.isprintable() or c.isspace() for c in kept)

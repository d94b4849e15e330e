"""The simulated people: the same for the same number and seed, as common as asked for."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.switch.rehearsal.people import CALLERS, USUAL, People, all_phrases, caller, manner, parse_shares

NUMBERS = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


class TestPeople:
    @given(NUMBERS, st.integers(0, 1000))
    def test_it_decides_by_number_and_seed_alone(self, number: str, seed: int) -> None:
        first, second = People(seed), People(seed)
        assert [first.called(number) for _ in range(3)] == [second.called(number) for _ in range(3)]

    def test_it_gives_each_character_its_share(self) -> None:
        people = People(7, parse_shares("answers=80 busy=20"))
        found = Counter(people.character(f"138{n:08d}") for n in range(4000))
        assert set(found) == {"answers", "busy"}
        assert 0.17 < found["busy"] / 4000 < 0.23

    def test_another_seed_is_another_town(self) -> None:
        numbers = [f"138{n:08d}" for n in range(200)]
        assert [People(1).character(n) for n in numbers] != [People(2).character(n) for n in numbers]

    def test_the_second_call_reaches_who_answers_the_second_time(self) -> None:
        people = People(assigned={"13800000001": "second_time"})
        assert people.called("13800000001").answer_after is None
        assert people.called("13800000001").answer_after is not None

    def test_everybody_does_one_thing_at_the_first_ring(self) -> None:
        for character in USUAL:
            found = manner(character, 1, random.Random(1))
            assert (found.answer_after is None) or (found.refusal is None), character

    @pytest.mark.parametrize("text", ["nobody=3", "answers=lots", "answers=-1", "answers=0"])
    def test_shares_that_cannot_be_meant_are_refused_by_name(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"nobody|lots|-1|share"):
            parse_shares(text)

    def test_what_they_say_can_be_made_ahead(self) -> None:
        phrases = set(all_phrases())
        assert {c.says for c in CALLERS.values() if c.says} <= phrases
        assert all(manner(name, 1, random.Random(3)).greeting in {*phrases, ""} for name in USUAL)


class TestCaller:
    def test_it_takes_wishes(self) -> None:
        found = caller("reports", {"keys": "12", "talks_for": 3, "says": "着火了"})
        assert (found.keys, found.talks_for, found.says) == (("1", "2"), 3.0, "着火了")

    @pytest.mark.parametrize("wish", [{"keys": "1;2"}, {"talks_for": "long"}, {"by_hand": True}, {"think": -1}])
    def test_it_refuses_what_it_does_not_understand(self, wish: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="is not understood"):
            caller("reports", wish)

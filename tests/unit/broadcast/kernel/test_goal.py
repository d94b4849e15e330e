"""Goals: what they mean, and what is said about those that cannot be read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.kernel import GoalError, compile_goal

NAMES = {
    "书记": [0], "县长": [1], "应急局": [2, 3], "水利": [4, 5, 6], "Duty Room": [7], "与会人员": [8, 9], "*": range(10),
    "x光室": [3], "box": [4], "119指挥中心": [5],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "enough", "short"),
    [
        ("书记", {0}, {1}),
        ("书记 OR 县长", {1}, {2}),
        ("书记 AND 县长", {0, 1}, {0}),
        ("书记 或 县长", {1}, {2}),
        ("书记且县长", {0, 1}, {0}),
        ("水利×2", {4, 6}, {4}),
        ("水利x2", {4, 6}, {4}),
        ("水利 x 2", {4, 6}, {4}),
        ("水利 * 3", {4, 5, 6}, {4, 5}),
        ("(书记 OR 县长) AND 应急局×1 AND 水利×2 within 5 min", {1, 3, 4, 5}, {1, 3, 4}),
        ("（书记 或 县长）且 应急局，水利×2，5分钟内", {0, 2, 5, 6}, {2, 5, 6}),
        ("书记 and 县长 or 水利", {4}, {0}),
        ("书记 and (县长 or 水利)", {0, 4}, {4}),
        ('"Duty Room" 且 「与会人员」×2', {7, 8, 9}, {7, 8}),
        ("80%", set(range(8)), set(range(7))),
        ("x光室", {3}, {2}),
        ("box", {4}, {3}),
        ("119指挥中心 且 书记×1", {0, 5}, {5}),
    ],
)
def test_it_means_what_it_says(text: str, enough: set[int], short: set[int]) -> None:
    goal = compile_goal(text, NAMES.get)
    assert goal.met(enough)
    assert goal.met(set(range(10)))
    assert not goal.met(short)
    assert not goal.met(set())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("书记 within 5 min", 300.0),
        ("书记 within 90 s", 90.0),
        ("书记 5分钟内", 300.0),
        ("书记，30 秒以内", 30.0),
        ("书记 且 2小时内", 7200.0),
        ("书记 within 1.5 h", 5400.0),
        ("书记", math.inf),
    ],
)
def test_it_reads_limits(text: str, seconds: float) -> None:
    assert compile_goal(text, NAMES.get).within == seconds


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "a post"),
        ("书记 AND", 6, "a post"),
        ("(书记 OR 县长", 9, "')' for the bracket at character 1"),
        ("书记)", 2, "AND, OR"),
        ("书记 县长", 3, "AND, OR"),
        ("市长", 0, "a known post"),
        ("书记 AND 市长×2", 7, "a known post"),
        ("水利×", 3, "a count"),
        ("水利×0", 3, "a whole count"),
        ("水利×4", 0, "at least 4 in the plan"),
        ("书记 within", 9, "a number of minutes"),
        ("书记 within 5", 11, "a unit"),
        ("书记 within 0 min", 10, "a time above zero"),
        ("书记 within 5 min 县长", 16, "the end"),
        ("120%", 0, "between 0 and 100"),
        ("5 书记", 2, "'%'"),
        ("书记 OR OR 县长", 6, "a post"),
        ('"书记', 0, "a name"),
    ],
)
def test_it_says_what_is_wrong_and_where(text: str, position: int, expected: str) -> None:
    with pytest.raises(GoalError) as caught:
        compile_goal(text, NAMES.get)
    assert caught.value.position == position
    assert expected in caught.value.expected
    assert f"character {position + 1}" in str(caught.value)


def test_the_error_points_under_chinese_text() -> None:
    with pytest.raises(GoalError) as caught:
        compile_goal("书记 且 市长", NAMES.get)
    _, shown, marker = str(caught.value).split("\n")
    assert shown == "  书记 且 市长"
    assert marker == "  " + " " * 8 + "^"


def test_its_time_is_the_last_that_it_needed() -> None:
    goal = compile_goal("(书记 OR 县长) AND 水利×2", NAMES.get)
    order = np.array([4, 1, 0, 6], np.int32)
    when = np.array([1, 5, 6, 9], np.int64) * 1_000_000
    assert goal.time(order, when) == 9.0
    assert goal.time(order[:3], when[:3]) == math.inf
    assert goal.people() == {0, 1, 4, 5, 6}


LEAVES = st.sampled_from(["书记", "县长", "应急局", "水利×2", "水利×3"])
TREES = st.recursive(LEAVES, lambda t: st.tuples(st.sampled_from([" OR ", "且"]), t, t), max_leaves=8)


def written(tree: str | tuple) -> str:
    return tree if isinstance(tree, str) else f"({written(tree[1])}{tree[0]}{written(tree[2])})"


def holds(tree: str | tuple, people: set[int]) -> bool:
    if isinstance(tree, str):
        name, _, count = tree.partition("×")
        return len(people & set(NAMES[name])) >= int(count or 1)
    left, right = holds(tree[1], people), holds(tree[2], people)
    return left or right if tree[0] == " OR " else left and right


@given(TREES, st.sets(st.integers(0, 9)))
def test_it_agrees_with_plain_evaluation(tree: str | tuple, people: set[int]) -> None:
    assert compile_goal(written(tree), NAMES.get).met(people) == holds(tree, people)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dutycenter.directory.models import Department, District
from dutycenter.directory.tree import branch, outline

RIVER = District(id=1, code="430191", name="临江区")


def department(number: int, parent: int | None = None, district: District | None = None) -> Department:
    return Department(
        id=number, name=f"d{number}", short_name=f"d{number}", parent_id=parent, district=district,
        district_id=None if district is None else district.id,
    )  # fmt: skip


# 1 ─ 2 ─ 3,  4;  in the district: 5 ─ 6
CITY = [
    department(1), department(2, 1), department(3, 2), department(4), department(5, None, RIVER), department(6, 5),
]  # fmt: skip
PEOPLE = {1: 10, 2: 5, 3: 1, 4: 2, 5: 7, 6: 3}


def shown(**chosen: int) -> list[tuple[str, int, int, int, bool]]:
    lines = outline(CITY, PEOPLE, {3: 1, 6: 2}, **chosen)
    return [(line.of.name, line.depth, line.people, line.troubled, line.is_open) for line in lines]


class TestOutline:
    def test_closed_it_counts_everybody_below(self) -> None:
        assert shown() == [("d1", 0, 16, 1, False), ("d4", 0, 2, 0, False), ("临江区", 0, 10, 2, False)]

    def test_it_is_open_down_to_what_is_chosen(self) -> None:
        assert [line[:2] + line[4:] for line in shown(department_id=2)] == [
            ("d1", 0, True), ("d2", 1, True), ("d3", 2, False), ("d4", 0, False), ("临江区", 0, False),
        ]  # fmt: skip

    def test_a_district_opens_with_what_is_in_it(self) -> None:
        assert [line[:2] for line in shown(district_id=1)][-2:] == [("临江区", 0), ("d5", 1)]
        assert [line[:2] for line in shown(department_id=6)][-3:] == [("临江区", 0), ("d5", 1), ("d6", 2)]

    def test_what_stands_below_a_department_that_is_not_shown_stands_at_the_top(self) -> None:
        assert [line.of.name for line in outline(CITY[1:3], PEOPLE, {})] == ["d2"]


@given(st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(1, 9))), st.integers(1, 9))
def test_a_branch_ends_and_holds_whoever_is_below_one_of_its_own(
    parents: list[tuple[int, int | None]], root: int
) -> None:
    whole = branch(parents, root)
    assert root in whole
    assert all((found in whole) for found, parent in parents if parent in whole)

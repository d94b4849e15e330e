"""Reckoned widths: figures have what they need, words give way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.measure import HASH, PADDING, ems, shares
from reports.paper import Cell, Table

TEXTS = st.text("字a1,%<\u200b ", max_size=60)


def table(rows: list[tuple[str, str]], align: str = "lr") -> Table:
    return Table("表 1", "x", ("单位", "人次"), [[Cell(text) for text in row] for row in rows], align)


@given(st.lists(st.tuples(TEXTS, st.text("0123456789,.%", max_size=12)), min_size=1, max_size=20))
def test_all_of_the_width_is_given_and_figures_stay_on_their_line(rows: list[tuple[str, str]]) -> None:
    given_out = shares(table(rows), 40)
    assert sum(given_out) == pytest.approx(100)
    assert 40 * given_out[1] / 100 >= max(ems(figure) for _, figure in rows)


def test_a_long_name_takes_no_more_than_is_left() -> None:
    name, figure = shares(table([("名" * 200, "12,345")]), 40)
    assert 40 * figure / 100 == pytest.approx(PADDING + ems("12,345"))
    assert name == pytest.approx(100 - figure)


def test_the_longest_column_gives_way_before_short_ones_do() -> None:
    when, what = "10月1日14:48:56", "各" * 90
    rows = [[Cell("赵海燕"), Cell(when), Cell(what), Cell("ab" * 32, form="hash")]]
    name, moment, _, code = shares(Table("表 1", "x", ("姓名", "时间", "内容", "哈希"), rows, "llll"), 40)
    assert 40 * name / 100 == pytest.approx(PADDING + 3)
    assert 40 * moment / 100 == pytest.approx(PADDING + ems(when))
    assert 40 * code / 100 == pytest.approx(PADDING + HASH)

"""How wide texts are set, reckoned from their letters: to find out, the libraries would set them once more."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from reports.paper import Cell, Table

LATIN = 0.58  # of an em: digits and letters of the papers' fonts, on the mean
PADDING = 0.8  # ems at the sides of a cell, together
HASH = 10.0  # ems of half a hash, in its small letters
LEAST = 5.0  # ems that a column of words keeps


def ems(text: str) -> float:
    """About how wide a text is, in ems."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else LATIN for letter in text)


def shares(table: Table, wide: float) -> Sequence[float]:
    """The columns' shares of a table's width, in percent: each as wide as its widest text, and the rest by size.
    Where that is too much, the widest columns of words break theirs into lines; figures stay whole.

    Args:
        wide: what the table has, in ems.
    """
    needs = [PADDING + max(ems(name), *(_cell(row[at]) for row in table.rows)) for at, name in enumerate(table.head)]
    words = [need for need, letter in zip(needs, table.align, strict=True) if letter == "l"]
    most = _level(words, wide - sum(needs) + sum(words))
    needs = [min(need, most) if letter == "l" else need for need, letter in zip(needs, table.align, strict=True)]
    return [100 * need / sum(needs) for need in needs]


def _cell(cell: Cell) -> float:
    return HASH if cell.form == "hash" else ems(cell.text)


def _level(needs: Sequence[float], wide: float) -> float:
    """The most that each may have so that all fit; what the small ones leave is the large ones'."""
    for place, need in enumerate(sorted(needs)):
        level = wide / (len(needs) - place)
        if need > level:
            return max(level, LEAST)
        wide -= need
    return max(needs, default=0.0)

"""How wide texts are set, reckoned from their letters: to find out, the libraries would set them once more."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from reports.paper import Table

LATIN = 0.58  # of an em: digits and letters of the papers' fonts, on the mean
PADDING = 0.7  # ems at the sides of a cell, together
LEAST = 5.0  # ems that a column of words keeps


def ems(text: str) -> float:
    """About how wide a text is, in ems."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else LATIN for letter in text)


def shares(table: Table, wide: float) -> Sequence[float]:
    """The columns' shares of a table's width, in percent: each as wide as its widest text, and the rest by size.
    Where that is too much, words are broken into lines; figures are not.

    Args:
        wide: what the table has, in ems.
    """
    needs = [PADDING + max(ems(name), *(ems(row[at].text) for row in table.rows)) for at, name in enumerate(table.head)]
    over = sum(needs) - wide
    words = [max(0.0, need - LEAST) if letter == "l" else 0.0 for need, letter in zip(needs, table.align, strict=True)]
    if over > 0 and sum(words) > 0:
        part = min(1.0, over / sum(words))
        needs = [need - part * word for need, word in zip(needs, words, strict=True)]
    return [100 * need / sum(needs) for need in needs]

"""What came from outside as text, read without believing it."""

from __future__ import annotations

ID_DIGITS = 9  # what every database holds in an integer column


def whole(text: str, digits: int = ID_DIGITS) -> int | None:
    """The whole number, 0 or more, that the text is; None for anything else.

    Args:
        text: as it came; only ASCII digits are read, no sign, no blank.
        digits: the most there may be.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def row_id(text: str) -> int:
    """The id of a row that the text is; 0, which no row has, for anything else."""
    return whole(text) or 0

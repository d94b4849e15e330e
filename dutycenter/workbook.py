"""Spreadsheets to take away: every text in them stays a text."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter import Workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def new_workbook(out: IO[bytes]) -> Workbook:
    """A workbook that is written to ``out`` when it is closed. What came from outside is no formula, link or number."""
    from xlsxwriter import Workbook

    return Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )

"""Found incidents as a spreadsheet. Every text is a string: nothing that came from outside is a formula or a link."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dutycenter.workbook import new_workbook

WIDTHS = {"text": 40, "long": 60, "count": 9, "moment": 17}

Column = tuple[str, str]
"""What stands at its head, and its form: one of ``WIDTHS``."""


def write_sheet(
    title: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], about: Sequence[tuple[str, str]], zone: ZoneInfo
) -> bytes:  # fmt: skip
    """The rows as ``.xlsx``, and on a second sheet what was looked for.

    Args:
        rows: text, whole numbers, moments in UTC, or None.
    """
    out = io.BytesIO()
    book = new_workbook(out)
    book.set_properties({"title": title, "created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    forms = {
        "text": book.add_format({"valign": "top", "text_wrap": True}),
        "long": book.add_format({"valign": "top", "text_wrap": True}),
        "count": book.add_format({"valign": "top", "num_format": "#,##0"}),
        "moment": book.add_format({"valign": "top", "num_format": "yyyy-mm-dd hh:mm"}),
    }
    sheet = book.add_worksheet(title[:31])
    for place, (name, form) in enumerate(columns):
        sheet.write_string(0, place, name, head)
        sheet.set_column(place, place, WIDTHS[form], forms[form])
    for line, row in enumerate(rows, start=1):
        for place, (value, (_name, form)) in enumerate(zip(row, columns, strict=True)):
            _write(sheet, line, place, value, forms[form], zone)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    second = book.add_worksheet()
    second.set_column(0, 1, WIDTHS["text"], forms["text"])
    for line, (name, text) in enumerate(about):
        second.write_string(line, 0, name)
        second.write_string(line, 1, text)
    book.close()
    return out.getvalue()


def _write(sheet: Any, line: int, place: int, value: Any, form: Any, zone: ZoneInfo) -> None:
    if value is None or value == "":
        sheet.write_blank(line, place, None, form)
    elif isinstance(value, datetime):
        sheet.write_datetime(line, place, value.astimezone(zone).replace(tzinfo=None), form)
    elif isinstance(value, int):
        sheet.write_number(line, place, value, form)
    else:
        sheet.write_string(line, place, value, form)

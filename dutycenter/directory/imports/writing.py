"""Sheets of people to take away: the directory as it is, and a template to fill in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pyramid.i18n import TranslationStringFactory

from dutycenter.directory.hours import words_of
from dutycenter.directory.imports.columns import HEADS, KINDS, Column, cells_of, write_numbers
from dutycenter.directory.models import Person
from dutycenter.workbook import new_workbook

_ = TranslationStringFactory("dutycenter")

Translate = Callable[[object], str]

CSV = "text/csv"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDTHS = {Column.ID: 9, Column.NAME: 12, Column.DEPARTMENT: 28, Column.POST: 18, Column.ADDRESS: 30}
EXAMPLE: Mapping[str, str] = {
    Column.NAME: "张伟",
    Column.DEPARTMENT: "云江市水利局",
    Column.POST: "防汛科科长",
    Column.MOBILE: "154 0000 1234",
    Column.OFFICE: "0732-8220000 (工作日 08:30-17:30)；0732-8220001",
    Column.DEPUTIES: "李强；王芳（云江市应急管理局）",
    Column.ADDRESS: "-",
}
NOTES = (
    _("Name and department must be filled in; everything else may stay empty."),
    _("An empty cell changes nothing. A dash (-) empties what was there."),
    _("Several numbers or deputies stand in one cell, apart by ；. Numbers are called in the order of the columns."),
    _("Hours of a number follow it in brackets: (08:30-17:30), (工作日), (工作日 08:30-17:30)."),
    _("Who has a person no. is changed; whoever has none is found by name and department, else taken in as new."),
    _("A department that isn't there yet is made; its department above and its district are read then only."),
    _("People who are not in the sheet stay as they are. Nothing is saved before you have seen and confirmed it."),
)


def rows_of(people: Iterable[Person], translate: Translate) -> Iterator[dict[str, str]]:
    """A row for each person, hours in the reader's words."""
    for person in people:
        numbers = {
            column: write_numbers((n.number, translate(words_of(n.hours))) for n in person.numbers if n.kind is kind)
            for column, kind in KINDS.items()
        }
        department = person.department
        district = department.district
        yield cells_of(person) | numbers | {Column.DISTRICT: district.name if district is not None else ""}


def write_csv(rows: Iterable[Mapping[str, str]], translate: Translate) -> bytes:
    """Rows as CSV for spreadsheets: with a byte order mark, and no cell that they would take for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(translate(HEADS[column]) for column in Column)
    writer.writerows([_tamed(row.get(column, "")) for column in Column] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(rows: Iterable[Mapping[str, str]], translate: Translate, notes: Sequence[object] = ()) -> bytes:
    """Rows as a workbook of texts alone; notes stand on a sheet of their own."""
    out = io.BytesIO()
    book = new_workbook(out)
    head = book.add_format({"bold": True, "bg_color": "#E8EEF6", "bottom": 1})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(translate(_("People")))
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(Column):
        sheet.set_column(place, place, WIDTHS.get(column, 22), text)
        sheet.write_string(0, place, translate(HEADS[column]), head)
    for line, row in enumerate(rows, start=1):
        for place, column in enumerate(Column):
            if row.get(column):
                sheet.write_string(line, place, row[column], text)
    if notes:
        told = book.add_worksheet(translate(_("How to fill it in")))
        told.set_column(0, 0, 110)
        for line, note in enumerate(notes):
            told.write_string(line, 0, translate(note))
    book.close()
    return out.getvalue()


def template(translate: Translate) -> bytes:
    """An empty workbook with one example, and how to fill it in."""
    return write_xlsx([EXAMPLE], translate, NOTES)


def _tamed(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell

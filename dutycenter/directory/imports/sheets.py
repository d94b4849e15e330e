"""Reading the sheets that people hand in, without believing them: Excel or CSV, limited in every direction."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyramid.i18n import TranslationString, TranslationStringFactory

from dutycenter.directory.imports.columns import READ_AS, Column, column_of

_ = TranslationStringFactory("dutycenter")

MOST_BYTES = 8 * 2**20
MOST_UNPACKED = 96 * 2**20  # of a workbook, which is a zip archive
MOST_PARTS = 400
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 500
HEAD_WITHIN = 6  # rows: titles may stand above the heads
ENCODINGS = ("utf-8-sig", "gb18030")


class SheetFault(ValueError):
    """This is no sheet of people. ``args[0]`` is a translation string that says why and what to do."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


@dataclass(frozen=True)
class SheetRow:
    """One row: its number in the sheet, and its cells by column, only those with something in them."""

    line: int
    cells: dict[str, str]


def read_sheet(content: bytes) -> list[SheetRow]:
    """The rows of a sheet that have anything in them; what it is shows its first bytes, not its name.

    Raises:
        SheetFault: it cannot be read, has no heads, or is too large.
    """
    if len(content) > MOST_BYTES:
        raise SheetFault(_("The file is larger than ${n} MB. Split it.", mapping={"n": MOST_BYTES // 2**20}))
    if content.startswith(b"PK"):
        return _table(_workbook(content))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetFault(_("This is an old Excel file (.xls). Save it as .xlsx and choose it again."))
    return _table(_text(content))


def _table(rows: Iterable[Sequence[str]]) -> list[SheetRow]:
    heads: list[Column | None] = []
    found: list[SheetRow] = []
    for line, row in enumerate(rows, start=1):
        if not heads:
            named = [column_of(cell) for cell in row]
            if Column.NAME in named:
                heads = named
                _check_heads(heads)
            elif line >= HEAD_WITHIN:
                break
            continue
        cells = {head.value: cell for head, cell in zip(heads, row, strict=False) if head is not None and cell}
        if cells:
            found.append(SheetRow(line, cells))
        if len(found) > MOST_ROWS:
            raise SheetFault(_("The sheet has more than ${n} rows. Split it.", mapping={"n": MOST_ROWS}))
    if not heads:
        raise SheetFault(
            _("No row of heads was found: one of the first rows must name the columns, 姓名 and 部门 among them.")
        )
    if not found:
        raise SheetFault(_("Below the heads there is no row with anything in it."))
    return found


def _check_heads(heads: Sequence[Column | None]) -> None:
    named = [head for head in heads if head is not None]
    if len(set(named)) < len(named):
        twice = next(head for head in named if named.count(head) > 1)
        raise SheetFault(_("Two columns are headed alike: ${head}.", mapping={"head": READ_AS[twice][1]}))
    if Column.DEPARTMENT not in named and Column.ID not in named:
        raise SheetFault(_("There is no column for the department (部门)."))


def _workbook(content: bytes) -> Iterator[Sequence[str]]:
    # Only the clerk reads sheets; other processes need not load the library.
    from openpyxl import load_workbook

    _check_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            yield [_cell(value) for value in row]
    except SheetFault:
        raise
    except Exception as fault:  # the library raises whatever a broken file makes it stumble over
        raise SheetFault(_("The Excel file is damaged or protected by a password.")) from fault


def _check_archive(content: bytes) -> None:
    """A small archive may unpack to more than the machine has."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as fault:
        raise SheetFault(_("The Excel file is damaged or protected by a password.")) from fault
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise SheetFault(_("The Excel file is too large when unpacked. Save the sheet of people alone."))


def _text(content: bytes) -> Iterator[Sequence[str]]:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SheetFault(_("This is neither an Excel file (.xlsx) nor a text file (CSV)."))
    if "\0" in text:
        raise SheetFault(_("This is neither an Excel file (.xlsx) nor a text file (CSV)."))
    first = text.split("\n", 1)[0]
    separator = max(",\t;", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield [_cell(value) for value in row[:MOST_COLUMNS]]
    except csv.Error as fault:
        raise SheetFault(_("This is neither an Excel file (.xlsx) nor a text file (CSV).")) from fault


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a number that the spreadsheet took for one
    text = str(value).strip()
    # What keeps a spreadsheet from taking a text for a formula.
    return text.removeprefix("'")[:LONGEST_CELL].strip()

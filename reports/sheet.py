"""The tables and figures of a paper as a spreadsheet, with charts that the spreadsheet draws itself.

Every text is written as a string, so that no name from outside becomes a
formula or a link. The same paper gives the same bytes: no dates.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dutycenter.workbook import new_workbook
from reports.paper import Bars, Columns, Figure, Note, Paper, Paragraph, Section, Table

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

FORMS = {"count": "#,##0", "share": "0.0%", "seconds": "[h]:mm:ss"}
DAY = 86400  # seconds: a spreadsheet keeps lengths of time as parts of a day
FILLS: tuple[dict[str, Any], ...] = (  # stay apart in black and white
    {"fill": {"color": "#1F3A5F"}},
    {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#1F3A5F", "bg_color": "#FFFFFF"}},
    {"fill": {"color": "#8FA9C4"}},
    {"pattern": {"pattern": "narrow_vertical", "fg_color": "#777777", "bg_color": "#FFFFFF"}},
    {"pattern": {"pattern": "large_grid", "fg_color": "#1F3A5F", "bg_color": "#FFFFFF"}},
    {"fill": {"color": "#E6E6E6"}},
)
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")  # in the name of a sheet
CHART_ROWS = 18


def render_sheet(paper: Paper) -> bytes:
    """The paper as ``.xlsx``: a sheet for each section, and one for the sources."""
    out = io.BytesIO()
    book = new_workbook(out)
    book.set_properties({"title": f"{paper.subtitle} {paper.title}", "author": paper.head,
                         "created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})  # fmt: skip
    styles = _Styles(book)
    taken: set[str] = set()
    for section in paper.sections:
        _Sheet(book, book.add_worksheet(_name(section.title, taken)), styles).section(section)
    if paper.appendix is not None:
        _sources(book, paper, styles, taken)
    book.close()
    return out.getvalue()


class _Styles:
    def __init__(self, book: Workbook) -> None:
        self.title = book.add_format({"bold": True, "font_size": 12})
        self.head = book.add_format({"bold": True, "bottom": 1, "top": 2, "text_wrap": True, "valign": "vcenter"})
        self.text = book.add_format({"valign": "top", "text_wrap": True})
        self.said = book.add_format({"valign": "top", "text_wrap": True})
        self.numbers = {form: book.add_format({"num_format": code}) for form, code in FORMS.items()}
        self.right = book.add_format({"align": "right"})


class _Sheet:
    """Writes one section from top to bottom."""

    def __init__(self, book: Workbook, sheet: Worksheet, styles: _Styles) -> None:
        self.book = book
        self.sheet = sheet
        self.styles = styles
        self.row = 0
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 12, 14)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def section(self, section: Section) -> None:
        for block in section.all_blocks:
            if isinstance(block, Table):
                self.table(block)
            elif isinstance(block, Figure):
                self.figure(block)
            elif isinstance(block, Paragraph | Note):
                self.sheet.merge_range(self.row, 0, self.row, 8, "", self.styles.said)
                self.sheet.write_string(self.row, 0, block.text, self.styles.said)
                self.sheet.set_row(self.row, 15 * (1 + len(block.text) // 62))
                self.row += 2

    def table(self, table: Table) -> None:
        self._title(table.label, table.title)
        for column, name in enumerate(table.head):
            self.sheet.write_string(self.row, column, name, self.styles.head)
        for cells in table.rows:
            self.row += 1
            for column, cell in enumerate(cells):
                if cell.value is None:
                    style = self.styles.right if table.align[column] == "r" else self.styles.text
                    self.sheet.write_string(self.row, column, cell.text, style)
                else:
                    value = cell.value / DAY if cell.form == "seconds" else cell.value
                    self.sheet.write_number(self.row, column, value, self.styles.numbers[cell.form])
        self.row += 2

    def figure(self, figure: Figure) -> None:
        """The figure's own numbers as a table, and beside them the chart."""
        chart = figure.chart
        self._title(figure.label, figure.title)
        top = self.row
        for column, (name, values) in enumerate(chart.series, start=1):
            self.sheet.write_string(top, column, name, self.styles.head)
            for place, value in enumerate(values, start=1):
                self.sheet.write_number(top + place, column, value, self.styles.numbers["count"])
        for place, category in enumerate(chart.categories, start=1):
            self.sheet.write_string(top + place, 0, category)
        self.sheet.insert_chart(top, len(chart.series) + 2, self._chart(figure, chart, top))
        self.row = top + max(CHART_ROWS, len(chart.categories) + 2)

    def _chart(self, figure: Figure, chart: Columns | Bars, top: int) -> Any:
        kind = {"type": "column", "subtype": "stacked"} if isinstance(chart, Columns) else {
            "type": "bar", "subtype": "percent_stacked"
        }  # fmt: skip
        drawn: Any = self.book.add_chart(kind)
        last = top + len(chart.categories)
        name = self.sheet.get_name()
        for column in range(1, len(chart.series) + 1):
            drawn.add_series(
                {
                    "name": [name, top, column],
                    "categories": [name, top + 1, 0, last, 0],
                    "values": [name, top + 1, column, last, column],
                    "border": {"color": "#1F3A5F", "width": 0.5},
                    "gap": 40,
                    **FILLS[(column - 1) % len(FILLS)],
                }
            )
        drawn.set_title({"name": figure.title, "name_font": {"size": 11}, "overlay": False})
        drawn.set_legend({"position": "top"})
        if isinstance(chart, Bars):
            drawn.set_y_axis({"reverse": True})
        drawn.set_size({"width": 620, "height": 320})
        return drawn

    def _title(self, label: str, title: str) -> None:
        self.sheet.write_string(self.row, 0, f"{label}  {title}", self.styles.title)
        self.row += 1


def _sources(book: Workbook, paper: Paper, styles: _Styles, taken: set[str]) -> None:
    assert paper.appendix is not None
    sheet = book.add_worksheet(_name(paper.appendix.head[3], taken))
    for column, name in enumerate(paper.appendix.head):
        sheet.write_string(0, column, name, styles.head)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 3, 42)
    for row, source in enumerate(paper.sources, start=1):
        for column, text in enumerate((source.label, source.title, source.counting, ", ".join(source.queries))):
            sheet.write_string(row, column, text, styles.text)


def _name(title: str, taken: set[str]) -> str:
    """A name that a sheet may have: 31 characters, unlike the others."""
    name = FORBIDDEN.sub(" ", title)[:31] or "1"
    while name.lower() in taken:
        name = f"{name[:28]} {len(taken)}"
    taken.add(name.lower())
    return name

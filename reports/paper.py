"""A paper before it is set: sections, paragraphs, numbered tables and figures.

Whatever is made here is plain data; ``reports.render`` turns it into pages and
``reports.sheet`` into a spreadsheet. Every table and figure says which queries
it comes from, and the paper collects them for its appendix; every number says
which rows it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.period import Period


@dataclass(frozen=True)
class Rows:
    """What a number counts: rows of a kind in a period, by filters (``reports.rows``)."""

    kind: str
    period: Period
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cell:
    """What stands in a table. ``value`` is the number behind the text, in ``form``: count, share, seconds; ``hash`` is text to compare."""

    text: str
    value: float | None = None
    form: str = "count"
    rows: Rows | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Items:
    """A numbered list; ``kind`` is ``plain`` or ``warning``."""

    texts: Sequence[str]
    kind: str = "plain"


@dataclass(frozen=True)
class Note:
    """A remark in small type: what is missing, how something is counted."""

    text: str


@dataclass(frozen=True)
class Table:
    """A three-line table. ``align`` has a letter for each column: l, c, r; ``total``: the last row is a sum."""

    label: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    align: str
    total: bool = False


@dataclass(frozen=True)
class Columns:
    """Stacked columns over a row of categories, such as the hours of a day."""

    categories: Sequence[str]
    series: Sequence[tuple[str, Sequence[int]]]
    axis: str  # what the categories are
    unit: str
    rows: Sequence[Rows] = ()  # of each category


@dataclass(frozen=True)
class Bars:
    """Stacked horizontal bars, one for each name, with shares of 100 %."""

    categories: Sequence[str]
    series: Sequence[tuple[str, Sequence[int]]]
    unit: str


@dataclass(frozen=True)
class Figure:
    label: str
    title: str
    chart: Columns | Bars
    reading: str  # what one sees in it, for those who can't


@dataclass(frozen=True)
class Proof:
    """The signed head of the ledger, as text and as QR code; numbered among the figures."""

    label: str
    title: str
    lines: Sequence[tuple[str, str]]  # short ones, name and value
    hashes: Sequence[tuple[str, str]]
    code: str  # what the QR code says


@dataclass(frozen=True)
class Signatures:
    """Places to sign by hand: who, and room for a name and a date."""

    names: Sequence[str]


@dataclass(frozen=True)
class CalendarDay:
    """A day of a calendar. ``lines``: a name in bold and what follows it; ``shade``: a day off; ``other``: another month's."""

    text: str
    note: str
    lines: Sequence[tuple[str, str]]
    shade: bool = False
    other: bool = False


@dataclass(frozen=True)
class Calendar:
    """Weeks under the names of their days."""

    head: Sequence[str]
    weeks: Sequence[Sequence[CalendarDay]]


Block = Paragraph | Items | Note | Table | Figure | Proof | Signatures | Calendar


@dataclass(frozen=True)
class Part:
    """A subsection: （一）…"""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Section:
    """A section: 一、…"""

    title: str
    blocks: Sequence[Block] = ()
    parts: Sequence[Part] = ()

    @property
    def all_blocks(self) -> list[Block]:
        """Those of its parts too."""
        return [*self.blocks, *(block for part in self.parts for block in part.blocks)]


@dataclass(frozen=True)
class Source:
    """A line of the appendix: where a table or figure comes from, and how it counts."""

    label: str
    title: str
    queries: Sequence[str]
    counting: str


@dataclass(frozen=True)
class Appendix:
    """The words around the list of sources."""

    title: str
    text: str
    rules: Sequence[str]
    head: Sequence[str]
    nothing: str


@dataclass(frozen=True)
class Paper:
    """All of it. ``cover`` are the lines at the foot of the cover, or below a short paper's title: name and value.

    ``form`` is ``report`` (cover, contents, appendix), ``brief`` (a red head and
    then the text) or ``list`` (a title and tables, for use in the house).
    """

    language: str
    form: str
    authority: str
    head: str  # the red head
    title: str
    subtitle: str
    issue: str
    issued: str
    cover: Sequence[tuple[str, str]]
    banner: str  # a warning on the cover, or nothing
    sections: Sequence[Section]
    sources: Sequence[Source] = ()
    contents: str = ""  # the heading of the contents
    appendix: Appendix | None = None
    note: str = ""  # the word before a remark
    exercise: bool = False  # what it tells of was one: said on its face
    addressee: str = ""  # 主送, before the text
    opening: Sequence[Block] = ()  # before the first heading
    closing: Sequence[tuple[str, str]] = ()  # below the text: name and value
    landscape: bool = False

    @property
    def chinese(self) -> bool:
        return self.language.startswith("zh")

    @property
    def heads(self) -> list[str]:
        """The ledger's heads that it prints, as their QR codes say them."""
        return [block.code for section in self.sections for block in section.all_blocks if isinstance(block, Proof)]


@dataclass
class Maker:
    """Numbers tables and figures in the order in which they are made, and keeps their sources."""

    table_word: str
    figure_word: str
    sources: list[Source] = field(default_factory=list)
    tables: int = 0
    figures: int = 0

    def table(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Sequence[Cell | str]],
        *,
        queries: Sequence[str],
        counting: str,
        align: str = "",
        total: bool = False,
    ) -> Table:
        """A table with the next number; by default the first column is text, the others are numbers."""
        self.tables += 1
        label = f"{self.table_word} {self.tables}"
        self.sources.append(Source(label, title, queries, counting))
        cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        return Table(label, title, head, cells, align or "l" + "r" * (len(head) - 1), total)

    def proof(
        self, title: str, lines: Sequence[tuple[str, str]], hashes: Sequence[tuple[str, str]], code: str, *,
        queries: Sequence[str], counting: str,
    ) -> Proof:  # fmt: skip
        """A signed head with the next figure's number."""
        return Proof(self._figure(title, queries, counting), title, lines, hashes, code)

    def figure(
        self, title: str, chart: Columns | Bars, reading: str, *, queries: Sequence[str], counting: str
    ) -> Figure:
        """A figure with the next number."""
        return Figure(self._figure(title, queries, counting), title, chart, reading)

    def _figure(self, title: str, queries: Sequence[str], counting: str) -> str:
        self.figures += 1
        label = f"{self.figure_word} {self.figures}"
        self.sources.append(Source(label, title, queries, counting))
        return label

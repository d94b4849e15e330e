"""A paper before it is set: sections, paragraphs, numbered tables and figures.

Whatever is made here is plain data; ``reports.render`` turns it into pages.
Every table and figure says which queries it comes from, and the paper collects
them for its appendix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


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
    rows: Sequence[Sequence[str]]
    align: str
    total: bool = False


@dataclass(frozen=True)
class Columns:
    """Stacked columns over a row of categories, such as the hours of a day."""

    categories: Sequence[str]
    series: Sequence[tuple[str, Sequence[int]]]
    axis: str  # what the categories are
    unit: str


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
    size: str
    at: str
    sha256: str
    sm3: str
    key_id: str
    code: str  # what the QR code says


Block = Paragraph | Items | Note | Table | Figure | Proof


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


@dataclass(frozen=True)
class Source:
    """A line of the appendix: where a table or figure comes from, and how it counts."""

    label: str
    title: str
    queries: Sequence[str]
    counting: str


@dataclass(frozen=True)
class Paper:
    """All of it. ``cover`` are the lines at the foot of the cover, name and value."""

    authority: str
    head: str  # the red head
    title: str
    subtitle: str
    issue: str
    issued: str
    cover: Sequence[tuple[str, str]]
    banner: str  # a warning on the cover, or nothing
    sections: Sequence[Section]
    sources: Sequence[Source]


@dataclass
class Maker:
    """Numbers tables and figures in the order in which they are made, and keeps their sources."""

    sources: list[Source] = field(default_factory=list)
    tables: int = 0
    figures: int = 0

    def table(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        queries: Sequence[str],
        counting: str,
        align: str = "",
        total: bool = False,
    ) -> Table:
        """A table with the next number; by default the first column is text, the others are numbers."""
        self.tables += 1
        label = f"表 {self.tables}"
        self.sources.append(Source(label, title, queries, counting))
        return Table(label, title, head, rows, align or "l" + "r" * (len(head) - 1), total)

    def proof(self, title: str, *, queries: Sequence[str], counting: str, **head: str) -> Proof:
        """A signed head with the next figure's number."""
        self.figures += 1
        label = f"图 {self.figures}"
        self.sources.append(Source(label, title, queries, counting))
        return Proof(label, title, **head)

    def figure(
        self, title: str, chart: Columns | Bars, reading: str, *, queries: Sequence[str], counting: str
    ) -> Figure:
        """A figure with the next number."""
        self.figures += 1
        label = f"图 {self.figures}"
        self.sources.append(Source(label, title, queries, counting))
        return Figure(label, title, chart, reading)

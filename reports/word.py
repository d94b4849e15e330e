"""A short paper as a Word document in the layout of official papers, to be edited further.

The same paper gives the same text; every text is a run of its own, so that
nothing from outside becomes a field or markup.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reports.paper import Block, Paper, Paragraph
from reports.render import heading

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph as Line

RED = "C00000"
SERIF, SANS = "FangSong", "SimHei"  # 仿宋 and 黑体, as GB/T 9704-2012 asks; on every office computer
LATIN = "Times New Roman"
SIZE, SMALL, TITLE, HEAD = 16, 14, 22, 34  # points: 三号, 四号, 二号, the red head
LEADING = 28  # points
MARGINS = {"top_margin": 37, "bottom_margin": 35, "left_margin": 28, "right_margin": 26}  # mm


def render_word(paper: Paper) -> bytes:
    """The paper as ``.docx``: red head, title, text. Paragraphs only: that is all a written report has."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Mm

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, width in MARGINS.items():
        setattr(section, name, Mm(width))
    core = document.core_properties
    core.title, core.author, core.comments = paper.title, paper.issue, ""
    core.created = core.modified = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)

    _line(document, paper.head, HEAD, align=ALIGN.CENTER, bold=True, colour=RED, leading=46)
    _rule(_line(document, f"{paper.issue}\t{paper.issued}", SMALL, tab=156), RED)
    _line(document, "", SMALL)
    _line(document, paper.title, TITLE, align=ALIGN.CENTER, bold=True, leading=32)
    _line(document, paper.subtitle, SMALL, align=ALIGN.CENTER)
    if paper.banner:
        _line(document, paper.banner, SMALL, align=ALIGN.CENTER, bold=True, font=SANS)
    if paper.addressee:
        _line(document, paper.addressee + ("：" if paper.chinese else ":"), SIZE)
    _paragraphs(document, paper.opening)
    for number, part in enumerate(paper.sections, start=1):
        mark = heading(paper.chinese, number) if len(paper.sections) > 1 else ""
        _line(document, mark + part.title, SIZE, indent=True, font=SANS, keep=True)
        _paragraphs(document, part.blocks)
    if paper.closing:
        said = "\t".join(f"{name}{'：' if paper.chinese else ': '}{value}" for name, value in paper.closing)
        _rule(_line(document, "", SMALL), "000000")
        _line(document, said, SMALL, tab=156)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _paragraphs(document: Document, blocks: Sequence[Block]) -> None:
    for block in blocks:
        assert isinstance(block, Paragraph)
        _line(document, block.text, SIZE, indent=True)


def _line(
    document: Document, text: str, size: float, *, align: Any = None, bold: bool = False, colour: str = "",
    font: str = SERIF, indent: bool = False, keep: bool = False, leading: float = LEADING, tab: float = 0,
) -> Line:  # fmt: skip
    from docx.enum.text import WD_LINE_SPACING, WD_TAB_ALIGNMENT
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    line = document.add_paragraph()
    form = line.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(leading)
    form.alignment, form.keep_with_next = align, keep
    if indent:
        form.first_line_indent = Pt(2 * size)
    if tab:
        form.tab_stops.add_tab_stop(Mm(tab), WD_TAB_ALIGNMENT.RIGHT)
    run = line.add_run(text)
    run.bold, run.font.size, run.font.name = bold, Pt(size), LATIN
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
    return line


def _rule(line: Line, colour: str) -> None:
    """A line below the paragraph."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "4"), ("color", colour)):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    # Word wants a paragraph's properties in the order of its schema.
    line._p.get_or_add_pPr().insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")

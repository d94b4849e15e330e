"""From a paper to PDF.

WeasyPrint sets the pages. It may fetch the package's own style sheets by name
and nothing else; every text goes through autoescape, so that no name from
outside becomes markup, a formula or a link. The same paper gives the same
bytes: no dates, no random ids.
"""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from dutycenter.frame.numerals import numeral
from reports.charts import draw
from reports.measure import shares
from reports.paper import Block, Figure, Paper, Proof, Table
from reports.progress import Progress, silent

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATE = "paper.html.jinja2"
SCHEME = "paper:"  # the package's own files, by name
SHARED = ("paper.css", "short.css")
FIGURES = re.compile(r"([0-9][0-9.,:%-]*)")
WIDE = 442.0  # points: the type area
NARROW = 0.75  # of it, for tables of few columns
TEXT, SMALL, LISTED = 10.5, 9.0, 9.5  # points: letters of tables; of many columns or in English; of short papers
WORD = 14  # letters that a column can bear unbroken
NAME = 20  # Latin letters that a row's name may have on one line
RARELY = (20_000, 10, 5)  # thresholds of the collector while pages are set


class RefusedFetch(RuntimeError):
    """The paper wanted something from outside the package."""


def render_pdf(paper: Paper, progress: Progress = silent) -> bytes:
    """The paper as PDF, A4.

    Raises:
        FontMissing: a font of the paper isn't installed.
    """
    charts = draw_all(paper, progress)
    html = render_html(paper)
    identity = hashlib.sha256(html.encode())
    for chart in charts.values():
        identity.update(chart.encode())
    progress("setting", 0)
    with _seldom_collected():
        return _set(html, charts, identity.hexdigest()[:32].encode(), progress)


def draw_all(paper: Paper, progress: Progress = silent) -> dict[str, str]:
    """The paper's charts as SVG, by the name under which the paper fetches them."""
    figures = [block for section in paper.sections for block in section.all_blocks if isinstance(block, Figure)]
    drawn = {}
    for done, figure in enumerate(figures):
        progress("drawing", done / len(figures))
        drawn[_picture(figure)] = draw(figure.chart)
    return drawn


def render_html(paper: Paper) -> str:
    """The paper as one HTML document; its charts are fetched by name."""
    return _environment().get_template(TEMPLATE).render(paper=paper, chinese=paper.chinese)


def _set(html: str, charts: Mapping[str, str], identifier: bytes, progress: Progress) -> bytes:
    import weasyprint
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OwnFiles(URLFetcher):
        """Gives the package's own styles and charts, refuses all else and lets nothing hide the refusal."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix(SCHEME)
            if url.startswith(SCHEME) and name in SHARED:
                return URLFetcherResponse(url, _style(name), {"Content-Type": "text/css"})
            if url.startswith(SCHEME) and name in charts:
                return URLFetcherResponse(url, charts[name].encode(), {"Content-Type": "image/svg+xml"})
            raise FatalURLFetchingError(f"a paper may not fetch {url[:100]}")

    try:
        document = weasyprint.HTML(string=html, base_url=None, url_fetcher=OwnFiles()).render()
        progress("setting", 0.7)
        pdf: bytes = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    except FatalURLFetchingError as error:
        raise RefusedFetch(str(error)) from None
    return pdf


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Pages are some million objects that all live until the last is written: looking for garbage among
    them as often as usual is a sixth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def heading(chinese: bool, number: int) -> str:
    """The mark before a section's title: 一、 or 1."""
    return f"{numeral(number)}、" if chinese else f"{number}  "


def subheading(chinese: bool, number: int, part: int) -> str:
    """The mark before a part's title: （一） or 1.2"""
    return f"（{numeral(part)}）" if chinese else f"{number}.{part}  "


def _picture(figure: Figure) -> str:
    return f"figure-{figure.label.split()[-1]}.svg"


def _style(name: str) -> bytes:
    return files("reports").joinpath("templates", name).read_bytes()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(heading=heading, subheading=subheading)
    environment.filters["picture"] = _picture
    environment.filters["halfwidth"] = _halfwidth
    environment.filters["code"] = _code
    environment.filters["groups"] = _groups
    environment.filters["shares"] = _shares
    environment.tests["of"] = _is
    environment.tests["unbroken"] = _unbroken
    environment.tests["brief"] = _brief
    return environment


def _is(block: Block, kind: str) -> bool:
    return type(block).__name__ == kind


def _unbroken(text: str) -> bool:
    """Whether a piece of it is too long for a column, so that it may be broken anywhere."""
    return len(text) > WORD and any(len(piece) > WORD for piece in text.split())


def _brief(text: str) -> bool:
    """Whether a row's name fits on one line beside its figures."""
    return len(text) <= NAME and text.isascii()


def _halfwidth(text: str) -> Markup:
    """Figures set half as wide as a character, so that lines of 28 characters end flush; the text itself escaped."""
    from markupsafe import Markup, escape

    parts = FIGURES.split(text)
    set_ = [
        escape(part) if n % 2 == 0 else Markup('<span class="h">{}</span>').format(part) for n, part in enumerate(parts)
    ]
    return Markup("").join(set_)


def _shares(table: Table, paper: Paper) -> Sequence[float]:
    small = SMALL if len(table.head) > 7 or not paper.chinese else TEXT
    letters = small if paper.form == "report" else LISTED
    part = NARROW if len(table.head) < 4 and paper.form == "report" else 1.0
    return shares(table, part * WIDE / letters)


def _groups(text: str, size: int = 8) -> str:
    """Hexadecimal in groups that an eye can compare."""
    return " ".join(text[at : at + size] for at in range(0, len(text), size))


def _code(proof: Proof) -> Markup:
    """The proof as a QR code."""
    import segno
    from markupsafe import Markup

    drawn = segno.make(proof.code, error="m", micro=False, boost_error=False)
    return Markup(drawn.svg_inline(scale=1, border=2, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704

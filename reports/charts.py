"""Charts as SVG, drawn by matplotlib without pyplot's shared state.

The same numbers give the same bytes: ids are salted with a constant, no date
is written. Colours differ in lightness and carry hatches, so that the series
stay apart in black and white. matplotlib is imported when the first chart is
drawn: no other process pays for it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reports.paper import Bars, Columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = "Noto Sans CJK SC"
LEGEND = 45  # Latin letters that one line of a legend holds beside its keys
WIDTH = 156 / 25.4  # inches: the width of the type area
DEEP, INK, RULE = "#1F3A5F", "#222222", "#BBBBBB"
FILLS: Sequence[tuple[str, str]] = (  # colour and hatch, from dark to light
    (DEEP, ""),
    ("#FFFFFF", "////"),
    ("#8FA9C4", ""),
    ("#DDDDDD", "|||"),
    ("#FFFFFF", "xxx"),
    ("#F2F2F2", ""),
)
STYLE: Any = {
    "font.family": [FONT],
    "font.size": 8.5,
    "axes.unicode_minus": False,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.5,
    "hatch.color": DEEP,
    "svg.fonttype": "none",  # the text stays text: found by a search, and set by the same engine as the rest
    "svg.hashsalt": "dutycenter",
    "text.parse_math": False,  # names come from outside: a dollar sign is a dollar sign
    "text.usetex": False,
}
_LOCK = threading.Lock()  # matplotlib's settings belong to the whole process


class FontMissing(RuntimeError):
    """A font of the paper isn't installed; ``str()`` says what to do."""


def draw(chart: Columns | Bars) -> str:
    """The chart as an ``<svg>`` element.

    Raises:
        FontMissing: the Chinese font isn't there; boxes instead of words would be printed.
    """
    import matplotlib
    from matplotlib import font_manager
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with _LOCK, matplotlib.rc_context(STYLE):
        try:
            font_manager.findfont(FONT, fallback_to_default=False)
        except ValueError:
            raise FontMissing(f"the font {FONT} is not installed: apt-get install fonts-noto-cjk") from None
        figure = Figure(figsize=(WIDTH, _height(chart)), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        if isinstance(chart, Columns):
            _columns(axes, chart)
        else:
            _bars(axes, chart)
        _legend(figure, axes, len(chart.series))
        _settle(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _settle(figure: Figure) -> None:
    """Find every part's place now: left to it, ``savefig`` draws the whole picture once more to do so."""
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    figure.set_layout_engine("none")


def _height(chart: Columns | Bars) -> float:
    """Inches."""
    return 2.3 if isinstance(chart, Columns) else 0.7 + 0.25 * len(chart.categories)


def _columns(axes: Axes, chart: Columns) -> None:
    from matplotlib.ticker import MaxNLocator

    places = range(len(chart.categories))
    below = [0] * len(chart.categories)
    for (name, values), (colour, hatch) in zip(chart.series, FILLS, strict=False):
        boxes = [(place - 0.36, low, 0.72, value) for place, low, value in zip(places, below, values, strict=True)]
        _fill(axes, boxes, name, colour, hatch)
        below = [low + value for low, value in zip(below, values, strict=True)]
    axes.set_xticks(list(places), chart.categories)
    axes.set_xlim(-0.6, len(chart.categories) - 0.4)
    axes.set_ylim(0, max(1, *below) * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(length=2, width=0.5, colors=INK)
    axes.tick_params(axis="x", bottom=False)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_xlabel(chart.axis, loc="right", labelpad=1)
    axes.set_ylabel(chart.unit, loc="top", rotation=0, labelpad=2)


def _bars(axes: Axes, chart: Bars) -> None:
    places = range(len(chart.categories))
    totals = [sum(values) for values in zip(*(values for _, values in chart.series), strict=True)]
    left = [0.0] * len(chart.categories)
    for (name, values), (colour, hatch) in zip(chart.series, FILLS, strict=False):
        shares = [100 * value / total if total else 0.0 for value, total in zip(values, totals, strict=True)]
        boxes = [(start, place - 0.33, share, 0.66) for place, start, share in zip(places, left, shares, strict=True)]
        _fill(axes, boxes, name, colour, hatch)
        left = [start + share for start, share in zip(left, shares, strict=True)]
    for place, total in zip(places, totals, strict=True):
        axes.text(101.2, place, f"{total:,}", va="center", fontsize=8, color=INK)
    axes.set_yticks(list(places), [_short(name) for name in chart.categories])
    axes.set_ylim(len(chart.categories) - 0.4, -0.6)
    axes.set_xlim(0, 108)
    axes.set_xticks([0, 25, 50, 75, 100], ["0", "25%", "50%", "75%", "100%"])
    axes.tick_params(length=2, width=0.5, colors=INK)
    axes.tick_params(axis="y", left=False)
    axes.text(101.2, -0.75, chart.unit, va="bottom", fontsize=8, color=INK)


def _fill(axes: Axes, boxes: Sequence[tuple[float, float, float, float]], name: str, colour: str, hatch: str) -> None:
    """Rectangles (x, y, width, height) of one series as a single path: hatches are costly to set, once is enough."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = [
        (x + dx * width, y + dy * height)
        for x, y, width, height in boxes
        if width and height
        for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    ]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * (len(corners) // 5)
    path = Path(corners, codes) if corners else Path([(0, 0)])
    axes.add_patch(PathPatch(path, label=name, facecolor=colour, hatch=hatch, edgecolor=DEEP, linewidth=0.5))


def _short(name: str) -> str:
    """A name from outside as an axis can bear it: one line, printable, 16 characters."""
    clean = "".join(letter if letter.isprintable() else " " for letter in name)
    return clean if len(clean) <= 16 else clean[:15] + "…"


def _legend(figure: Figure, axes: Axes, count: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    wide = sum(len(label) for label in labels) > LEGEND and not all(ord(label[0]) > 0x2E80 for label in labels)
    figure.legend(
        handles, labels, loc="outside upper center", ncols=min(count, 3) if wide else count, frameon=False, fontsize=8.5,
        handlelength=1.6, handleheight=0.9, columnspacing=1.6,
    )  # fmt: skip

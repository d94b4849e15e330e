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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.measure import ems
from reports.paper import Bars, Columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = "Noto Sans CJK SC"
SIZE = 8.5  # points
GAP = 0.1  # inches between the picture's edge, a label and the axis, together
LINE = 0.17  # inches: a line of labels
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
    "font.size": SIZE,
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
        frame = _frame(chart)
        figure = Figure(figsize=(WIDTH, frame.high))
        FigureCanvasSVG(figure)
        axes = figure.add_axes(frame.share)
        if isinstance(chart, Columns):
            _columns(axes, chart)
            figure.text(0, 1 - (frame.above - GAP / 2) / frame.high, chart.unit, va="bottom", color=INK)
        else:
            _bars(axes, chart)
        _legend(figure, axes, _abreast(chart))
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


@dataclass(frozen=True)
class _Frame:
    """How high a picture is, and the margins around its axes, in inches: reckoned, since matplotlib finds them
    by drawing everything twice before it draws."""

    high: float
    left: float
    right: float
    below: float
    above: float

    @property
    def share(self) -> tuple[float, float, float, float]:
        """The axes' place as matplotlib takes it: left, bottom, width, height as shares of the picture."""
        wide = WIDTH - self.left - self.right
        return (
            self.left / WIDTH,
            self.below / self.high,
            wide / WIDTH,
            (self.high - self.below - self.above) / self.high,
        )


def _frame(chart: Columns | Bars) -> _Frame:
    legend = LINE * -(-len(chart.series) // _abreast(chart)) + GAP
    if isinstance(chart, Columns):
        highest = max((sum(values) for values in zip(*(values for _, values in chart.series), strict=True)), default=0)
        return _Frame(2.1 + legend, GAP + _inches(f"{highest:,}"), GAP / 2, 2 * LINE, legend)
    names = max((_inches(_short(name)) for name in chart.categories), default=0.0)
    unit = LINE  # stands above the totals
    high = 0.25 * len(chart.categories) + legend + unit + LINE + GAP / 2
    return _Frame(high, GAP + names, GAP / 2, LINE + GAP / 2, legend + unit)


def _abreast(chart: Columns | Bars) -> int:
    """How many series a line of the legend names."""
    names = [name for name, _ in chart.series]
    keys = 0.45 * len(names)
    return len(names) if sum(map(_inches, names)) + keys < WIDTH else min(len(names), 3)


def _inches(text: str) -> float:
    """About how wide a label is set."""
    return ems(text) * SIZE / 72


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
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(length=2, width=0.5, colors=INK)
    axes.tick_params(axis="x", bottom=False)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_xlabel(chart.axis, loc="right", labelpad=1)


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


def _legend(figure: Figure, axes: Axes, abreast: int) -> None:
    figure.legend(
        *axes.get_legend_handles_labels(), loc="upper center", ncols=abreast, frameon=False, fontsize=SIZE,
        handlelength=1.6, handleheight=0.9, columnspacing=1.6, borderpad=0, borderaxespad=0.2,
    )  # fmt: skip

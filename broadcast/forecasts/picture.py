"""Small pictures as SVG, made here: no script draws them and nothing is asked from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broadcast.forecasts.words import likely

WIDTH, HEIGHT = 420.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 10.0, 8.0, 20.0
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
MOST_TICKS = 6


@dataclass(frozen=True)
class Curve:
    """The share acknowledged over time, ready to be drawn: paths and marks in the picture's units."""

    band: str
    line: str
    past: str
    ticks: Sequence[tuple[float, float]]  # x, seconds
    shares: Sequence[tuple[float, int]]  # y, per cent
    now: float | None
    goal: float | None
    reached: float | None  # x of the share that the sentence speaks of, in the middle of cases; None once it is behind
    level: float  # y of it

    width, height = WIDTH, HEIGHT
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def curve(told: Mapping[str, Any]) -> Curve:
    """The picture of a forecast as ``answers`` tells it."""
    points = told["curve"]
    end = max(points[-1][0] if points else 0.0, 1.0)
    within = (told.get("goal") or {}).get("within")
    if within is not None and within < 2.0 * end:
        end = max(end, within * 1.05)

    def x(seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(seconds, end) / end, 1)

    def y(share: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)

    now = float(told.get("now") or 0.0)
    step = next((s for s in STEPS if end / s <= MOST_TICKS), STEPS[-1])
    ahead = [p for p in points if p[0] >= now]
    share, (when, *_) = likely(told) or (0, (None,))
    return Curve(
        band=_path([(x(p[0]), y(p[3])) for p in ahead] + [(x(p[0]), y(p[2])) for p in reversed(ahead)], close=True),
        line=_path([(x(p[0]), y(p[1])) for p in ahead]),
        past=_stairs([(x(p[0]), y(p[1])) for p in points if p[0] <= now]) if now else "",
        ticks=[(x(s), float(s)) for s in range(0, int(end) + 1, step)],
        shares=[(y(share / 100.0), share) for share in (0, 50, 95)],
        now=x(now) if now else None,
        goal=None if within is None or within > end else x(within),
        reached=None if when is None or when <= now else x(when),
        level=y(share / 100.0),
    )


def _path(points: Sequence[tuple[float, float]], *, close: bool = False) -> str:
    if not points:
        return ""
    return "M" + "L".join(f"{px:g} {py:g}" for px, py in points) + ("Z" if close else "")


def _stairs(points: Sequence[tuple[float, float]]) -> str:
    """What happened goes up at each acknowledgement, not between them."""
    if not points:
        return ""
    return f"M{points[0][0]:g} {points[0][1]:g}" + "".join(f"H{px:g}V{py:g}" for px, py in points[1:])

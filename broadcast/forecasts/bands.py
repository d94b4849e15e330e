"""A number's chance over the day as a small picture with its interval. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dutycenter.vocabulary import Disposition, NumberKind

WIDTH, HEIGHT, FOOT = 240.0, 76.0, 24.0  # the foot has the hours, and the calls counted


@dataclass(frozen=True)
class Bar:
    """One hour band: a bar as high as the chance, a line as long as the interval."""

    x: float
    width: float
    y: float
    height: float
    low_y: float
    high_y: float
    hours: str
    chance: float
    low: float
    high: float
    calls: int
    acknowledged: int
    present: bool


@dataclass(frozen=True)
class NumberLine:
    """One number with its day, and how its last calls ended."""

    number: str
    kind: NumberKind
    calls: int
    bars: Sequence[Bar]
    last: Sequence[tuple[datetime, Disposition, int]]

    width, height, foot = WIDTH, HEIGHT, HEIGHT - FOOT

    @property
    def borrowed(self) -> bool:
        """Never called: everything here is what its kind of line showed."""
        return self.calls == 0

    @property
    def now(self) -> Bar:
        return next(bar for bar in self.bars if bar.present)


def number_line(told: Mapping[str, Any], present: int) -> NumberLine:
    """From the answer of ``answers.numbers``; ``present`` is the band of now."""
    room = HEIGHT - FOOT
    bars = [
        Bar(
            x=round(WIDTH * band["from"] / 24 + 1, 1),
            width=round(WIDTH * (band["to"] - band["from"]) / 24 - 2, 1),
            y=round(room * (1 - band["chance"]), 1),
            height=round(room * band["chance"], 1),
            low_y=round(room * (1 - band["low"]), 1),
            high_y=round(room * (1 - band["high"]), 1),
            hours=f"{band['from']:02d}–{band['to']:02d}",
            chance=band["chance"],
            low=band["low"],
            high=band["high"],
            calls=band["calls"],
            acknowledged=band["acknowledged"],
            present=at == present,
        )
        for at, band in enumerate(told["bands"])
    ]
    last = [
        (datetime.fromisoformat(one["at"]), Disposition(one["disposition"]), one["broadcast"]) for one in told["last"]
    ]
    return NumberLine(told["number"], NumberKind(told["kind"]), told["calls"], bars, last)

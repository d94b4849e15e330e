"""How far the making of a paper is, told while it goes on."""

from __future__ import annotations

from collections.abc import Callable

# What is done, in order, and from which hundredth on. The labels stand in ``reports.stages``.
STAGES = {"counting": 2, "drawing": 55, "setting": 65, "sheet": 92, "keeping": 97}

Progress = Callable[[str, float], None]  # a stage, and the part of it that is done, 0 to 1


def silent(stage: str, part: float) -> None:
    """Nobody asks."""


def percent(stage: str, part: float) -> int:
    """Hundredths of the whole."""
    names = list(STAGES)
    begin = STAGES[stage]
    after = names.index(stage) + 1
    end = STAGES[names[after]] if after < len(names) else 100
    return begin + int((end - begin) * min(1.0, max(0.0, part)))

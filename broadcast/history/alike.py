"""What the numbers of each kind of line showed, as counts of numbers that showed the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from broadcast.history.counting import band_of, weight_of
from broadcast.history.models import NumberHistory
from dutycenter.vocabulary import NumberKind

Floats = npt.NDArray[np.float64]
STEPS = 4.0  # a call: counts are told to a quarter, so that there are few different ones
OTHER_HOURS = 0.5  # what a number counts whose calls were at another time of day


def _nothing() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True)
class Alike:
    """So many numbers (``count``) of one kind had so many of so many calls acknowledged; (cells,) each."""

    successes: Floats = field(default_factory=_nothing)
    trials: Floats = field(default_factory=_nothing)
    count: Floats = field(default_factory=_nothing)


def alike(db: Session, rehearsed: bool, now: datetime, zone: ZoneInfo) -> Mapping[NumberKind, Alike]:
    """By kind of line, of all numbers that were ever called; the database adds up."""
    today = weight_of(now)
    row = NumberHistory
    cell = (
        row.kind,
        func.round(STEPS / today * row.successes),
        func.round(STEPS / today * row.trials),
    )
    count = func.sum(case((row.band == band_of(now, zone), 1.0), else_=OTHER_HOURS))
    found: dict[NumberKind, list[tuple[float, float, float]]] = {}
    for kind, successes, trials, numbers in db.execute(
        select(*cell, count).where(row.rehearsed == rehearsed, row.trials > 0.0).group_by(*cell)
    ):
        found.setdefault(kind, []).append((successes / STEPS, trials / STEPS, float(numbers)))
    return {kind: Alike(*np.array(cells, float).T) for kind, cells in found.items()}

"""Drawn people: the instances of the bench, and what rehearsals are held against.

The recipe: three numbers in random order, each with a probability of its own,
Beta(2, 2.5); a repeated call succeeds with 0.8 of the chance before; an
acknowledged call rings 4..18 s and takes 12 s of message; one in ten others is
busy (1..5 s), the rest ring out after 30 s; a number rests 60 s after busy and
180 s after no answer; four tries a number; one person in fifty weighs 50.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broadcast.kernel.codes import Code
from broadcast.kernel.plan import Ending, Gateway, Rules
from broadcast.kernel.tables import Tables

NUMBERS = 3
TRIES = 4
RULES = Rules(
    pause={Code.BUSY: 60.0, Code.NO_ANSWER: 180.0},
    factor={Code.BUSY: 0.8, Code.NO_ANSWER: 0.8},
    ring=(4.0, 18.0),
    message=12.0,
    endings=(Ending(Code.BUSY, 0.1, 1.0, 5.0), Ending(Code.NO_ANSWER, 0.9, 30.0, 30.0)),
)
IMPORTANT = 50.0


@dataclass(frozen=True)
class Instance:
    """So many people on so many channels at so many calls a second."""

    people: int
    channels: int
    rate: float

    def __str__(self) -> str:
        return f"{self.people}/{self.channels}/{self.rate:g}"


def draw_people(instance: Instance, seed: int) -> Tables:
    """The people of one instance and seed; the same on every call."""
    rng = np.random.default_rng([seed, instance.people])
    n = instance.people
    p = rng.beta(2.0, 2.5, n * NUMBERS)
    weight = np.ones(n)
    weight[rng.permutation(n)[: max(1, n // 50)]] = IMPORTANT
    return Tables(
        first=np.arange(n + 1) * NUMBERS,
        weight=weight,
        p=p,
        rules=[RULES],
        gateways=[Gateway(instance.channels, instance.rate)],
        tries=np.full(n * NUMBERS, TRIES),
    )

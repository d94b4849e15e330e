"""Why two reports may be about one emergency: grounds that an officer can weigh, never a verdict.

Pure: two reports in, grounds out, the same whichever is first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

NEAR_IN_TIME = timedelta(hours=2)
SAME_PLACE = 0.6  # of the shorter place's pairs of characters that the other has too
SAME_WORDS = 0.5
FEWEST_PAIRS = 6  # shorter texts have too little in them to be alike
MOST_READ = 2_000  # characters of a text


class Ground(StrEnum):
    """One thing that two reports have in common."""

    NUMBER = "number"  # a telephone number
    PLACE = "place"
    WORDS = "words"  # what is told of it
    SUBTYPE = "subtype"
    CLASS = "class"
    TIME = "time"
    DISTRICT = "district"


WEIGHTS = {
    Ground.NUMBER: 5,
    Ground.PLACE: 4,
    Ground.WORDS: 3,
    Ground.SUBTYPE: 2,
    Ground.TIME: 2,
    Ground.CLASS: 1,
    Ground.DISTRICT: 1,
}
LIKELY = 5  # weights together: a number alone; a place and anything else; type, time and district


@dataclass(frozen=True)
class Report:
    """What is compared of a form or an incident; what is not known is empty."""

    at: datetime | None = None  # when it happened, or else was reported
    place: str = ""
    district: str = ""
    incident_class: str = ""
    subtype: str = ""
    numbers: frozenset[str] = frozenset()  # as dialled
    words: str = ""


def grounds(one: Report, other: Report) -> frozenset[Ground]:
    """What the two have in common."""
    found = {
        Ground.NUMBER: bool(one.numbers & other.numbers),
        Ground.PLACE: _alike(one.place, other.place, SAME_PLACE, fewest=1),
        Ground.WORDS: _alike(one.words, other.words, SAME_WORDS, fewest=FEWEST_PAIRS),
        Ground.SUBTYPE: _same(one.subtype, other.subtype),
        Ground.CLASS: _same(one.incident_class, other.incident_class),
        Ground.TIME: one.at is not None and other.at is not None and abs(one.at - other.at) <= NEAR_IN_TIME,
        Ground.DISTRICT: _same(one.district, other.district),
    }
    return frozenset(ground for ground, holds in found.items() if holds)


def weight(found: Collection[Ground]) -> int:
    """How much the grounds weigh together; a sub-type's class is not counted twice."""
    counted = set(found) - ({Ground.CLASS} if Ground.SUBTYPE in found else set())
    return sum(WEIGHTS[ground] for ground in counted)


def is_likely(found: Collection[Ground]) -> bool:
    """Are the grounds enough to say so?"""
    return weight(found) >= LIKELY


def _same(one: str, other: str) -> bool:
    return bool(one) and one == other


def _alike(one: str, other: str, enough: float, fewest: int) -> bool:
    pairs, others = _pairs(one), _pairs(other)
    fewer = min(len(pairs), len(others))
    return fewer >= fewest and len(pairs & others) / fewer >= enough


def _pairs(text: str) -> frozenset[str]:
    """Neighbouring characters, without blanks, marks and the difference of width and case."""
    letters = [c for c in unicodedata.normalize("NFKC", text[:MOST_READ]).casefold() if c.isalnum()]
    return frozenset(a + b for a, b in pairwise(letters))

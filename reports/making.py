"""From what was asked for to a paper: one place that knows which paper tells of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from dutycenter.vocabulary import ReportKind
from reports.house import House
from reports.paper import Paper
from reports.period import parse
from reports.progress import Progress
from reports.words import Words

PERIODIC = (ReportKind.MONTH, ReportKind.QUARTER, ReportKind.YEAR, ReportKind.RANGE)


@dataclass(frozen=True)
class Making:
    """What a paper is made with."""

    engine: Engine
    words: Words
    house: House
    now: datetime
    progress: Progress


class NothingToTell(ValueError):
    """There is no such incident, broadcast or shift, or the period hasn't begun; ``str()`` says which."""


def make_paper(kind: ReportKind, about: str, making: Making) -> Paper:
    """The paper of a kind about something.

    Raises:
        NothingToTell: there is nothing to tell of.
    """
    try:
        return _makers()[kind](about, making)
    except ValueError as error:
        raise NothingToTell(str(error)) from None


def _makers() -> Mapping[ReportKind, Callable[[str, Making], Paper]]:
    from reports.papers import MAKERS

    return {**dict.fromkeys(PERIODIC, _periodic), **MAKERS}


def _periodic(about: str, making: Making) -> Paper:
    from reports.gather import gather
    from reports.periodic import periodic_paper

    facts = gather(making.engine, parse(about), making.words.zone, making.now, making.progress)
    return periodic_paper(facts, making.words, making.house)

"""A broadcast's film: all its legs on one time axis, placed for a drawing 1000 wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dutycenter.calls.models import Recording
from dutycenter.interfaces import NoticeLeg
from dutycenter.vocabulary import RecordingState

HEARD = (RecordingState.STOPPED, RecordingState.KEPT)
WIDTH = 1000.0
ROW = 22
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400)
TICKS = 10


@dataclass(frozen=True)
class Bar:
    """One leg: ringing from ``x``, talking from ``talk`` for ``talk_width``; its sound begins at ``sound``."""

    leg: NoticeLeg
    row: int
    x: float
    width: float
    talk: float
    talk_width: float
    recording_id: int | None  # None: nothing that can be heard
    sound: float


@dataclass(frozen=True)
class Film:
    """Bars by person, in the order in which people were first called.

    Attributes:
        people: name and unit of each row.
        ticks: place and seconds since the first leg.
        a_second: how wide one second is.
    """

    start: datetime
    seconds: float
    people: Sequence[tuple[str, str]]
    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, int]]

    @property
    def a_second(self) -> float:
        return round(WIDTH / self.seconds, 4)

    @property
    def audible(self) -> bool:
        """Can any leg be heard?"""
        return any(bar.recording_id for bar in self.bars)

    @property
    def height(self) -> int:
        return len(self.people) * ROW


def film_of(legs: Sequence[NoticeLeg], recordings: Mapping[str, Recording], now: datetime) -> Film | None:
    """The film of these legs; None when nobody was called.

    Args:
        recordings: attempt's id: its recording.
        now: where legs that are still up end.
    """
    if not legs:
        return None
    start = min(leg.created_at for leg in legs)
    seconds = max(1.0, max(((leg.ended_at or now) - start).total_seconds() for leg in legs))

    def place(at: datetime) -> float:
        return round((at - start).total_seconds() / seconds * WIDTH, 2)

    rows: dict[tuple[str, str], int] = {}
    bars = []
    for leg in legs:
        row = rows.setdefault((leg.name, leg.department), len(rows))
        x, end = place(leg.created_at), place(leg.ended_at or now)
        talk = place(leg.answered_at) if leg.answered_at else end
        recording = recordings.get(leg.attempt_id)
        heard = recording.id if recording is not None and recording.state in HEARD else None
        sound = place(recording.started_at) if recording is not None else x
        bars.append(Bar(leg, row, x, max(2.0, end - x), talk, max(0.0, end - talk), heard, sound))
    step = next((one for one in STEPS if seconds / one <= TICKS), STEPS[-1])
    ticks = [(round(at / seconds * WIDTH, 2), at) for at in range(0, int(seconds) + 1, step)]
    return Film(start, seconds, list(rows), bars, ticks)

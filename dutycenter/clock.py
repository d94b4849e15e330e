"""``IClock``: the system's time, or a faster one that all processes share."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from dutycenter.settings import Settings


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def real(self, seconds: float) -> float:
        return seconds


class FastClock:
    """Time that runs ``speed`` times faster from ``epoch`` on.

    Args:
        speed: product seconds in a real second.
        epoch: when it began, in UTC; the same in every process.
    """

    def __init__(self, speed: float, epoch: datetime) -> None:
        self.speed = speed
        self.epoch = epoch

    def now(self) -> datetime:
        gone = (datetime.now(UTC) - self.epoch).total_seconds()
        return self.epoch + timedelta(seconds=gone * self.speed)

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds / self.speed))

    def real(self, seconds: float) -> float:
        return seconds / self.speed


def clock_for(settings: Settings) -> SystemClock | FastClock:
    """The clock that the settings ask for."""
    if settings.clock_speed == 1:
        return SystemClock()
    epoch = settings.clock_epoch or datetime.now(UTC)
    return FastClock(settings.clock_speed, epoch)

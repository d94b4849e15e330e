"""What can be told of a recording without understanding it: its length, whether it broke off, where it is silent."""

from __future__ import annotations

import wave
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

WINDOW = 0.1  # seconds over which loudness is taken
QUIET = 30.0  # mean amplitude of 32768 below which nobody speaks; a codec's own noise lies under it
SILENCE = 8.0  # seconds without a sound that are worth a word
SHORT = 2.0  # seconds by which a recording may be shorter than its leg: the switch opens the file late
WINDOWS_AT_ONCE = 600


@dataclass(frozen=True)
class Silence:
    """A stretch in which a channel says nothing, in seconds."""

    channel: int
    start: float
    end: float


@dataclass(frozen=True)
class Sound:
    """A recording by its sound. ``seconds`` and ``channels`` are None when it isn't readable as WAV."""

    seconds: float | None = None
    channels: int | None = None
    truncated: bool = False  # the header promises more than there is, or was never finished
    silences: tuple[Silence, ...] = field(default=())

    def findings(self, lasted: timedelta | None) -> dict[str, Any]:
        """What is worth a word, in milliseconds; empty when nothing is.

        Args:
            lasted: from the leg's recording's start to its end, as the switch said.
        """
        found: dict[str, Any] = {}
        if self.seconds is None:
            found["unreadable"] = True
        if self.truncated:
            found["truncated"] = True
        missing = lasted.total_seconds() - self.seconds if lasted and self.seconds is not None else 0.0
        if missing > max(SHORT, 0.05 * (self.seconds or 0.0)):
            found["missing_ms"] = round(missing * 1000)
        if self.silences:
            found["silences"] = [
                {"channel": one.channel, "from_ms": round(one.start * 1000), "to_ms": round(one.end * 1000)}
                for one in self.silences
            ]
        return found


def listen(path: Path) -> Sound:
    """Measure a recording; of what isn't 16-bit WAV only what can be known."""
    try:
        with path.open("rb") as file, wave.open(file) as sound:
            frames, width, channels, rate = (
                sound.getnframes(), sound.getsampwidth(), sound.getnchannels(), sound.getframerate(),
            )  # fmt: skip
            header = file.tell()
    except (wave.Error, EOFError):
        return Sound()
    # The switch writes the length into the header when it closes the file; if it was killed, the size is the truth.
    written = max(0, path.stat().st_size - header) // (width * channels)
    length = frames if 0 < frames <= written else written
    silences = _silences(path, header, channels, rate, length) if width == 2 else ()
    return Sound(length / rate, channels, not 0 < frames <= written, silences)


def _silences(path: Path, header: int, channels: int, rate: int, frames: int) -> tuple[Silence, ...]:
    window = int(rate * WINDOW)
    found: list[Silence] = []
    since: list[float | None] = [None] * channels
    with path.open("rb") as file:
        file.seek(header)
        for at in range(0, frames, window * WINDOWS_AT_ONCE):
            count = min(frames - at, window * WINDOWS_AT_ONCE)
            samples = np.frombuffer(file.read(count * 2 * channels), dtype="<i2")
            whole = len(samples) // (window * channels)
            loud = np.abs(samples[: whole * window * channels].reshape(whole, window, channels).astype(np.int32))
            for n, row in enumerate(loud.mean(axis=1) < QUIET):
                _step(found, since, row, at / rate + n * WINDOW)
    _step(found, since, [False] * channels, frames / rate)
    return tuple(sorted(found, key=lambda one: (one.start, one.channel)))


def _step(found: list[Silence], since: list[float | None], quiet: Any, at: float) -> None:
    for channel, silent in enumerate(quiet):
        began = since[channel]
        if silent and began is None:
            since[channel] = at
        elif not silent and began is not None:
            since[channel] = None
            if at - began >= SILENCE:
                found.append(Silence(channel, round(began, 2), round(at, 2)))

"""What can be counted in a telephone's sound: speech, pauses, tones. 8 kHz, no state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = 160  # samples: 20 ms
FRAME_SECONDS = FRAME / RATE
MOST_SECONDS = 90  # of a recording that are looked at
HEADER = 44  # bytes of a WAV as the switch writes it

QUIET = 0.004  # of full scale, root mean square: below it is never speech
ABOVE_NOISE = 4.0  # times the noise that speech is louder
PURE = 0.8  # share of a frame's energy that one frequency holds in a tone
BRIDGE = 0.3  # seconds of pause within one utterance
LEAST_TONE = 0.14  # seconds
PROGRESS = (415.0, 460.0)  # hertz: dial, ring-back, busy (GB/T 15149: 450 Hz; elsewhere 425 or 440)

Sound = NDArray[np.float64]


class Unreadable(Exception):
    """There is nothing that could be listened to."""


@dataclass(frozen=True)
class Span:
    """From and until, in seconds after the answer."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Tone(Span):
    """One steady frequency."""

    hertz: float = 0.0

    @property
    def of_network(self) -> bool:
        return PROGRESS[0] <= self.hertz <= PROGRESS[1]


@dataclass(frozen=True)
class Features:
    """All that is counted."""

    seconds: float
    speech: tuple[Span, ...]  # utterances; short pauses within count to them
    tones: tuple[Tone, ...]
    repeats: float  # 0 to 1: how alike the sound is to itself some seconds later

    @property
    def spoken(self) -> float:
        """Share of the time in which somebody speaks."""
        return sum(span.seconds for span in self.speech) / self.seconds if self.seconds else 0.0


def read_callee(path: Path) -> Sound:
    """The first channel of a recording, -1 to 1; its header may not tell its length yet.

    Raises:
        Unreadable: it is no WAV of 16 bits at 8 kHz, or holds less than a second.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(str(error)) from None
    if len(raw) < HEADER or raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise Unreadable(f"{path.name} is no WAV")
    channels = int.from_bytes(raw[22:24], "little")
    rate, bits = int.from_bytes(raw[24:28], "little"), int.from_bytes(raw[34:36], "little")
    at = raw.find(b"data", 12, 4096)
    if channels not in (1, 2) or (rate, bits) != (RATE, 16) or at < 0:
        raise Unreadable(f"{path.name}: {channels} channels, {rate} Hz, {bits} bits")
    body = raw[at + 8 : at + 8 + MOST_SECONDS * RATE * 2 * channels]
    sound = np.frombuffer(body[: len(body) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels)[:, 0]
    if len(sound) < RATE:
        raise Unreadable(f"{path.name} holds {len(sound) / RATE:.1f} s")
    return sound.astype(np.float64) / 32768.0


def features(sound: Sound) -> Features:
    """Count it."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    loud = np.sqrt(np.mean(frames**2, axis=1)) if len(frames) else np.zeros(0)
    noise = float(np.percentile(loud, 10)) if len(loud) else 0.0
    heard = loud > max(QUIET, min(noise * ABOVE_NOISE, 0.05))
    tones = _tones(frames, heard)
    speech = heard.copy()
    for tone in tones:
        speech[round(tone.start / FRAME_SECONDS) : round(tone.end / FRAME_SECONDS)] = False
    return Features(len(sound) / RATE, _utterances(speech), tuple(tones), _repeats(loud * heard))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where flags are set: first frame, and the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _utterances(flags: NDArray[np.bool_]) -> tuple[Span, ...]:
    joined: list[tuple[int, int]] = []
    for start, end in _runs(flags):
        if joined and (start - joined[-1][1]) * FRAME_SECONDS <= BRIDGE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    # A click is no word.
    return tuple(Span(s * FRAME_SECONDS, e * FRAME_SECONDS) for s, e in joined if (e - s) * FRAME_SECONDS >= 0.1)


def _tones(frames: Sound, heard: NDArray[np.bool_]) -> list[Tone]:
    """Stretches in which nearly all energy lies at one frequency that stays where it is."""
    at = np.flatnonzero(heard)  # what is silent is no tone: hundreds of calls may end at once
    if not len(at):
        return []
    size = 512
    power = np.abs(np.fft.rfft(frames[at] * np.hanning(FRAME), size, axis=1)) ** 2
    peak = np.zeros(len(frames), np.intp)
    peak[at] = highest = np.argmax(power, axis=1)
    reach = np.arange(-8, 9)  # the main lobe of a window of 20 ms
    around = np.clip(highest[:, None] + reach[None, :], 0, power.shape[1] - 1)
    share = np.take_along_axis(power, around, axis=1).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-12)
    # The lowest voices are nearly pure as well: a tone is above them.
    pure = np.zeros(len(frames), np.bool_)
    pure[at] = (share > PURE) & (highest * RATE / size > 350)
    found: list[Tone] = []
    for start, end in _runs(pure):
        for first, last in _steady(peak[start:end]):
            tone = Tone(
                (start + first) * FRAME_SECONDS, (start + last) * FRAME_SECONDS,
                float(np.median(peak[start + first : start + last])) * RATE / size,
            )  # fmt: skip
            if tone.seconds >= LEAST_TONE:
                found.append(tone)
    return found


def _steady(peaks: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Stretches in which the peak stays within one step of where it began."""
    stretches, first = [], 0
    for at in range(1, len(peaks) + 1):
        if at == len(peaks) or abs(int(peaks[at]) - int(peaks[first])) > 1:
            stretches.append((first, at))
            first = at
    return stretches


def _repeats(loud: NDArray[np.float64]) -> float:
    """How well the envelope fits itself when moved by 2.5 to 15 seconds: an announcement says the same again."""
    if len(loud) * FRAME_SECONDS < 6.0 or not loud.any():
        return 0.0
    step = 5  # a tenth of a second
    envelope = loud[: len(loud) // step * step].reshape(-1, step).mean(axis=1)
    best = 0.0
    for lag in range(25, min(150, len(envelope) * 2 // 3)):
        one, other = envelope[:-lag], envelope[lag:]
        if len(other) < 30 or one.std() == 0 or other.std() == 0:
            continue
        best = max(best, float(np.corrcoef(one, other)[0, 1]))
    return best

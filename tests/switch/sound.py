"""What can be heard in a recording."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np


def loudness(file: Path) -> list[float]:
    """Root mean square of each channel, 0 to 1."""
    with wave.open(str(file)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(float) / 32768
        samples = samples.reshape(-1, sound.getnchannels())
    return [float(np.sqrt(np.mean(channel**2))) if len(channel) else 0.0 for channel in samples.T]


def seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        return sound.getnframes() / sound.getframerate()


def write_tone(file: Path, length: float, pitch: int = 440) -> Path:
    """A prompt that can be heard."""
    file.parent.mkdir(parents=True, exist_ok=True)
    at = np.arange(int(8000 * length))
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes((8000 * np.sin(2 * np.pi * pitch * at / 8000)).astype("<i2").tobytes())
    return file

"""What is heard: prompts, keypress tones, ringing, voices. 8 kHz, 16 bit, mono arrays."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
from gevent.monkey import get_original
from numpy.typing import NDArray

log = logging.getLogger(__name__)

RATE = 8000
Sound = NDArray[np.int16]

DTMF_TONES = {
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "A": (697, 1633),
    "4": (770, 1209), "5": (770, 1336), "6": (770, 1477), "B": (770, 1633),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "C": (852, 1633),
    "*": (941, 1209), "0": (941, 1336), "#": (941, 1477), "D": (941, 1633),
}  # fmt: skip
KEY_SECONDS = 0.16
TONE = re.compile(r"%\((\d+),\s*(\d+),\s*([\d.,\s]+)\)")


class NoSound(Exception):
    """The file cannot be played: not there, or not a WAV."""


def samples(seconds: float) -> int:
    """How many samples last so long."""
    return max(0, round(seconds * RATE))


def tone(seconds: float, *hertz: float, level: float = 0.2) -> Sound:
    """Sine waves together, faded at both ends so that nothing clicks."""
    at = np.arange(samples(seconds)) / RATE
    wave_sum = sum((np.sin(2 * np.pi * f * at) for f in hertz), np.zeros(len(at)))
    edge = min(40, len(at) // 2)
    if edge:
        fade = np.linspace(0, 1, edge)
        wave_sum[:edge] *= fade
        wave_sum[-edge:] *= fade[::-1]
    return (wave_sum * level * 32767 / max(1, len(hertz))).astype(np.int16)


@lru_cache(maxsize=64)
def key_tone(key: str) -> Sound:
    """The dual tone of a key."""
    return tone(KEY_SECONDS, *DTMF_TONES[key], level=0.4)


@lru_cache(maxsize=1)
def hold_music() -> Sound:
    """What waits in the queue hear: a quiet arpeggio, eight seconds, to be repeated."""
    notes = (392.0, 493.9, 587.3, 784.0, 659.3, 587.3, 493.9, 440.0)
    return np.concatenate([tone(1.0, note, note * 2, level=0.08) for note in notes])


@lru_cache(maxsize=1)
def beep() -> Sound:
    """The tone after which a message is spoken."""
    return tone(0.5, 1000, level=0.25)


@lru_cache(maxsize=64)
def tone_stream(spec: str) -> Sound:
    """``tone_stream://%(on,off,hertz…)`` with ``;loops=n``; nothing when it cannot be read."""
    loops = re.search(r"loops=(\d+)", spec)
    parts = []
    for on, off, hertz in TONE.findall(spec):
        parts.append(tone(int(on) / 1000, *(float(f) for f in hertz.split(",") if f.strip())))
        parts.append(np.zeros(samples(int(off) / 1000), np.int16))
    once = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    return np.tile(once, int(loops.group(1))) if loops else once


def read_wav(path: Path) -> Sound:
    """A WAV file at 8 kHz, one channel; kept in memory until the file changes.

    Raises:
        NoSound: it is not there, or not a WAV of 8 or 16 bits.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise NoSound(str(path)) from error
    return _read_wav(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=512)
def _read_wav(path: Path, changed: int, size: int) -> Sound:
    del changed, size
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, OSError, EOFError) as error:
        raise NoSound(f"{path}: {error}") from error
    if width == 2:
        data = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], "<i2").astype(np.float64)
    elif width == 1:
        data = (np.frombuffer(raw, np.uint8).astype(np.float64) - 128) * 256
    else:
        raise NoSound(f"{path}: {width * 8} bits a sample")
    mono = data.reshape(-1, channels).mean(axis=1)
    return resample(mono, rate).astype(np.int16)


def resample(data: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """To 8 kHz; averages before it thins out, so that hissing stays out of the telephone band."""
    if rate == RATE or not len(data):
        return data
    step = rate / RATE
    if step > 1:
        width = max(1, round(step))
        data = np.convolve(data, np.ones(width) / width, mode="same")
    at = np.arange(0, len(data) - 1, step)
    return np.interp(at, np.arange(len(data)), data)


def sound_of(name: str) -> Sound:
    """Whatever ``playback`` can be given: a file, ``silence_stream://``, ``tone_stream://``, ``file_string://``.

    Raises:
        NoSound: a file cannot be played.
    """
    if name.startswith("file_string://"):
        return np.concatenate([sound_of(part) for part in name.removeprefix("file_string://").split("!") if part])
    if name.startswith("silence_stream://"):
        milliseconds = name.removeprefix("silence_stream://").split(",")[0]
        return np.zeros(samples(int(milliseconds or 0) / 1000), np.int16)
    if name.startswith("tone_stream://"):
        return tone_stream(name)
    if name.startswith("local_stream://"):
        return hold_music()
    return read_wav(Path(name))


def babble(text: str, seconds: float) -> Sound:
    """Something like speech where no synthesizer is installed: a buzzing voice through moving formants."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    random = np.random.default_rng(seed)
    pitch = random.uniform(95, 210)
    syllables: list[Sound] = [np.zeros(1, np.int16)]
    while sum(len(part) for part in syllables) < samples(seconds):
        length = random.uniform(0.12, 0.28)
        first, second = random.uniform(300, 800), random.uniform(900, 2200)
        voiced = tone(length, *(pitch * n for n in range(1, 9)), level=0.3)
        vowel = tone(length, first, second, level=0.35)
        syllables += [voiced // 2 + vowel // 2, np.zeros(samples(random.uniform(0.02, 0.09)), np.int16)]
    return np.concatenate(syllables)[: samples(seconds)]


class Voices:
    """The simulated people's voices: spoken once, kept as files.

    Args:
        folder: where they are kept.
        program: the synthesizer; when it isn't installed, people babble.
    """

    def __init__(self, folder: Path, program: str = "espeak-ng") -> None:
        self._folder = folder
        self._program = shutil.which(program)

    def say(self, text: str, pitch: int = 50) -> Sound:
        """This text as speech. The first time it is made, which takes a moment."""
        if not text:
            return np.zeros(0, np.int16)
        name = hashlib.sha256(f"{pitch} {text}".encode()).hexdigest()[:24]
        path = self._folder / f"{name}.wav"
        if not path.exists() and not self._make(text, pitch, path):
            return babble(text, 1 + 0.22 * len(text))
        try:
            return read_wav(path)
        except NoSound:
            return babble(text, 1 + 0.22 * len(text))

    def known(self, text: str, pitch: int = 50) -> Sound:
        """As ``say``, but never makes anything: babble stands in for what wasn't made ahead."""
        name = hashlib.sha256(f"{pitch} {text}".encode()).hexdigest()[:24]
        try:
            return read_wav(self._folder / f"{name}.wav")
        except NoSound:
            return babble(text, 1 + 0.22 * len(text))

    def _make(self, text: str, pitch: int, path: Path) -> bool:
        if self._program is None:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".part")
        command = [self._program, "-v", "cmn", "-s", "170", "-p", str(pitch), "-w", str(made), "--", text]
        # Runs in a worker thread, where gevent's subprocess cannot wait for a child.
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        try:
            spawn, wait = get_original("os", ("posix_spawn", "waitpid"))
            _, status = wait(spawn(self._program, command, os.environ, file_actions=null), 0)
            if status:
                raise OSError(f"{self._program} ended with status {status}")
            made.replace(path)
        except OSError as error:
            log.warning("A simulated voice could not be made, babble stands in for it: %s", error)
            return False
        return True

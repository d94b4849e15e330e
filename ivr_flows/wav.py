"""Sound as the telephone has it: 8 kHz, mono, 16 bit, 300–3400 Hz, even loudness.

Whatever a voice or an upload gives becomes this. Levels are dBFS: 0 is the
loudest that 16 bits can say.
"""

from __future__ import annotations

import io
import os
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from translationstring import TranslationString, TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

Samples = NDArray[np.float64]  # mono, -1 … 1

RATE = 8000
BAND = (300.0, 3400.0)  # Hz, ITU-T G.712
SPEECH_LEVEL = -20.0  # mean of what is spoken
PEAK_LEVEL = -1.5
SILENCE_LEVEL = -45.0  # below this, under the loudest moment: no speech
LEAD, TAIL = 0.10, 0.25  # seconds of silence before and after
MAX_SECONDS = 300.0
MIN_RATE, MAX_RATE = 8000, 96000


class WavError(ValueError):
    """The bytes are no sound that can be used; ``message`` can be translated."""

    def __init__(self, message: TranslationString) -> None:
        self.message = message
        super().__init__(message.interpolate())


@dataclass(frozen=True)
class Sound:
    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def decode(data: bytes, most: float = MAX_SECONDS) -> Sound:
    """A RIFF/WAVE PCM file as mono samples.

    Args:
        data: the file.
        most: seconds that it may last.

    Raises:
        WavError: it is something else, too short, too long, or cut off.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError(_("This is not a WAV file. Save the recording as WAV (PCM) and upload it again."))
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate, frames = file.getparams()[:4]
            raw = file.readframes(frames)
    except (wave.Error, EOFError, RuntimeError, ValueError):
        raise WavError(_("This WAV file is damaged or compressed. Save it as WAV (PCM) and upload it again.")) from None
    if channels not in (1, 2) or width not in (1, 2, 3, 4) or not MIN_RATE <= rate <= MAX_RATE:
        raise WavError(
            _("This WAV file has an unusual form. Save it with 1 or 2 channels, 8 to 32 bits and 8 to 96 kHz.")
        )
    count = len(raw) // (channels * width)
    if count < frames:
        raise WavError(_("This WAV file is cut off: it ends before its end. Save and upload it again."))
    if not 0.2 <= count / rate <= most:
        raise WavError(
            _("This WAV file lasts ${seconds} seconds; 0.2 to ${most} are possible.",
              mapping={"seconds": round(count / rate, 1), "most": round(most)})
        )  # fmt: skip
    return Sound(_pcm(raw, width).reshape(-1, channels).mean(axis=1), rate)


def _pcm(raw: bytes, width: int) -> Samples:
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float64) - 128) / 128
    if width == 3:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return wide.view("<i4").ravel().astype(np.float64) / 2**31
    kind = "<i2" if width == 2 else "<i4"
    return np.frombuffer(raw, kind).astype(np.float64) / 2 ** (8 * width - 1)


def telephone(sound: Sound) -> Samples:
    """The sound in the telephone's band, rate and loudness, silence at its ends trimmed.

    Raises:
        WavError: nothing can be heard in it.
    """
    samples = _level(_trim(_band(sound)))
    return np.concatenate([np.zeros(int(LEAD * RATE)), samples, np.zeros(int(TAIL * RATE))])


def _band(sound: Sound) -> Samples:
    """Filter and resample in one: keep the band's bins of the spectrum, with soft edges."""
    pad = sound.rate // 10  # so that the end doesn't ring into the beginning
    padded = np.pad(sound.samples, pad)
    length = round(len(padded) * RATE / sound.rate)
    spectrum = np.fft.rfft(padded)
    hertz = np.arange(len(spectrum)) * sound.rate / len(padded)
    low, high = BAND
    rise = np.clip((hertz - low * 0.8) / (low * 0.2), 0, 1)
    fall = np.clip((high * 1.08 - hertz) / (high * 0.08), 0, 1)
    spectrum *= np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2
    bins = length // 2 + 1
    kept = np.zeros(bins, complex)
    kept[: min(bins, len(spectrum))] = spectrum[:bins]
    samples: Samples = np.fft.irfft(kept, length) * (length / len(padded))
    return samples


def _frames(samples: Samples) -> Samples:
    """RMS of each 20 ms."""
    size = RATE // 50
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    rms: Samples = np.sqrt(np.mean(whole**2, axis=1))
    return rms


def _spoken(samples: Samples) -> NDArray[np.bool_]:
    """Which 20 ms hold speech."""
    rms = _frames(samples)
    loudest = float(rms.max(initial=0.0))
    if loudest < 10 ** (-60 / 20):
        raise WavError(_("Nothing can be heard in this recording. Record it again, closer to the microphone."))
    spoken: NDArray[np.bool_] = rms > loudest * 10 ** (SILENCE_LEVEL / 20)
    return spoken


def _trim(samples: Samples) -> Samples:
    size = RATE // 50
    places = np.flatnonzero(_spoken(samples))
    return samples[places[0] * size : (places[-1] + 1) * size]


def _level(samples: Samples) -> Samples:
    """Bring speech to its level; loud peaks are bent, not cut."""
    rms = _frames(samples)[_spoken(samples)]
    gain = 10 ** (SPEECH_LEVEL / 20) / float(np.sqrt(np.mean(rms**2)))
    peak, knee = 10 ** (PEAK_LEVEL / 20), 10 ** (-6 / 20)
    loud = samples * gain
    over = np.abs(loud) > knee
    room = peak - knee
    loud[over] = np.sign(loud[over]) * (knee + room * np.tanh((np.abs(loud[over]) - knee) / room))
    return loud


def tone(hertz: float, seconds: float, level: float = -12.0) -> Samples:
    """A tone with soft ends."""
    at = np.arange(int(seconds * RATE)) / RATE
    edge = np.clip(np.minimum(at, seconds - at) / 0.01, 0, 1)
    wave_: Samples = 10 ** (level / 20) * np.sqrt(2) * np.sin(2 * np.pi * hertz * at) * edge
    return wave_


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))


def encode(samples: Samples) -> bytes:
    """8 kHz mono 16-bit samples as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return out.getvalue()


def seconds_of(path: Path) -> float:
    """How long a WAV file lasts.

    Raises:
        OSError, wave.Error, EOFError: it isn't there, or isn't whole.
    """
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def keep(data: bytes, path: Path) -> None:
    """Write a file whole or not at all; the switch, another account, must be able to read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

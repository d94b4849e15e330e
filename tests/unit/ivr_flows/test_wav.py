"""Whatever comes, what is kept is the telephone's: measured with sox, which is not ours."""

from __future__ import annotations

import re
import struct
import subprocess
import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows import wav


def stats(path: Path, *effects: str) -> dict[str, float]:
    """What ``sox … stats`` says of a file."""
    told = subprocess.run(["sox", path, "-n", *effects, "stats"], capture_output=True, text=True, check=True).stderr
    found = re.findall(r"^(Pk lev dB|RMS lev dB|RMS Pk dB|Flat factor|Length s)\s+(-?[\d.]+|-inf)", told, re.MULTILINE)
    return {name: float(value) for name, value in found}


def wav_file(samples: np.ndarray, rate: int = 44100, width: int = 2, channels: int = 1) -> bytes:
    out = BytesIO()
    scaled = np.clip(samples, -1, 1) * (2 ** (8 * width - 1) - 1)
    if width == 1:
        raw = (scaled + 128).astype(np.uint8).tobytes()
    elif width == 3:
        raw = scaled.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    else:
        raw = scaled.astype(f"<i{width}").tobytes()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(raw)
    return out.getvalue()


def sines(rate: int, seconds: float, *hertz: float, level: float = 0.2) -> np.ndarray:
    at = np.arange(int(rate * seconds)) / rate
    return np.sum([level * np.sin(2 * np.pi * f * at) for f in hertz], axis=0)


class TestDecode:
    @pytest.mark.parametrize("width", [1, 2, 3, 4])
    @pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
    def test_it_reads_every_width_and_rate(self, width: int, rate: int) -> None:
        samples = sines(rate, 0.5, 440)
        sound = wav.decode(wav_file(samples, rate, width))
        assert sound.rate == rate
        assert np.abs(sound.samples - samples).max() < 0.02

    def test_it_mixes_two_channels(self) -> None:
        left = sines(8000, 0.5, 440)
        both = np.stack([left, np.zeros_like(left)], axis=1).ravel()
        sound = wav.decode(wav_file(both, 8000, channels=2))
        assert np.abs(sound.samples - left / 2).max() < 0.001

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "not a WAV file"),
            (b"ID3\x04" + b"\0" * 100, "not a WAV file"),
            (b"RIFF\x24\0\0\0WAVE", "damaged or compressed"),
            (b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 6, 1, 8000, 8000, 1, 8), "damaged"),
            (wav_file(sines(8000, 0.5, 440), 8000)[:-100], "cut off"),
            (wav_file(sines(8000, 0.05, 440), 8000), "lasts 0.1 seconds; 0.2 to 10 are possible"),
            (wav_file(sines(8000, 11, 440), 8000), "lasts 11.0 seconds; 0.2 to 10 are possible"),
            (wav_file(sines(4000, 1, 440), 4000), "unusual form"),
            (wav_file(sines(8000, 1, 440), 8000, channels=4), "unusual form"),
        ],
    )
    def test_it_says_what_is_wrong(self, data: bytes, says: str) -> None:
        with pytest.raises(wav.WavError, match=says):
            wav.decode(data, most=10)

    @given(head=st.binary(max_size=80), cut=st.integers(0, 60))
    def test_it_takes_any_bytes(self, head: bytes, cut: int) -> None:
        good = wav_file(sines(8000, 0.3, 440), 8000)
        for data in (head, b"RIFF1234WAVE" + head, good[:cut] + head + good[cut + len(head) :]):
            try:
                sound = wav.decode(data)
            except wav.WavError:
                continue
            assert np.isfinite(sound.samples).all()


class TestTelephone:
    def kept(self, tmp_path: Path, sound: wav.Sound) -> Path:
        path = tmp_path / "kept.wav"
        wav.keep(wav.encode(wav.telephone(sound)), path)
        return path

    def test_it_keeps_the_band_and_nothing_else(self, tmp_path: Path) -> None:
        sound = wav.Sound(sines(44100, 2.0, 100, 1000, 6000), 44100)
        path = self.kept(tmp_path, sound)
        inside = stats(path, "sinc", "900-1100")["RMS lev dB"]
        assert stats(path, "sinc", "-200")["RMS lev dB"] < inside - 40
        assert stats(path, "sinc", "3600")["RMS lev dB"] < inside - 40

    def test_it_does_not_bend_the_pitch(self, tmp_path: Path) -> None:
        path = self.kept(tmp_path, wav.Sound(sines(22050, 2.0, 1234), 22050))
        inside = stats(path, "sinc", "-n", "4000", "1224-1244")["RMS lev dB"]
        assert inside > stats(path)["RMS lev dB"] - 1.5

    @pytest.mark.parametrize("level", [0.002, 0.05, 0.99])
    def test_it_evens_out_loudness(self, tmp_path: Path, level: float) -> None:
        measured = stats(self.kept(tmp_path, wav.Sound(sines(16000, 2.0, 700, level=level), 16000)))
        assert measured["RMS lev dB"] == pytest.approx(wav.SPEECH_LEVEL, abs=1.0)
        assert measured["Pk lev dB"] <= wav.PEAK_LEVEL

    def test_it_bends_peaks_instead_of_cutting_them(self, tmp_path: Path) -> None:
        speech = sines(8000, 3.0, 500, level=0.05)
        speech[8000:8400] *= 19
        measured = stats(self.kept(tmp_path, wav.Sound(speech, 8000)))
        assert measured["Pk lev dB"] <= wav.PEAK_LEVEL + 0.1
        assert measured["Flat factor"] == 0.0

    def test_it_trims_silence(self, tmp_path: Path) -> None:
        still = np.zeros(3 * 16000)
        sound = wav.Sound(np.concatenate([still, sines(16000, 1.0, 700), still]), 16000)
        assert stats(self.kept(tmp_path, sound))["Length s"] == pytest.approx(1.0 + wav.LEAD + wav.TAIL, abs=0.05)

    def test_it_refuses_silence(self) -> None:
        with pytest.raises(wav.WavError, match="Nothing can be heard"):
            wav.telephone(wav.Sound(np.full(16000, 1e-4), 8000))


class TestKeep:
    def test_it_leaves_nothing_half_written(self, tmp_path: Path) -> None:
        (tmp_path / "place").mkdir()
        with pytest.raises(OSError):
            wav.keep(b"sound", tmp_path / "place")
        assert [path.name for path in tmp_path.iterdir()] == ["place"]

    def test_it_lets_the_switch_read_it(self, tmp_path: Path) -> None:
        wav.keep(b"sound", tmp_path / "new" / "sound.wav")
        assert (tmp_path / "new" / "sound.wav").stat().st_mode & 0o777 == 0o644

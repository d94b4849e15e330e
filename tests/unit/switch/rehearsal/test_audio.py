"""Sounds and recordings: what is laid down is what the file holds, sample by sample."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dutycenter.switch.rehearsal import audio
from dutycenter.switch.rehearsal.audio import DTMF_TONES, RATE, NoSound, key_tone, read_wav, sound_of, tone
from dutycenter.switch.rehearsal.recording import HEARD, SAID, Recording


def write_wav(path: Path, data: NDArray[np.int16], rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data.astype("<i2").tobytes())
    return path


def strongest(sound: NDArray[np.int16]) -> float:
    """The frequency with the most power, in Hz."""
    spectrum = np.abs(np.fft.rfft(sound.astype(float)))
    return float(np.argmax(spectrum) * RATE / len(sound))


def tracks(path: Path) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, RATE, 2)
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return data[:, 0], data[:, 1]


class TestSounds:
    @pytest.mark.parametrize("key", DTMF_TONES)
    def test_a_key_sounds_its_two_tones(self, key: str) -> None:
        spectrum = np.abs(np.fft.rfft(key_tone(key).astype(float), RATE))
        low, high = int(np.argmax(spectrum[:1050])), 1050 + int(np.argmax(spectrum[1050:2000]))
        assert abs(low - DTMF_TONES[key][0]) < 12
        assert abs(high - DTMF_TONES[key][1]) < 12

    @pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
    def test_a_file_of_any_rate_keeps_its_pitch_and_length(self, tmp_path: Path, rate: int) -> None:
        at = np.arange(rate * 2) / rate
        path = write_wav(tmp_path / "a.wav", (9000 * np.sin(2 * np.pi * 700 * at)).astype(np.int16), rate)
        heard = read_wav(path)
        assert abs(len(heard) - 2 * RATE) <= 2
        assert abs(strongest(heard) - 700) < 3

    def test_a_file_that_changed_is_read_again(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "a.wav", np.full(800, 5, np.int16))
        assert len(read_wav(path)) == 800
        write_wav(path, np.full(1600, 5, np.int16))
        assert len(read_wav(path)) == 1600

    @pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 50])
    def test_what_is_no_sound_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "a.wav"
        path.write_bytes(content)
        with pytest.raises(NoSound):
            read_wav(path)

    def test_several_files_are_one_after_another(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "a.wav", np.full(100, 7, np.int16))
        write_wav(tmp_path / "b.wav", np.full(50, 9, np.int16))
        heard = sound_of(f"file_string://{tmp_path}/a.wav!{tmp_path}/b.wav!silence_stream://10")
        assert heard.tolist() == [7] * 100 + [9] * 50 + [0] * 80

    def test_without_a_synthesizer_people_babble_as_long_as_they_would_speak(self, tmp_path: Path) -> None:
        said = audio.Voices(tmp_path, "no-such-program").say("着火了快来人")
        assert len(said) / RATE == pytest.approx(1 + 0.22 * 6, abs=0.01)
        assert np.abs(said.astype(int)).max() > 2000


class TestRecording:
    @given(
        st.lists(st.tuples(st.sampled_from([SAID, HEARD]), st.floats(-1, 4), st.floats(0.01, 2)), max_size=6),
        st.floats(0.1, 4),
    )
    def test_it_is_as_long_as_it_lasted_whatever_was_heard(
        self, tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, float, float]], lasted: float
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "one.wav"
        recording = Recording(path, True, 100.0)
        for side, at, seconds in pieces:
            recording.add(side, 100.0 + at, tone(seconds, 500))
        frames = recording.write(100.0 + lasted)
        left, right = tracks(path)
        assert len(left) == len(right) == frames == round(lasted * RATE)
        assert path.stat().st_size == 44 + 4 * frames

    def test_left_is_what_was_said_and_right_what_was_played(self, tmp_path: Path) -> None:
        recording = Recording(tmp_path / "one.wav", True, 10.0)
        recording.open()
        recording.add(HEARD, 10.5, tone(1.0, 440))
        recording.add(SAID, 12.0, tone(1.0, 800))
        recording.write(14.0)
        left, right = tracks(tmp_path / "one.wav")
        assert abs(strongest(right[4000:12000]) - 440) < 3
        assert abs(strongest(left[16000:24000]) - 800) < 3
        assert np.abs(left[:15900]).max() < 20
        assert not right[:4000].any()
        assert not right[12000:].any()

    def test_what_is_cut_off_ends_there_and_what_repeats_goes_on(self, tmp_path: Path) -> None:
        recording = Recording(tmp_path / "one.wav", True, 0.0)
        cut = recording.add(HEARD, 0.0, tone(2.0, 440))
        assert cut is not None
        recording.cut(cut, 0.5)
        recording.add(HEARD, 1.0, tone(0.25, 600), repeat=True)
        recording.write(3.0)
        _, right = tracks(tmp_path / "one.wav")
        assert right[:3900].any()
        assert not right[4000:8000].any()
        assert right[23000:].any()

    def test_a_message_holds_only_what_was_said(self, tmp_path: Path) -> None:
        recording = Recording(tmp_path / "one.wav", False, 0.0, sides=(SAID,))
        recording.add(HEARD, 0.0, tone(1.0, 440))
        recording.add(SAID, 0.0, tone(1.0, 800))
        recording.write(1.0)
        assert abs(strongest(read_wav(tmp_path / "one.wav")) - 800) < 3

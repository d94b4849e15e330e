"""Made sounds: people, voicemails, announcements, tones."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.calls.hearing import Unreadable, listen
from dutycenter.calls.hearing.estimate import Ground, estimate
from dutycenter.calls.hearing.features import RATE, features
from dutycenter.switch.rehearsal.audio import Voices, babble, beep, key_tone, tone

NOISE = np.random.default_rng(3).normal(0, 8, RATE * 60)
GREETING = "您好,我现在不方便接听电话,请在提示音后留言。"
NOBODY = "您拨打的号码是空号,请核对后再拨。"


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE))


def line(*parts: np.ndarray, seconds: float = 25.0) -> np.ndarray:
    """Sounds one after another on a telephone line of this length, with its noise; -1 to 1."""
    laid = np.zeros(int(seconds * RATE))
    joined = np.concatenate(parts)[: len(laid)]
    laid[: len(joined)] = joined
    return (laid + NOISE[: len(laid)]) / 32768.0


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Voices:
    return Voices(tmp_path_factory.mktemp("voices"))


class TestPeopleAndMachines:
    @pytest.mark.parametrize("words", ["喂,你好。", "喂?", "喂,哪位?", "你好,值班室。"])
    @pytest.mark.parametrize("pitch", [35, 65])
    def test_a_person_says_a_word_or_two_and_listens(self, voices: Voices, words: str, pitch: int) -> None:
        found = estimate(features(line(silence(0.4), voices.say(words, pitch))), 6.0)
        assert not found.machine
        assert Ground.SHORT_GREETING in found.grounds

    def test_a_person_who_presses_a_key_heard_no_beep(self, voices: Voices) -> None:
        found = estimate(features(line(silence(0.4), voices.say("喂,你好。"), silence(3), key_tone("1"))), 6.0)
        assert Ground.BEEP not in found.grounds
        assert not found.machine

    def test_a_person_who_says_nothing_is_not_called_a_machine(self) -> None:
        found = estimate(features(line(silence(1))), 6.0)
        assert found.grounds == (Ground.SILENT,)
        assert not found.machine

    @pytest.mark.parametrize("pitch", [35, 50, 65])
    @pytest.mark.parametrize("hertz", [800, 1000, 1400])
    def test_a_voicemail_greets_beeps_and_waits(self, voices: Voices, pitch: int, hertz: int) -> None:
        sound = line(silence(0.2), voices.say(GREETING, pitch), silence(0.5), tone(0.4, hertz))
        found = estimate(features(sound), 20.0)
        assert found.machine
        assert {Ground.BEEP, Ground.LONG_GREETING, Ground.LATE} <= set(found.grounds)
        assert found.greeting > 3

    def test_an_announcement_says_the_same_again_and_again(self, voices: Voices) -> None:
        said = np.concatenate([voices.say(NOBODY), silence(1.4)])
        found = estimate(features(line(silence(0.3), *[said] * 5)), 0.4)
        assert found.machine
        assert Ground.REPEATS in found.grounds

    @pytest.mark.parametrize("hertz", [425, 440, 450])
    def test_the_networks_tones(self, hertz: int) -> None:
        found = estimate(features(line(*[tone(0.35, hertz), silence(0.35)] * 10)), 5.0)
        assert found.machine
        assert Ground.NETWORK_TONE in found.grounds

    def test_more_that_speaks_for_a_machine_never_lowers_the_chance(self, voices: Voices) -> None:
        greeting = features(line(voices.say(GREETING)))
        beeped = features(line(voices.say(GREETING), silence(0.5), beep()))
        assert estimate(beeped, 5.0).chance > estimate(greeting, 5.0).chance
        assert estimate(greeting, 20.0).chance > estimate(greeting, 5.0).chance


class TestAnySound:
    @given(st.lists(st.tuples(st.sampled_from("sbtn"), st.floats(0.05, 4.0)), max_size=8), st.floats(0, 60))
    def test_there_is_always_an_estimate_with_its_ground(self, parts: list[tuple[str, float]], ring: float) -> None:
        make = {
            "s": silence, "b": lambda seconds: babble(f"{seconds}", seconds),
            "t": lambda seconds: tone(seconds, 1000), "n": lambda seconds: NOISE[: int(seconds * RATE)] * 200,
        }  # fmt: skip
        sound = np.concatenate([silence(1.0), *(make[kind](seconds) for kind, seconds in parts)]) / 32768
        counted = features(sound)
        found = estimate(counted, ring)
        assert 0 < found.chance < 1
        assert len(str(found)) <= 160
        assert all(0 <= span.start < span.end <= counted.seconds + 0.02 for span in (*counted.speech, *counted.tones))
        assert 0 <= counted.spoken <= 1.01

    @given(st.floats(0.05, 1.0))
    def test_how_loud_the_line_is_changes_nothing(self, level: float) -> None:
        sound = line(babble("响度", 1.5), silence(2), tone(0.5, 1000), seconds=8)
        assert len(features(sound * level).tones) == 1


class TestRecordings:
    def test_one_that_is_still_written_can_be_listened_to(self, tmp_path: Path, voices: Voices) -> None:
        path = tmp_path / "leg.wav"
        callee = np.concatenate([silence(0.3), voices.say("喂,你好。"), silence(5)]).astype("<i2")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(np.stack([callee, callee * 0], axis=1).astype("<i2").tobytes())
        raw = bytearray(path.read_bytes())
        raw[40:44] = bytes(4)  # the length stands there once the file is closed
        path.write_bytes(raw[:-3])
        assert not listen(path, 5.0).machine

    @pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 4000, b"RIFF0000WAVEfmt " + bytes(60)])
    def test_what_is_no_recording_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "leg.wav"
        path.write_bytes(content)
        with pytest.raises(Unreadable):
            listen(path)

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable):
            listen(tmp_path / "none.wav")

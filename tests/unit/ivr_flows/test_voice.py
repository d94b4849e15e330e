"""Real espeak-ng, measured with sox: prompts that a telephone can carry and a person can follow."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dutycenter.interfaces import IVoice, VoiceError
from dutycenter.settings import Settings, load
from dutycenter.work import Work
from ivr_flows import speech, wav
from ivr_flows.prompts import PromptBook, load_catalogue
from ivr_flows.voice import ESPEAK_VOICES, Command, Espeak, KeptVoice, Silent, voice_for

MESSAGE = "紧急通知：我市浏阳河水位超警戒0.8米，请防汛指挥部成员于14:30前到指挥中心集合。"


def stats(path: Path, *effects: str) -> dict[str, float]:
    """What ``sox … stats`` says of a file."""
    told = subprocess.run(["sox", path, "-n", *effects, "stats"], capture_output=True, text=True, check=True).stderr
    return {name: float(value) for name, value in re.findall(r"^(\S+(?: \S+)*)\s+(-?[\d.]+|-inf)$", told, re.MULTILINE)}


def form(path: Path) -> list[str]:
    """Rate, channels, bits and encoding, as soxi says them."""
    return [
        subprocess.run(["soxi", f"-{what}", path], capture_output=True, text=True, check=True).stdout.strip()
        for what in "rcbe"
    ]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Every fixed prompt, made by espeak-ng."""
    folder = tmp_path_factory.mktemp("spoken")
    settings = load({}, here=folder)
    book = PromptBook(load_catalogue(settings), KeptVoice(Espeak(), folder), folder)
    made = book.make_all(ESPEAK_VOICES)
    assert made.faults == []
    return {
        (prompt, language): book.find(prompt, language).path
        for prompt, texts in book.catalogue.texts.items()
        for language in texts
    }


class TestEspeak:
    def test_every_prompt_is_neither_clipped_nor_silent(self, spoken: dict[tuple[str, str], Path]) -> None:
        for prompt, path in spoken.items():
            measured = stats(path)
            assert -26 < measured["RMS lev dB"] < -17, prompt
            assert -10 < measured["Pk lev dB"] <= wav.PEAK_LEVEL, prompt
            assert measured["Flat factor"] == 0, prompt

    def test_every_prompt_is_as_a_telephone_has_it(self, spoken: dict[tuple[str, str], Path]) -> None:
        assert {tuple(form(path)) for path in spoken.values()} == {("8000", "1", "16", "Signed Integer PCM")}

    def test_it_keeps_to_the_telephones_band(self, spoken: dict[tuple[str, str], Path]) -> None:
        for language in ESPEAK_VOICES:
            path = spoken["hotline.nobody", language]
            whole = stats(path)["RMS lev dB"]
            assert stats(path, "sinc", "-180")["RMS lev dB"] < whole - 30
            assert stats(path, "sinc", "3700")["RMS lev dB"] < whole - 30
            assert stats(path, "sinc", "300-3400")["RMS lev dB"] > whole - 1.5

    def test_it_speaks_mandarin_at_a_pace_that_can_be_followed(self, tmp_path: Path) -> None:
        prompt = KeptVoice(Espeak(), tmp_path).say(MESSAGE)
        syllables = len(re.findall(r"[a-z]+[1-5]", speech.pinyin(speech.chinese(MESSAGE))))
        assert 2.8 < syllables / prompt.seconds < 4.5

    def test_it_pauses_between_sentences(self, tmp_path: Path) -> None:
        voice = KeptVoice(Espeak(), tmp_path)
        one, two = voice.say("请按一。"), voice.say("请按一。请按一。")
        assert two.seconds > 2 * (one.seconds - wav.LEAD - wav.TAIL) + wav.LEAD + wav.TAIL + 0.15

    def test_espeak_knows_every_syllable_of_the_prompts(self, tmp_path: Path) -> None:
        """A syllable that it doesn't know would be spelled as Latin letters."""
        texts = load_catalogue(load({}, here=tmp_path)).texts.values()
        spoken = " ".join(speech.pinyin(speech.chinese(text["zh_CN"])) for text in texts)
        told = subprocess.run(
            ["espeak-ng", "-v", ESPEAK_VOICES["zh_CN"], "-q", "-x", "--stdin"],
            input=spoken, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "(en)" not in told.stdout
        assert len(told.stdout) > 1000

    def test_it_says_that_the_program_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(VoiceError, match="no-such-espeak is not installed: apt-get install espeak-ng"):
            KeptVoice(Espeak("no-such-espeak"), tmp_path).say("你好")


class TestKeptVoice:
    def test_it_makes_a_text_once(self, tmp_path: Path) -> None:
        voice = KeptVoice(Espeak(), tmp_path)
        made = voice.say("你好")
        changed = made.path.stat().st_mtime_ns
        assert voice.say("你好") == made
        assert made.path.stat().st_mtime_ns == changed

    def test_it_keeps_by_text_language_and_voice(self, tmp_path: Path) -> None:
        paths = {
            KeptVoice(maker, tmp_path).say(text, language).path
            for maker in (Silent(), Espeak())
            for text in ("你好", "您好")
            for language in ("zh_CN", "en")
        }
        assert len(paths) == 8

    def test_it_only_looks_for_what_is_kept(self, tmp_path: Path) -> None:
        voice = KeptVoice(Silent(), tmp_path)
        assert voice.kept("你好") is None
        assert list(tmp_path.iterdir()) == []
        assert voice.say("你好") == voice.kept("你好")

    def test_it_makes_again_what_cannot_be_read(self, tmp_path: Path) -> None:
        voice = KeptVoice(Silent(), tmp_path)
        prompt = voice.say("你好")
        prompt.path.write_bytes(b"RIFF")
        assert voice.say("你好") == prompt
        assert wav.seconds_of(prompt.path) == prompt.seconds

    def test_it_may_be_asked_from_many_sides_at_once(self, tmp_path: Path) -> None:
        voice = KeptVoice(Silent(), tmp_path)
        made = []
        threads = [threading.Thread(target=lambda: made.append(voice.say("同时"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(made)) == 1
        assert [path.suffix for path in tmp_path.iterdir()] == [".wav"]

    @pytest.mark.parametrize("text", ["", "   ", "。。。", "<b></b>", "\x00"])
    def test_it_refuses_to_say_nothing(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(VoiceError, match="nothing to say"):
            KeptVoice(Silent(), tmp_path).say(text)

    def test_it_refuses_what_nobody_would_hear_to_its_end(self, tmp_path: Path) -> None:
        with pytest.raises(VoiceError, match="100000 characters; 1500 can be said"):
            KeptVoice(Silent(), tmp_path).say("水" * 100_000)

    def test_it_refuses_a_language_that_it_has_no_voice_for(self, tmp_path: Path) -> None:
        with pytest.raises(VoiceError, match="no voice for the language fr"):
            KeptVoice(Silent(), tmp_path).say("bonjour", "fr")

    def test_it_says_that_there_is_no_room(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file")
        with pytest.raises(VoiceError, match="taken cannot be written to"):
            KeptVoice(Silent(), tmp_path / "taken").say("你好")


class TestSilent:
    def test_it_takes_as_long_as_saying_it_would(self, tmp_path: Path) -> None:
        silent = KeptVoice(Silent(), tmp_path).say(MESSAGE).seconds
        assert silent == pytest.approx(KeptVoice(Espeak(), tmp_path).say(MESSAGE).seconds, rel=0.4)


WRITES_WHAT_IT_READS = "import sys, shutil; sys.stdin.read(); shutil.copy(sys.argv[2], sys.argv[1])"


class TestCommand:
    def test_it_reads_the_text_and_writes_the_file(self, tmp_path: Path) -> None:
        line = "espeak-ng -v en-us --stdin -w {out}"
        prompt = KeptVoice(Command(line), tmp_path).say("Hello; $(touch /tmp/never) `id`", "en")
        assert 1 < prompt.seconds < 8
        assert form(prompt.path)[0] == "8000"

    def test_no_shell_sees_the_line(self, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        with pytest.raises(VoiceError):
            KeptVoice(Command(f"espeak-ng {{out}} ; touch {mark}"), tmp_path).say("Hello", "en")
        assert not mark.exists()

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            ("import sys; sys.exit('no licence')", "failed: no licence"),
            ("pass", "failed: it wrote no file"),
            ("import sys; open(sys.argv[1], 'w').write('no sound')", "no usable sound: This is not a WAV file"),
        ],
    )
    def test_it_says_what_went_wrong(self, tmp_path: Path, code: str, says: str) -> None:
        line = f'{sys.executable} -c "{code}" {{out}}'
        with pytest.raises(VoiceError, match=says):
            KeptVoice(Command(line), tmp_path).say("你好")

    def test_it_ends_a_program_that_does_not_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ivr_flows.voice.SECONDS_TO_MAKE", 0.2)
        with pytest.raises(VoiceError, match="did not finish"):
            KeptVoice(Command(f"{sys.executable} -c 'import time; time.sleep(30)' {{out}}"), tmp_path).say("你好")

    @pytest.mark.parametrize(
        ("line", "says"), [("", "put {out}"), ("say", "put {out}"), ('say "{out}', "cannot be read")]
    )
    def test_it_refuses_a_line_that_cannot_work(self, line: str, says: str) -> None:
        with pytest.raises(VoiceError, match=re.escape(says)):
            Command(line).make("你好", "zh_CN")


class TestVoiceFor:
    def test_the_application_has_the_voice_of_its_settings(self, sqlite_work: Work) -> None:
        with sqlite_work.read() as request:
            prompt = request.find_service(IVoice).say("你好")
        assert prompt.path.is_relative_to(sqlite_work.settings.prompts_dir)

    def test_an_unusable_command_is_said_at_the_first_word_not_at_the_start(self, settings: Settings) -> None:
        voice = voice_for(replace(settings, voice="command", voice_command="say"))
        with pytest.raises(VoiceError, match=r"put \{out\}"):
            voice.say("你好")

"""The book of prompts: always something to play, never made while a phone waits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dutycenter.interfaces import VoiceError
from dutycenter.settings import Settings
from dutycenter.work import Work
from ivr_flows import wav
from ivr_flows.jobs import make_prompts
from ivr_flows.prompts import RECORD_TONE, STAND_IN, Catalogue, PromptBook, load_catalogue
from ivr_flows.voice import KeptVoice, Silent

TEXTS = Catalogue({"both": {"zh_CN": "您好", "en": "Hello"}, "foreign": {"en": "Only English"}})


class Hoarse:
    """A synthesiser that cannot say some things."""

    name = "hoarse"

    def make(self, text: str, language: str) -> bytes:
        if language == "en":
            raise VoiceError("I have lost my English.")
        return wav.encode(wav.tone(500, 1.0))


@pytest.fixture
def shelf(tmp_path: Path) -> PromptBook:
    return PromptBook(TEXTS, KeptVoice(Silent(), tmp_path), tmp_path)


class TestMakeAll:
    def test_it_makes_everything_once(self, shelf: PromptBook) -> None:
        first, second = shelf.make_all(["zh_CN", "en"]), shelf.make_all(["zh_CN", "en"])
        assert (first.made, first.kept, first.faults) == (3, 0, [])
        assert (second.made, second.kept, second.faults) == (0, 3, [])

    def test_it_makes_the_rest_when_something_fails(self, tmp_path: Path) -> None:
        book = PromptBook(TEXTS, KeptVoice(Hoarse(), tmp_path), tmp_path)
        made = book.make_all(["en", "zh_CN"])
        assert made.made == 1
        assert made.faults == ["both (en): I have lost my English.", "foreign (en): I have lost my English."]
        assert book.find("both", "zh_CN").seconds > 0.9


class TestFind:
    def test_it_finds_what_was_made(self, shelf: PromptBook) -> None:
        shelf.make_all(["zh_CN", "en"])
        assert shelf.find("both", "zh_CN").path != shelf.find("both", "en").path
        assert shelf.find(RECORD_TONE, "zh_CN").seconds == pytest.approx(0.4)

    def test_it_takes_another_language_rather_than_nothing(self, shelf: PromptBook) -> None:
        shelf.make_all(["zh_CN", "en"])
        assert shelf.find("foreign", "zh_CN").path == shelf.find("foreign", "en").path

    def test_it_takes_an_upload_before_the_voice(self, shelf: PromptBook, tmp_path: Path) -> None:
        shelf.make_all(["zh_CN"])
        upload = tmp_path / "person.wav"
        wav.keep(wav.encode(wav.tone(500, 1.5)), upload)
        with_upload = shelf.with_replaced({("both", "zh_CN"): upload})
        assert with_upload.find("both", "zh_CN").path == upload
        assert shelf.find("both", "zh_CN").path != upload

    @pytest.mark.parametrize("content", [None, b"", b"RIFF"])
    def test_it_takes_the_voice_when_the_upload_cannot_be_read(
        self, shelf: PromptBook, tmp_path: Path, content: bytes | None
    ) -> None:
        shelf.make_all(["zh_CN"])
        upload = tmp_path / "person.wav"
        if content is not None:
            upload.write_bytes(content)
        found = shelf.with_replaced({("both", "zh_CN"): upload}).find("both", "zh_CN")
        assert found == shelf.find("both", "zh_CN")

    def test_it_never_makes_anything(self, shelf: PromptBook, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        assert shelf.find("both", "zh_CN").path.name == "tone-stand_in.wav"
        assert list(tmp_path.iterdir()) == []
        assert "The prompt both isn't made" in caplog.text

    def test_a_tone_stands_in_for_what_there_is_not(self, shelf: PromptBook) -> None:
        shelf.make_all(["zh_CN"])
        assert shelf.find("no.such", "zh_CN") == shelf.find(STAND_IN, "zh_CN")


class TestCatalogue:
    def test_it_fills_in_the_duty_room(self, settings: Settings) -> None:
        texts = load_catalogue(replace(settings, duty_room="某某县政府值班室")).texts
        assert texts["hotline.greeting"]["zh_CN"] == "您好，这里是某某县政府值班室。"

    def test_every_prompt_speaks_both_languages(self, settings: Settings) -> None:
        for prompt, texts in load_catalogue(settings).texts.items():
            assert texts.keys() == {"zh_CN", "en"}, prompt


class TestJob:
    def test_it_makes_what_is_missing_and_no_more(self, sqlite_work: Work) -> None:
        make_prompts(sqlite_work)
        folder = sqlite_work.settings.prompts_dir
        made = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert len(made) > 60
        next(iter(made)).unlink()
        make_prompts(sqlite_work)
        after = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert after.keys() == made.keys()
        assert sum(after[path] != at for path, at in made.items()) == 1

"""The page of prompts: listen, upload a person's voice, take it back."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from sqlalchemy import select
from webtest import TestResponse, Upload

from dutycenter.interfaces import IVoice
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from ivr_flows.jobs import make_prompts
from ivr_flows.models import PromptUpload
from ivr_flows.services import Uploads
from tests.functional.conftest import Site, form_to

PAGE = "/settings/prompts/hotline.greeting"


def speech(rate: int = 44100, seconds: float = 2.0, level: float = 0.3) -> bytes:
    """A WAV file with something to hear in it."""
    at = np.arange(int(rate * seconds)) / rate
    samples = (level * 32767 * np.sin(2 * np.pi * 440 * at)).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def send(browser: object, data: bytes, language: str = "zh_CN", **options: object) -> TestResponse:
    form = form_to(browser.get(PAGE), f"{language}")  # type: ignore[attr-defined]
    form["wav"] = Upload("greeting.wav", data, "audio/wav")
    return form.submit(**options)


class TestListing:
    def test_it_shows_every_prompt_in_both_languages(self, site: Site) -> None:
        page = site.logged_in(Role.ADMINISTRATOR).get("/settings/prompts")
        assert "您好，这里是云江市人民政府总值班室。" in page.text
        assert "This call is recorded." in page.text
        assert "Not made yet" in page.text

    def test_what_is_made_can_be_heard(self, site: Site) -> None:
        make_prompts(site.work)
        browser = site.logged_in(Role.ADMINISTRATOR)
        page = browser.get("/settings/prompts")
        assert "Not made yet" not in page.text
        sound = browser.get(f"{PAGE}/zh_CN/sound")
        assert sound.content_type == "audio/wav"
        assert sound.body[:4] == b"RIFF"

    @pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER, Role.AUDITOR, Role.DISPLAY])
    def test_only_administrators_get_there(self, site: Site, role: Role) -> None:
        browser = site.logged_in(role)
        for path in ("/settings/prompts", PAGE, f"{PAGE}/zh_CN/sound"):
            browser.get(path, status=403)

    @pytest.mark.parametrize("path", ["no.such", "hotline.greeting/fr/sound", "..", "hotline.greeting/zh_CN/sound"])
    def test_what_is_not_there_is_not_found(self, site: Site, path: str) -> None:
        site.logged_in(Role.ADMINISTRATOR).get(f"/settings/prompts/{path}", status=404)


class TestUpload:
    def test_a_recording_takes_the_voices_place(self, site: Site) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        page = send(browser, speech()).follow()
        assert "From the next call on this recording is heard." in page.text
        with wave.open(io.BytesIO(browser.get(f"{PAGE}/zh_CN/sound").body)) as heard:
            assert (heard.getframerate(), heard.getnchannels(), heard.getsampwidth()) == (8000, 1, 2)
            assert heard.getnframes() / 8000 == pytest.approx(2.35, abs=0.05)
        with site.work.read() as request:
            replaced = request.find_service(Uploads).replaced()
            assert replaced["hotline.greeting", "zh_CN"].is_file()
            row = request.db.scalars(select(PromptUpload)).one()
            assert row.uploaded_by_id == site.ids[Role.ADMINISTRATOR]
            entry = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "prompt.replaced")).one()
            assert row.sha256 in entry.data

    def test_a_newer_one_takes_the_older_ones_place(self, site: Site) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        send(browser, speech())
        send(browser, speech(seconds=3.0))
        with site.work.read() as request:
            assert [row.ended_at is None for row in request.db.scalars(select(PromptUpload))] == [False, True]
            assert len(request.find_service(Uploads).replaced()) == 1

    def test_the_machine_speaks_again(self, site: Site) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        page = send(browser, speech()).follow()
        page = form_to(page, "/restore").submit().follow()
        assert "speaks this prompt again" in page.text
        with site.work.read() as request:
            assert request.find_service(Uploads).replaced() == {}
        assert not [form for form in page.forms.values() if "/restore" in form.action]

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"ID3 this is an mp3", "This is not a WAV file."),
            (b"", "This is not a WAV file."),
            (speech()[:-1000], "This WAV file is cut off"),
            (speech(level=0.0), "Nothing can be heard in this recording."),
            (speech(rate=8000, seconds=130), "This WAV file lasts 130.0 seconds; 0.2 to 120 are possible."),
        ],
        ids=["mp3", "empty", "cut off", "silent", "too long"],
    )
    def test_a_bad_one_gets_a_clear_message_and_changes_nothing(self, site: Site, data: bytes, says: str) -> None:
        page = send(site.logged_in(Role.ADMINISTRATOR), data, status=422)
        assert says in page.text
        assert "Nothing was changed." in page.text
        with site.work.read() as request:
            assert request.db.scalars(select(PromptUpload)).all() == []
        assert not list(site.work.settings.uploads_dir.rglob("*"))

    def test_it_asks_for_a_file(self, site: Site) -> None:
        form = form_to(site.logged_in(Role.ADMINISTRATOR).get(PAGE), "zh_CN")
        assert "No file was chosen." in form.submit(status=422).text

    def test_a_forged_form_changes_nothing(self, site: Site) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        form = form_to(browser.get(PAGE), "zh_CN")
        form["csrf_token"] = "forged"
        form["wav"] = Upload("greeting.wav", speech(), "audio/wav")
        form.submit(status="4*")
        with site.work.read() as request:
            assert request.db.scalars(select(PromptUpload)).all() == []


class TestVoice:
    def test_a_page_never_makes_a_prompt_by_being_looked_at(self, site: Site) -> None:
        site.logged_in(Role.ADMINISTRATOR).get("/settings/prompts")
        with site.work.read() as request:
            assert request.find_service(IVoice).kept("您好，这里是云江市人民政府总值班室。") is None

"""The audit desk: nothing is heard without a reason, and every replay is on record."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from webob import Request

from dutycenter.accounts.models import Account
from dutycenter.audit.describe import describe
from dutycenter.audit.jobs import verify_when_asked
from dutycenter.calls.models import Recording
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import seal
from dutycenter.vocabulary import Role
from tests.functional.conftest import Site, form_to, form_with
from tests.support.recordings import record_call

REASON = "complaint 12 of 2026"


@pytest.fixture
def recording(site: Site) -> int:
    record_call(site.work)
    describe(site.work)
    with site.work.read() as request:
        return int(request.db.scalar(select(Recording.id)))


def entries(site: Site, action: str) -> list[LedgerEntry]:
    with site.work.read() as request:
        return list(request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == action)))


class TestSearch:
    def test_it_finds_by_number(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        assert f"/recordings/{recording}" in auditor.get("/recordings?number=1380").text
        assert f"/recordings/{recording}" not in auditor.get("/recordings?number=999").text

    def test_a_date_that_is_none_is_named_and_the_rest_is_searched(self, site: Site, recording: int) -> None:
        page = site.logged_in(Role.AUDITOR).get("/recordings?since=yesterday&number=1380")
        assert "A date or a number could not be read" in page.text
        assert f"/recordings/{recording}" in page.text

    @pytest.mark.parametrize(
        "query", ["page=-1", "page=x", "kind=%27%3B--", "state=nothing", "number=%00", "page=9999999999"]
    )
    def test_absurd_questions_get_a_page(self, standing_site: Site, query: str) -> None:
        standing_site.logged_in(Role.AUDITOR).get(f"/recordings?{query}", status=200)

    @pytest.mark.parametrize("path", ["/recordings?number=%FF", "/%FF", "/recordings/%C0%AF"])
    def test_an_address_that_is_no_text_is_refused_with_a_page(self, standing_site: Site, path: str) -> None:
        answer = Request.blank(path).get_response(standing_site.app)
        assert answer.status_int == 400
        assert "<h1" in answer.text

    def test_only_auditors_see_all(self, site: Site) -> None:
        site.logged_in(Role.OFFICER).get("/recordings", status=403)


class TestReplay:
    def test_without_a_reason_nothing_is_heard_and_the_refusal_is_on_record(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        auditor.get(f"/recordings/{recording}/audio", status=403)
        (refused,) = entries(site, "recording.refused")
        assert refused.actor == f"user:{site.ids[Role.AUDITOR]}"

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "Say in a few words why you listen"), ("zh_CN", "请简要填写回放事由")]
    )
    def test_an_empty_reason_is_asked_for_again(self, site: Site, recording: int, language: str, words: str) -> None:
        with site.work.write() as request:
            request.db.get_one(Account, site.ids[Role.AUDITOR]).language = language
        form = form_with(site.logged_in(Role.AUDITOR).get(f"/recordings/{recording}"), "reason")
        form["reason"] = "  "
        assert words in form.submit().text

    def test_who_only_listens_is_not_led_to_the_search(self, site: Site, recording: int) -> None:
        assert 'href="/recordings"' in site.logged_in(Role.AUDITOR).get(f"/recordings/{recording}").text
        assert 'href="/recordings"' not in site.logged_in(Role.OFFICER).get(f"/recordings/{recording}").text

    def test_with_a_reason_the_replay_is_heard_and_on_record(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        form = form_with(auditor.get(f"/recordings/{recording}"), "reason")
        form["reason"] = REASON
        page = form.submit().follow()
        assert "Your replay is recorded" in page.text
        sound = auditor.get(f"/recordings/{recording}/audio")
        assert sound.content_type == "audio/wav"
        assert sound.body[:4] == b"RIFF"
        (replayed,) = entries(site, "recording.replayed")
        assert json.loads(replayed.data) | {"file": ""} == {"reason": REASON, "file": "", "address": "192.0.2.7"}
        assert replayed.actor == f"user:{site.ids[Role.AUDITOR]}"

    def test_a_reason_for_one_recording_opens_no_other(self, site: Site, recording: int) -> None:
        record_call(site.work, channel="00000000-0000-4000-8000-000000000002")
        auditor = site.logged_in(Role.AUDITOR)
        form = form_with(auditor.get(f"/recordings/{recording}"), "reason")
        form["reason"] = REASON
        form.submit()
        auditor.get(f"/recordings/{recording + 1}/audio", status=403)

    def test_ranges_let_a_player_jump(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        form = form_with(auditor.get(f"/recordings/{recording}"), "reason")
        form["reason"] = REASON
        form.submit()
        part = auditor.get(f"/recordings/{recording}/audio", headers={"Range": "bytes=44-143"}, status=206)
        assert len(part.body) == 100
        assert part.headers["Content-Range"].startswith("bytes 44-143/")

    def test_an_unknown_recording_is_a_page_that_says_so(self, site: Site) -> None:
        site.logged_in(Role.AUDITOR).get("/recordings/999999", status=404)

    def test_a_display_hears_nothing(self, site: Site, recording: int) -> None:
        site.logged_in(Role.DISPLAY).get(f"/recordings/{recording}", status=403)


class TestEvidence:
    def test_a_verification_can_be_asked_for_and_its_result_is_shown(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        page = auditor.get("/evidence")
        assert "Nothing has been verified yet" in page.text
        form_to(page, "/evidence").submit().follow()
        seal(site.work)
        verify_when_asked(site.work)
        assert "everything holds" in auditor.get("/evidence").text

    def test_a_changed_file_is_named_on_the_page(self, site: Site, recording: int) -> None:
        seal(site.work)
        (file,) = site.work.settings.evidence_dir.glob("*/*.wav")
        file.write_bytes(file.read_bytes()[:-1] + b"\xff")
        auditor = site.logged_in(Role.AUDITOR)
        page = auditor.get("/evidence")
        form_to(page, "/evidence").submit()
        verify_when_asked(site.work)
        page = auditor.get("/evidence")
        assert "the file was changed" in page.text
        assert f"recording:{recording} " in page.text

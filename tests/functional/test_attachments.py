"""Files beside a form: checked by content, taken away as files, in the timeline and in the ledger with their hashes."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from webtest import TestApp

from dutycenter.audit.verification import verify
from dutycenter.incidents.attachments.models import Attachment
from dutycenter.incidents.attachments.services import Attachments, Owner, TooMany
from dutycenter.incidents.attachments.thumbnails import make_thumbnails
from dutycenter.incidents.intakes import Intakes
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role, SourceChannel

HOSTILE = '"><img src=x onerror=alert(1)>\r\nX-Evil: 1\u202egpj.html'


def picture(shade: int = 0) -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4), shade).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def officer(site: Any) -> TestApp:
    return site.logged_in(Role.OFFICER)


@pytest.fixture
def intake(site: Any) -> int:
    with site.work.write() as request:
        return request.find_service(Intakes).blank(site.ids[Role.OFFICER], SourceChannel.FAX).id


def token(browser: TestApp) -> str:
    return str(browser.get("/incidents").html.select_one("meta[name=csrf-token]")["content"])


def send(browser: TestApp, path: str, name: str, content: bytes, **options: Any) -> Any:
    fields = {"csrf_token": token(browser)}
    return browser.post(path, fields, upload_files=[("file", name, content)], **options)


class TestAttachments:
    def test_a_file_goes_from_the_form_into_the_incident_and_its_hash_into_the_ledger(
        self, site: Any, officer: TestApp, intake: int
    ) -> None:
        content = picture()
        shown = send(officer, f"/desk/intakes/{intake}/attachments", "现场.png", content)
        assert "现场.png" in shown.html.select_one("#attachments li a").text
        again = send(officer, f"/desk/intakes/{intake}/attachments", "现场.png", content)
        assert len(again.html.select("#attachments li")) == 1
        officer.post(f"/desk/intakes/{intake}/finish", {"csrf_token": token(officer), "version": "1"})
        assert "现场.png" in officer.get("/incidents/1").html.select_one(".timeline").text
        with site.work.read() as request:
            entry = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "attachment.added")).one()
            told = json.loads(entry.data)
            assert told["sha256"] == hashlib.sha256(content).hexdigest()
            assert told["sm3"] == hashlib.new("sm3", content).hexdigest()

    def test_it_is_saved_and_never_opened_whatever_it_is_called(self, site: Any, officer: TestApp, intake: int) -> None:
        with site.work.write() as request:
            owner = Owner(intake_id=intake)
            request.find_service(Attachments).add(owner, HOSTILE, io.BytesIO(picture()), site.ids[Role.OFFICER])
        page = officer.get(f"/desk?intake={intake}")
        assert "<img src=x" not in page.text
        assert "onerror=alert(1)" in page.html.select_one("#attachments li a").text
        answer = officer.get("/attachments/1")
        assert answer.body == picture()
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="attachment-1.png"; filename*=')
        assert "X-Evil" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.content_type == "image/png"

    def test_a_picture_is_shown_small_and_what_only_says_to_be_one_is_not(
        self, site: Any, officer: TestApp, intake: int
    ) -> None:
        path = f"/desk/intakes/{intake}/attachments"
        send(officer, path, HOSTILE, picture())
        send(officer, path, "b.png", picture()[:40])
        assert officer.get(path).html.select_one("#attachments img") is None
        officer.get("/attachments/1/thumbnail", status=404)
        make_thumbnails(site.work)
        make_thumbnails(site.work)
        (shown,) = officer.get(path).html.select("#attachments img")
        answer = officer.get(shown["src"])
        assert Image.open(io.BytesIO(answer.body)).format == "JPEG"
        assert (answer.content_type, answer.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        officer.get("/attachments/2/thumbnail", status=404)
        site.logged_in(Role.DISPLAY).get("/attachments/1/thumbnail", status=403)
        with site.work.read() as request:
            told = request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "attachment.thumbnail"))
            assert [json.loads(data)["made"] for data in told] == [True, False]
        assert not _accused(site)

    def test_what_is_not_taken_says_why_and_leaves_nothing(self, site: Any, officer: TestApp, intake: int) -> None:
        path = f"/desk/intakes/{intake}/attachments"
        said = send(officer, path, "photo.png", b"<html><script>alert(1)</script>")
        assert "photo.png: Files of this kind are not taken" in said.html.select_one("[role=alert]").text
        assert said.html.select("#attachments li") == []
        large = replace(site.work.settings, max_upload=10)
        site.work.registry["dutycenter.settings"] = large
        with site.work.write() as request:
            few = request.find_service(Attachments)
            few.most = 1
            few.add(Owner(intake_id=intake), "1.png", io.BytesIO(picture(1)), site.ids[Role.OFFICER])
            with pytest.raises(TooMany):
                few.add(Owner(intake_id=intake), "2.png", io.BytesIO(picture(2)), site.ids[Role.OFFICER])

    def test_it_is_struck_out_and_put_back(self, site: Any, officer: TestApp, intake: int) -> None:
        send(officer, f"/desk/intakes/{intake}/attachments", "a.png", picture())
        fields = {"csrf_token": token(officer), "intake": "yes"}
        struck = officer.post("/attachments/1/remove", fields)
        assert struck.html.select_one("#attachments li.removed") is not None
        assert officer.post("/attachments/1/restore", fields).html.select_one("#attachments li.removed") is None
        officer.get("/attachments/4711", status=404)
        send(officer, "/desk/intakes/4711/attachments", "a.png", picture(), status=404)

    def test_who_only_reads_may_take_it_away_but_add_nothing(self, site: Any, officer: TestApp, intake: int) -> None:
        send(officer, f"/desk/intakes/{intake}/attachments", "a.png", picture())
        auditor = site.logged_in(Role.AUDITOR)
        auditor.get("/attachments/1")
        send(auditor, f"/desk/intakes/{intake}/attachments", "b.png", picture(1), status=403)
        auditor.post("/attachments/1/remove", {"csrf_token": token(auditor)}, status=403)
        site.logged_in(Role.DISPLAY).get("/attachments/1", status=403)

    def test_verifying_the_evidence_finds_a_changed_file(self, site: Any, officer: TestApp, intake: int) -> None:
        send(officer, f"/desk/intakes/{intake}/attachments", "a.png", picture())
        assert not _accused(site)
        with site.work.read() as request:
            row = request.db.scalars(select(Attachment)).one()
            place = request.find_service(Attachments).store.place(row.sha256)
        place.chmod(0o640)
        place.write_bytes(picture(9))
        assert _accused(site)


def _accused(site: Any) -> bool:
    return any(fault.subject.startswith("attachment:1") for fault in verify(site.work).faults)

"""The audit desk: packages, retention by two persons, custody, who may see what."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dutycenter.accounts.models import Account
from dutycenter.accounts.passwords import hash_password
from dutycenter.audit.describe import describe
from dutycenter.audit.exports import make_waiting
from dutycenter.audit.listening import make_copies
from dutycenter.audit.retention import remove_destroyed
from dutycenter.audit.verification import verify
from dutycenter.audit.verifier import Package
from dutycenter.calls.models import Call, Recording
from dutycenter.calls.store import Store
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import seal
from dutycenter.vocabulary import IncidentStatus, RecordingState, Role, SourceChannel
from tests.functional.conftest import PASSWORD, Site, form_to, form_with, log_in
from tests.support.recordings import record_call

CLOSED = ("/recordings", "/evidence", "/evidence/custody", "/evidence/packages", "/evidence/retention",
          "/evidence/packages/new?recording=1", "/evidence/told/1")  # fmt: skip


@pytest.fixture
def recording(site: Site) -> int:
    record_call(site.work)
    describe(site.work)
    with site.work.read() as request:
        return int(request.db.scalar(select(Recording.id)))


@pytest.fixture
def second_auditor(site: Site) -> str:
    with site.work.write() as request:
        request.db.add(
            Account(username="second", name="Second", role=Role.AUDITOR, password_hash=hash_password(PASSWORD),
                    must_change=False, created_at=request.find_service(IClock).now(), language="en")
        )  # fmt: skip
    return "second"


def actions(site: Site) -> list[str]:
    with site.work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


class TestWhoMaySee:
    @pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER, Role.ADMINISTRATOR, Role.DISPLAY])
    def test_the_audited_see_nothing_of_the_audit(self, site: Site, recording: int, role: Role) -> None:
        browser = site.logged_in(role)
        for path in CLOSED:
            browser.get(path, status=403)

    def test_an_auditors_search_is_as_visible_as_anybodys(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        auditor.get("/recordings?number=138")
        assert "Number 138" in auditor.get("/evidence/custody").text
        assert "evidence.searched" in actions(site)


class TestPackage:
    def test_it_is_asked_for_with_a_reason_made_taken_away_and_proves_itself(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        form = form_with(auditor.get(f"/evidence/packages/new?recording={recording}"), "reason")
        assert "Say in a few words why the package" in form.submit().text
        form["reason"] = "court order 7"
        form.submit()
        make_waiting(site.work)
        assert "ready" in auditor.get("/evidence/packages").text
        taken = auditor.get("/evidence/packages/1.zip")
        assert Package(taken.body).check().faults == []
        with zipfile.ZipFile(io.BytesIO(taken.body)) as archive:
            assert archive.read("report.pdf")[:4] == b"%PDF"
        assert {"recording.exported", "evidence.export_asked", "evidence.export_downloaded"} <= set(actions(site))
        assert "court order 7" in auditor.get(f"/recordings/{recording}").text


class TestNote:
    def test_it_stands_at_its_moment_for_good(self, site: Site, recording: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        form = form_with(auditor.get(f"/recordings/{recording}"), "reason")
        form["reason"] = "complaint 12"
        page = form.submit().follow()
        note = form_to(page, "/notes")
        note["at"], note["text"] = "500", "the address is said here"
        page = note.submit().follow()
        assert "the address is said here" in page.text
        assert "recording.noted" in actions(site)


class TestRetention:
    def grown_old(self, site: Site) -> None:
        with site.work.write() as request:
            old = request.find_service(IClock).now() - timedelta(days=1200)
            request.db.execute(update(Recording).values(started_at=old))

    def test_one_proposes_another_confirms_and_the_hash_stays(
        self, site: Site, recording: int, second_auditor: str
    ) -> None:
        self.grown_old(site)
        first = site.logged_in(Role.AUDITOR)
        form = form_to(first.get("/evidence/retention"), "/proposals")
        form["reason"] = "time is over"
        page = form.submit().follow()
        assert "waits for another auditor" in page.text
        csrf = form_to(page, "/proposals/1")["csrf_token"].value
        refused = first.post("/evidence/retention/proposals/1", {"csrf_token": csrf, "words": "1"}).follow()
        assert "may not confirm it" in refused.text
        other = site.browser()
        log_in(other, second_auditor)
        confirm = form_to(other.get("/evidence/retention"), "/proposals/1")
        assert "Type the proposal" in confirm.submit().follow().text
        confirm["words"] = "1"
        confirm.submit()
        remove_destroyed(site.work)
        with site.work.read() as request:
            row = request.db.get(Recording, recording)
        assert row.state is RecordingState.DESTROYED
        assert not Store(site.work.settings).path(row.file_name, row.sha256).exists()
        seal(site.work)
        found = verify(site.work)
        assert (found.faults, found.destroyed) == ([], 1)

    def test_a_hold_keeps_what_is_over_until_it_is_lifted(
        self, site: Site, recording: int, second_auditor: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.grown_old(site)
        with site.work.write() as request:
            now = request.find_service(IClock).now()
            incident = Incident(
                year=2026, sequence=1, title="山洪", status=IncidentStatus.CLOSED, channel=SourceChannel.PHONE,
                reported_at=now, created_at=now,
            )  # fmt: skip
            incident.calls.append(request.db.scalars(select(Call)).one())
            request.db.add(incident)
        first, other = site.logged_in(Role.AUDITOR), site.browser()
        log_in(other, second_auditor)
        propose = form_to(first.get("/evidence/retention"), "/proposals")
        propose["reason"] = "time is over"
        propose.submit()
        hold = form_to(other.get("/evidence/retention"), "/holds")
        hold["incident"], hold["reason"] = "2026-0001", "lawsuit"
        hold.submit()
        confirm = form_to(other.get("/evidence/retention"), "/proposals/1")
        confirm["words"] = "1"
        assert "Recordings destroyed: 0" in confirm.submit().follow().text
        remove_destroyed(site.work)
        with site.work.read() as request:
            row = request.db.get(Recording, recording)
        assert row.state is RecordingState.KEPT
        assert Store(site.work.settings).path(row.file_name, row.sha256).exists()
        page = first.get("/evidence/retention")
        assert "Nothing is due" in page.text
        monkeypatch.setattr("dutycenter.audit.retention.MOST_AT_ONCE", 1)
        record_call(site.work, channel="00000000-0000-4000-8000-000000000002")
        self.grown_old(site)
        assert "1 recording is past its time" in first.get("/evidence/retention").text, "what is held hides what is due"
        monkeypatch.undo()
        lift = form_to(page, "/holds/1")
        lift["reason"] = "settled"
        assert "The hold is lifted" in lift.submit().follow().text
        assert "2 recordings are past" in first.get("/evidence/retention").text
        assert {"evidence.held", "evidence.hold_lifted"} <= set(actions(site))

    def test_what_is_not_over_is_not_due(self, site: Site, recording: int) -> None:
        assert "Nothing is due" in site.logged_in(Role.AUDITOR).get("/evidence/retention").text

    def test_an_unknown_incident_cannot_be_held(self, site: Site) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        form = form_to(auditor.get("/evidence/retention"), "/holds")
        form["incident"], form["reason"] = "2026-9999", "lawsuit"
        assert "no incident of this number" in form.submit().follow().text


class TestListeningCopy:
    def test_it_is_heard_the_original_is_taken_away_and_both_end_together(self, site: Site, recording: int) -> None:
        settings = replace(site.work.settings, listening_copies=True)
        site.work.registry["dutycenter.settings"] = settings
        make_copies(site.work)
        auditor = site.logged_in(Role.AUDITOR)
        form = form_with(auditor.get(f"/recordings/{recording}"), "reason")
        form["reason"] = "complaint 12"
        form.submit()
        heard = auditor.get(f"/recordings/{recording}/audio")
        assert (heard.content_type, heard.body[:4]) == ("audio/ogg", b"OggS")
        assert auditor.get(f"/recordings/{recording}/download").body[:4] == b"RIFF"
        with site.work.write() as request:
            request.db.execute(update(Recording).values(state=RecordingState.DESTROYED))
        remove_destroyed(site.work)
        assert [file for file in settings.evidence_dir.rglob("*") if file.suffix in (".opus", ".wav")] == []

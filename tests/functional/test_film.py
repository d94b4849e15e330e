"""Who was told what and when: a broadcast's film that is heard where it is seen, an incident's table with calls and texts."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from broadcast.sms.models import TextMessage, TextReply
from dutycenter.audit.describe import describe
from dutycenter.calls.models import Recording
from dutycenter.incidents.models import Incident
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import (
    BroadcastState,
    Disposition,
    IncidentStatus,
    NumberKind,
    Outcome,
    Role,
    SmsMeaning,
    SmsState,
    SourceChannel,
)
from tests.functional.conftest import Site, form_with
from tests.support.recordings import record_call

AT = datetime(2026, 11, 3, 2, tzinfo=UTC)
CHANNELS = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")
HOSTILE = "=HYPERLINK(1)<b>来不了"


@pytest.fixture
def told(site: Site) -> list[int]:
    """Two people called for an incident, both legs recorded, one of them written to as well; the recordings' ids."""
    with site.work.write() as request:
        incident = Incident(
            year=2026, sequence=1, title="山洪", status=IncidentStatus.OPEN, channel=SourceChannel.PHONE,
            reported_at=AT, created_at=AT,
        )  # fmt: skip
        request.db.add(incident)
        request.db.flush()
        broadcast = Broadcast(
            title="转移", message="请立即转移", state=BroadcastState.FINISHED, launched_at=AT, created_at=AT,
            incident_id=incident.id,
        )  # fmt: skip
        for number, channel in enumerate(CHANNELS):
            person = Recipient(
                name=f"人{number}", department="水利局", outcome=Outcome.ACKNOWLEDGED, acknowledged_at=AT
            )
            person.numbers = [RecipientNumber(number=f"1380000000{number}", kind=NumberKind.MOBILE, position=0)]
            broadcast.recipients.append(person)
            request.db.add(broadcast)
            request.db.flush()
            start = AT + timedelta(seconds=10 * number)
            request.db.add(Attempt(
                id=channel, broadcast_id=broadcast.id, recipient_id=person.id, number_id=person.numbers[0].id, gateway="a",
                created_at=start, answered_at=start + timedelta(seconds=4), ended_at=start + timedelta(seconds=20),
                disposition=Disposition.ACKNOWLEDGED, key="1",
            ))  # fmt: skip
        request.db.add(TextMessage(
            reference="r-1", broadcast_id=broadcast.id, recipient_id=person.id, number="13800000001", text="请立即转移",
            parts=1, state=SmsState.DELIVERED, written_at=AT, sending_at=AT + timedelta(seconds=40),
        ))  # fmt: skip
        request.db.add(TextReply(
            gateway_id="g-1", number="13800000001", text=HOSTILE, meaning=SmsMeaning.OTHER,
            received_at=AT + timedelta(seconds=70), recipient_id=person.id,
        ))  # fmt: skip
    for channel in CHANNELS:
        record_call(site.work, channel)
    with site.work.write() as request:
        request.db.execute(
            update(Recording).values(attempt_id=Recording.channel_uuid, call_id=None, broadcast_id=1, started_at=AT)
        )
    describe(site.work)
    with site.work.read() as request:
        return list(request.db.scalars(select(Recording.id).order_by(Recording.id)))


class TestFilm:
    def test_one_reason_opens_every_leg_where_it_is_seen(self, site: Site, told: list[int]) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        film = auditor.get("/recordings/film/1")
        assert "data-sound" not in film.text
        assert f'href="/recordings/{told[0]}"' in film.text
        form = form_with(film, "reason")
        assert "Say in a few words why you listen" in form.submit().text
        form["reason"] = "complaint 12"
        film = form.submit().follow()
        for recording in told:
            assert f'data-sound="/recordings/{recording}/audio"' in film.text
            assert auditor.get(f"/recordings/{recording}/audio").content_type == "audio/wav"
        with site.work.read() as request:
            replays = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "recording.replayed")).all()
        assert [entry.subject for entry in replays] == [f"recording:{recording}" for recording in told]
        assert all("complaint 12" in entry.data for entry in replays)

    def test_nobody_called_is_no_film(self, site: Site) -> None:
        site.logged_in(Role.AUDITOR).get("/recordings/film/1", status=404)


class TestTold:
    def test_calls_and_texts_stand_in_one_table_in_order(self, site: Site, told: list[int]) -> None:
        page = site.logged_in(Role.AUDITOR).get("/evidence/told/1").text
        places = [page.index(words) for words in ("人0", "人1", "Text to the person", "Text from the person")]
        assert places == sorted(places)
        assert "Delivered to the telephone" in page
        assert "=HYPERLINK(1)&lt;b&gt;来不了" in page

    def test_the_spreadsheet_has_both_and_no_formula(self, site: Site, told: list[int]) -> None:
        taken = site.logged_in(Role.AUDITOR).get("/evidence/told/1.xlsx")
        calls, texts = load_workbook(io.BytesIO(taken.body)).worksheets
        assert [row[6].value for row in calls.iter_rows(min_row=2)] == ["人0", "人1"]
        assert [row[7].value for row in texts.iter_rows(min_row=2)] == ["请立即转移", HOSTILE]
        assert texts.cell(3, 8).data_type == "s"

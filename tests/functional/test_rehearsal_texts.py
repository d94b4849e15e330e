"""The texts of a rehearsal arrive, and can be answered by hand."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from broadcast.models import Broadcast, Recipient
from broadcast.sms.models import TextMessage
from broadcast.sms.rehearsal import ARRIVES_AFTER, deliver
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import BroadcastState, Role, SmsState


@pytest.fixture
def arrived(site):
    """A text that the console was shown some seconds ago."""
    with site.work.write() as request:
        now = request.find_service(IClock).now()
        broadcast = Broadcast(title="x", message="x", state=BroadcastState.RUNNING, created_at=now, launched_at=now)
        broadcast.recipients = [Recipient(name="王建国")]
        request.db.add(broadcast)
        request.db.flush()
        request.db.add(
            TextMessage(
                reference="r", broadcast_id=broadcast.id, recipient_id=broadcast.recipients[0].id, gateway="console",
                number="15400000001", text="【演练】到岗<b>", parts=1, state=SmsState.ACCEPTED, written_at=now,
                accepted_at=now - 2 * ARRIVES_AFTER,
            )
        )  # fmt: skip
    return site


class TestRehearsalTexts:
    def test_they_are_delivered_shown_and_answered(self, arrived):
        deliver(arrived.work)
        browser = arrived.logged_in(Role.OFFICER)
        assert "/rehearsal/texts" in browser.get("/rehearsal")
        page = browser.get("/rehearsal/texts?number=0001")
        assert "【演练】到岗&lt;b&gt;" in page
        place = re.search(r'hx-post="([^"]+)"', page.text)[1]
        token = browser.get("/account").html.find("meta", {"name": "csrf-token"})["content"]
        assert "路上" in browser.post(place, {"said": "路上", "csrf_token": token})
        browser.post(place, {"key": "1", "csrf_token": token})
        with arrived.work.read() as request:
            assert request.db.scalars(select(TextMessage.state)).one() is SmsState.DELIVERED
            assert request.db.scalars(select(Recipient)).one().acknowledged_at is not None

    def test_no_text_no_word(self, site):
        browser = site.logged_in(Role.OFFICER)
        assert browser.get("/rehearsal/texts").text.strip() == ""
        assert "No text went to this number." in browser.get("/rehearsal/texts?number=7")

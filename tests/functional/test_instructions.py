"""Instructions, receipts and recordings on the incident's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyramid.i18n import TranslationString
from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Recording
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import (
    BroadcastState,
    CallState,
    Disposition,
    NumberKind,
    Outcome,
    RecordingKind,
    RecordingState,
    Role,
)
from tests.functional.conftest import form_to, form_with

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture
def incident(site: Any) -> int:
    with site.work.write() as request:
        return request.find_service(Incidents).create({"title": "湘江大桥追尾"}).id


def test_the_timeline_says_what_the_product_noted_in_the_readers_language(site: Any, incident: int) -> None:
    words = TranslationString("${name} has arrived", domain="dutycenter", mapping={"name": "李四"})
    with site.work.write() as request:
        incidents = request.find_service(Incidents)
        incidents.note(incident, "noted in the room's language", "broadcast", words=words)
        older = TranslationString("of an older release: ${name}", domain="dutycenter", mapping={"name": "王五"})
        incidents.note(incident, "旧版本所记", "broadcast", words=older)
    officer = site.logged_in(Role.OFFICER)
    timeline = officer.get(f"/incidents/{incident}").html.select_one(".timeline").text
    assert "李四 has arrived" in timeline
    assert "of an older release: 王五" in timeline
    with site.work.write() as request:
        for account in request.db.scalars(select(Account)):
            account.language = "zh_CN"
    timeline = officer.get(f"/incidents/{incident}").html.select_one(".timeline").text
    assert "李四已到达" in timeline
    assert "旧版本所记" in timeline


def test_an_instruction_from_given_to_done(site: Any, incident: int) -> None:
    leader = site.logged_in(Role.LEADER)
    form = form_with(leader.get(f"/incidents/{incident}/instructions/new"), "owner")
    form["leader"], form["owner"], form["due_at"] = "李建国", HOSTILE, "2001-01-01T00:00"
    page = form.submit(status=422)
    assert "Write down what is to be done" in page
    assert "due before it was given" in page
    form = form_with(page, "owner")
    assert form["owner"].value == HOSTILE
    form["text"], form["due_at"] = "立即疏导交通", ""
    page = form.submit().follow()
    assert HOSTILE in page.html.select_one("#instructions").text
    assert HOSTILE in page.html.select_one(".timeline").text
    assert "<img src=x" not in page
    assert HOSTILE in leader.get("/desk").html.select_one(".desk").text
    page = leader.get(leader.get("/instructions").html.select_one(".task a")["href"])
    form = form_to(page, "/remind")
    form["text"] = "已电话催办"
    page = form.submit().follow()
    form = form_to(page, "/done")
    page = form.submit(status=422)
    assert "Write down what was done" in page
    form = form_to(page, "/done")
    form["note"] = "道路已恢复"
    page = form.submit().follow()
    assert "on record" in page
    page = form_to(page, "/reopen").submit().follow()
    assert form_to(page, "/done")
    auditor = site.logged_in(Role.AUDITOR)
    assert not auditor.get("/instructions/1").html.select("main form")
    auditor.get(f"/incidents/{incident}/instructions/new", status=403)
    site.logged_in(Role.DISPLAY).get("/instructions", status=403)
    leader.get("/instructions/4711", status=404)


def test_receipts_and_recordings_are_opened_in_place(site: Any, incident: int) -> None:
    with site.work.write() as request:
        now = request.find_service(IClock).now()
        broadcast = Broadcast(title="通知", message="m", incident_id=incident, state=BroadcastState.FINISHED, created_at=now, launched_at=now)  # fmt: skip
        number = RecipientNumber(number="13800000001", kind=NumberKind.MOBILE)
        person = Recipient(broadcast=broadcast, name=HOSTILE, department="市公安局", outcome=Outcome.ACKNOWLEDGED, acknowledged_at=now, numbers=[number])  # fmt: skip
        request.db.add(person)
        request.db.flush()
        request.db.add(
            Attempt(id="a-1", broadcast_id=broadcast.id, recipient=person, number=number, gateway="pstn",
                    created_at=now - timedelta(seconds=9), disposition=Disposition.ACKNOWLEDGED, key="1")
        )  # fmt: skip
        incidents = request.find_service(Incidents)
        incidents.note(incident, "Broadcast launched", "broadcast", {"broadcast": broadcast.id})
        call = Call(channel_uuid="c-1", caller_number="13800000002", called_number="12345", state=CallState.ENDED, arrived_at=now)  # fmt: skip
        request.db.add(call)
        request.db.flush()
        recording = Recording(file_name="c-1.wav", channel_uuid="c-1", call_id=call.id, kind=RecordingKind.CALL, state=RecordingState.STOPPED, started_at=now)  # fmt: skip
        request.db.add(recording)
        incidents.link_call(incident, call.id)
        request.db.flush()
        broadcast_id, recording_id = broadcast.id, recording.id
    officer = site.logged_in(Role.OFFICER)
    page = officer.get(f"/incidents/{incident}")
    fragment = officer.get(page.html.select_one(".timeline details[hx-get]")["hx-get"])
    assert HOSTILE in fragment.html.text
    assert "<img src=x" not in fragment
    officer.get(f"/incidents/{incident + 1}/broadcasts/{broadcast_id}/receipts", status=404)
    place = page.html.select_one(".timeline a[hx-get]")["hx-get"]
    asked = officer.get(place)
    assert asked.html.select_one("audio") is None
    refused = asked.form.submit()  # without a script the recording's own page asks
    assert "Say in a few words" in refused
    token = page.html.select_one("meta[name=csrf-token]")["content"]
    assert "Say in a few words" in officer.post(place, {"csrf_token": token, "reason": " "})
    answered = officer.post(place, {"csrf_token": token, "reason": "核对地点"})
    assert answered.html.select_one("audio")["src"] == f"/recordings/{recording_id}/audio"
    assert officer.get(place).html.select_one("audio")  # asked once for the case
    site.logged_in(Role.ADMINISTRATOR).get(place, status=403)

"""The line on top of every page: who reads it, and that it counts what the desk lists."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from webtest import TestApp

from dutycenter.calls.models import Recording
from dutycenter.calls.services import Calls
from dutycenter.incidents.documents.services import Documents
from dutycenter.incidents.instructions.services import Instructions
from dutycenter.incidents.intakes import Intakes
from dutycenter.incidents.models import Intake
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.roster.handover.models import Handover
from dutycenter.roster.services import Rosters
from dutycenter.vocabulary import RecordingKind, RecordingState, Role, SendingMeans, SituationKind, SourceChannel

MANY = 60  # more than the desk shows or loads of a kind


def test_a_wall_display_sees_that_it_rings_but_not_who(site: Any) -> None:
    display = site.logged_in(Role.DISPLAY)
    assert "Duty line is down" in display.get("/strip")


def test_nobody_else_reads_it(site: Any) -> None:
    site.browser().get("/strip", status=303)


@pytest.mark.parametrize("page", ["http://[", "http://localhost/desk?intake=" + "9" * 40, "desk?intake=%ff"])
def test_an_address_that_cannot_be_read_opens_no_form(site: Any, page: str) -> None:
    strip = site.logged_in(Role.OFFICER).get("/strip", headers={"HX-Current-URL": page})
    assert strip.html.select_one("input[name=intake]") is None


def counted(browser: TestApp) -> int:
    items = browser.get("/strip").html.select(".strip-item")
    return next(int(one.b.text) for one in items if one.text.strip().startswith("Tasks"))


def listed(browser: TestApp) -> int:
    return len(browser.get("/desk").html.select("#desk-right .task"))


def test_it_counts_what_the_desk_lists(site: Any) -> None:
    officer = site.logged_in(Role.OFFICER)
    assert (counted(officer), listed(officer)) == (0, 0)
    by = site.ids[Role.OFFICER]
    with site.work.write() as request:
        incident = request.find_service(Incidents).create({"title": "湘江大桥追尾"}).id
        intakes, documents = request.find_service(Intakes), request.find_service(Documents)
        calls = [request.find_service(Calls).arrive(str(uuid.uuid4()), "13800138000", "07318888") for _ in range(2)]
        untouched, typed = (intakes.for_call(call, by) for call in calls)
        old = intakes.blank(by, SourceChannel.FAX)
        intakes.blank(by, SourceChannel.FAX)
        old.saved_at -= timedelta(days=8)
        sent = documents.draft(incident, SituationKind.FIRST, by, "en")
        request.db.flush()
        documents.send(
            sent.id, seen_version=sent.version, to_whom="省政府总值班室", means=SendingMeans.FAX, note="",
            account_id=by, to_confirm=True,
        )  # fmt: skip
        documents.draft(incident, SituationKind.FOLLOW_UP, by, "en")
        give(request, incident, by, 2)
        giver = site.ids[Role.LEADER]
        request.db.add(Handover(from_id=giver, to_id=by, offered_at=request.find_service(IClock).now()))
    with site.work.write() as request:
        request.find_service(Intakes).save(typed.id, 1, {"course": "两车相撞"})
        assert untouched.version == 1
    expected = 2 + 2 + 2 + 1  # forms, papers, instructions, a handover
    assert (counted(officer), listed(officer)) == (expected, expected)
    with site.work.write() as request:
        give(request, incident, by, MANY)
        now = request.find_service(IClock).now()
        empty = {"fields": {"texts": {}, "versions": {}}, "version": 1, "created_at": now, "saved_at": now}
        request.db.add_all([Intake(account_id=by, **empty) for _ in range(MANY)])
    assert counted(officer) == expected + 2 * MANY
    assert f"All {2 + MANY}" in officer.get("/desk").html.select_one("#desk-right").text


def test_a_roster_with_something_to_mend_counts_as_one_task(site: Any) -> None:
    with site.work.write() as request:
        now = request.find_service(IClock).now()
        request.find_service(Rosters).add(now - timedelta(hours=1), now + timedelta(hours=7), "白班")
    officer = site.logged_in(Role.OFFICER)
    assert (counted(officer), listed(officer)) == (1, 1)


def test_a_disk_that_fills_says_so_and_what_to_do(site: Any) -> None:
    settings = site.work.settings
    officer = site.logged_in(Role.OFFICER)
    site.work.registry["dutycenter.settings"] = replace(settings, disk_low=0.002, disk_critical=0.001)
    assert officer.get("/desk").html.select_one("#room") is None
    site.work.registry["dutycenter.settings"] = replace(settings, disk_low=99.999, disk_critical=99.998)
    assert "Nothing is deleted" in officer.get("/desk").html.select_one("#room.notice-error").text
    assert "percent free" in officer.get("/strip").html.select_one(".strip-alarm").text


def test_an_administrator_reads_how_much_room_is_left_and_from_where_on_the_strip_says_so(site: Any) -> None:
    administrator = site.logged_in(Role.ADMINISTRATOR)
    assert administrator.get("/settings").html.select_one("#disks")["hx-get"] == "/settings/disks"
    page = " ".join(administrator.get("/settings/disks").html.text.split())
    for words in (
        "the store",
        "recordings kept",
        "below 20 %, below 5 % free",
        "not known",
        "once a week of recordings",
    ):
        assert words in page
    with site.work.write() as request:
        now = request.find_service(IClock).now()
        request.db.add(
            Recording(
                channel_uuid="x", file_name="x.wav", kind=RecordingKind.CALL, state=RecordingState.KEPT,
                bytes=20 * 10**9, started_at=now - timedelta(days=10),
            )
        )  # fmt: skip
    page = " ".join(administrator.get("/settings/disks").html.text.split())
    assert "2.0 GB a day, by the last 10 days" in page
    assert "days" in administrator.get("/settings/disks").html.select_one("tbody").text
    site.logged_in(Role.OFFICER).get("/settings/disks", status=403)


def give(request: Any, incident: int, by: int, times: int) -> None:
    """Instructions, each overdue."""
    now = request.find_service(IClock).now()
    for number in range(times):
        request.find_service(Instructions).give(
            incident, leader="李建国", text=f"疏导交通 {number}", owner="市公安局", given_at=now - timedelta(hours=2),
            due_at=now - timedelta(hours=1), account_id=by,
        )  # fmt: skip

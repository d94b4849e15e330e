"""The duty desk: a call comes in, is answered, written down; nobody's words are lost."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from dutycenter.accounts.models import Account
from dutycenter.calls.conferences import Conferences
from dutycenter.calls.models import Call
from dutycenter.calls.parties import Parties
from dutycenter.calls.pulls import Pulls
from dutycenter.calls.queue import Desks
from dutycenter.calls.services import Calls
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.incidents.intakes import Intakes, texts_of
from dutycenter.incidents.models import Incident, Intake
from dutycenter.incidents.services import Incidents
from dutycenter.ledger.models import LedgerEntry
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import CallResult, Direction, NumberKind, Role, SourceChannel
from tests.functional.conftest import StandInSwitch

HOSTILE = '"><script>alert(1)</script>${system(id)}'


@pytest.fixture
def officer(site: Any, switch: StandInSwitch) -> TestApp:
    return site.logged_in(Role.OFFICER)


@pytest.fixture
def tell(site: Any) -> Callable[..., Call]:
    """A call of which the named facts are known."""

    def tell(*facts: str, number: str = "13800138000") -> Call:
        channel, desk = str(uuid.uuid4()), str(uuid.uuid4())
        with site.work.write() as request:
            calls = request.find_service(Calls)
            call = calls.arrive(channel, number, "07318888")
            known = {
                "queued": lambda: calls.queued(channel),
                "ringing": lambda: calls.ringing(channel, "1001", desk),
                "answered": lambda: calls.answered(channel, "1001", desk),
                "callback": lambda: calls.callback_asked(channel),
                "ended": lambda: calls.ended(channel, "NORMAL_CLEARING"),
            }
            for fact in facts:
                known[fact]()
        return call

    return tell


def send(
    page: TestResponse, part: str, name: str | None = None, value: str | None = None, **fields: str
) -> TestResponse:
    """Fill in the form whose address has this part, and press the button."""
    fitting = [form for form in page.forms.values() if part in form.action]
    form = next((form for form in fitting if fields.keys() <= form.fields.keys()), fitting[0])
    for field, text in fields.items():
        form[field] = text
    pressed = [(name, value or "")] if name else []
    return page.goto(form.action, method=form.method, params=[*form.submit_fields(), *pressed], expect_errors=True)


def autosave(browser: TestApp, page: TestResponse, version: int, **changes: str) -> TestResponse:
    form = page.forms["intake"]
    fields = {"csrf_token": form["csrf_token"].value, "version": str(version), **changes}
    return browser.post(form.action.replace("/finish", "/save"), fields, expect_errors=True)


class TestRinging:
    def test_it_shows_who_calls_before_anybody_answers(self, officer: TestApp, tell: Callable[..., Call]) -> None:
        tell("ended")
        tell("queued", "ringing")
        page = officer.get("/desk")
        ring = page.html.select_one(".ring-mine") if page.html else None
        assert ring is not None
        assert "138 0013 8000" in ring.text
        assert "1 earlier call" in ring.text

    def test_the_strip_rings_on_every_page(self, officer: TestApp, tell: Callable[..., Call]) -> None:
        assert "strip-ring" not in officer.get("/strip")
        tell("queued", "ringing")
        assert "138 0013 8000" in officer.get("/strip").html.select_one(".strip-ring").text

    def test_answering_picks_the_telephone_up_and_opens_the_form(
        self, officer: TestApp, tell: Callable[..., Call], switch: StandInSwitch
    ) -> None:
        call = tell("queued", "ringing")
        page = send(officer.get("/desk"), "/answer").follow()
        assert switch.talked == [call.desk_channel_uuid]
        assert page.forms["intake"]["reporter_number"].value == "13800138000"

    def test_when_the_switch_is_away_it_says_what_to_do(
        self, officer: TestApp, tell: Callable[..., Call], switch: StandInSwitch
    ) -> None:
        tell("queued", "ringing")
        page = officer.get("/desk")
        switch.away = True
        assert "Pick up the telephone by hand" in send(page, "/answer").follow()

    def test_between_two_rings_it_answers_the_next_and_the_open_form_stays(
        self, site: Any, officer: TestApp, tell: Callable[..., Call], switch: StandInSwitch
    ) -> None:
        send(officer.get("/desk"), "/desk/status", "status", "Available")
        form = send(officer.get("/desk"), "/desk/intakes", "channel", "fax").follow().request.GET["intake"]
        call = tell("queued", "ringing")
        with site.work.write() as request:
            request.find_service(Calls).leg_ended(call.desk_channel_uuid or "", "NO_ANSWER")
        strip = officer.get("/strip", headers={"HX-Current-URL": f"http://localhost/desk?intake={form}"})
        answer = strip.forms[0]
        page = officer.post(answer.action, {**dict(answer.submit_fields())}).follow()
        assert (switch.talked, page.request.GET["intake"]) == ([], form)
        assert "as soon as your telephone rings again" in page.html.select_one(".ring-mine").text
        left = page.html.select_one("#desk-left")["hx-get"]
        assert officer.get(left).html.select_one("form[data-at-once]") is None
        with site.work.write() as request:
            request.find_service(Calls).ringing(call.channel_uuid, "1001", again := str(uuid.uuid4()))
        ring = officer.get(left).html.select_one("form[data-at-once]")
        officer.post(ring["action"], {"csrf_token": ring.select_one("[name=csrf_token]")["value"]})
        assert switch.talked == [again]

    def test_a_hostile_caller_is_text(self, officer: TestApp, tell: Callable[..., Call]) -> None:
        tell("queued", "ringing", number=HOSTILE)
        page = officer.get("/desk")
        assert "<script>alert" not in page
        assert "Unknown number" in page

    def test_a_desk_takes_a_waiting_caller_out_of_turn(
        self, site: Any, officer: TestApp, switch: StandInSwitch, tell: Callable[..., Call]
    ) -> None:
        first, second = tell("queued", "ringing"), tell("queued", number=HOSTILE)
        with site.work.write() as request:
            request.db.get(Account, site.ids[Role.LEADER]).desk = "1002"
        leader = site.logged_in(Role.LEADER)
        seen_elsewhere = leader.get("/desk")
        page = officer.get("/desk")
        assert page.html.select_one(f"#pull-{first.id}") is None, "it rings here already"
        button = page.html.select_one(f"#pull-{second.id}")
        assert (button["data-key"], "<script>alert" in page) == ("Alt+5", False)
        page = send(page, f"/{second.id}/pull").follow()
        assert "comes to your telephone next" in page.html.select_one(".notice").text
        assert "Comes to your telephone next" in page.html.select_one("#desk-left").text
        assert switch.told == [("press", second.channel_uuid, "D")]
        late = send(seen_elsewhere, f"/{second.id}/pull").follow()
        assert "Desk 1001 takes this caller" in late.html.select_one(".notice").text
        assert late.html.select_one(f"#pull-{second.id}") is None
        assert len(switch.told) == 1
        reader = site.logged_in(Role.AUDITOR)
        token = reader.get("/incidents").html.select_one("meta[name=csrf-token]")["content"]
        reader.post(f"/desk/calls/{second.id}/pull", {"csrf_token": token}, status=403)
        with site.work.write() as request:
            request.find_service(Pulls).end(second.channel_uuid, "1001", "USER_BUSY")
        again = officer.get("/desk").html
        assert again.select_one(f"#pull-{second.id}") is not None
        assert "Your telephone was busy." in again.select_one("#desk-left").text
        assert "was busy" not in leader.get("/desk").html.select_one("#desk-left").text

    def test_nobody_else_may_answer(self, site: Any, tell: Callable[..., Call]) -> None:
        call = tell("queued", "ringing")
        auditor = site.logged_in(Role.AUDITOR)
        token = auditor.get("/incidents").html.select_one("meta[name=csrf-token]")["content"]
        auditor.get("/desk", status=403)
        auditor.post(f"/desk/calls/{call.id}/answer", {"csrf_token": token}, status=403)

    def test_without_the_token_nothing_happens(self, officer: TestApp, tell: Callable[..., Call]) -> None:
        officer.post(f"/desk/calls/{tell('queued', 'ringing').id}/answer", status=400)


class TestStatus:
    def test_an_officer_who_opens_the_desk_sits_down_and_can_pause(
        self, officer: TestApp, switch: StandInSwitch
    ) -> None:
        page = officer.get("/desk")
        assert page.html.select_one("[hx-trigger='load once']") is not None
        page = send(page, "/desk/status", "status", "Available").follow()
        page = send(page, "/desk/status", "status", "On Break").follow()
        assert switch.statuses[-1] == ("1001", "On Break")
        assert page.html.select_one("[hx-trigger='load once']") is None


class TestUnanswered:
    def test_it_stays_until_somebody_says_what_was_done_and_comes_back_by_undo(
        self, site: Any, officer: TestApp, tell: Callable[..., Call]
    ) -> None:
        call = tell("queued", "ended")
        page = send(officer.get("/desk"), "/take").follow()
        assert "Officer" in page.html.select_one(".missed").text
        page = send(page, "/release").follow()
        assert "nobody has it yet" in page.html.select_one(".missed").text
        page = send(page, "/take").follow()
        token = _token(page)
        done = officer.post(f"/desk/calls/{call.id}/settle", {"csrf_token": token, "how": "called back"}).follow()
        assert done.html.select_one(".missed") is None
        again = send(done, "/reopen").follow()
        assert again.html.select_one(".missed") is not None

    def test_a_missed_caller_whom_the_directory_knows_has_their_name(
        self, site: Any, officer: TestApp, tell: Callable[..., Call]
    ) -> None:
        with site.work.write() as request:
            room = Department(name="应急管理局", short_name="应急局")
            su = Person(department=room, name="苏涛", post="科长", position=1)
            su.numbers = [PhoneNumber(number="15423079733", kind=NumberKind.MOBILE)]
            request.db.add_all([room, su])
        tell("queued", "ended", number="15423079733")
        missed = officer.get("/desk/left").html.select_one(".missed")
        assert missed.select_one("p").get_text(" ", strip=True) == "Missed · 苏涛 应急局"

    def test_what_somebody_else_took_is_theirs(self, site: Any, officer: TestApp, tell: Callable[..., Call]) -> None:
        call = tell("ended")
        page = officer.get("/desk")
        leader = site.logged_in(Role.LEADER)
        send(leader.get("/desk"), "/take")
        said = officer.post(f"/desk/calls/{call.id}/take", {"csrf_token": _token(page)}).follow()
        assert "Leader has taken this call already" in said

    def test_words_are_asked_for(self, officer: TestApp, tell: Callable[..., Call]) -> None:
        call = tell("ended")
        token = _token(officer.get("/desk"))
        said = officer.post(f"/desk/calls/{call.id}/settle", {"csrf_token": token, "how": "  "}).follow()
        assert "Say in a few words" in said
        assert said.html.select_one(".missed") is not None

    def test_an_incident_made_of_it_takes_it_off_the_list(
        self, site: Any, officer: TestApp, tell: Callable[..., Call]
    ) -> None:
        call = tell("ended")
        page = send(officer.get("/desk"), f"/calls/{call.id}/intake").follow()
        send(page, "/finish", course="桥面塌陷").follow()
        with site.work.read() as request:
            settled = request.db.get(Call, call.id)
            assert (settled.open, settled.result) == (False, CallResult.ABANDONED)
            assert settled.settled_how == request.db.scalars(select(Incident)).one().number


def _token(page: TestResponse) -> str:
    return page.html.select_one("meta[name=csrf-token]")["content"]


@pytest.fixture
def form(officer: TestApp) -> TestResponse:
    """A form without a call."""
    return send(officer.get("/desk"), "/desk/intakes", "channel", "fax").follow()


class TestIntake:
    def test_it_saves_as_one_types_and_names_what_is_missing(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        saved = autosave(officer, form, 1, place="解放路", course="追尾").json
        assert saved["version"] == 2
        missing = [element["name"] for element in saved["missing"]]
        assert "place" not in missing
        assert "level" in missing
        again = officer.get(form.request.path_qs)
        assert again.forms["intake"]["course"].value == "追尾"

    def test_two_who_write_the_same_element_are_both_told(self, officer: TestApp, form: TestResponse) -> None:
        autosave(officer, form, 1, place="解放路")
        answer = autosave(officer, form, 1, place="五一路", course="追尾")
        assert (answer.status_int, answer.json["conflicts"]) == (409, {"place": "解放路"})
        assert officer.get(form.request.path_qs).forms["intake"]["course"].value == "追尾"

    def test_two_officers_in_one_form_see_where_the_other_is_and_what_they_wrote(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        leader = site.logged_in(Role.LEADER)
        there = form.forms["intake"].action.removesuffix("/finish")
        token = _token(leader.get(form.request.path_qs))
        leader.post(f"{there}/present", {"csrf_token": token, "tab": "1ead", "element": "place"}, status=204)
        leader.post(f"{there}/save", {"csrf_token": token, "version": "1", "tab": "1ead", "place": "解放路"})
        seen = officer.get(f"{there}/look", {"version": "1", "tab": "0ff1ce"}).json
        assert (seen["theirs"], seen["present"]) == ({"place": "解放路"}, [{"name": "Leader", "element": "place"}])
        own = leader.get(f"{there}/look", {"version": "1", "tab": "1ead"}).json
        assert (own["theirs"], own["present"]) == ({}, [])
        (window,) = leader.get(f"{there}/look", {"version": "1", "tab": "1eaf"}).json["present"]
        assert window == {"name": "you in another window", "element": ""}, "nobody is shown to themselves as another"
        leader.post(f"{there}/present", {"csrf_token": token, "tab": "1ead", "leave": "yes"}, status=204)
        assert officer.get(f"{there}/look", {"version": "2"}).json["present"] == []

    def test_a_report_without_a_call_tells_how_when_and_from_whom_it_came(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        assert form.forms["intake"]["channel"].value == "fax"
        send(form, "/finish", channel="report", reported_at="2026-01-05T08:30", reporter_unit="柳河镇", course="险情")
        with site.work.read() as request:
            incident = request.db.scalars(select(Incident)).one()
            assert (incident.channel, incident.reporter_unit) == ("report", "柳河镇")
            assert incident.reported_at == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)

    def test_a_page_that_is_left_does_not_bring_its_notice_back(
        self, officer: TestApp, form: TestResponse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(form, "/finish", place="柳河镇")
        there, token = form.forms["intake"].action.removesuffix("/finish"), form.forms["intake"]["csrf_token"].value
        later = time.time() + 5  # an answer within the second would say nothing
        monkeypatch.setattr("time.time", lambda: later)
        left = officer.post(f"{there}/present", {"csrf_token": token, "tab": "1ead", "leave": "yes"}, status=204)
        # Its answer may come after the next page's, which has shown the notice and taken it out.
        assert "Set-Cookie" not in left.headers

    def test_a_time_of_receipt_that_is_to_come_is_a_slip_and_is_kept_as_text(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        page = send(form, "/finish", reported_at="2199-01-01T00:00").follow()
        assert "2199-01-01T00:00" in officer.get("/incidents/1").html.select_one(".timeline").text
        assert "Saved as incident" in page
        with site.work.read() as request:
            incident = request.db.scalars(select(Incident)).one()
            assert incident.reported_at <= incident.created_at

    def test_finishing_over_somebody_elses_words_shows_both_and_loses_none(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        autosave(officer, form, 1, place="解放路")
        answer = send(form, "/finish", place="五一路")
        assert answer.status_int == 409
        assert answer.forms["intake"]["place"].value == "五一路"
        assert "解放路" in answer.html.select_one("[data-field=place] .field-note").text
        with site.work.read() as request:
            assert request.db.scalars(select(Incident)).all() == []

    def test_a_text_that_is_too_long_says_so_and_stays_on_the_page(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        long = "长" * 34_000
        answer = autosave(officer, form, 1, course=long)
        assert answer.status_int == 422
        assert "34000 characters; 20000 are the most" in answer.json["message"]
        answer = send(form, "/finish", course=long)
        assert answer.status_int == 422
        assert answer.forms["intake"]["course"].value == long
        with site.work.read() as request:
            assert request.db.scalars(select(Incident)).all() == []

    def test_what_cannot_be_read_is_kept_and_said(self, site: Any, officer: TestApp, form: TestResponse) -> None:
        page = send(form, "/finish", dead="很多", place=HOSTILE).follow()
        assert "Saved as incident" in page
        page = officer.get("/incidents/1")
        assert "很多" in page.html.select_one(".timeline").text
        assert "<script>alert" not in page
        assert HOSTILE in page.html.select_one("#fact-place .value").text

    def test_pressing_f2_twice_makes_one_incident(self, site: Any, officer: TestApp, form: TestResponse) -> None:
        send(form, "/finish", course="追尾")
        send(form, "/finish", course="追尾").follow()
        with site.work.read() as request:
            assert len(request.db.scalars(select(Incident)).all()) == 1

    def test_f4_goes_on_to_the_launch_of_a_broadcast(self, officer: TestApp, form: TestResponse) -> None:
        answer = send(form, "/finish", "next", "broadcast")
        assert answer.location.endswith("/broadcasts/new?incident=1")

    def test_f3_finds_incidents_and_merges_with_undo(self, site: Any, officer: TestApp, form: TestResponse) -> None:
        with site.work.write() as request:
            number = request.find_service(Incidents).create({"title": "湘江大桥追尾"}).number
        assert number in officer.get("/desk/pick", {"q": "湘江"})
        assert "No incident was found" in officer.get("/desk/pick", {"q": "100%_"})
        page = send(form, "/finish", "into", "1", place="湘江大桥").follow()
        assert f"Merged into incident {number}" in page
        page = send(page, "/detach").follow()
        assert page.forms["intake"].fields.get("place") is not None
        with site.work.read() as request:
            assert request.db.scalars(select(Intake)).one().incident_id is None
            assert request.db.get(Incident, 1).place == ""

    def test_what_may_have_been_reported_before_is_offered_with_the_grounds_and_linked(
        self, site: Any, officer: TestApp, form: TestResponse
    ) -> None:
        there = form.forms["intake"].action.removesuffix("/finish")
        assert officer.get(f"{there}/likely").text.strip() == ""
        with site.work.write() as request:
            request.find_service(Incidents).create({"title": "湘江大桥追尾", "place": "岳麓区湘江大桥"})
            exercise = request.find_service(Incidents).create({"place": "岳麓区湘江大桥"}, exercise=True)
            intakes = request.find_service(Intakes)
            other = intakes.blank(site.ids[Role.LEADER], SourceChannel.FAX)
            intakes.save(other.id, 1, {"place": "湘江大桥东", "course": HOSTILE})
        autosave(officer, form, 1, place="湘江大桥")
        offered = officer.get(f"{there}/likely")
        (first, second) = offered.html.select(".likely li")
        assert "similar place" in first.text
        assert "Leader is writing" in offered.text
        assert exercise.number not in offered
        assert "<script>" not in second.decode_contents()
        page = send(officer.get(form.request.path_qs), "/finish", "beside", "1").follow()
        assert "linked to" in page
        for number in (1, 3):
            assert officer.get(f"/incidents/{number}").html.select_one(".relations a") is not None
        send(page, "/unlink").follow()
        assert officer.get("/incidents/1").html.select_one(".relations") is None
        assert officer.get(f"{there}/likely").text.strip() == ""

    def test_merging_into_nothing_is_not_found(self, officer: TestApp, form: TestResponse) -> None:
        assert send(form, "/finish", "into", "4711").status_int == 404
        assert send(form, "/finish", "into", "9" * 40).status_int == 404

    @pytest.mark.parametrize("path", ["/desk?intake=4711", "/desk?intake=0"])
    def test_an_unknown_form_is_not_found(self, officer: TestApp, path: str) -> None:
        officer.get(path, status=(404, 200))

    def test_an_absurd_version_is_refused(self, officer: TestApp, form: TestResponse) -> None:
        token = _token(form)
        for version in ("", "x", "9" * 30):
            path = form.forms["intake"].action.replace("/finish", "/save")
            officer.post(path, {"csrf_token": token, "version": version}, status=400)

    def test_the_store_keeps_it_when_the_browser_is_gone(self, site: Any, officer: TestApp, form: TestResponse) -> None:
        autosave(officer, form, 1, course="只写了一半")
        assert "只写了一半" in officer.get("/desk").html.select_one("#desk-right").text
        with site.work.read() as request:
            assert texts_of(request.find_service(Intakes).get(1))["course"] == "只写了一半"


class TestTalking:
    """One call in hand: what the page offers, and what the switch is told once it is written."""

    @pytest.fixture
    def call(self, site: Any, tell: Callable[..., Call]) -> Call:
        with site.work.write() as request:
            request.db.get(Account, site.ids[Role.LEADER]).desk = "1002"
        return tell("queued", "ringing", "answered")

    def test_hold_transfer_and_what_became_of_it(
        self, site: Any, officer: TestApp, call: Call, switch: StandInSwitch
    ) -> None:
        page = send(officer.get("/desk"), f"/calls/{call.id}/hold", "held", "1").follow()
        assert switch.told == [("hold", call.desk_channel_uuid, True)]
        assert "Talk again" in page
        send(page, f"/calls/{call.id}/hold", "held", "0").follow()
        form = officer.get(f"/desk/calls/{call.id}/transfer/form")
        assert "Leader" in form
        page = send(form, "/transfer", "desk", "1002").follow()
        name, channel, desk, extension = switch.told[-1]
        assert (name, desk, extension) == ("call_desk", "1002", f"take-{call.channel_uuid}")
        assert "rings" in page.html.select_one(".party").text
        assert "Telephone 1002 rings" in page.html.select_one(".notice-success").text
        leader = site.logged_in(Role.LEADER)
        assert "138 0013 8000" in leader.get("/strip").html.select_one(".strip-ring").text
        page = send(leader.get("/desk"), "/parties/").follow()
        assert switch.talked[-1] == channel
        assert page.forms["intake"]["reporter_number"].value == "13800138000"
        with site.work.write() as request:
            request.find_service(Parties).bridged(channel, call.channel_uuid)
        assert officer.get("/desk/bar").html.select_one(".bar-live") is None
        form_left_open = officer.get("/desk/bar", {"intake": page.forms["intake"].action.split("/")[-2]}).html
        assert form_left_open.select_one(".bar-live") is None
        assert "Another desk talks" in form_left_open.text
        assert "telephone 1002" in form_left_open.text
        taken = leader.get("/desk/bar").html
        assert "138 0013 8000" in taken.select_one(".bar-live").text
        assert taken.select_one(".party") is None, "nobody is offered to put themselves out"

    def test_what_the_switch_did_not_do_is_said_and_undone(
        self, site: Any, officer: TestApp, call: Call, switch: StandInSwitch
    ) -> None:
        page = officer.get("/desk")
        form = officer.get(f"/desk/calls/{call.id}/transfer/form")
        switch.away = True
        assert "The call is unchanged" in send(page, f"/calls/{call.id}/hold", "held", "1").follow()
        page = send(form, "/transfer", "desk", "1002").follow()
        assert "did not answer" in page.html.select_one(".party").text
        with site.work.read() as request:
            assert request.db.get(Call, call.id).held_at is None

    def test_somebody_outside_comes_in_by_name_or_number(
        self, site: Any, officer: TestApp, call: Call, switch: StandInSwitch
    ) -> None:
        with site.work.write() as request:
            request.db.add(Gateway(name="pstn", channels=9, calls_per_second=1.0, caller_id="07318888", prefixes="1,0"))
        form = officer.get(f"/desk/calls/{call.id}/transfer/form")
        assert "type a telephone number" in send(form, "/transfer", who=HOSTILE).follow()
        assert "No trunk may carry" in send(form, "/transfer", who="95598").follow()
        assert switch.told == []
        page = send(form, "/transfer", who="139 0000 0001").follow()
        (moved, channel, room), (made, leg) = switch.told
        assert (moved, channel, made, leg.number) == (
            "transfer_both",
            call.desk_channel_uuid,
            "originate",
            "13900000001",
        )
        assert room == leg.extension
        assert "139 0000 0001" in page.html.select_one(".party").text
        form = officer.get(f"/desk/calls/{call.id}/transfer/form")
        assert form.html.select_one("button[name=desk]") is None, "a call with others in it is handed to nobody"

    def test_another_desk_comes_in_as_the_third(
        self, site: Any, officer: TestApp, call: Call, switch: StandInSwitch
    ) -> None:
        form = officer.get(f"/desk/calls/{call.id}/transfer/form")
        page = send(form, "/transfer", "join", "1002").follow()
        (moved, _, room), (rings, channel, desk, extension) = switch.told
        assert (moved, rings, desk, extension) == ("transfer_both", "call_desk", "1002", room)
        assert "Leader" in page.html.select_one(".party").text
        leader = site.logged_in(Role.LEADER)
        assert "Join this call" in leader.get("/strip").html.select_one(".strip-ring").text
        with site.work.write() as request:
            request.find_service(Parties).answered(channel)
        bar = leader.get("/desk/bar").html.select_one(".bar-live")
        assert "You take part" in bar.text
        assert "telephone 1001" in bar.text
        assert bar.select_one(".bar-do") is None, "only the desk that has the call turns it"

    def test_who_was_called_out_and_asks_for_the_desk_is_there_once_and_then_in_the_bar(
        self, site: Any, officer: TestApp
    ) -> None:
        attempt, here, there = (str(uuid.uuid4()) for _ in range(3))
        now = datetime.now(UTC)
        with site.work.write() as request:
            calls = request.find_service(Calls)
            calls.leg_created(attempt, Direction.OUTBOUND, "13800138000", "pstn", attempt, now)
            calls.ringing(attempt, "1002", there, at=now)
            calls.ringing(attempt, "1001", here, at=now)
        (card,) = officer.get("/desk/left").html.select(".ring")
        assert "ring-mine" in card["class"]
        assert "Talking 0" in " ".join(officer.get("/strip").html.text.split())
        with site.work.write() as request:
            request.find_service(Calls).leg_answered(here, now)
        assert "138 0013 8000" in officer.get("/desk/bar").html.select_one(".bar-live").text
        assert "Talking 1" in " ".join(officer.get("/strip").html.text.split())

    def test_another_desks_call_is_not_mine_to_hold(
        self, site: Any, officer: TestApp, call: Call, switch: StandInSwitch
    ) -> None:
        leader = site.logged_in(Role.LEADER)
        said = leader.post(f"/desk/calls/{call.id}/hold", {"csrf_token": _token(leader.get("/desk")), "held": "1"})
        assert "Another desk talks on this call" in said.follow()
        assert switch.told == []

    def test_a_leader_listens_and_the_officer_sees_it(
        self, site: Any, officer: TestApp, call: Call, switch: StandInSwitch
    ) -> None:
        token = _token(officer.get("/desk"))
        officer.post(f"/desk/calls/{call.id}/listen", {"csrf_token": token}, status=403)
        leader = site.logged_in(Role.LEADER)
        send(leader.get("/desk"), f"/calls/{call.id}/listen").follow()
        _, channel, desk, extension = switch.told[-1]
        assert (desk, extension) == ("1002", f"listen-{call.desk_channel_uuid}")
        verbs = {form["action"].split("/")[-1] for form in leader.get("/desk").html.select(".talk form")}
        assert verbs == {"leave"}, "nobody whispers into a telephone that rings"
        send(leader.get("/desk"), "/answer").follow()
        with site.work.write() as request:
            assert request.find_service(Desks).status("1002") == "Logged Out", "the hotline does not ring who listens"
            request.find_service(Parties).answered(channel)
        assert "Listens in" in officer.get("/desk/bar")
        assert "You listen in" in leader.get("/desk/bar").html.select_one(".bar-live").text
        send(leader.get("/desk"), f"/calls/{call.id}/whispers").follow()
        assert switch.told[-1] == ("press", channel, "2")
        assert "Whispers" in officer.get("/desk/bar")
        assert "You whisper to the desk" in leader.get("/desk/bar")
        with site.work.read() as request:
            actions = request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all()
        assert [action for action in actions if "supervision" in action or "party" in action] == [
            "call.supervision_asked",
            "call.party_joined",
            "call.supervision_changed",
        ]
        with site.work.write() as request:
            request.db.get(Account, site.ids[Role.LEADER]).desk = None
        assert leader.get("/desk").html.select(".talk form") == []  # nothing could ring

    def test_marks_follow_the_number(self, officer: TestApp, call: Call, tell: Callable[..., Call]) -> None:
        send(officer.get("/desk"), f"/calls/{call.id}/mark", "mark", "abusive").follow()
        tell("queued", "ringing", number="+8613800138000")
        page = officer.get("/desk")
        assert "Abusive" in page.html.select_one(".ring-mine").text
        send(page, f"/calls/{call.id}/unmark", "mark", "abusive").follow()
        assert "Abusive" not in officer.get("/desk").html.select_one(".ring-mine").text

    def test_calling_back_rings_ones_own_telephone(
        self, site: Any, officer: TestApp, tell: Callable[..., Call], switch: StandInSwitch
    ) -> None:
        call = tell("queued", "callback", "ended")
        page = officer.get("/desk")
        assert "Asks to be called back" in page.html.select_one(".missed").text
        send(page, f"/calls/{call.id}/call-back").follow()
        name, channel, desk, number = switch.told[-1]
        assert (name, desk, number) == ("dial", "1001", "13800138000")
        assert "it dials 138 0013 8000" in officer.get("/strip").html.select_one(".strip-ring").text
        assert site.logged_in(Role.LEADER).get("/strip").html.select_one(".strip-ring") is None
        send(officer.get("/desk"), "/own/").follow()
        assert switch.talked == [channel]
        with site.work.write() as request:
            request.find_service(Calls).leg_answered(channel)
            told = request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "desk.talks")).one()
            assert json.loads(told) == {"channel": channel, "for": f"call:{call.id}"}
        assert officer.get("/strip").html.select_one(".strip-ring") is None
        page = officer.post(f"/desk/own/{channel}/answer", {"csrf_token": page.forms[0]["csrf_token"].value})
        assert "does not ring any more" in page.follow().text
        assert switch.talked == [channel]

    def test_joining_a_room_rings_ones_own_telephone(self, site: Any, officer: TestApp, switch: StandInSwitch) -> None:
        with site.work.write() as request:
            conferences = request.find_service(Conferences)
            conferences.account_id = site.ids[Role.OFFICER]
            room = conferences.open("broadcast:1", "防汛会商", exercise=False)
            conferences.desk_joins(room.id, "1001", "Officer", "07318888")
        name, channel, *_ = switch.told[-1]
        assert name == "call_desk"
        with site.work.write() as request:
            request.find_service(Calls).leg_created(channel, Direction.OUTBOUND, "1001", "")
        assert "防汛会商" in officer.get("/strip").html.select_one(".strip-ring").text
        send(officer.get("/desk"), "/own/").follow()
        assert switch.talked == [channel]

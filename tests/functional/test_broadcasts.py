import csv
import io
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from broadcast.corrections import tell_corrections
from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.plans.content import Content, Who
from broadcast.plans.services import Plans
from broadcast.services import Broadcasts
from broadcast.sms.models import TextMessage, TextReply
from dutycenter.calls.models import Recording
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import EscalationStep, IBroadcasts
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import (
    Disposition,
    EscalationKind,
    IncidentClass,
    IncidentStatus,
    NumberKind,
    Outcome,
    RecordingKind,
    RecordingState,
    Role,
    SmsMeaning,
    SmsState,
    SourceChannel,
    WhoKind,
)


@pytest.fixture
def town(site):
    """Five people in two departments, one of them without a number."""
    with site.work.write() as request:
        rooms = [Department(name=name, short_name=name, position=i) for i, name in enumerate(("水利局", "应急局"))]
        request.db.add_all(rooms)
        for p in range(5):
            numbers = [PhoneNumber(number=f"1380000000{p}", kind=NumberKind.MOBILE)] if p else []
            request.db.add(Person(department=rooms[p % 2], name=f"人{p}", post="科长", position=p, numbers=numbers))
        request.db.add(
            Gateway(name="pstn", channels=10, calls_per_second=5, reserved=2, caller_id="07318888", enabled=True)
        )
        incident = Incident(
            year=2026, sequence=7, title="山洪", place="浏阳河", status=IncidentStatus.OPEN,
            channel=SourceChannel.PHONE, reported_at=request.find_service(Broadcasts).clock.now(),
            created_at=request.find_service(Broadcasts).clock.now(),
        )  # fmt: skip
        request.db.add(incident)
        request.db.flush()
        site.incident, site.rooms = incident.id, [room.id for room in rooms]
    return site


def launch_form(browser, query=""):
    return browser.get(f"/broadcasts/new{query}").forms["launch"]


def send(browser, form, *who, **options):
    """Send the launch form with this selection, as the picker would have put it together."""
    picked = [pair for token in who for pair in (("who", token), ("tier", "0"), ("both", "no"))]
    return browser.post("/broadcasts/new", [*form.submit_fields(), *picked], **options)


def everybody(town) -> list[str]:
    return [f"department:{room}" for room in town.rooms]


def launched(town, **more) -> int:
    browser = town.logged_in(Role.OFFICER)
    form = launch_form(browser)
    form["title"], form["message"] = "Flood", more.get("message", "请立即到岗。")
    form["exercise"] = more.get("exercise", False)
    page = send(browser, form, *everybody(town), status=303)
    return int(page.location.rsplit("/", 1)[1])


class TestLaunch:
    def test_it_proposes_what_the_incident_says_in_the_language_that_is_read_out(self, town):
        with town.work.write() as request:
            request.db.get(Incident, town.incident).incident_class = IncidentClass.NATURAL
        page = town.logged_in(Role.OFFICER).get(f"/broadcasts/new?incident={town.incident}")
        form = page.forms["launch"]
        assert form["title"].value == "山洪"
        assert form["message"].value == "浏阳河：山洪。请立即按预案到岗到位。"
        assert form["incident_id"].value == str(town.incident)
        assert 'data-insert="浏阳河"' in page.text
        assert 'data-insert="自然灾害"' in page.text

    def test_it_says_whom_a_selection_means_and_who_cannot_be_called(self, town):
        browser = town.logged_in(Role.OFFICER)
        token = launch_form(browser)["csrf_token"].value
        fields = [("csrf_token", token), *(("who", one) for one in everybody(town)), ("without", "2")]
        page = browser.post("/broadcasts/new/called", fields)
        assert 'data-people="4" data-able="3"' in page
        assert "no telephone number" in page
        assert "人1" not in page
        assert "1 taken out by hand" in page

    def test_the_plan_that_suits_the_incident_is_proposed_with_why_and_fills_the_form(self, town):
        with town.work.write() as request:
            request.db.get(Incident, town.incident).incident_class = IncidentClass.NATURAL
            plans = request.find_service(Plans)
            who = [Who(WhoKind.DEPARTMENT, str(town.rooms[0]), 0, True)]
            step = EscalationStep(EscalationKind.KNOCK, 300)
            flood = Content(
                "防汛", "{地点}{措施}", who, [IncidentClass.NATURAL], channels=7, goal_seconds=90, steps=[step]
            )
            plans.create(Content("任何事件", "到岗", who))
            plan = plans.create(flood).id
            plans.create(Content("事故", "到岗", who, [IncidentClass.ACCIDENT]))
        browser = town.logged_in(Role.OFFICER)
        page = browser.get(f"/broadcasts/new?incident={town.incident}")
        offered = [link.text.split()[2:] for link in page.html.select("a.suggestion")]
        assert offered == [["防汛", "Natural", "disaster"], ["任何事件", "for", "any", "incident"]]
        page = browser.get(f"/broadcasts/new?incident={town.incident}&plan={plan}")
        form = page.forms["launch"]
        assert [form[n].value for n in ("message", "channels", "goal_minutes")] == ["浏阳河{措施}", "7", "1.5"]
        assert "knocks at the door" in page
        assert "The incident does not say “措施” yet" in form.submit(status=422)
        form["message"] = "浏阳河请到岗。"
        made = int(form.submit(status=303).location.rsplit("/", 1)[1])
        with town.work.read() as request:
            broadcast = request.db.get(Broadcast, made)
            assert broadcast.plan_version_id is not None
            assert [step["kind"] for step in broadcast.steps] == ["knock"]
            assert {r.legs for r in broadcast.recipients} == {2}

    def test_it_calls_whom_it_said_and_shows_the_board(self, town):
        made = launched(town)
        board = town.logged_in(Role.LEADER).get(f"/broadcasts/{made}")
        assert "Flood" in board
        assert "人4" in board
        with town.work.read() as request:
            broadcast = request.db.get(Broadcast, made)
            assert len(broadcast.recipients) == 5
            assert broadcast.created_by_id == town.ids[Role.OFFICER]

    def test_a_number_that_was_typed_in_is_called_by_its_name(self, town):
        browser = town.logged_in(Role.OFFICER)
        form = launch_form(browser)
        form["title"], form["message"], form["extra_name"], form["extra_number"] = (
            "x",
            "请到岗",
            "村支书",
            "138 0013 8000",
        )
        made = int(send(browser, form, status=303).location.rsplit("/", 1)[1])
        with town.work.read() as request:
            one = request.db.scalars(select(Recipient).where(Recipient.broadcast_id == made)).one()
            assert (one.name, one.numbers[0].number, one.person_id) == ("村支书", "13800138000", None)
        form = launch_form(browser)
        form["extra_number"] = "119"
        assert "Emergency numbers are never called" in send(browser, form, "person:2", status=422)

    def test_nothing_typed_is_lost_when_something_is_wrong(self, town):
        browser = town.logged_in(Role.OFFICER)
        form = launch_form(browser, f"?incident={town.incident}")
        form["title"], form["message"], form["channels"], form["exercise"] = "标题", "<b>大水</b>", "abc", True
        page = send(browser, form, "person:2", status=422)
        kept = page.forms["launch"]
        assert [kept[name].value for name in ("title", "message", "channels")] == ["标题", "<b>大水</b>", "abc"]
        assert kept["exercise"].checked
        assert kept.fields["who"][0].value == "person:2"
        assert kept["incident_id"].value == str(town.incident)
        assert "Nobody has been called." in page
        assert "Give a number from 1 to 500." in page
        assert "cannot be spoken on the telephone" in page
        assert "<b>大水" not in page.text
        with town.work.read() as request:
            assert request.db.scalar(select(Broadcast.id)) is None

    def test_a_message_of_a_hundred_kilobytes_is_told_how_long_it_would_take(self, town):
        form = launch_form(town.logged_in(Role.OFFICER))
        form["title"], form["message"] = "x", "水" * 33_000
        assert "seconds; 120 is the most" in form.submit(status=422)

    def test_the_same_form_sent_twice_calls_once(self, town):
        browser = town.logged_in(Role.OFFICER)
        form = launch_form(browser)
        form["title"], form["message"] = "x", "请到岗"
        assert send(browser, form, "person:2").location == send(browser, form, "person:2").location
        with town.work.read() as request:
            assert len(request.db.scalars(select(Broadcast.id)).all()) == 1

    def test_a_forged_token_launches_nothing(self, town):
        form = launch_form(town.logged_in(Role.OFFICER))
        form["csrf_token"] = "forged"
        form["title"], form["message"] = "x", "请到岗"
        assert form.submit(expect_errors=True).status_int in (303, 400, 403)
        with town.work.read() as request:
            assert request.db.scalar(select(Broadcast.id)) is None

    def test_the_message_can_be_heard_before(self, town):
        browser = town.logged_in(Role.OFFICER)
        token = launch_form(browser)["csrf_token"].value
        page = browser.post("/broadcasts/voice", {"message": "请立即到岗。", "csrf_token": token})
        path = page.html.find("audio")["src"] if page.html else ""
        assert browser.get(path).body[:4] == b"RIFF"
        wrong = browser.post("/broadcasts/voice", {"message": "!!!", "csrf_token": token})
        assert "no words that can be spoken" in wrong

    @pytest.mark.parametrize(
        "path", ["/broadcasts/voice/../../secret", "/broadcasts/voice/..%2f..%2fsecret", "/broadcasts/voice/x%00.wav"]
    )
    def test_nothing_but_prompts_can_be_heard(self, town, path):
        town.logged_in(Role.OFFICER).get(path, status=404)


class TestBoard:
    def test_a_person_shows_every_call_and_can_be_called_again(self, town):
        made = launched(town)
        with town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).where(Recipient.name == "人2")).one()
            now = request.find_service(Broadcasts).clock.now()
            request.db.add(
                Attempt(
                    id="00000000-0000-4000-8000-000000000001", broadcast_id=made, recipient_id=recipient.id,
                    number_id=recipient.numbers[0].id, gateway="pstn", created_at=now, ended_at=now,
                    hangup_cause="USER_BUSY", disposition=Disposition.BUSY,
                )
            )  # fmt: skip
            place = f"/broadcasts/{made}/people/{recipient.id}"
        officer = town.logged_in(Role.OFFICER)
        panel = officer.get(place)
        assert "USER_BUSY" in panel
        assert "Busy" in panel
        assert "the line is busy. Called again" in panel
        token = launch_form(officer)["csrf_token"].value
        assert "One more call was asked for" in officer.post(f"{place}/again", {"csrf_token": token})
        with town.work.read() as request:
            assert request.db.get(Recipient, recipient.id).again_at is not None

    def test_an_exercise_says_so(self, town):
        made = launched(town, exercise=True)
        page = town.logged_in(Role.LEADER).get(f"/broadcasts/{made}")
        assert page.html.body["class"] == ["exercise"]
        assert "Exercise" in page

    def test_it_is_paused_resumed_and_stopped(self, town):
        made = launched(town)
        officer = town.logged_in(Role.OFFICER)
        for verb, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
            page = officer.get(f"/broadcasts/{made}")
            form = next(form for form in page.forms.values() if form.action.endswith(verb))
            form.submit(status=303)
            with town.work.read() as request:
                assert request.db.get(Broadcast, made).state == state

    def test_the_board_says_when_fewer_lines_may_be_used_than_were_asked_for(self, town):
        made = launched(town)
        officer = town.logged_in(Role.OFFICER)
        assert "Lines that may be used now: 8" in words_of(officer.get(f"/broadcasts/{made}"))
        with town.work.write() as request:
            request.db.get(Broadcast, made).channels = 8
        assert "Lines that may be used" not in officer.get(f"/broadcasts/{made}").text

    def test_receipts_are_a_table_and_a_file(self, town):
        made = launched(town)
        with town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).where(Recipient.name == "人1")).one()
            now = request.find_service(Broadcasts).clock.now()
            request.db.add(
                Attempt(
                    id="00000000-0000-4000-8000-000000000002", broadcast_id=made, recipient_id=recipient.id,
                    number_id=recipient.numbers[0].id, gateway="pstn", created_at=now,
                )
            )  # fmt: skip
            request.db.flush()
            request.find_service(IBroadcasts).acknowledge("00000000-0000-4000-8000-000000000002", "1")
            recipient.name = "=HYPERLINK(1)"
            broadcast = request.db.get(Broadcast, made)
            for other in broadcast.recipients:
                other.outcome = other.outcome or "not_reached"
            broadcast.state, broadcast.finished_at = "finished", now
        page = town.logged_in(Role.AUDITOR).get(f"/broadcasts/{made}/receipts")
        assert "key 1" in page
        file = town.logged_in(Role.AUDITOR).get(f"/broadcasts/{made}/receipts.csv")
        rows = file.text.lstrip("\ufeff").splitlines()
        assert len(rows) == 6
        line = next(row for row in rows if "HYPERLINK" in row)
        assert line.startswith("'=HYPERLINK")
        assert "Acknowledged" in line
        assert "13800000001" in line

    def test_the_spreadsheet_holds_texts_and_no_formulas(self, town):
        made = launched(town, exercise=True)
        with town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).where(Recipient.name == "人1")).one()
            recipient.name = '=HYPERLINK("http://x")'
            now = request.find_service(Broadcasts).clock.now()
            text = {
                "broadcast_id": made,
                "recipient_id": recipient.id,
                "number": "13800000001",
                "parts": 2,
                "written_at": now,
            }
            request.db.add(TextMessage(reference="r1", text="@SUM(1)", state=SmsState.UNKNOWN, **text))
            reply = {
                "number": "13800000001",
                "meaning": SmsMeaning.OTHER,
                "received_at": now,
                "recipient_id": recipient.id,
            }
            request.db.add(TextReply(gateway_id="a", text="+1+1", **reply))
        file = town.logged_in(Role.AUDITOR).get(f"/broadcasts/{made}/receipts.xlsx")
        book = load_workbook(io.BytesIO(file.body))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"}
        said = [cell.value for cell in cells]
        assert said[0] == "Exercise"
        assert {'=HYPERLINK("http://x")', "@SUM(1)", "+1+1"} <= set(said)
        assert "Unknown whether it was sent; not sent again" in said
        assert len(book.sheetnames) == 4

    def test_a_recording_is_heard_beside_the_board_once_a_reason_is_given(self, town):
        made = launched(town)
        with town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).where(Recipient.name == "人1")).one()
            now = request.find_service(Broadcasts).clock.now()
            leg = "00000000-0000-4000-8000-000000000003"
            request.db.add(
                Attempt(
                    id=leg, broadcast_id=made, recipient_id=recipient.id, number_id=recipient.numbers[0].id,
                    gateway="pstn", created_at=now,
                )
            )  # fmt: skip
            found = Recording(
                attempt_id=leg, channel_uuid=leg, file_name="a.wav", kind=RecordingKind.NOTICE,
                state=RecordingState.KEPT, started_at=now,
            )  # fmt: skip
            request.db.add(found)
            request.db.flush()
            place, person = f"/broadcasts/{made}/recordings/{found.id}", recipient.id
        officer = town.logged_in(Role.OFFICER)
        assert place in officer.get(f"/broadcasts/{made}/people/{person}")
        token = launch_form(officer)["csrf_token"].value
        assert "<audio" not in officer.get(place)
        assert "Say in a few words" in officer.post(place, {"reason": " ", "csrf_token": token})
        assert f'src="/recordings/{found.id}/audio"' in officer.post(place, {"reason": "核对", "csrf_token": token})
        other = launched(town)
        officer.get(f"/broadcasts/{other}/recordings/{found.id}", status=404)
        town.logged_in(Role.DISPLAY).get(place, status=403)

    def test_the_board_streams_and_shows_texts(self, town):
        made = launched(town)
        browser = town.logged_in(Role.DISPLAY)
        page = browser.get(f"/broadcasts/{made}?wall=1")
        assert "wall" in page.html.body["class"]
        version = page.html.find(id="board")["data-version"]
        brief = {"dutycenter.live_seconds": "0.2"}
        whole = browser.get(f"/broadcasts/{made}/stream", extra_environ=brief)
        assert whole.content_type == "text/event-stream"
        assert "event: board" in whole
        assert "event: board" not in browser.get(f"/broadcasts/{made}/stream?after={version}", extra_environ=brief)
        browser.get(f"/broadcasts/{made}/stream?after=yesterday", status=400)
        browser.get(f"/broadcasts/{made}/texts", status=403)
        assert town.logged_in(Role.OFFICER).get(f"/broadcasts/{made}/texts").text.strip() == ""

    @pytest.mark.parametrize(
        "path",
        [
            "/broadcasts/99",
            "/broadcasts/99/stream",
            "/broadcasts/999999999/state",
            "/broadcasts/99999999999999999999",
            "/broadcasts/x",
        ],
    )
    def test_unknown_ones_are_not_found(self, town, path):
        town.logged_in(Role.OFFICER).get(path, status=404)

    def test_a_person_of_another_broadcast_is_not_found(self, town):
        first, second = launched(town), launched(town)
        with town.work.read() as request:
            stranger = request.db.get(Broadcast, second).recipients[0].id
        town.logged_in(Role.OFFICER).get(f"/broadcasts/{first}/people/{stranger}", status=404)


class TestPermissions:
    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.DISPLAY])
    def test_only_the_desk_launches_and_stops(self, town, role):
        made = launched(town)
        browser = town.logged_in(role)
        browser.get("/broadcasts/new", status=403)
        board = browser.get(f"/broadcasts/{made}")
        assert "/stop" not in board
        browser.get(f"/broadcasts/{made}/receipts.csv", status=403 if role is Role.DISPLAY else 200)

    def test_strangers_are_sent_to_the_log_in(self, town):
        for path in ("/broadcasts", "/broadcasts/new", "/broadcasts/1"):
            assert "/log-in" in town.browser().get(path, status="3*").location

    def test_the_empty_list_teaches(self, town):
        assert "Nobody has been called out yet" in town.logged_in(Role.DISPLAY).get("/broadcasts")


class TestChange:
    def test_people_join_while_it_runs_and_the_message_is_corrected(self, town):
        browser = town.logged_in(Role.OFFICER)
        form = launch_form(browser)
        form["title"], form["message"] = "x", "请到岗"
        made = int(send(browser, form, "person:2", status=303).location.rsplit("/", 1)[1])
        page = browser.get(f"/broadcasts/{made}/change")
        token = {"csrf_token": form["csrf_token"].value}
        assert "Nobody is chosen" in browser.post(f"/broadcasts/{made}/add", token, status=422)
        wrong = [*token.items(), ("extra_name", "甲"), ("extra_number", "12")]
        kept = browser.post(f"/broadcasts/{made}/add", wrong, status=422)
        assert "This number is too short" in kept
        assert 'value="甲"' in kept
        good = [
            *token.items(),
            ("who", "person:3"),
            ("who", "person:2"),
            ("extra_name", ""),
            ("extra_number", "13800138000"),
        ]
        browser.post(f"/broadcasts/{made}/add", good, status=303)
        assert "请到岗" in page
        assert "said already" in browser.post(f"/broadcasts/{made}/correct", token | {"message": "请到岗"}, status=422)
        browser.post(f"/broadcasts/{made}/correct", token | {"message": "请到南门"}, status=303)
        board = browser.get(f"/broadcasts/{made}")
        for words in ("人2", "13800138000", "请到南门"):
            assert words in board
        with town.work.read() as request:
            assert request.db.get(Broadcast, made).message_version == 2
            assert len(request.db.get(Broadcast, made).recipients) == 3

    def test_somebody_is_taken_out_and_put_back(self, town):
        made = launched(town)
        with town.work.read() as request:
            one = request.db.scalars(select(Recipient).where(Recipient.name == "人1")).one().id
        browser = town.logged_in(Role.OFFICER)
        token = {"csrf_token": launch_form(browser)["csrf_token"].value}
        place = f"/broadcasts/{made}/people/{one}"
        assert "Call again after all" in browser.post(f"{place}/take-out", token).follow()
        assert "Call no more" in browser.post(f"{place}/put-back", token).follow()
        town.logged_in(Role.AUDITOR).post(f"{place}/take-out", status=403, expect_errors=True)

    def test_a_correction_names_itself_and_each_persons_panel_says_whether_they_were_told(self, town):
        made = launched(town)
        now = datetime.now(UTC)
        with town.work.write() as request:
            answered = request.db.scalars(select(Recipient).where(Recipient.broadcast_id == made).limit(1)).one()
            answered.told_version, answered.acknowledged_at, answered.outcome = 1, now, Outcome.ACKNOWLEDGED
            answered.outcome_at, one = now, answered.id
        browser = town.logged_in(Role.OFFICER)
        token = {"csrf_token": launch_form(browser)["csrf_token"].value}
        browser.post(f"/broadcasts/{made}/correct", token | {"message": "请到南门"}, status=303)
        assert "Not told of the correction yet" in words_of(browser.get(f"/broadcasts/{made}/people/{one}"))
        tell_corrections(town.work)
        with town.work.read() as request:
            told = request.db.scalars(select(Recipient).where(Recipient.corrects_id == one)).one()
        assert "Told of the correction: no answer yet" in words_of(browser.get(f"/broadcasts/{made}/people/{one}"))
        with town.work.write() as request:
            request.db.get(Recipient, told.id).acknowledged_at = now
        assert "Told of the correction: Acknowledged" in words_of(browser.get(f"/broadcasts/{made}/people/{one}"))
        (row,) = browser.get("/broadcasts").html.select(f'tr:has(a[href$="/broadcasts/{told.broadcast_id}"])')
        assert "Correction" in row.text
        with town.work.write() as request:
            request.db.get(Broadcast, made).finished_at = now
        assert "Told of the correction: Acknowledged" in words_of(browser.get(f"/broadcasts/{made}/receipts"))

    def test_the_lists_say_which_version_was_answered_and_what_became_of_the_correction(self, town):
        made = launched(town)
        now = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
        with town.work.write() as request:
            people = select(Recipient).where(Recipient.broadcast_id == made, Recipient.outcome.is_(None))
            ids = []
            for one in request.db.scalars(people.order_by(Recipient.name)).all()[:3]:
                one.told_version, one.acknowledged_at, one.outcome_at = 1, now, now
                one.outcome = Outcome.ACKNOWLEDGED
                ids.append(one.id)
        browser = town.logged_in(Role.OFFICER)
        plain = csv_of(browser, made)
        assert plain["Name"][-2:] == ["Version answered", "Correction"]
        assert plain["人1"][-2:] == ["1", ""]
        token = {"csrf_token": launch_form(browser)["csrf_token"].value}
        browser.post(f"/broadcasts/{made}/correct", token | {"message": "请到南门"}, status=303)
        tell_corrections(town.work)
        with town.work.write() as request:
            told = request.db.scalars(select(Recipient).where(Recipient.corrects_id.in_(ids)))
            again = {one.corrects_id: one for one in told}
            again[ids[0]].acknowledged_at = now
            again[ids[1]].corrects_id = None
        became = csv_of(browser, made)
        assert became["人1"][-2:] == ["1", "correction acknowledged 2026-10-05 16:00:00"]
        assert became["人2"][-2:] == ["1", "not told of the correction"]
        assert became["人3"][-2:] == ["1", "correction not acknowledged"]
        file = browser.get(f"/broadcasts/{made}/receipts.xlsx")
        cells = [cell for row in load_workbook(io.BytesIO(file.body)).worksheets[0].values for cell in row if cell]
        assert next(cell for cell in cells if cell.startswith("Version 1, from ")).endswith(": 请立即到岗。")
        assert next(cell for cell in cells if cell.startswith("Version 2, from ")).endswith(": 请到南门")
        assert "correction acknowledged 2026-10-05 16:00:00" in cells

    def test_what_can_call_nobody_says_so_on_the_board_in_the_list_and_in_the_strip(self, town):
        made = launched(town)
        browser = town.logged_in(Role.OFFICER)
        assert "Broadcasts running 1" in words_of(browser.get("/strip"))
        with town.work.write() as request:
            request.db.get(Broadcast, made).waits_for = "lines"
        assert "Waits for a line" in browser.get(f"/broadcasts/{made}").html.select_one(".state-big").text
        assert "Waits for a line" in browser.get("/broadcasts")
        assert "Broadcasts running 1 · no line" in words_of(browser.get("/strip"))
        token = {"csrf_token": launch_form(browser)["csrf_token"].value}
        browser.post(f"/broadcasts/{made}/pause", token, status=303)
        assert "Broadcasts paused 1" in words_of(browser.get("/strip"))


def csv_of(browser, made: int) -> dict[str, list[str]]:
    """The rows of the receipts by their first cell."""
    text = browser.get(f"/broadcasts/{made}/receipts.csv").text.lstrip("\ufeff")
    return {row[0]: row for row in csv.reader(io.StringIO(text))}


def words_of(page) -> str:
    """What a page says, as it is read."""
    return " ".join(page.html.text.split())

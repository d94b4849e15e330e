"""Who calls back, asks for the desk, arrives, and talks together: what is written, and what the pages show."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Receipt, Recipient
from dutycenter.calls.conferences import Conferences, latest_room
from dutycenter.calls.models import Leg
from dutycenter.calls.services import Calls
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.incidents.models import Incident, IncidentEntry
from dutycenter.interfaces import DeskStage, IBroadcasts, IClock, Wish
from dutycenter.ledger.models import LedgerEntry
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import Direction, IncidentStatus, Means, NumberKind, Role, SourceChannel
from tests.functional.conftest import form_to

ATTEMPT = "11111111-2222-3333-4444-555555555555"
DESK_LEG = "22222222-2222-3333-4444-555555555555"
NOW = datetime.now(UTC)


@pytest.fixture
def town(site):
    """Three people, two of whom share an office telephone; a running broadcast that asks for arrivals."""
    with site.work.write() as request:
        room = Department(name="水利局", short_name="水利")
        people = [Person(department=room, name=f"人{p}", post="科长", position=p) for p in range(3)]
        for person, number in zip(people, ("13800000000", "07318001", "07318001"), strict=True):
            person.numbers = [PhoneNumber(number=number, kind=NumberKind.OFFICE)]
        incident = Incident(
            year=2026, sequence=7, title="山洪", place="浏阳河", status=IncidentStatus.OPEN,
            channel=SourceChannel.PHONE, reported_at=NOW, created_at=NOW,
        )  # fmt: skip
        gateway = Gateway(name="pstn", channels=9, calls_per_second=5, reserved=2, caller_id="07318888", enabled=True)
        request.db.add_all([room, *people, incident, gateway])
        request.db.flush()
        broadcasts = request.find_service(IBroadcasts)
        wish = Wish("汛情", "请立即到岗。", [p.id for p in people], incident_id=incident.id, ask_arrival=True)
        site.broadcast = broadcasts.draft(wish)
        broadcasts.launch(site.broadcast)
        site.recipients = list(
            request.db.scalars(
                select(Recipient.id).where(Recipient.broadcast_id == site.broadcast).order_by(Recipient.id)
            )
        )
    return site


def leg_up(site):
    """A leg to the first person is up, and a desk telephone rings for it."""
    with site.work.write() as request:
        recipient = request.db.get(Recipient, site.recipients[0])
        request.db.add(
            Attempt(
                id=ATTEMPT,
                broadcast_id=site.broadcast,
                recipient=recipient,
                number=recipient.numbers[0],
                gateway="pstn",
                created_at=NOW,
                answered_at=NOW,
            )
        )
        request.db.add(
            Leg(
                channel_uuid=ATTEMPT,
                direction=Direction.OUTBOUND,
                attempt_id=ATTEMPT,
                number="13800000000",
                created_at=NOW,
            )
        )
        request.db.flush()
        calls = request.find_service(Calls)
        calls.leg_created(DESK_LEG, Direction.OUTBOUND, "1001", "")
        calls.ringing(ATTEMPT, "1001", DESK_LEG)
        request.find_service(IBroadcasts).at_desk(ATTEMPT, DeskStage.ASKED)


def actions(site):
    with site.work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


class TestCallback:
    def test_it_is_known_by_its_number_until_it_has_acknowledged(self, town):
        with town.work.write() as request:
            broadcasts = request.find_service(IBroadcasts)
            found = broadcasts.callback("+8613800000000")
            assert [person.name for person in found.people] == ["人0"]
            assert not found.acknowledged
            assert broadcasts.acknowledge_by(town.recipients[0], Means.CALLBACK, "1")
            assert broadcasts.callback("13800000000").acknowledged
            assert broadcasts.arrived(town.recipients[0], Means.CALLBACK)
            assert broadcasts.callback("13800000000") is None
            receipts = request.db.scalars(select(Receipt).order_by(Receipt.id)).all()
            assert [(r.kind, r.means, r.attempt_id) for r in receipts] == [
                ("acknowledged", "callback", None), ("arrived", "callback", None),
            ]  # fmt: skip
            texts = list(request.db.scalars(select(IncidentEntry.text)))
            assert any("人0" in text for text in texts)

    def test_who_has_said_everything_is_known_while_a_conference_waits_for_them(self, town):
        with town.work.write() as request:
            broadcasts = request.find_service(IBroadcasts)
            broadcasts.acknowledge_by(town.recipients[0], Means.CALLBACK, "1")
            broadcasts.arrived(town.recipients[0], Means.CALLBACK)
            assert broadcasts.callback("13800000000") is None
            conferences = request.find_service(Conferences)
            room = conferences.open(f"broadcast:{town.broadcast}", "汛情", exercise=False)
            found = broadcasts.callback("13800000000")
            assert (found.conference, found.acknowledged, found.asks_arrival) == (room.room, True, False)
            conferences.forget(room.id)
            assert broadcasts.callback("13800000000") is None

    def test_who_shares_a_number_is_asked_for_by_name(self, town):
        with town.work.read() as request:
            found = request.find_service(IBroadcasts).callback("07318001")
            assert [person.name for person in found.people] == ["人1", "人2"]
            assert [person.spoken for person in found.people] == [None, None]
        from broadcast.callbacks import speak_names

        speak_names(town.work)
        with town.work.read() as request:
            found = request.find_service(IBroadcasts).callback("07318001")
            assert all(person.spoken for person in found.people)

    @pytest.mark.parametrize("number", ["", "anonymous", "13999999999", "1380000000", "${system(id)}"])
    def test_nobody_else_is_recognised(self, town, number):
        with town.work.read() as request:
            assert request.find_service(IBroadcasts).callback(number) is None

    def test_it_is_over_some_hours_after_the_end(self, town):
        with town.work.write() as request:
            broadcast = request.db.get(Broadcast, town.broadcast)
            broadcast.finished_at = NOW - timedelta(hours=town.work.settings.callback_hours - 1)
        with town.work.read() as request:
            assert request.find_service(IBroadcasts).callback("13800000000")
        with town.work.write() as request:
            broadcast = request.db.get(Broadcast, town.broadcast)
            broadcast.finished_at = NOW - timedelta(hours=town.work.settings.callback_hours + 1)
        with town.work.read() as request:
            assert request.find_service(IBroadcasts).callback("13800000000") is None


class TestDesk:
    def test_the_desk_names_who_asks_for_it_and_takes_their_acknowledgement(self, town):
        browser = town.logged_in(Role.OFFICER)
        leg_up(town)
        page = browser.get("/desk/left")
        for words in ("人0", "汛情", "asks for the desk"):
            assert words in page
        board = browser.get(f"/broadcasts/{town.broadcast}/people")
        assert "place-desk" in board
        assert "Asks for the duty desk" in board
        with town.work.write() as request:
            request.find_service(Calls).leg_answered(DESK_LEG)
            request.find_service(IBroadcasts).at_desk(ATTEMPT, DeskStage.TALKS)
        page = browser.get("/desk/left")
        assert "talks to the desk" in page
        assert "Talks to the duty desk" in browser.get(f"/broadcasts/{town.broadcast}/people")
        page.forms[next(k for k, f in page.forms.items() if "acknowledge" in f.action)].submit().follow()
        with town.work.read() as request:
            (receipt,) = request.db.scalars(select(Receipt))
            assert (receipt.kind, receipt.means, receipt.account_id) == ("acknowledged", "desk", town.ids[Role.OFFICER])
            actor = request.db.scalar(select(LedgerEntry.actor).where(LedgerEntry.action == "broadcast.acknowledged"))
            assert actor == f"user:{town.ids[Role.OFFICER]}"
        assert "Acknowledged" in browser.get("/desk/left")

    def test_nobody_came_and_the_row_is_dark_again(self, town):
        leg_up(town)
        with town.work.write() as request:
            request.find_service(IBroadcasts).at_desk(ATTEMPT, DeskStage.LEFT)
        assert "place-desk" not in town.logged_in(Role.OFFICER).get(f"/broadcasts/{town.broadcast}/people")
        assert [a for a in actions(town) if a.startswith("broadcast.desk")] == [
            "broadcast.desk_asked",
            "broadcast.desk_left",
        ]


class TestArrivals:
    def test_who_arrives_when_is_a_list_in_that_order(self, town):
        with town.work.write() as request:
            broadcasts = request.find_service(IBroadcasts)
            for recipient, minutes in zip(town.recipients, (40, 15, None), strict=True):
                broadcasts.acknowledge_by(recipient, Means.SMS)
                if minutes:
                    assert broadcasts.arrives(recipient, minutes, Means.KEY)
            assert not broadcasts.arrives(town.recipients[0], 0, Means.KEY)
        browser = town.logged_in(Role.OFFICER)
        page = browser.get(f"/broadcasts/{town.broadcast}/arrivals")
        names = [li.find("b").text for li in page.html.select(".arrival-list li")]
        assert names == ["人1", "人0", "人2"]
        base = f"/broadcasts/{town.broadcast}/people/{town.recipients[1]}"
        token = browser.get(f"/broadcasts/{town.broadcast}").html.select_one("[name=csrf_token]")["value"]
        browser.post(f"{base}/arrived", {"csrf_token": token})
        assert "1 of 3 there" in browser.get(f"/broadcasts/{town.broadcast}/arrivals")
        browser.post(f"{base}/not-arrived", {"csrf_token": token})
        assert "0 of 3 there" in browser.get(f"/broadcasts/{town.broadcast}/arrivals")

    def test_only_the_desk_takes_words_for_others(self, town):
        auditor = town.logged_in(Role.AUDITOR)
        for verb in ("acknowledged", "arrived"):
            path = f"/broadcasts/{town.broadcast}/people/{town.recipients[0]}/{verb}"
            assert auditor.post(path, status="4*").status_int in (400, 403)


class TestConference:
    def test_an_officer_opens_a_room_sees_who_is_in_and_ends_it(self, town):
        browser = town.logged_in(Role.OFFICER)
        path = f"/broadcasts/{town.broadcast}/conference"
        page = browser.get(path)
        page.forms["" if "" in page.forms else 0].submit().follow()
        leg_up(town)
        with town.work.write() as request:
            room = request.find_service(IBroadcasts).notice(ATTEMPT).conference
            conferences = request.find_service(Conferences)
            assert conferences.joins(room, ATTEMPT, "人0")
            assert not conferences.joins("99999999-2222-3333-4444-555555555555", ATTEMPT, "人0")
            conferences.heard(room, "add-member", ATTEMPT, "13800000000", "", NOW)
            conferences.heard(room, "add-member", ATTEMPT, "13800000000", "", NOW)
            conferences.heard(room, "mute-member", ATTEMPT, "", "", NOW)
            conferences.heard(room, "start-recording", "", "", f"/r/{room}.conference.wav", NOW)
        page = browser.get(path)
        for words in ("人0", "muted", "1 in it", "Being recorded", "Let speak"):
            assert words in page
        with town.work.write() as request:
            conferences = request.find_service(Conferences)
            conferences.heard(room, "del-member", ATTEMPT, "", "", NOW)
            conferences.heard(room, "stop-recording", "", "", f"/r/{room}.conference.wav", NOW)
        assert "Nobody is in it yet" in browser.get(path)
        assert actions(town).count("conference.joined") == 1

    def test_after_the_end_it_is_offered_as_long_as_people_may_call_back(self, town):
        browser = town.logged_in(Role.OFFICER)
        path = f"/broadcasts/{town.broadcast}/conference"
        for hours, offered in ((1, True), (13, False)):
            with town.work.write() as request:
                ended = request.find_service(IClock).now() - timedelta(hours=hours)
                request.db.get(Broadcast, town.broadcast).finished_at = ended
            page = browser.get(path)
            assert ("call the hotline back" in page, "Open a conference" in page) == (offered, offered)

    def test_a_desk_is_rung_into_the_room_and_out_again_when_the_switch_is_away(self, town, switch):
        with town.work.write() as request:
            request.find_service(Conferences).open(f"broadcast:{town.broadcast}", "汛情", exercise=False)
        browser = town.logged_in(Role.OFFICER)
        path = f"/broadcasts/{town.broadcast}/conference"
        switch.away = True
        join = form_to(browser.get(path), path + "/join")
        assert "The telephone system does not respond." in join.submit().follow()
        assert "is being connected" not in browser.get(path)
        switch.away = False
        form_to(browser.get(path), path + "/join").submit().follow()
        with town.work.read() as request:
            room = latest_room(request.db, f"broadcast:{town.broadcast}")
            lost, called = room.members
            assert lost.left_at is not None
            assert switch.told == [("call_desk", called.channel_uuid, "1001", f"room-{room.room}")]
        assert "is being connected" in browser.get(path)
        leader = town.logged_in(Role.LEADER).get(path)  # without a telephone there is nothing to join with
        assert [form for form in leader.html.select("form") if form["action"].endswith("/join")] == []

    def test_a_list_of_the_switch_mends_what_events_missed(self, town):
        from dutycenter.interfaces import InRoom

        with town.work.write() as request:
            conferences = request.find_service(Conferences)
            room = conferences.open("broadcast:1", "汛情", exercise=False)
            stranger = "33333333-2222-3333-4444-555555555555"
            conferences.joins(room.room, ATTEMPT, "人0")
            conferences.heard(room.room, "add-member", ATTEMPT, "", "", NOW)
            conferences.compare(room, [InRoom(7, stranger, "13900000000", True, False)], NOW)
            left, came = room.members
            assert left.left_at is not None
            assert (came.channel_uuid, came.number, came.muted, came.left_at) == (stranger, "13900000000", True, None)

    def test_auditors_look_and_touch_nothing(self, town):
        auditor = town.logged_in(Role.AUDITOR)
        assert "Open a conference" not in auditor.get(f"/broadcasts/{town.broadcast}/conference")
        assert auditor.post(f"/broadcasts/{town.broadcast}/conference/open", status="4*").status_int in (400, 403)

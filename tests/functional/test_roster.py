"""The roster on screen: the month, a day changed in place, holidays, sensitive periods, gaps on the desk."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.directory.views import choice_text
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import NumberKind, Role, ShiftDuty
from tests.functional.conftest import Site, form_to, form_with

HX = {"HX-Request": "true"}


@pytest.fixture
def today(site: Site) -> date:
    with site.work.read() as request:
        zone = request.registry["dutycenter.settings"].time_zone
        return request.find_service(IClock).now().astimezone(zone).date()


@pytest.fixture
def people(site: Site) -> list[str]:
    """Three people as a field names them."""
    with site.work.write() as request:
        room = Department(name="总值班室", short_name="总值班室")
        found = [
            Person(
                department=room, name=name, position=n,
                numbers=[PhoneNumber(kind=NumberKind.MOBILE, number=f"1541234567{n}")],
            )
            for n, name in enumerate(["李建国", "张伟", "陈静"])
        ]  # fmt: skip
        request.db.add_all(found)
        request.db.flush()
        return [choice_text(person) for person in found]


def add_shift(site: Site, day: date, *duties: ShiftDuty, name: str = "白班", begin: int = 0) -> int:
    """A shift from ``begin`` o'clock in China, served by the first people in this order."""
    with site.work.write() as request:
        starts = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=begin)
        ids = request.db.scalars(select(Person.id).order_by(Person.id)).all()
        shift = Shift(
            starts_at=starts, ends_at=starts + timedelta(hours=12), name=name,
            members=[ShiftMember(person_id=ids[n], duty=duty) for n, duty in enumerate(duties)],
        )  # fmt: skip
        request.db.add(shift)
        request.db.flush()
        return shift.id


def told(site: Site) -> list[str]:
    with site.work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


class TestMonth:
    def test_a_day_is_filled_in_place(self, site: Site, people: list[str], today: date) -> None:
        admin, day = site.logged_in(Role.ADMINISTRATOR), today + timedelta(days=1)
        assert f'data-day="{today}"' in admin.get("/roster").text
        page = admin.get(f"/roster/days/{day}")
        form = form_with(page, "starts")
        form["name"] = "白班"
        made = form.submit(headers=HX)
        assert "<html" not in made.text  # only the day, for the month to show
        form = form_with(made, "seen")
        form["post"], form["person"] = "leader.on_call", people[0]
        saved = form.submit(headers=HX)
        assert "saved" in saved.text
        assert "nobody at the desk" in saved.text
        month = admin.get(f"/roster?month={day:%Y-%m}")
        assert "李建国" in month.text
        assert "on call" in month.text
        assert [action for action in told(site) if action.startswith("shift.")] == ["shift.created", "shift.edited"]

    def test_who_saves_upon_somebody_elses_change_is_told(self, site: Site, people: list[str], today: date) -> None:
        number = add_shift(site, today, ShiftDuty.LEADER)
        admin = site.logged_in(Role.ADMINISTRATOR)
        mine, theirs = (form_with(admin.get(f"/roster/days/{today}"), "seen") for _ in range(2))
        theirs.set("person", people[1], index=0)
        theirs.submit().follow()
        mine.set("person", people[2], index=1)
        refused = mine.submit(expect_errors=True)
        assert refused.status_int == 422
        assert "meanwhile: 张伟" in refused.text
        assert people[2] in refused.text  # nothing that was typed is lost
        form_with(refused, "seen").submit().follow()
        with site.work.read() as request:
            names = {member.person.name for member in request.db.get_one(Shift, number).members}
        assert names == {"李建国", "陈静"}

    def test_a_year_not_published_is_said_and_can_be_entered(self, site: Site) -> None:
        admin = site.logged_in(Role.ADMINISTRATOR)
        page = admin.get("/roster?month=2031-02")
        assert "of 2031 are not known" in page.text
        form = form_with(page.click("Enter them"), "kind")
        form["first"], form["last"], form["name"] = "2031-02-01", "2031-02-02", "春节"
        form.submit().follow()
        page = admin.get("/roster?month=2031-02")
        assert "2 days entered here" in page.text
        assert "off 春节*" in page.text

    def test_nobody_but_an_administrator_changes_it(self, site: Site, people: list[str], today: date) -> None:
        number = add_shift(site, today, ShiftDuty.LEADER)
        officer = site.logged_in(Role.OFFICER)
        assert "<select" not in officer.get(f"/roster/days/{today}").text
        token = officer.get("/account").html.find("meta", {"name": "csrf-token"})["content"]
        for path in (f"days/{today}", f"shifts/{number}", f"shifts/{number}/remove", "periods", "calendar"):
            officer.post(f"/roster/{path}", {"csrf_token": token}, status=403)
        assert site.logged_in(Role.DISPLAY).get("/roster").status_int == 200

    @pytest.mark.parametrize(
        "address", ["?month=x", "?month=2026-13", "/week?week=1", "/days/2026-02-30", "/shifts/99"]
    )
    def test_an_address_that_names_nothing_is_refused(self, standing_site: Site, address: str) -> None:
        found = standing_site.logged_in(Role.DISPLAY).get("/roster" + address, expect_errors=True)
        assert found.status_int in (400, 404)


class TestSensitivePeriod:
    def test_it_asks_for_more_people_and_the_desk_hears_of_it(self, site: Site, people: list[str], today: date) -> None:
        tomorrow = today + timedelta(days=1)
        add_shift(site, tomorrow, ShiftDuty.LEADER, ShiftDuty.OFFICER)
        admin = site.logged_in(Role.ADMINISTRATOR)
        form = form_with(admin.get("/roster/calendar"), "leader")
        form["name"], form["first"], form["last"], form["officer"] = "两会", f"{tomorrow}", f"{today}", "2"
        refused = form.submit(expect_errors=True)
        assert "before the first" in refused.text
        form = form_with(refused, "leader")
        form["last"] = f"{tomorrow}"
        page = form.submit().follow()
        assert "asks for 2 (Duty officer), 1 there" in admin.get(f"/roster/days/{tomorrow}").text
        assert "两会 asks for 2" in site.logged_in(Role.OFFICER).get("/roster/handovers/new").text

        edited = form_to(page.click("Edit"), "/roster/periods/1")
        edited["officer"] = "1"
        edited.submit().follow()
        assert "asks for" not in admin.get(f"/roster/days/{tomorrow}").text
        assert [action for action in told(site) if action.startswith("period.")] == ["period.entered", "period.edited"]


class TestSwap:
    def test_two_agree_and_a_leader_confirms_on_screen(self, site: Site, people: list[str], today: date) -> None:
        first = add_shift(site, today + timedelta(days=1), ShiftDuty.OFFICER)
        with site.work.write() as request:
            theirs = request.db.scalars(select(Person).order_by(Person.id).offset(1).limit(1)).one()
            theirs_id = theirs.id
            begin = request.db.get_one(Shift, first).ends_at
            second = Shift(
                starts_at=begin, ends_at=begin + timedelta(hours=12), name="夜班",
                members=[ShiftMember(person=theirs, duty=ShiftDuty.OFFICER)],
            )  # fmt: skip
            request.db.add(second)
            request.db.flush()
            second_id = second.id
        admin = site.logged_in(Role.ADMINISTRATOR)
        page = admin.get("/roster/accounts")
        for role, person in ((Role.OFFICER, people[0]), (Role.LEADER, people[1])):
            form = form_to(page, f"/roster/accounts/{site.ids[role]}")
            form["person"] = person
            page = form.submit().follow()
        officer, leader = site.logged_in(Role.OFFICER), site.logged_in(Role.LEADER)
        asking = officer.get(f"/roster/days/{today + timedelta(days=1)}").click("Swap or stand-in …", index=0)
        form = form_with(asking, "swap")
        form["reason"] = "家中有事"
        form = form_with(form.submit(status=422), "swap")
        assert form["reason"].value == "家中有事"
        form["swap"] = f"{second_id}:{theirs_id}"
        assert "Waits for the other one" in form.submit().follow().text
        assert "waits for your word" in leader.get("/desk/right").text
        waiting = leader.get("/roster/changes")
        agreed = form_to(waiting, "/agree")
        assert "Agreed, waits to be confirmed" in agreed.submit().follow().text
        assert "/confirm" not in leader.get("/roster/changes").text  # one of the two: somebody else confirms
        done = form_to(admin.get("/roster/changes"), "/confirm").submit().follow()
        assert "Done" in done.text
        with site.work.read() as request:
            names = [request.db.get_one(Shift, one).members[0].person.name for one in (first, second_id)]
        assert names == ["张伟", "李建国"]

"""The directory as pages: a list that loads a page at a time, and departments as a tree."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from webtest import Upload

from dutycenter.cli.seed import seed_city
from dutycenter.directory.imports import jobs
from dutycenter.directory.models import Department, Person
from dutycenter.directory.services import PAGE, Directory
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from tests.functional.conftest import Site, form_to, form_with


@pytest.fixture
def city(site: Site) -> Site:
    """The site with 150 people in ten departments and four towns."""
    with site.work.write() as request:
        seed_city(request, 150)
    return site


def names(page: object) -> list[str]:
    return [link.text for link in page.html.select("table.people .row-link")]  # type: ignore[attr-defined]


class TestList:
    def test_everybody_is_there_once_page_by_page(self, city: Site) -> None:
        browser = city.logged_in(Role.OFFICER)
        pages = [browser.get(f"/directory?page={n}") for n in (1, 2, 3)]

        assert [len(names(page)) for page in pages] == [PAGE, PAGE, 50]
        assert len({link["href"] for page in pages for link in page.html.select(".row-link")}) == 150
        assert "Page 2 of 3" in pages[1].text
        assert names(browser.get("/directory?page=999")) == names(pages[2])
        assert names(browser.get("/directory?page=x")) == names(pages[0])

    def test_a_district_opens_its_departments_and_a_department_its_people(self, city: Site) -> None:
        browser = city.logged_in(Role.OFFICER)
        page = browser.get("/directory").click("临江区")
        assert len(names(page)) == 25
        page = page.click("双河镇")
        assert len(names(page)) == 25
        assert page.html.select_one(".side a[aria-current]").text.strip().startswith("双河镇")

    def test_who_cannot_be_called_is_counted_as_each_one_alone(self, city: Site) -> None:
        with city.work.read() as request:
            now = request.find_service(IClock).now()
            alone = [person.name for person, _reach in request.find_service(Directory).uncallable(now)]
        page = city.logged_in(Role.OFFICER).get("/directory?show=uncallable")

        assert len(alone) == 4
        assert names(page) == alone
        assert page.html.select_one(".side-act b").text == "4"


class TestDistricts:
    def test_one_is_added_named_anew_and_never_given_anothers_code(self, city: Site) -> None:
        page = city.logged_in(Role.ADMINISTRATOR).get("/directory").click("Districts")
        form = form_to(page, "/directory/districts/")
        new = next(one for one in page.forms.values() if one.action.endswith("/directory/districts"))
        new["code"], new["name"] = "430191", "新区"
        assert "Another district has this code" in new.submit(status=422).text
        new["code"] = "430199"
        page = new.submit().follow()
        assert "430199" in page.text
        form["name"] = "<i>滨江区"
        page = form.submit().follow()
        assert "&lt;i&gt;滨江区" in page.text


class TestDepartments:
    def test_one_is_put_below_another_and_never_below_itself(self, city: Site) -> None:
        browser = city.logged_in(Role.ADMINISTRATOR)
        with city.work.read() as request:
            water = request.db.scalars(select(Department).where(Department.short_name == "水利局")).one().id
        page = browser.get(f"/directory?department={water}").click("New department")
        form = form_with(page, "parent")
        assert form["parent"].value == str(water)
        form["name"] = "云江市水文站"
        page = form.submit().follow()
        station = int(page.request.params["department"])

        page = browser.get(f"/directory?department={water}").click("Edit this department")
        assert station not in {int(option[0] or 0) for option in form_with(page, "parent")["parent"].options}
        form_with(page, "parent")["parent"].force_value(str(station))
        refused = form_with(page, "parent").submit(status=422)
        assert "does not itself stand below" in refused.text

        with city.work.read() as request:
            assert request.db.get(Department, water).parent_id is None
            last = request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(1)).one()
            assert last.action == "department.created"
            assert json.loads(last.data)["parent"] == water

    def test_only_an_empty_one_is_removed_and_its_name_may_be_given_again(self, city: Site) -> None:
        browser = city.logged_in(Role.ADMINISTRATOR)
        with city.work.read() as request:
            water = request.db.scalars(select(Department).where(Department.short_name == "水利局")).one().id
        full = form_to(browser.get(f"/directory/departments/{water}"), "/remove").submit().follow()
        assert "without people and departments" in full.text

        for _time in range(2):
            form = form_with(browser.get("/directory/departments/new"), "parent")
            form["name"] = "云江市水文站"
            station = form.submit().follow().request.params["department"]
            gone = form_to(browser.get(f"/directory/departments/{station}"), "/remove").submit().follow()
            assert "云江市水文站" not in str(gone.html.select_one(".side"))

    def test_its_list_holds_the_people_of_those_below(self, city: Site) -> None:
        with city.work.write() as request:
            water, town = (
                request.db.scalars(select(Department).where(Department.short_name == name)).one()
                for name in ("水利局", "双河镇")
            )
            town.parent_id = water.id
            own = request.db.scalars(select(Person.id).where(Person.department_id == water.id)).all()
            address = f"/directory?department={water.id}"
        assert len(names(city.logged_in(Role.OFFICER).get(address))) == len(own) + 25


class TestSheets:
    def test_the_list_is_taken_away_changed_handed_in_looked_at_confirmed_and_undone(self, city: Site) -> None:
        browser = city.logged_in(Role.ADMINISTRATOR)
        page = browser.get("/directory")
        sheet = page.click("This list as CSV").body
        assert sheet.startswith("\ufeff".encode())
        lines = sheet.decode("utf-8-sig").splitlines()
        changed = [lines[0], ",".join(["", "<b>新人</b>", *lines[20].split(",")[2:]]), lines[20]]

        page = page.click("Take in a sheet")
        form = form_with(page, "sheet")
        form["sheet"] = Upload("名单.csv", "\n".join(changed).encode("gb18030"))
        waiting = form.submit().follow()
        assert "Being read" in waiting.text
        jobs.work_on(city.work)

        page = browser.get(waiting.request.path)
        assert "Nothing is saved yet" in page.text
        assert "&lt;b&gt;新人&lt;/b&gt;" in page.text
        assert "<b>新人" not in page.text
        assert form_to(page, "/confirm").submit().follow().status_int == 200
        jobs.work_on(city.work)
        page = browser.get(waiting.request.path)
        assert "1 row was taken in" in page.text
        assert len(names(browser.get("/directory", {"q": "新人"}))) == 1

        form_to(page, "/undo").submit()
        jobs.work_on(city.work)
        assert "Undone at" in browser.get(waiting.request.path).text
        assert names(browser.get("/directory", {"q": "新人"})) == []
        again = browser.post(
            waiting.request.path + "/confirm", {"csrf_token": page.forms[0]["csrf_token"].value}, status=409
        )
        assert "done already" in again.text

    def test_without_a_file_it_says_so_and_the_template_says_how(self, city: Site) -> None:
        browser = city.logged_in(Role.ADMINISTRATOR)
        page = browser.get("/directory/imports")
        assert "Choose a file first" in form_with(page, "sheet").submit(status=422).text
        assert page.click("Template to fill in").body.startswith(b"PK")


class TestDuplicates:
    def test_two_are_made_one_and_two_again(self, city: Site) -> None:
        with city.work.write() as request:
            one, other = request.db.scalars(select(Person).where(Person.removed_at.is_(None)).limit(2)).all()
            other.numbers[0].number = one.numbers[0].number
            kept = one.id
        browser = city.logged_in(Role.ADMINISTRATOR)
        page = browser.get("/directory").click("Perhaps twice")
        assert "Both have the number" in page.text
        page = form_to(page, f"/{kept}/").submit().follow()
        assert "one person now" in page.text
        assert "Nobody seems to stand here twice" in page.text
        page = form_to(page, "/part/").submit().follow()
        assert "Both have the number" in page.text
        page = form_to(page, "/apart").submit().follow()
        assert "Nobody seems to stand here twice" in page.text


class TestTwoWhoEditOnePerson:
    def test_the_second_is_asked_before_the_firsts_change_is_replaced(self, city: Site) -> None:
        first, second = city.logged_in(Role.ADMINISTRATOR), city.logged_in(Role.ADMINISTRATOR)
        early, late = (form_with(one.get("/directory/people/1/edit"), "post") for one in (first, second))
        early["post"], late["post"] = "副市长", "秘书长"
        early.submit(status=303)

        asked = late.submit(status=422)

        assert "Somebody changed this person meanwhile" in asked.text
        again = form_with(asked, "post")
        assert again["post"].value == "秘书长"
        assert "秘书长" in again.submit(status=303).follow().text

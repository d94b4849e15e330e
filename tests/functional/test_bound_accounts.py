"""Accounts that are bound to a department: what they see, change and call is its branch, and nothing leads out."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from webtest import TestApp

from broadcast.models import Recipient
from broadcast.services import Broadcasts
from broadcast.settle import Ground
from dutycenter.accounts.models import Account
from dutycenter.cli.seed import seed_city
from dutycenter.directory.models import Department, Person
from dutycenter.interfaces import IBroadcasts, Wish
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from tests.functional.conftest import Site, form_with


@pytest.fixture
def city(site: Site) -> Site:
    """A city; its officer and its administrator are bound to the water bureau, below which stands a town."""
    with site.work.write() as request:
        seed_city(request, 100)
        water, town = (department(request, name) for name in ("水利局", "双河镇"))
        town.parent_id = water.id
        for role in (Role.OFFICER, Role.ADMINISTRATOR):
            request.db.get(Account, site.ids[role]).department_id = water.id
    return site


def department(request: object, name: str) -> Department:
    found: Department = request.db.scalars(select(Department).where(Department.short_name == name)).one()  # type: ignore[attr-defined]
    return found


def someone(site: Site, name: str) -> tuple[int, str, str]:
    """Id, name and first number of the first person of a department."""
    with site.work.read() as request:
        person = request.db.scalars(
            select(Person).where(Person.department_id == department(request, name).id).order_by(Person.id)
        ).first()
        return person.id, person.name, person.numbers[0].number


def people(page: object) -> int:
    return len(page.html.select("table.people .row-link"))  # type: ignore[attr-defined]


def token(browser: TestApp) -> str:
    return str(browser.get("/account").html.find("meta", {"name": "csrf-token"})["content"])


class TestSeeing:
    def test_the_branch_and_nothing_else_in_every_list(self, city: Site) -> None:
        browser = city.logged_in(Role.OFFICER)
        ours, theirs, own_town = (someone(city, name) for name in ("水利局", "应急局", "双河镇"))

        assert people(browser.get("/directory")) == 6 + 25
        assert browser.get(f"/directory/people/{ours[0]}").status_int == 200
        assert browser.get(f"/directory/people/{own_town[0]}").status_int == 200
        browser.get(f"/directory/people/{theirs[0]}", status=404)
        browser.get(f"/directory/people/{theirs[0]}/chances", status=404)
        for address in ("/directory", "/directory/choices", "/directory/numbers", "/find", "/plans/who"):
            assert theirs[1] not in browser.get(address, {"q": theirs[2]}).text
            assert ours[1] in browser.get(address, {"q": ours[2]}).text, address
        exported = browser.get("/directory/people.csv").body.decode()
        assert ours[2] in exported
        assert theirs[2] not in exported

    def test_somebody_who_is_bound_to_nothing_sees_the_whole(self, city: Site) -> None:
        assert people(city.logged_in(Role.LEADER).get("/directory?page=2")) == 50


class TestChanging:
    def test_an_administrator_keeps_the_branch_and_no_settings(self, city: Site) -> None:
        browser = city.logged_in(Role.ADMINISTRATOR)
        ours, theirs = someone(city, "水利局"), someone(city, "应急局")
        for address in ("/settings", "/settings/accounts", "/settings/accounts/new", "/directory/districts"):
            browser.get(address, status=403)
        browser.get(f"/directory/people/{theirs[0]}/edit", status=404)
        for act in ("remove", "restore", "edit", "undo/1"):
            browser.post(f"/directory/people/{theirs[0]}/{act}", {"csrf_token": token(browser)}, status=404)

        form = form_with(browser.get(f"/directory/people/{ours[0]}/edit"), "name")
        with city.work.read() as request:
            away = department(request, "应急局").id
        assert str(away) not in {option[0] for option in form["department"].options}
        form["department"].force_value(str(away))
        assert "Choose a department" in form.submit(status=422).text

    def test_a_new_department_stands_below_theirs(self, city: Site) -> None:
        browser = city.logged_in(Role.ADMINISTRATOR)
        form = form_with(browser.get("/directory/departments/new"), "parent")
        form["name"] = "水文站"
        assert "not among those that you look after" in form.submit(status=422).text
        with city.work.read() as request:
            form["parent"] = str(department(request, "水利局").id)
        assert form.submit().status_int == 303

    def test_nobody_unbinds_themselves_and_binding_is_told(self, city: Site) -> None:
        with city.work.write() as request:
            request.db.get(Account, city.ids[Role.ADMINISTRATOR]).department_id = None
            water = department(request, "水利局").id
        browser = city.logged_in(Role.ADMINISTRATOR)
        own = browser.get(f"/settings/accounts/{city.ids[Role.ADMINISTRATOR]}").html
        assert own.select_one("fieldset[disabled] input[name=role]")
        assert own.select_one("select[name=department][disabled]")
        refused = browser.post(
            f"/settings/accounts/{city.ids[Role.ADMINISTRATOR]}",
            {"csrf_token": token(browser), "name": "A", "role": "administrator", "department": str(water)},
            status=422,
        )
        assert "Nobody changes their own rights" in refused.text

        form = form_with(browser.get(f"/settings/accounts/{city.ids[Role.LEADER]}"), "department")
        form["department"] = str(water)
        form.submit().follow()
        with city.work.read() as request:
            entry = request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(1)).one()
            assert (entry.action, json.loads(entry.data)) == ("account.department_changed", {"from": None, "to": water})
        form = form_with(browser.get(f"/settings/accounts/{city.ids[Role.AUDITOR]}"), "department")
        form["department"] = str(water)
        assert "see the whole" in form.submit(status=422).text


class TestCalling:
    def test_nobody_outside_the_branch_is_called_and_it_says_why(self, city: Site) -> None:
        ours, theirs = someone(city, "水利局"), someone(city, "应急局")
        with city.work.read() as request:
            water = department(request, "水利局").id
        with city.work.write(f"user:{city.ids[Role.OFFICER]}") as request:
            broadcasts = request.find_service(IBroadcasts)
            broadcasts.within = frozenset({water})
            made = broadcasts.draft(Wish(title="会商", message="请到会商室", people=[ours[0], theirs[0]]))
            broadcasts.launch(made)
            grounds = {r.person_id: r.outcome_ground for r in request.db.scalars(select(Recipient))}
        assert grounds == {ours[0]: "", theirs[0]: Ground.NOT_OURS.value}

    def test_the_launch_page_says_who_is_left_out(self, city: Site) -> None:
        theirs = someone(city, "应急局")
        browser = city.logged_in(Role.OFFICER)
        with city.work.read() as request:
            assert request.find_service(Broadcasts).within is None
        form = {
            "csrf_token": token(browser),
            "who": f"person:{theirs[0]}",
            "title": "x",
            "message": "请到会商室",
            "form_token": "t",
        }
        answer = browser.post("/broadcasts/new", form, status="*")
        assert answer.status_int == 422
        assert "None of the chosen people can be called" in answer.text

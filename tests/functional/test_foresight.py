"""Pages of the forecast, of a number's chances, and of why somebody waits, in both languages."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcast.forecasts.answers import Answering
from broadcast.forecasts.asking import ForesightAway, IForesight
from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.accounts.models import Account
from dutycenter.directory.models import Person, PhoneNumber
from dutycenter.interfaces import Wish
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import NumberKind, Role
from tests.functional.test_broadcasts import everybody, launch_form, town

__all__ = ["town"]


class Here:
    """``IForesight`` in the same process."""

    def __init__(self, site) -> None:
        self.answering = Answering(site.work.registry["dutycenter.engine"], site.work.settings.time_zone)

    def ask(self, kind, **question):
        return self.answering.answer({"kind": kind} | question)

    def warm(self) -> None:
        pass


class Away:
    """``IForesight`` that has no answer."""

    def ask(self, kind, **question):
        raise ForesightAway("no")

    def warm(self) -> None:
        pass


def answer_with(site, foresight) -> None:
    from pyramid.config import Configurator

    config = Configurator(registry=site.work.registry)
    config.register_service(foresight, IForesight)
    config.commit()


@pytest.fixture
def officer(town):
    """A duty officer, and forecasts without another process."""
    answer_with(town, Here(town))
    return town.logged_in(Role.OFFICER)


def in_chinese(town) -> None:
    with town.work.write() as request:
        for account in request.db.scalars(select(Account)):
            account.language = "zh_CN"


@pytest.fixture
def running(town):
    """A broadcast under way, with a goal."""
    with town.work.write() as request:
        people = request.db.scalars(select(Person.id)).all()
        broadcasts = request.find_service(Broadcasts)
        made = broadcasts.draft(Wish("防汛", "请立即到岗到位", people, channels=2, goal="水利局×1 within 5 min"))
        broadcasts.launch(made)
    return made


def forecast(browser, form, *who):
    picked = [pair for token in who for pair in (("who", token), ("tier", "0"), ("both", "no"))]
    return browser.post("/broadcasts/forecast", [*form.submit_fields(), *picked])


class TestLaunch:
    def test_it_says_when_they_will_know_and_draws_it(self, officer, town):
        form = launch_form(officer)
        form["message"], form["goal"] = "请立即到岗", "水利局 within 5 min"
        page = forecast(officer, form, *everybody(town))
        assert "acknowledged in" in page
        assert "The goal is met within 5 min with a probability of" in page
        assert page.html.select_one("svg.curve path.curve-line")["d"]
        assert float(page.html.select_one("[data-expected]")["data-expected"]) > 0

    def test_it_has_as_many_lines_as_the_button_says(self, officer, town):
        token = launch_form(officer)["csrf_token"].value

        def told(both: str) -> tuple[int, str]:
            fields = [("csrf_token", token), ("channels", "20")]
            for one in everybody(town):
                fields += [("who", one), ("tier", "0"), ("both", both)]
            button = officer.post("/broadcasts/new/called", fields).html.select_one("[data-lines]")["data-lines"]
            return int(button), officer.post("/broadcasts/forecast", fields).text

        lines, sentence = told("no")
        assert lines == 4
        assert "4 at once" in sentence
        with town.work.write() as request:
            person = request.db.scalars(select(Person).where(Person.name == "人1")).one()
            person.numbers.append(PhoneNumber(number="07311234567", kind=NumberKind.OFFICE, position=1))
        lines, sentence = told("yes")
        assert lines == 5
        assert "5 at once" in sentence
        with town.work.write() as request:
            gateway = request.db.scalars(select(Gateway)).one()
            gateway.reserved = gateway.channels
        lines, sentence = told("yes")
        assert lines == 0
        assert "No line may be used" in sentence

    def test_a_goal_that_cannot_be_read_is_told_at_once(self, officer, town):
        form = launch_form(officer)
        form["goal"] = "卫健委"
        page = forecast(officer, form, *everybody(town))
        assert "The goal names “卫健委”" in page
        in_chinese(town)
        assert "目标中的“卫健委”" in forecast(officer, form, *everybody(town))

    def test_it_speaks_chinese(self, officer, town):
        in_chinese(town)
        page = forecast(officer, launch_form(officer), *everybody(town))
        assert "确认" in page
        assert "acknowledged" not in page.html.get_text()

    def test_nobody_chosen_and_no_answer_are_told_calmly(self, officer, town):
        form = launch_form(officer)
        assert "As soon as somebody is chosen" in forecast(officer, form)
        answer_with(town, Away())
        assert "Launching does not depend on it" in forecast(officer, form, *everybody(town))

    def test_it_holds_no_lock_while_it_computes(self, officer, town):
        here = Here(town)
        seen = []

        class Writes:
            def ask(self, kind, **question):
                with town.work.write() as request:
                    seen.append(request.db.scalar(select(Person.id)))
                return here.ask(kind, **question)

        answer_with(town, Writes())
        forecast(officer, launch_form(officer), *everybody(town))
        assert seen


class TestBoard:
    def test_the_board_asks_and_is_told_from_where_it_stands(self, officer, running):
        board = officer.get(f"/broadcasts/{running}")
        path = board.html.select_one("#outlook")["hx-get"]
        page = officer.get(path)
        assert "expected at" in page or "in the end" in page
        assert "The goal is met within 5 min" in page

    def test_it_asks_no_more_after_the_end(self, officer, running, town):
        with town.work.write() as request:
            row = request.db.get(Broadcast, running)
            row.finished_at = row.launched_at
        assert officer.get(f"/broadcasts/{running}/forecast", status=286)


class TestWhy:
    def test_it_says_in_words_why_somebody_waits(self, officer, running, town):
        with town.work.read() as request:
            ids = request.db.scalars(select(Recipient.id).where(Recipient.broadcast_id == running)).all()
            without = request.db.scalar(select(Recipient.id).where(~Recipient.numbers.any()))
        other = next(one for one in ids if one != without)
        page = officer.get(f"/broadcasts/{running}/people/{other}/why")
        assert "This person is next" in page or "stand before this one" in page
        assert "0 of 2 lines are in use" in page
        assert "There is no number on which" in officer.get(f"/broadcasts/{running}/people/{without}/why")
        in_chinese(town)
        assert "路正在使用" in officer.get(f"/broadcasts/{running}/people/{other}/why")

    def test_the_panel_leads_to_it(self, officer, running, town):
        with town.work.read() as request:
            other = request.db.scalar(select(Recipient.id).where(Recipient.numbers.any()))
        panel = officer.get(f"/broadcasts/{running}/people/{other}")
        assert panel.html.select_one(f'a[href$="/people/{other}/why"]')


class TestChances:
    def test_a_number_never_called_borrows_and_says_so(self, officer, town):
        with town.work.read() as request:
            person = request.db.scalar(select(Person.id).where(Person.numbers.any()))
        found = officer.get(f"/directory/people/{person}")
        assert found.html.select_one(f'a[href="/directory/people/{person}/chances"]')
        page = officer.get(f"/directory/people/{person}/chances")
        assert "Never called: borrowed from all numbers of its kind" in page
        assert len(page.html.select(".chance-bar")) == 7
        in_chinese(town)
        assert "从未呼叫" in officer.get(f"/directory/people/{person}/chances")

    def test_nobody_without_a_login_sees_it(self, town):
        assert town.browser().get("/directory/people/1/chances", expect_errors=True).status_int in (302, 303, 401, 403)

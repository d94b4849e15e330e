"""A shift's end: what is open goes to the next officer, item by item, and both sign."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from dutycenter.accounts.models import Account
from dutycenter.incidents.documents.services import Documents
from dutycenter.incidents.instructions.services import Instructions
from dutycenter.incidents.intakes import Intakes
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.duty_log.models import DutyLogEntry
from dutycenter.vocabulary import Role, SituationKind, SourceChannel
from tests.functional.conftest import PASSWORD, Site, form_to, form_with


@pytest.fixture
def open_incident(site: Site) -> str:
    """An incident that is open; its number."""
    with site.work.write() as request:
        return str(
            request.find_service(Incidents)
            .create({"title": "柳河漫堤 <script>"}, channel=SourceChannel.PHONE, created_by_id=None)
            .number
        )


def offer(site: Site, giver: TestApp, password: str = PASSWORD, notes: str = "备用机钥匙在左边抽屉") -> TestResponse:
    form = form_with(giver.get("/roster/handovers/new"), "to")
    form["to"], form["notes"], form["password"] = str(site.ids[Role.LEADER]), notes, password
    return form.submit(expect_errors=True)


def told(site: Site) -> list[str]:
    with site.work.read() as request:
        actions = request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id))
        return [action for action in actions if action.startswith("handover.")]


class TestHandover:
    def test_item_by_item_and_two_signatures(self, site: Site, open_incident: str) -> None:
        giver, taker = site.logged_in(Role.OFFICER), site.logged_in(Role.LEADER)
        page = offer(site, giver).follow()
        assert open_incident in page.text
        assert "<script>" not in page.text.replace("<script src", "")
        assert "Officer hands over to you" in taker.get("/desk/right").text

        path = page.request.path
        early = taker.post(path + "/accept", {"password": PASSWORD, "csrf_token": token(taker)}, status=422)
        assert "Not taken on yet" in early.text
        page = taker.get(path)
        while "Take on" in page.text:
            page = form_with(page, "remark").submit().follow()
        done = form_to(page, "/accept")
        done["password"] = PASSWORD
        assert "Signed by both" in done.submit().follow().text

        assert told(site)[0] == "handover.offered"
        assert told(site)[-1] == "handover.accepted"
        assert told(site).count("handover.item_taken") == 2
        with site.work.read() as request:
            assert "Officer" in request.db.scalars(select(DutyLogEntry.text)).one()

    def test_a_form_that_is_no_incident_yet_is_handed_over_and_counted(self, site: Site) -> None:
        with site.work.write() as request:
            intakes = request.find_service(Intakes)
            form = intakes.blank(site.ids[Role.OFFICER], SourceChannel.FAX)
            intakes.save(form.id, form.version, {"course": "人民路两车相撞 <script>"})
            form_id = form.id
        giver = site.logged_in(Role.OFFICER)
        page = offer(site, giver).follow()
        assert "Unfinished form: 人民路两车相撞 &lt;script&gt;" in page.text
        assert f"/desk?intake={form_id}" in page.text
        # An auditor reads what was handed over, and is led nowhere that is closed to them.
        read = site.logged_in(Role.AUDITOR).get(page.request.path)
        assert "人民路两车相撞" in read.text
        assert "/desk" not in read.text
        assert "Tasks <b>1</b>" in giver.get("/strip").text

    def test_whoever_reads_it_reads_their_own_language_and_notes_as_they_were_typed(self, site: Site) -> None:
        with site.work.write() as request:
            one = request.find_service(Incidents).create({"title": "柳河漫堤"}, channel=SourceChannel.PHONE)
            now = request.find_service(IClock).now()
            request.find_service(Instructions).give(
                one.id, leader="李建国", text="疏导交通", owner="市公安局", given_at=now, due_at=None,
                account_id=site.ids[Role.OFFICER],
            )  # fmt: skip
            request.find_service(Documents).draft(one.id, SituationKind.FIRST, site.ids[Role.OFFICER], "zh_CN")
            number = one.number
        page = offer(site, site.logged_in(Role.OFFICER), notes="key in the drawer").follow()
        assert f"Incident {number} 柳河漫堤 is open" in page.text
        with site.work.write() as request:
            request.db.get(Account, site.ids[Role.LEADER]).language = "zh_CN"
        read = site.logged_in(Role.LEADER).get(page.request.path).html.select_one("table").text
        for words in (f"事件 {number} 柳河漫堤 处置中", "初报", "疏导交通", "key in the drawer"):
            assert words in read
        for words in ("is open", "First report", "is to do"):
            assert words not in read

    def test_a_wrong_password_signs_nothing_and_keeps_what_was_typed(self, site: Site) -> None:
        page = offer(site, site.logged_in(Role.OFFICER), password="wrong", notes="钥匙")
        assert page.status_int == 422
        assert "钥匙" in page.text
        assert told(site) == []

    def test_only_the_next_officer_takes_and_only_the_giver_takes_back(self, site: Site) -> None:
        giver, taker = site.logged_in(Role.OFFICER), site.logged_in(Role.LEADER)
        path = offer(site, giver).follow().request.path
        for browser, act in ((giver, "accept"), (taker, "withdraw")):
            refused = browser.post(f"{path}/{act}", {"password": PASSWORD, "csrf_token": token(browser)}, status=422)
            assert "somebody else" in refused.text
        giver.post(f"{path}/withdraw", {"csrf_token": token(giver)}, status=303)
        over = taker.post(f"{path}/accept", {"password": PASSWORD, "csrf_token": token(taker)}, status=422)
        assert "is over" in over.text

    def test_an_item_can_be_given_back_before_the_signature(self, site: Site) -> None:
        giver, taker = site.logged_in(Role.OFFICER), site.logged_in(Role.LEADER)
        path = offer(site, giver).follow().request.path
        page = form_with(taker.get(path), "remark").submit().follow()
        page = form_with(page, "item").submit().follow()
        assert "Take on" in page.text

    def test_one_offer_at_a_time(self, site: Site) -> None:
        giver = site.logged_in(Role.OFFICER)
        offer(site, giver)
        assert "has not signed yet" in giver.get("/roster/handovers/new").text


class TestDutyLogPage:
    def test_it_is_written_and_put_right(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        form = form_with(browser.get("/roster/log"), "text")
        form["text"] = "市防办来电询问水位"
        page = form.submit().follow()
        assert "Written as number 1" in page.text
        correcting = page.click("Put right")
        form = form_with(correcting, "corrects")
        form["text"] = "省防办来电询问水位"
        page = form.submit().follow()
        assert "Put right by number 2" in page.text

    def test_who_only_reads_finds_no_form_and_cannot_write(self, site: Site) -> None:
        browser = site.logged_in(Role.AUDITOR)
        assert "<textarea" not in browser.get("/roster/log").text
        browser.post("/roster/log", {"text": "x", "csrf_token": token(browser)}, status=403)

    @pytest.mark.parametrize("address", ["?day=x", "?day=1000-01-01", "?corrects=999", "?corrects=x"])
    def test_an_address_that_names_nothing_is_refused(self, site: Site, address: str) -> None:
        assert site.logged_in(Role.OFFICER).get("/roster/log" + address, expect_errors=True).status_int in (400, 404)


def token(browser: TestApp) -> str:
    return str(browser.get("/account").html.find("meta", {"name": "csrf-token"})["content"])

"""The administrator's page of the deadline rules."""

from __future__ import annotations

from typing import Any

from dutycenter.incidents.samples import seed_deadline_rules
from dutycenter.incidents.services import Incidents
from dutycenter.vocabulary import Role
from tests.functional.conftest import form_to, form_with


def test_a_rule_is_added_changed_and_switched_off(site: Any) -> None:
    admin = site.logged_in(Role.ADMINISTRATOR)
    assert "There is no rule yet" in admin.get("/settings/deadlines")
    form = form_with(admin.get("/settings/deadlines/new"), "citation")
    form["minutes"] = "-5"
    page = form.submit(status=422)
    assert "Give minutes from 1" in page
    assert "Name the regulation" in page
    form = form_with(page, "citation")
    form["level"], form["minutes"], form["citation"] = "II", "45", "<b>某令</b>"
    page = form.submit().follow()
    assert "<b>某令</b>" in page.html.select_one("tbody").text
    with site.work.write() as request:
        incident = request.find_service(Incidents).create({"level": "II"}).id
    path = page.html.select_one("tbody a")["href"]
    form = form_with(admin.get(path), "move")
    form["minutes"], form["move"] = "30", True
    page = form.submit().follow()
    assert "running deadlines held against it: 1" in page
    admin.get(path, status=404)  # another has taken its place
    assert "45 min" in admin.get(page.html.select_one("tbody a")["href"]).html.select_one(".fact-history").text
    officer = site.logged_in(Role.OFFICER)
    assert "the deadline moves" in officer.get(f"/incidents/{incident}").html.select_one(".timeline").text
    page = form_to(page, "/off").submit().follow()
    assert "Not used" in page
    assert "used again" in form_to(page, "/on").submit().follow()
    officer.get("/settings/deadlines", status=403)


def test_the_samples_are_listed(site: Any) -> None:
    with site.work.write() as request:
        seed_deadline_rules(request.db)
    page = site.logged_in(Role.ADMINISTRATOR).get("/settings/deadlines")
    assert "daily 08:00 · 17:00" in page.html.select_one("tbody").text

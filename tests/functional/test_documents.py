"""A 专报 on screen: drafted, typed, kept, printed, sent, confirmed."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

from sqlalchemy import select
from webtest import TestApp, TestResponse

from dutycenter.accounts.models import Account
from dutycenter.incidents.services import Incidents
from dutycenter.vocabulary import Role
from reports.jobs import make_waiting
from tests.functional.conftest import form_to, form_with

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


def begun(site: Any) -> tuple[int, TestApp, TestResponse]:
    with site.work.write() as request:
        incident = request.find_service(Incidents).create({"title": "湘江大桥追尾", "course": HOSTILE}).id
    officer = site.logged_in(Role.OFFICER)
    page = officer.get(f"/incidents/{incident}")
    return incident, officer, form_to(page, "/documents").submit("kind", value="first").follow()


def test_a_report_from_draft_to_confirmed(site: Any) -> None:
    incident, officer, page = begun(site)
    assert HOSTILE in form_with(page, "body")["body"].value
    assert "<img src=x" not in page
    form = form_with(page, "body")
    path = form.action
    typed = {name: form[name].value for name in ("csrf_token", "version", "title", "body")}
    as_typed = {**typed, "body": "一、情况\n正文。", "keep": ""}
    told = officer.post(path, as_typed, headers={"HX-Request": "true"})
    assert told.json["version"] == 2
    assert "Saved" in told.json["said"]
    late = officer.post(path, {**typed, "body": "没看见", "keep": ""}, headers={"HX-Request": "true"}, status=409)
    assert "meanwhile" in late.json["said"]
    page = officer.post(path, {**typed, "body": "没看见"}, status=409)
    assert form_with(page, "body")["body"].value == "没看见"
    page = officer.get(path)
    form = form_with(page, "body")
    form["body"] = "一、情况\n正文二。"
    page = form.submit().follow()
    version = officer.get(page.html.select_one("a[href*='/versions/1']")["href"])
    assert "正文二" in version

    word = officer.get(f"{path}.docx")
    with ZipFile(io.BytesIO(word.body)) as archive:
        text = archive.read("word/document.xml").decode()
    assert "正文二" in text
    assert "草稿" in text
    officer.post(f"{path}/paper", {"csrf_token": typed["csrf_token"]})
    make_waiting(site.work)
    made = officer.get(f"{path}/paper")
    pdf = officer.get(made.html.select_one("a[target=_blank]")["href"])
    assert pdf.body.startswith(b"%PDF")

    form = form_with(officer.get(path), "to_whom")
    form["to_whom"], form["means"] = HOSTILE, "fax"
    page = form.submit().follow()
    assert "frozen" in page
    assert page.html.select_one("#document") is None
    assert officer.post(path, {**typed, "version": "3"}, status=422)
    form = form_with(page, "with")
    form["with"] = "省值班室 王强"
    page = form.submit().follow()
    assert "省值班室 王强" in page.html.select_one("aside").text
    timeline = officer.get(f"/incidents/{incident}?show=reports").html.select_one(".timeline").text
    assert f"First report sent to {HOSTILE}" in timeline
    assert "confirmed by telephone" in timeline
    with site.work.write() as request:
        for account in request.db.scalars(select(Account)):
            account.language = "zh_CN"
    timeline = officer.get(f"/incidents/{incident}?show=reports").html.select_one(".timeline").text
    assert "初报" in timeline
    assert "First report" not in timeline


def test_a_draft_is_thrown_away_and_taken_back(site: Any) -> None:
    _incident, _officer, page = begun(site)
    page = form_to(page, "/discard").submit().follow()
    assert "thrown away" in page
    page = form_to(page, "/take-back").submit().follow()
    assert form_with(page, "body")


def test_an_auditor_reads_and_a_display_does_not(site: Any) -> None:
    incident, officer, page = begun(site)
    path = form_with(page, "body").action
    auditor = site.logged_in(Role.AUDITOR)
    page = auditor.get(path)
    assert not page.html.select("main form[action*='/documents/']")
    token = page.html.select_one("meta[name=csrf-token]")["content"]
    for address in (path, f"{path}/send", f"{path}/discard", f"/incidents/{incident}/documents"):
        auditor.post(address, {"csrf_token": token, "kind": "first"}, status=403)
    site.logged_in(Role.DISPLAY).get(path, status=403)
    officer.get("/incidents/documents/4711", status=404)
    officer.get("/incidents/documents/4711.docx", status=404)

"""Incidents: found again, changed in place with their history, timed, closed with undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from dutycenter.incidents.models import Deadline, Incident
from dutycenter.incidents.samples import seed_deadline_rules
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import Role

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture
def incident(site: Any) -> int:
    with site.work.write() as request:
        seed_deadline_rules(request.db)
        now = request.find_service(IClock).now()
        texts = {"title": "湘江大桥追尾", "place": "湘江大桥", "level": "III", "reporter_name": HOSTILE}
        return request.find_service(Incidents).create(texts, reported_at=now - timedelta(minutes=50)).id


@pytest.fixture
def officer(site: Any, incident: int) -> TestApp:
    return site.logged_in(Role.OFFICER)


def post(browser: TestApp, path: str, **fields: str) -> TestResponse:
    token = browser.get("/incidents").html.select_one("meta[name=csrf-token]")["content"]
    return browser.post(path, {"csrf_token": token, **fields}, expect_errors=True)


class TestList:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, True),
            ({"q": "追尾"}, True),
            ({"q": "100%"}, False),
            ({"q": "' OR 1=1 --"}, False),
            ({"level": "III", "status": "open"}, True),
            ({"level": "I"}, False),
            ({"level": "XX", "class": "'", "page": "9" * 40}, True),
            ({"from": "2000-01-01", "until": "9999-12-31"}, True),
            ({"from": "yesterday", "page": "-1"}, True),
            ({"until": "2001-01-01"}, False),
        ],
    )
    def test_it_finds_what_fits(self, officer: TestApp, query: dict[str, str], found: bool) -> None:
        assert ("湘江大桥追尾" in officer.get("/incidents", query)) is found

    def test_it_finds_by_number(self, site: Any, officer: TestApp, incident: int) -> None:
        with site.work.read() as request:
            number = request.db.get(Incident, incident).number
        assert "湘江大桥追尾" in officer.get("/incidents", {"q": number})
        assert "湘江大桥追尾" in officer.get("/find", {"q": number})

    def test_an_empty_one_teaches(self, site: Any) -> None:
        assert "One is made at the duty desk" in site.logged_in(Role.OFFICER).get("/incidents")


class TestPage:
    def test_hostile_names_are_text(self, officer: TestApp, incident: int) -> None:
        page = officer.get(f"/incidents/{incident}")
        assert HOSTILE in page.html.select_one("#fact-reporter_name .value").text
        assert "<img src=x" not in page

    @pytest.mark.parametrize(
        "path", ["4711", "4711/timeline", "1/facts/password", "4711/facts/place", "x", "9999999999"]
    )
    def test_what_is_unknown_is_not_found(self, standing_site: Any, path: str) -> None:
        assert "There is nothing here" in standing_site.logged_in(Role.OFFICER).get(f"/incidents/{path}", status=404)

    def test_an_auditor_reads_but_changes_nothing(self, site: Any, incident: int) -> None:
        auditor = site.logged_in(Role.AUDITOR)
        page = auditor.get(f"/incidents/{incident}")
        assert page.html.select_one(".fact button") is None
        assert post(auditor, f"/incidents/{incident}/close").status_int == 403
        assert post(auditor, f"/incidents/{incident}/facts/place", text="x", was="").status_int == 403
        assert "<form" not in auditor.get(f"/incidents/{incident}/facts/place?edit")


class TestFacts:
    def test_a_change_is_a_line_of_the_timeline(self, officer: TestApp, incident: int) -> None:
        form = officer.get(f"/incidents/{incident}/facts/place?edit").form
        form["text"] = "湘江大桥东头"
        page = form.submit().follow()
        assert "湘江大桥东头" in page.html.select_one("#fact-place .value").text
        assert "湘江大桥 → 湘江大桥东头" in page.html.select_one(".timeline").text

    def test_somebody_elses_change_is_shown_and_not_overwritten(
        self, site: Any, officer: TestApp, incident: int
    ) -> None:
        form = officer.get(f"/incidents/{incident}/facts/place?edit").form
        with site.work.write() as request:
            request.find_service(Incidents).edit(incident, {"place": "橘子洲大桥"})
        form["text"] = "银盆岭大桥"
        answer = form.submit(expect_errors=True)
        assert answer.status_int == 409
        assert "橘子洲大桥" in answer
        assert answer.form["text"].value == "银盆岭大桥"
        answer.form.submit().follow()
        with site.work.read() as request:
            assert request.db.get(Incident, incident).place == "银盆岭大桥"

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("dead", "-3", "cannot be read as “dead”"),
            ("dead", "9" * 300, "16 are the most"),
            ("level", "V", "cannot be read"),
            ("occurred_at", "gestern", "cannot be read"),
            ("district_id", "4711", "cannot be read"),
            ("course", "长" * 21_000, "20000 are the most"),
        ],
    )
    def test_what_is_wrong_is_said_and_stays_in_the_field(
        self, officer: TestApp, incident: int, name: str, text: str, said: str
    ) -> None:
        answer = post(officer, f"/incidents/{incident}/facts/{name}", text=text, was="III" if name == "level" else "")
        assert answer.status_int == 422
        assert said in answer
        if name not in ("level", "district_id"):
            assert answer.form["text"].value == text


class TestAnswers:
    @pytest.mark.parametrize(("people", "lines"), [(3, 3), (40, 1)])
    def test_many_in_a_row_are_one_line(
        self, site: Any, officer: TestApp, incident: int, people: int, lines: int
    ) -> None:
        with site.work.write() as request:
            incidents = request.find_service(Incidents)
            for n in range(people):
                incidents.note(incident, f"{n}号已到达", "broadcast", {"broadcast": 7, "recipient": n})
            incidents.note(incident, "镇长来电")
            incidents.note(incident, "最后一人已到达", "broadcast", {"broadcast": 7, "recipient": people})
        shown = officer.get(f"/incidents/{incident}").html.select_one(".timeline")
        answers = [line for line in shown.find_all("li", recursive=False) if "已到达" in line.text]
        assert len(answers) == lines + 1
        assert "最后一人" in answers[0].text
        for n in range(people):
            assert f"{n}号已到达" in shown.text


class TestNotes:
    def test_a_note_is_added(self, officer: TestApp, incident: int) -> None:
        page = post(officer, f"/incidents/{incident}/notes", text=f"已派员到场 {HOSTILE}").follow()
        assert HOSTILE in page.html.select_one(".timeline").text

    @pytest.mark.parametrize(("text", "said"), [("   ", "Write something first"), ("长" * 21_000, "too long")])
    def test_what_is_none_is_refused(self, officer: TestApp, incident: int, text: str, said: str) -> None:
        answer = post(officer, f"/incidents/{incident}/notes", text=text)
        assert answer.status_int == 400
        assert said in answer


class TestTurn:
    def test_closing_can_be_undone(self, officer: TestApp, incident: int) -> None:
        page = post(officer, f"/incidents/{incident}/close").follow()
        assert "is closed" in page
        undo = next(form for form in page.forms.values() if form.action.endswith("/undo"))
        assert "is open again" in undo.submit().follow()


class TestDeadlines:
    def test_it_is_met_and_that_can_be_undone(self, site: Any, officer: TestApp, incident: int) -> None:
        with site.work.read() as request:
            deadline = request.db.scalars(select(Deadline)).one()
        assert "2021" in officer.get(f"/incidents/{incident}").html.select_one(".incident-clocks").text
        page = post(officer, f"/deadlines/{deadline.id}/meet").follow()
        assert "in time" in page.html.select_one(".incident-clocks").text
        page = post(officer, f"/deadlines/{deadline.id}/undo").follow()
        assert page.html.select_one(".incident-clocks [data-until]") is not None

    def test_the_strip_shows_the_next_one(self, officer: TestApp) -> None:
        clock = officer.get("/strip").html.select_one(".strip-item [data-until]")
        assert clock["data-whole"] == "3600"

    def test_an_unknown_one_is_not_found(self, officer: TestApp) -> None:
        assert post(officer, "/deadlines/4711/meet").status_int == 404

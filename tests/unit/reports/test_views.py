"""The pages: everybody may read, administrators may ask, nobody gets in from outside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from webtest import TestApp

from dutycenter.accounts.models import Account
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.calls.models import Call, Recording
from dutycenter.incidents.models import Incident
from dutycenter.vocabulary import ReportState, Role
from dutycenter.work import Work
from reports import jobs
from reports.models import Report
from reports.period import Month
from tests.conftest import web_application
from tests.support import city

OCTOBER = Month(2026, 10)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The product's clock stands still, in the middle of November."""
    moment = datetime(2026, 11, 15, 4, tzinfo=UTC)
    monkeypatch.setattr("dutycenter.clock.SystemClock.now", lambda clock: moment)
    return moment


@pytest.fixture
def browser(sqlite_work: Work, now: datetime) -> Callable[[Role], TestApp]:
    """A browser in which somebody of a role is logged in."""

    def open_browser(role: Role) -> TestApp:
        with sqlite_work.write() as request:
            account = Account(username=role.value, name=role.value, role=role, password_hash="-", must_change=False,
                              factor_secret="set up", created_at=now)  # fmt: skip
            request.db.add(account)
            request.db.flush()
            token = Sessions(request.db, sqlite_work.settings, now).open(account, "127.0.0.1")
        app = TestApp(web_application(sqlite_work.settings))
        app.set_cookie(COOKIE, token)
        return app

    return open_browser


def filled(work: Work, busy: float = 1.0) -> None:
    with work.write() as request:
        city.live(request.db, city.found(request.db), OCTOBER, busy=busy)


class TestIndex:
    @pytest.mark.parametrize(("language", "words"), [("zh-CN", "一有业务"), ("en", "As soon as something happens")])
    def test_an_empty_store_says_what_will_stand_here(
        self, browser: Callable[[Role], TestApp], language: str, words: str
    ) -> None:
        assert words in browser(Role.OFFICER).get("/reports/board", headers={"Accept-Language": language}).text

    def test_a_month_shows_its_figures_and_the_calendar(
        self, sqlite_work: Work, browser: Callable[[Role], TestApp]
    ) -> None:
        filled(sqlite_work)
        app = browser(Role.LEADER)
        frame = app.get("/reports?month=2026-10")
        assert "/2026-10/read" in frame.text
        page = app.get(frame.html.find(id="statistics")["hx-get"])
        assert "来电和事件时段分布" in page.text
        charts = {
            json.loads(one["data-chart"])["name"]: json.loads(one["data-chart"])
            for one in page.html.select("[data-chart]")
        }
        assert {"dates", "hours", "classes", "districts", "departments"} <= set(charts)
        assert charts["dates"]["links"][13] == "/reports/days/2026-10-14"
        assert not frame.html.select("form[action*='/ask']")

    @pytest.mark.parametrize("month", ["2026-13", "x", "%3Cscript%3E", "0001-01", "9998-12"])
    def test_an_absurd_month_is_refused_in_words(self, browser: Callable[[Role], TestApp], month: str) -> None:
        page = browser(Role.LEADER).get(f"/reports?month={month}", status="4*")
        assert "<script>" not in page.text

    def test_who_isnt_logged_in_is_sent_to_log_in(self, sqlite_work: Work, now: datetime) -> None:
        app = TestApp(web_application(sqlite_work.settings))
        for path in (
            "/reports",
            "/reports/calendar?period=2026-10",
            "/reports/2026-10.pdf",
            "/reports/2026-10/read",
            "/reports/2026-10/rows/calls",
        ):
            assert "log" in app.get(path, status=303).location


class TestAsk:
    def test_an_administrator_asks_and_reads_the_paper(
        self, sqlite_work: Work, browser: Callable[[Role], TestApp]
    ) -> None:
        app = browser(Role.ADMINISTRATOR)
        app.get("/reports/2026-10.pdf", status=404)
        page = app.get("/reports?month=2026-10")
        (form,) = [form for form in page.forms.values() if "/2026-10/ask" in form.action]
        form.submit(status=303)
        assert "等待生成" in app.get("/reports/calendar?period=2026-10").text
        jobs.make_waiting(sqlite_work)
        assert "/reports/2026-10.pdf" in app.get("/reports/calendar?period=2026-10").text
        paper = app.get("/reports/2026-10.pdf")
        assert paper.content_type == "application/pdf"
        assert paper.body.startswith(b"%PDF")

    def test_others_may_not(self, sqlite_work: Work, browser: Callable[[Role], TestApp]) -> None:
        app = browser(Role.AUDITOR)
        token = app.get("/reports").html.find("meta", {"name": "csrf-token"})["content"]
        app.post("/reports/2026-10/ask", {"csrf_token": token}, status=403)
        with sqlite_work.read() as request:
            assert request.db.scalars(select(Report)).all() == []

    def test_a_forged_form_is_refused(self, sqlite_work: Work, browser: Callable[[Role], TestApp]) -> None:
        browser(Role.ADMINISTRATOR).post("/reports/2026-10/ask", status=400)
        with sqlite_work.read() as request:
            assert request.db.scalars(select(Report)).all() == []

    def test_a_failure_is_shown_to_everybody_and_its_reason_to_administrators(
        self, sqlite_work: Work, browser: Callable[[Role], TestApp], now: datetime
    ) -> None:
        with sqlite_work.write() as request:
            request.db.add(Report(
                kind="month", about="2026-10", language="zh_CN", state=ReportState.FAILED, asked_at=now, claimed_at=now, tries=1,
                error="OSError: <b>disk</b> full", made_at=now - timedelta(days=1),
            ))  # fmt: skip
        text = browser(Role.ADMINISTRATOR).get("/reports/calendar?period=2026-10").text
        assert "&lt;b&gt;disk&lt;/b&gt; full" in text
        assert "<b>disk" not in text
        for_others = browser(Role.LEADER).get("/reports/calendar?period=2026-10").text
        assert 'class="state state-act"' in for_others
        assert "disk" not in for_others


class TestPapers:
    def test_a_paper_is_asked_for_made_and_opened_from_its_page(
        self, sqlite_work: Work, browser: Callable[[Role], TestApp]
    ) -> None:
        filled(sqlite_work, busy=0.1)
        app = browser(Role.OFFICER)
        page = app.get("/incidents/1/brief?language=zh_CN")
        assert page.html.select_one("form[hx-trigger=load]")
        page.forms["make"].submit(status=303)
        assert app.get("/incidents/1/brief?language=zh_CN").html.select_one("#paper[hx-trigger]")
        jobs.make_waiting(sqlite_work)
        page = app.get("/incidents/1/brief?language=zh_CN")
        (link,) = page.html.select("#paper a.btn-primary")
        paper = app.get(link["href"])
        assert paper.body.startswith(b"%PDF")
        assert hashlib.sha256(paper.body).hexdigest() in page.text
        app.get("/papers/1/brief-1-0000000000000000.pdf", status=404)

    def test_pages_of_things_lead_to_their_papers(self, sqlite_work: Work, browser: Callable[[Role], TestApp]) -> None:
        filled(sqlite_work, busy=0.1)
        app = browser(Role.LEADER)
        assert "/incidents/1/evidence" in app.get("/incidents/1").text
        assert "/broadcasts/1/receipts/paper" in app.get("/broadcasts/1").text
        assert "<html" in app.get("/broadcasts/1/receipts/paper").text
        roster = app.get("/roster/week?week=2026-10-05").text
        assert "/roster/weeks/2026-10-05" in roster
        assert "/log" in roster

    def test_nothing_there_is_said_and_not_tried_for_ever(
        self, sqlite_work: Work, browser: Callable[[Role], TestApp]
    ) -> None:
        app = browser(Role.LEADER)
        page = app.get("/incidents/404/brief")
        page.forms["make"].submit(status=303)
        jobs.make_waiting(sqlite_work)
        told = app.get("/incidents/404/brief").text
        assert "请告知管理员" in told
        assert "there is no incident 404" not in told, "technical words are for who can do something about them"
        assert "there is no incident 404" in browser(Role.ADMINISTRATOR).get("/incidents/404/brief").text
        with sqlite_work.read() as request:
            assert request.db.scalars(select(Report.tries)).one() == jobs.TRIES

    def test_a_wall_display_gets_none(self, browser: Callable[[Role], TestApp]) -> None:
        browser(Role.DISPLAY).get("/incidents/1/brief", status=403)


class TestDrill:
    def test_a_day_leads_to_its_incidents_and_they_to_their_recordings(
        self, sqlite_work: Work, browser: Callable[[Role], TestApp]
    ) -> None:
        filled(sqlite_work, busy=0.5)
        with sqlite_work.write() as request:
            incident = request.db.get(Incident, 1)
            incident.calls.append(request.db.get(Call, 1))
            row = request.db.scalars(select(Recording).order_by(Recording.id)).first()
            row.call_id, day, recording = 1, incident.reported_at.astimezone(city.ZONE).date(), row.id
        app = browser(Role.LEADER)
        text = app.get(f"/reports/days/{day}", headers={"HX-Request": "true"}).text
        assert "/reports/incidents/1" in text
        assert "<html" not in text
        assert f"/recordings/{recording}" in app.get("/reports/incidents/1").text
        # Who may not listen sees that there is a recording, and no way to it.
        closed = browser(Role.ADMINISTRATOR).get("/reports/incidents/1").text
        assert "bi-soundwave" in closed
        assert "/recordings/" not in closed

    @pytest.mark.parametrize(
        "path",
        [
            "/reports/days/2026-02-30",
            "/reports/2026-10/rows/accounts",
            "/reports/2026-10/rows/calls?password_hash=x",
            "/reports/2026-13/read",
        ],
    )
    def test_what_is_none_is_refused(self, browser: Callable[[Role], TestApp], path: str) -> None:
        browser(Role.LEADER).get(path, status=400)

    def test_two_periods_are_compared(self, sqlite_work: Work, browser: Callable[[Role], TestApp]) -> None:
        filled(sqlite_work, busy=0.3)
        page = browser(Role.LEADER).get("/reports?period=2026-Q4&against=2026-Q3", headers={"Accept-Language": "en"})
        assert "compared with Quarter 3 of 2026" in page.text
        dates = json.loads(
            browser(Role.OFFICER)
            .get("/reports/board?period=2026-10&against=2026-09")
            .html.select("[data-chart]")[0]["data-chart"]
        )
        assert dates["series"][-1]["values"][30] is None, "September has no 31st"
        auditor, english = browser(Role.AUDITOR), {"Accept-Language": "en"}
        read = auditor.get("/reports/2026-10/read", headers=english)
        assert "Monthly Report" in read.text
        assert "/reports/2026-10/rows/incidents?class=" in read.text
        rows = auditor.get("/reports/2026-10/rows/deadlines?standing=late&report=written", headers=english)
        assert "State Late" in rows.text

"""The strip on top keeps its clocks whole whatever rings, in either language at the desk's width."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Route, expect
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.calls.services import Calls
from dutycenter.incidents.models import Deadline
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.switch.rehearsal.control import Control
from dutycenter.vocabulary import IncidentClass, Level, Role
from tests.browser.conftest import SECONDS, Installation

pytestmark = pytest.mark.browser

CALLER = "13507318811"
# What is not wholly within the screen, or within what holds it.
CUT = """() => [...document.querySelectorAll('.strip-now, .strip-next .clock, .strip-ring button, .strip-ring a, .strip-ring .num')]
    .filter((one) => {
        const box = one.getBoundingClientRect();
        return box.right > innerWidth || box.right > one.parentElement.getBoundingClientRect().right + 1
            || one.scrollWidth > one.clientWidth && getComputedStyle(one).display !== 'inline';
    }).map((one) => one.className)"""

BOXES = "['.strip-next .clock', '.strip-now'].map((one) => document.querySelector(one).getBoundingClientRect())"


@pytest.fixture(scope="module")
def token(installation: Installation) -> str:
    """An officer's log-in; of an incident one report is overdue and another is due."""
    work = installation.work
    with work.write() as request:
        now = request.find_service(IClock).now()
        incident = request.find_service(Incidents).create(
            {"title": "湘江大桥两车追尾", "incident_class": IncidentClass.ACCIDENT, "level": Level.II}
        )
        request.db.flush()
        first = request.db.scalars(select(Deadline).where(Deadline.incident_id == incident.id)).first()
        assert first is not None
        first.due_at = now - timedelta(minutes=3)
        account = Account(username="strip", name="刘洋", role=Role.OFFICER, password_hash="-", must_change=False,
                          created_at=now)  # fmt: skip
        request.db.add(account)
        request.db.flush()
        return Sessions(request.db, work.settings, now).open(account, "127.0.0.1")


def test_a_ringing_call_beside_an_overdue_report_cuts_no_clock(
    installation: Installation, chromium: Browser, token: str
) -> None:
    control = Control(installation.town.settings)
    leg = control.call(CALLER, "hand")
    try:
        for language in ("en", "zh-CN"):
            context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale=language)
            context.set_default_timeout(SECONDS * 1000)
            context.add_cookies([{"name": COOKIE, "value": token, "url": installation.url}])
            page = context.new_page()
            page.goto(installation.url + "/incidents")
            expect(page.locator(".strip-ring")).to_contain_text("135 0731 8811", timeout=SECONDS * 1000)
            expect(page.locator(".strip-next .clock")).to_be_visible()
            assert page.evaluate(CUT) == [], language
            context.close()
    finally:
        control.hangup(leg)


def test_a_line_that_is_down_beside_an_overdue_report_cuts_no_clock(
    installation: Installation, chromium: Browser, token: str
) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="en")
    context.set_default_timeout(SECONDS * 1000)
    context.add_cookies([{"name": COOKIE, "value": token, "url": installation.url}])
    page = context.new_page()
    down = (
        '<span class="strip-line strip-down"><i class="bi bi-exclamation-octagon-fill"></i><b>Duty line is down</b> '
        "<span>Use the direct telephone and call the system's keeper.</span></span>"
    )

    busy = (
        '<span class="strip-item strip-alarm"><i class="bi bi-hdd-fill"></i> Disk for recordings: 2 percent free</span>'
        '<span class="strip-item"><span class="exercise-tag">Exercise</span></span>'
        '<span class="strip-item"><a class="strip-hot-link"><span class="strip-more">Plans not ready</span> 3</a></span>'
        '<span class="strip-item"><a class="strip-hot-link"><i class="bi bi-flag-fill"></i> 2</a></span>'
    )

    def answer(route: Route) -> None:
        said = route.fetch()
        body = re.sub(r'<span class="strip-line strip-up">.*?</span>', down, said.text())
        route.fulfill(response=said, body=re.sub(r'<span class="strip-item">', busy + r"\g<0>", body, count=1))

    page.route("**/strip", answer)
    page.goto(installation.url + "/incidents")
    expect(page.locator(".strip-down")).to_be_visible()
    expect(page.locator(".strip-next .clock")).to_be_visible()
    assert page.evaluate(CUT) == []
    assert page.evaluate("(([next, now]) => next.right <= now.left)(" + BOXES + ")")
    page.unroute_all(behavior="wait")  # an answer that is under way would fail in the next test
    context.close()


def test_what_cannot_be_known_is_not_said(installation: Installation, chromium: Browser, token: str) -> None:
    context = chromium.new_context(locale="en")
    context.set_default_timeout(SECONDS * 1000)
    context.add_cookies([{"name": COOKIE, "value": token, "url": installation.url}])
    page = context.new_page()
    page.goto(installation.url + "/incidents")
    expect(page.locator(".strip")).to_contain_text("Tasks")
    page.wait_for_function("document.documentElement.dataset.live === 'on'")
    page.evaluate("document.documentElement.dataset.live = 'off'")
    expect(page.locator(".strip-lost")).to_be_visible()
    expect(page.locator(".strip-up, .strip-down")).to_be_hidden()
    context.close()


def test_space_answers_ones_own_telephone_that_calls_back(
    installation: Installation, chromium: Browser, token: str
) -> None:
    work, control = installation.work, Control(installation.town.settings)
    channel = str(uuid.uuid4())
    with work.write() as request:
        request.db.scalars(select(Account).where(Account.username == "strip")).one().desk = "1001"
        calls = request.find_service(Calls)
        call = calls.arrive(channel, CALLER, "07318888")
        calls.queued(channel)
        calls.ended(channel, "NORMAL_CLEARING")
        call_id = call.id
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="en")
    context.set_default_timeout(SECONDS * 1000)
    context.add_cookies([{"name": COOKIE, "value": token, "url": installation.url}])
    page = context.new_page()
    page.goto(installation.url + "/desk")
    page.click(f"#back-{call_id}")
    expect(page.locator(".ring-mine")).to_contain_text("it dials 135 0731 8811")
    page.keyboard.press("Space")
    expect(page.locator(".ring-mine")).to_have_count(0)
    assert any(one["number"] == CALLER for one in control.phones())
    context.close()

"""The whole story through the screens, by keyboard where a duty officer would use it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from dutycenter.switch.rehearsal.control import Control
from tests.browser.conftest import Installation, Person

pytestmark = pytest.mark.browser

MINUTES = 60_000  # milliseconds, for what the telephones decide


@pytest.fixture
def person(installation: Installation, chromium: Browser) -> Iterator[object]:
    """Make a person at a screen of their own; nothing in their browser may have complained."""
    people: list[Person] = []

    def sit_down(username: str) -> Person:
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        someone = Person(installation, context, username)
        people.append(someone)
        someone.log_in()
        return someone

    yield sit_down
    for someone in people:
        someone.context.close()
    assert [complaint for someone in people for complaint in someone.complaints] == []


class TestTheStory:
    def test_from_the_first_ring_to_the_printed_month(self, installation: Installation, person: object) -> None:
        officer: Person = person("officer")  # type: ignore[operator]
        self._answer_a_call(installation, officer)
        number = self._write_the_incident(officer)
        self._call_people_out(officer, number)
        self._hear_it(person("auditor"))  # type: ignore[operator]
        self._print_the_month(person("admin"))  # type: ignore[operator]

    def _answer_a_call(self, installation: Installation, officer: Person) -> None:
        page = officer.open("/desk")
        page.wait_for_selector("#desk-pause")
        Control(installation.town.settings).call("13507315501", "flood", talks_for=90)
        ringing = page.locator(".ring-mine")
        expect(ringing).to_contain_text("135 0731 5501", timeout=MINUTES)
        expect(ringing.locator("button")).to_contain_text("接听")
        page.keyboard.press("Space")
        expect(page.locator(".bar-live")).to_contain_text("135 0731 5501", timeout=MINUTES)

    def _write_the_incident(self, officer: Person) -> str:
        page = officer.page
        page.wait_for_selector("#f-course", timeout=MINUTES)
        page.fill("#f-place", "柳河镇 <b>三组</b>")
        page.select_option("#f-incident_class", "natural")
        page.select_option("#f-level", "III")
        page.fill("#f-course", "柳河水位超过警戒线,低洼处已经进水。")
        page.keyboard.press("F2")
        written = page.locator(".intake-number a")  # the desk shows other incidents' numbers too
        written.wait_for(timeout=MINUTES)
        return written.inner_text()

    def _call_people_out(self, officer: Person, number: str) -> None:
        page = officer.open("/incidents")
        page.get_by_role("link", name=number).first.click()
        expect(page.locator("main")).to_contain_text("柳河镇 <b>三组</b>")
        page.locator("a[href*='/broadcasts/new']").first.click()
        page.wait_for_load_state()
        page.locator("[data-picker] input[type=search]").click()
        for department in ("应急局", "水利局"):
            page.locator("[data-picker] [data-token^='department:']", has_text=department).click()
        page.fill("#title", "防汛响应")
        page.fill("#message", "柳河水位超过警戒线,请立即到岗。")
        page.fill("#rounds", "1")
        page.fill("#ring_timeout", "15")
        expect(page.locator("#go")).to_contain_text("路")  # so many people over so many lines: it was looked up
        expect(page.locator("#go")).to_be_enabled()
        page.keyboard.press("Control+Enter")
        page.wait_for_url(re.compile(r"/broadcasts/\d+$"), timeout=3 * MINUTES)
        expect(page.locator(".score-main b")).not_to_have_text("0", timeout=10 * MINUTES)

    def _hear_it(self, auditor: Person) -> None:
        page = auditor.open("/recordings?number=13507315501")
        found = page.locator("a[href*='/recordings/']").first
        while not found.count():  # once the caller has hung up; this page waits for nobody
            page.wait_for_timeout(1000)
            page.reload()
        found.click()
        page.locator("#reason").wait_for(timeout=3 * MINUTES)  # once the caller has hung up
        page.fill("#reason", "核对来电内容")
        page.keyboard.press("Enter")
        play = page.locator("[data-player=play]")
        expect(play).to_be_enabled(timeout=MINUTES)
        play.click()
        page.wait_for_function("() => document.querySelector('[data-player=now]').textContent !== '00:00'")
        page.reload()
        expect(page.locator("main")).to_contain_text("核对来电内容")
        expect(page.locator("main")).to_contain_text("收听")

    def _print_the_month(self, admin: Person) -> None:
        page = admin.open("/reports")
        page.locator(".month-chosen form button").click()
        made = page.locator(".month-chosen a[target=_blank]")
        made.wait_for(timeout=3 * MINUTES)
        answer = admin.context.request.get(admin.installation.url + str(made.get_attribute("href")))
        assert answer.body()[:5] == b"%PDF-"

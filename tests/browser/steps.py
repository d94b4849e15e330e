"""What people do at their screens, in the words of the duty room; the stories share it."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NEW_PASSWORD, Person

MINUTES = 60_000  # milliseconds, for what the telephones decide
RING = 8_000  # longer than one ring of the rehearsal


def ringing(page: Page, number: str) -> Locator:
    """The card of this caller, whose call rings at the reader's own telephone."""
    card = page.locator(".ring-mine", has_text=number)
    expect(card.locator("button")).to_contain_text("接听", timeout=MINUTES)
    return card


def talks(page: Page, number: str) -> None:
    """The desk talks to this caller, and their form is open."""
    expect(page.locator(".bar-live")).to_contain_text(number, timeout=MINUTES)
    page.wait_for_selector("#f-course", timeout=MINUTES)


def answer(page: Page, number: str, key: str = "Space") -> None:
    """By a key: with the space bar, as long as no field has the cursor. Who is too late for one ring answers the next."""
    while not page.locator(".bar-live", has_text=number).count():
        ringing(page, number)
        page.keyboard.press(key)
        with suppress(AssertionError):
            expect(page.locator(".bar-live")).to_contain_text(number, timeout=RING)
    talks(page, number)


def write_incident(page: Page, place: str, course: str) -> str:
    """Fill in the form that is open and make it an incident; its number."""
    page.fill("#f-place", place)
    page.select_option("#f-incident_class", "natural")
    page.select_option("#f-level", "III")
    page.fill("#f-course", course)
    page.keyboard.press("F2")
    written = page.locator(".intake-number a")  # the desk shows other incidents' numbers too
    written.wait_for(timeout=MINUTES)
    return written.inner_text()


def open_incident(officer: Person, number: str) -> Page:
    """From the list."""
    page = officer.open("/incidents")
    with page.expect_navigation():
        page.get_by_role("link", name=number).first.click()
    return page


def call_people_out(page: Page) -> None:
    """From an incident's page to a broadcast that runs, with somebody who has acknowledged."""
    page.keyboard.press("F4")
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


def report(page: Page, to_whom: str, confirmed_with: str) -> None:
    """From an incident's page: the first report (初报) is written, kept, sent, and confirmed by telephone."""
    page.keyboard.press("F7")
    page.wait_for_selector("#document")
    page.fill("#addressee", to_whom)
    page.keyboard.press("Control+s")
    expect(page.locator("aside a[href*='/versions/']")).to_have_count(1)
    page.fill("#to_whom", to_whom)
    page.click("#send button")
    expect(page.locator(".page-head .state")).to_contain_text("报出")
    page.fill("input[name=with]", confirmed_with)
    page.press("input[name=with]", "Enter")
    expect(page.locator("aside .state-good")).to_contain_text(confirmed_with)


def hand_over(officer: Person, taker: str, note: str) -> None:
    """Sign off to somebody; ``taker`` as the list of people shows them."""
    page = officer.open("/roster/handovers")
    page.keyboard.press("n")
    page.fill("#notes", note)
    page.select_option("#to", label=taker)
    page.fill("#password", NEW_PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator("main")).to_contain_text("撤回")


def take_over(officer: Person, giver: str, note: str) -> None:
    """From the desk: take each item on, then sign."""
    page = officer.open("/desk")
    page.locator("#desk-right a[href*='/handovers/']", has_text=giver).click()
    expect(page.locator("main")).to_contain_text(note)
    take = page.locator("form[action$='/take']", has=page.locator("[name=taken]")).locator("button")
    while left := take.count():
        take.first.click()
        expect(take).to_have_count(left - 1)
    page.fill("#password", NEW_PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator("form[action$='/accept']")).to_have_count(0)

"""The launch page of a slow server: nothing that is clicked is lost, and nothing is said that isn't so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser


def test_a_click_before_the_scripts_are_there_is_heard_and_the_button_never_says_an_old_number(
    person: Callable[[str], Person],
) -> None:
    officer, scripts, counts = person("officer"), list[Route](), list[Route]()
    page, go = officer.page, officer.page.locator("#go")
    page.route("**/htmx.min.js*", lambda route: scripts.append(route))
    page.route("**/broadcasts/new/called", lambda route: counts.append(route))
    officer.open("/broadcasts/new", until="commit")
    page.locator("[data-picker] input[type=search]").click()
    scripts[0].continue_()
    first = page.locator("[data-picker] [data-token^='department:']").first
    expect(first).to_be_visible()

    first.click()
    expect(go).to_contain_text("正在统计人数")
    expect(go).to_be_enabled()  # a server that counts slowly keeps nobody from calling
    counts[0].continue_()
    expect(go).to_contain_text("路")


def test_a_shorter_ring_that_is_offered_is_taken_by_a_click(person: Callable[[str], Person]) -> None:
    page = person("officer").open("/broadcasts/new")
    departments = page.locator("[data-picker] [data-token^='department:']")
    for nth in range(4):
        page.locator("[data-picker] input[type=search]").click()
        departments.nth(nth).click()
    page.fill("#channels", "2")
    page.fill("#ring_timeout", "60")
    offer = page.locator("#forecast [data-sets=ring_timeout]")
    expect(offer).to_be_visible()
    seconds = offer.get_attribute("data-to")
    assert seconds is not None
    offer.click()
    expect(page.locator("#ring_timeout")).to_have_value(seconds)
    expect(offer).to_have_count(0)  # the forecast is asked again, and has nothing better to offer

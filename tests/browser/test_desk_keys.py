"""Keys at the duty desk: what was pressed counts, whatever the page reads anew in that moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Person
from tests.browser.test_intake import new_form

pytestmark = pytest.mark.browser


def test_a_key_pressed_while_text_is_saved_counts_though_its_button_is_read_anew(
    person: Callable[[str], Person],
) -> None:
    """The button that answers stands in a part of the page that each event of a call reads anew."""
    page, held = person("officer").open("/desk"), list[Route]()
    new_form(page)
    page.context.route("**/save", lambda route: held.append(route))
    page.locator("#f-course").press_sequentially("桥面塌陷")
    button = page.locator("#desk-pause").element_handle()
    page.keyboard.press("F8")
    while not held:
        page.wait_for_timeout(20)
    page.evaluate("htmx.trigger(document.body, 'live:desk')")
    page.wait_for_function("button => !button.isConnected", arg=button)
    with page.expect_request(lambda request: request.is_navigation_request() and request.method == "POST"):
        held[0].continue_()

"""Choosing whom to call, while the page's scripts are still on their way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser


def test_who_clicks_before_the_scripts_are_there_is_shown_the_choice_when_they_are(
    person: Callable[[str], Person],
) -> None:
    officer, held = person("officer"), list[Route]()
    page = officer.page
    page.route("**/htmx.min.js*", lambda route: held.append(route))
    page.goto(officer.installation.url + "/broadcasts/new", wait_until="commit")
    page.locator("[data-picker] input[type=search]").click()
    held[0].continue_()
    expect(page.locator("[data-picker] [data-token^='department:']").first).to_be_visible()

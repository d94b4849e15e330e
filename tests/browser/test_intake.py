"""The form beside a call: two officers in one form, and a browser that dies while somebody types."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dutycenter.accounts.models import Account
from dutycenter.accounts.passwords import hash_password
from dutycenter.incidents.intakes import Intakes
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import Role
from tests.browser.conftest import CHROMIUM, NEW_PASSWORD, QUIET, SECONDS, Installation

pytestmark = pytest.mark.browser

SCREEN = {"width": 1366, "height": 768}
NAMES = {"lihua": "李华", "wangfang": "王芳"}


@pytest.fixture(scope="module")
def officers(installation: Installation) -> None:
    """Two more officers, whose passwords are changed already."""
    with installation.work.write() as request:
        now, hashed = request.find_service(IClock).now(), hash_password(NEW_PASSWORD)
        request.db.add_all(
            Account(
                username=username, name=name, role=Role.OFFICER, password_hash=hashed, must_change=False, created_at=now
            )
            for username, name in NAMES.items()
        )


@pytest.fixture
def desk(officers: None, installation: Installation, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A desk at which somebody has logged in."""
    contexts = []

    def sit_down(username: str) -> Page:
        contexts.append(chromium.new_context(viewport=SCREEN, locale="zh-CN"))
        return log_in(installation, contexts[-1], username)

    yield sit_down
    for context in contexts:
        context.close()


def log_in(installation: Installation, context: BrowserContext, username: str) -> Page:
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.goto(installation.url)
    if page.locator("input[name=username]").count():  # a log-in may outlive its browser
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", NEW_PASSWORD)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")
    page.goto(installation.url + "/desk")
    return page


def new_form(page: Page) -> None:
    page.keyboard.press("Alt+1")  # a fax
    page.wait_for_selector("#intake")


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_contain_text("已保存", timeout=SECONDS * 1000)


class TestTwoOfficers:
    def test_they_see_each_other_and_neither_overwrites_the_other(self, desk: Callable[..., Page]) -> None:
        li = desk("lihua")
        new_form(li)
        wang = desk("wangfang")
        wang.goto(li.url)

        li.locator("#f-course").focus()
        expect(wang.locator("[data-field=course] .field-who")).to_have_text("李华")
        expect(wang.locator("[data-here]")).to_contain_text("李华")
        li.locator("#f-course").press_sequentially("两车相撞")
        expect(wang.locator("#f-course")).to_have_value("两车相撞")

        # Wang types into the place while her line is cut; Li's text comes in the meantime.
        wang.context.route("**/save", lambda route: route.abort())
        wang.fill("#f-place", "五一路")
        li.fill("#f-place", "解放路")
        note = wang.locator("[data-field=place] .field-note")
        expect(note).to_contain_text("解放路")
        expect(wang.locator("#f-place")).to_have_value("五一路")
        wang.context.unroute("**/save")
        note.get_by_role("button", name="两者都留").click()
        expect(li.locator("#f-place")).to_have_value("解放路; 五一路")

        # By keyboard alone: what a caller says finds the class, and the level stays when the class has none.
        li.locator("[data-field=subtype] [role=combobox]").focus()
        li.keyboard.type("车祸")
        li.keyboard.press("Enter")
        expect(wang.locator("[data-field=subtype] [role=combobox]")).to_have_value("交通运输事故")
        expect(wang.locator("#f-incident_class")).to_have_value("accident")
        wang.select_option("#f-level", "II")
        wang.select_option("#f-incident_class", "security")
        expect(wang.locator("[data-ungraded-note]")).to_contain_text("仍保留")
        expect(wang.locator("[data-field=subtype] .field-note")).to_contain_text("交通运输事故")
        saved(wang)
        expect(li.locator("#f-incident_class")).to_have_value("security")
        saved(li)
        # What the server has is no draft any more, or it would come back as an old text of one's own.
        li.locator("#f-request").press_sequentially("请派救护车")
        saved(li)
        with li.expect_response("**/save"):
            li.locator("#f-cause").press_sequentially("雨")
        saved(li)
        kept = "dutycenter.drafts.ofAccount(document.getElementById('intake').dataset.account)"
        assert [one["name"] for one in li.evaluate(kept)] == []

        # One of them makes the incident; the other's page goes on with it.
        li.keyboard.press("F2")
        expect(li.locator(".intake-number")).to_be_visible()
        expect(wang.locator(".intake-number")).to_be_visible()


class TestCrash:
    def test_what_was_typed_while_the_server_was_away_is_there_after_the_browser_died(
        self, officers: None, installation: Installation, chromium: Browser, tmp_path: Path
    ) -> None:
        def browser() -> BrowserContext:
            return chromium.browser_type.launch_persistent_context(
                tmp_path, executable_path=CHROMIUM, args=QUIET, viewport=SCREEN, locale="zh-CN"
            )

        page = log_in(installation, browser(), "lihua")
        new_form(page)
        page.locator("#f-place").press_sequentially("湘江大桥")
        saved(page)
        page.context.route("**/save", lambda route: route.abort())
        page.locator("#f-course").press_sequentially("桥面塌陷,有人落水")
        expect(page.locator("[data-saved]")).to_contain_text("已存在本机")
        form = page.url
        kill(tmp_path)

        again = log_in(installation, browser(), "lihua")
        again.goto(form)
        expect(again.locator("#f-course")).to_have_value("桥面塌陷,有人落水")
        saved(again)
        with installation.work.read() as request:
            assert "桥面塌陷,有人落水" in str(request.find_service(Intakes).get(int(form.rpartition("=")[2])).fields)
        again.context.close()


def kill(profile: Path) -> None:
    """End every process of the browser that works on this profile, as a crash does."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            works_here = str(profile).encode() in (process / "cmdline").read_bytes()
        except OSError:
            continue
        if works_here:
            os.kill(int(process.name), signal.SIGKILL)

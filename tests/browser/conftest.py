"""A whole installation in a temporary folder, and a real Chromium in front of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from dutycenter.cli.rehearse.town import Town
from dutycenter.cli.run import web_address
from dutycenter.work import Work

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NEW_PASSWORD = "Liuhe-Water-2026"
SECONDS = 30


@dataclass
class Authenticator:
    """What a person's telephone makes codes with; a code is good once."""

    secret: str
    used: int = 0  # the last time step whose code was typed

    def code(self) -> str:
        """A code that was not used yet: of this time step, or of the next, which is taken too."""
        totp = pyotp.TOTP(self.secret)
        self.used = max(int(time.time()) // totp.interval, self.used + 1)
        return str(totp.generate_otp(self.used))


@dataclass(frozen=True)
class Installation:
    """Everything at work: where it is, who may log in, and a way to look behind the pages."""

    town: Town
    work: Work
    url: str
    entered: set[str] = field(default_factory=set)  # who has changed their one-time password
    authenticators: dict[str, Authenticator] = field(default_factory=dict)


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """All roles of a small town, four times faster than real."""
    town = Town.found(tmp_path_factory.mktemp("town"), people=60, speed=4, seed=1)
    with town.inhabited(without=()) as work:
        host, port = web_address(town.ini)
        yield Installation(town, work, f"http://{host}:{port}")
        work.registry["dutycenter.engine"].dispose()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Person:
    """Somebody at a screen."""

    def __init__(self, installation: Installation, context: BrowserContext, username: str) -> None:
        self.installation = installation
        self.username = username
        self.context = context
        context.set_default_timeout(SECONDS * 1000)
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _complain(self, kind: str, text: str) -> None:
        # A page that is left gives up what it was asking for, and says so.
        if kind == "error" and not text.startswith(("htmx:afterRequest", "htmx:sendAbort")):
            self.complaints.append(text)

    def open(self, path: str, until: Literal["commit", "load"] = "load") -> Page:
        """Go to a page."""
        try:
            self.page.goto(self.installation.url + path, wait_until=until)
        except Error as error:
            # A page that loads itself again in the same moment wins; as a person would, ask once more.
            if "ERR_ABORTED" not in str(error):
                raise
            self.page.wait_for_load_state()
            self.page.goto(self.installation.url + path, wait_until=until)
        return self.page

    def log_in(self) -> None:
        """With the one-time password the first time, changing it as asked; with a code when one is asked for."""
        page, first = self.open("/"), self.username not in self.installation.entered
        page.fill("input[name=username]", self.username)
        page.fill("input[name=password]", self.installation.town.logins[self.username] if first else NEW_PASSWORD)
        page.press("input[name=password]", "Enter")
        if first:
            self._change_password()
        page.wait_for_selector("nav.mainnav, form[action$='/code']")
        if page.url.endswith("/account/factor"):
            self.set_up_factor()
        elif self.username in self.installation.authenticators:
            self._show_code()

    def log_out(self) -> None:
        """By the menu."""
        self.page.click(".who-open")
        self.page.click("form[action$='/log-out'] button")
        self.page.wait_for_selector("input[name=username]")

    def set_up_factor(self) -> None:
        """With an authenticator; the paper codes are laid aside."""
        page = self.page
        page.click("form[action$='/account/factor'] button")
        made = self.installation.authenticators[self.username] = Authenticator(
            page.inner_text(".one-time").replace(" ", "")
        )
        page.fill("input[name=code]", made.code())
        page.press("input[name=code]", "Enter")
        page.wait_for_selector("ol.paper-codes")
        with page.expect_navigation():
            page.click(".actions a[href='/']")

    def _change_password(self) -> None:
        page = self.page
        page.wait_for_selector("input[name=new_password]")
        page.fill("input[name=password]", self.installation.town.logins[self.username])
        page.fill("input[name=new_password]", NEW_PASSWORD)
        page.fill("input[name=again]", NEW_PASSWORD)
        with page.expect_navigation():
            page.press("input[name=again]", "Enter")
        self.installation.entered.add(self.username)

    def _show_code(self) -> None:
        page = self.page
        page.fill("input[name=code]", self.installation.authenticators[self.username].code())
        with page.expect_navigation():
            page.press("input[name=code]", "Enter")
        page.wait_for_selector("nav.mainnav")


@pytest.fixture
def person(installation: Installation, chromium: Browser) -> Iterator[Callable[[str], Person]]:
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

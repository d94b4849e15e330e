"""The whole application behind WebTest, with an account of every role."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from pyramid.config import Configurator
from webtest import TestApp, TestResponse

from dutycenter import configure
from dutycenter.accounts import passwords
from dutycenter.accounts.models import Account
from dutycenter.interfaces import IClock, ISwitch
from dutycenter.settings import Settings, load
from dutycenter.vocabulary import Role
from dutycenter.work import Work
from tests.support.desk_switch import DeskSwitch
from tests.support.templates import COMPILED

PASSWORD = "four words nobody guesses"


@dataclass
class Site:
    """One installation, and browsers that look at it."""

    work: Work
    app: object
    ids: dict[Role, int] = field(default_factory=dict)

    def browser(self) -> TestApp:
        """A browser without any cookies, set to English."""
        return TestApp(self.app, extra_environ={"REMOTE_ADDR": "192.0.2.7", "HTTP_ACCEPT_LANGUAGE": "en"})

    def logged_in(self, role: Role) -> TestApp:
        """A browser in which this role's account is logged in."""
        browser = self.browser()
        log_in(browser, role.value)
        return browser


def log_in(browser: TestApp, username: str, password: str = PASSWORD, **options: object) -> TestResponse:
    """Fill in the log-in page and send it."""
    form = browser.get("/log-in").forms[0]
    form["username"], form["password"] = username, password
    return form.submit(expect_errors=True, **options)


def form_with(page: TestResponse, field_name: str) -> object:
    """The form of a page that has this field."""
    return next(form for form in page.forms.values() if field_name in form.fields)


def form_to(page: TestResponse, part: str) -> object:
    """The form of a page whose address has this part."""
    return next(form for form in page.forms.values() if part in form.action)


class StandInSwitch(DeskSwitch):
    """A switch that takes whatever the desk asks of it, or is away."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[Any, ...]] = []

    def call_desk(self, channel_uuid: str, desk: str, extension: str, caller_id: str) -> None:
        self._tell("call_desk", channel_uuid, desk, extension)

    def dial(self, channel_uuid: str, desk: str, number: str, caller_id: str) -> None:
        self._tell("dial", channel_uuid, desk, number)

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Anything else that a desk orders is kept as it was said."""
        if name not in ("hold", "transfer_both", "originate", "press", "drop"):
            raise AttributeError(name)
        return lambda *said: self._tell(name, *said)

    def _tell(self, *said: object) -> None:
        self.reach()
        self.told.append(said)

    def status(self) -> object:
        self.reach()
        return object()


@pytest.fixture
def site(settings: Settings, sqlite_template: Path) -> Iterator[Site]:
    """An installation on an empty SQLite store with one account of every role, named after it; passwords suffice."""
    yield from _opened(replace(settings, second_factor=()), sqlite_template)


@pytest.fixture
def switch(site: Any) -> StandInSwitch:
    """In the place of the site's switch; the officer has a desk."""
    switch = StandInSwitch()
    Configurator(registry=site.work.registry, autocommit=True).register_service(switch, ISwitch)
    with site.work.write() as request:
        request.db.get(Account, site.ids[Role.OFFICER]).desk = "1001"
    return switch


@pytest.fixture(scope="module")
def standing_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """One site for all tests of a file that change nothing in it: making it takes longer than looking at a page."""
    settings = load({"voice": "silent", "rehearsal": "true"}, here=tmp_path_factory.mktemp("standing"))
    yield from _opened(replace(settings, second_factor=()), sqlite_template)


@pytest.fixture
def strict_site(settings: Settings, sqlite_template: Path) -> Iterator[Site]:
    """The same with the shipped rule: some roles need a second factor."""
    yield from _opened(settings, sqlite_template)


@pytest.fixture(scope="package", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashes that cost next to nothing: each of these tests logs in. ``test_passwords`` has the real ones."""
    passwords._nobodys_hash.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield
    passwords._nobodys_hash.cache_clear()


def _opened(settings: Settings, store: Path) -> Iterator[Site]:
    settings.var.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(store, settings.var / "dutycenter.sqlite")
    config = configure(settings, COMPILED)
    work = Work(config.registry, "test")
    site = Site(work, config.make_wsgi_app())
    hashed = passwords.hash_password(PASSWORD)
    with work.write() as request:
        for role in Role:
            account = Account(
                username=role.value, name=role.name.title(), role=role, password_hash=hashed, must_change=False,
                created_at=request.find_service(IClock).now(),
                language="en",
            )  # fmt: skip
            request.db.add(account)
            request.db.flush()
            site.ids[role] = account.id
    yield site
    work.registry["dutycenter.engine"].dispose()

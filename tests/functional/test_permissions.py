"""Who may open what: every route of these rooms, asked by every role, and by nobody."""

from __future__ import annotations

from collections import Counter

import pytest
from pyramid.interfaces import IRoutesMapper
from webtest import TestApp

from dutycenter.accounts.policy import PERMISSIONS
from dutycenter.accounts.services import Accounts
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.cli.seed import seed_city
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import Role
from tests.functional.conftest import Site

OFFICER, LEADER, AUDITOR, ADMINISTRATOR, DISPLAY = Role
EVERYBODY = set(Role)
READERS = EVERYBODY - {DISPLAY}

# (method, address): who may. A POST without content is refused in words (4xx) or does its work, never with 403.
PAGES: dict[tuple[str, str], set[Role]] = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/account"): EVERYBODY,
    ("GET", "/account/password"): EVERYBODY,
    ("POST", "/account/password"): EVERYBODY,
    ("POST", "/account/language"): EVERYBODY,
    ("GET", "/log-in/code"): EVERYBODY,
    ("POST", "/log-in/code"): EVERYBODY,
    ("GET", "/account/factor"): EVERYBODY,
    ("POST", "/account/factor"): EVERYBODY,
    ("POST", "/account/factor/confirm"): EVERYBODY,
    ("POST", "/account/factor/paper"): EVERYBODY,
    ("POST", "/account/factor/drop"): EVERYBODY,
    ("GET", "/roster"): EVERYBODY,
    ("GET", "/live"): EVERYBODY,
    ("GET", "/find"): READERS,
    ("GET", "/directory"): READERS,
    ("GET", "/directory/choices"): READERS,
    ("GET", "/directory/numbers"): READERS,
    ("GET", "/directory/people/1/chances"): READERS,
    ("GET", "/directory/people/1"): READERS,
    ("GET", "/directory/people/new"): {ADMINISTRATOR},
    ("POST", "/directory/people/new"): {ADMINISTRATOR},
    ("GET", "/directory/people/1/edit"): {ADMINISTRATOR},
    ("POST", "/directory/people/1/edit"): {ADMINISTRATOR},
    ("POST", "/directory/people/1/remove"): {ADMINISTRATOR},
    ("POST", "/directory/people/1/restore"): {ADMINISTRATOR},
    ("POST", "/directory/people/1/undo/1"): {ADMINISTRATOR},
    ("POST", "/directory/numbers/1/right"): {OFFICER, LEADER, ADMINISTRATOR},
    ("GET", "/directory/imports"): {ADMINISTRATOR},
    ("POST", "/directory/imports"): {ADMINISTRATOR},
    ("GET", "/directory/imports/template.xlsx"): {ADMINISTRATOR},
    ("GET", "/directory/imports/1"): {ADMINISTRATOR},
    ("GET", "/directory/imports/1/wrong.xlsx"): {ADMINISTRATOR},
    ("POST", "/directory/imports/1/confirm"): {ADMINISTRATOR},
    ("GET", "/directory/people.csv"): READERS,
    ("GET", "/directory/districts"): {ADMINISTRATOR},
    ("POST", "/directory/districts"): {ADMINISTRATOR},
    ("POST", "/directory/districts/1"): {ADMINISTRATOR},
    ("GET", "/directory/duplicates"): {ADMINISTRATOR},
    ("POST", "/directory/duplicates/1/2/merge"): {ADMINISTRATOR},
    ("POST", "/directory/duplicates/1/2/apart"): {ADMINISTRATOR},
    ("POST", "/directory/duplicates/1/2/again"): {ADMINISTRATOR},
    ("POST", "/directory/duplicates/1/part/1"): {ADMINISTRATOR},
    ("GET", "/directory/departments/new"): {ADMINISTRATOR},
    ("POST", "/directory/departments/new"): {ADMINISTRATOR},
    ("GET", "/directory/departments/1"): {ADMINISTRATOR},
    ("POST", "/directory/departments/1"): {ADMINISTRATOR},
    ("POST", "/directory/departments/1/remove"): {ADMINISTRATOR},
    ("GET", "/roster/week"): EVERYBODY,
    ("GET", "/roster/days/2026-11-27"): EVERYBODY,
    ("POST", "/roster/days/2026-11-27"): {ADMINISTRATOR},
    ("GET", "/roster/calendar"): READERS,
    ("POST", "/roster/calendar/2026-11-27/forget"): {ADMINISTRATOR},
    ("POST", "/roster/periods"): {ADMINISTRATOR},
    ("GET", "/roster/periods/1"): {ADMINISTRATOR},
    ("POST", "/roster/periods/1/remove"): {ADMINISTRATOR},
    ("GET", "/roster/rotations"): {ADMINISTRATOR},
    ("GET", "/roster/rotations/new"): {ADMINISTRATOR},
    ("POST", "/roster/rotations/new"): {ADMINISTRATOR},
    ("GET", "/roster/rotations/1"): {ADMINISTRATOR},
    ("POST", "/roster/rotations/1/remove"): {ADMINISTRATOR},
    ("GET", "/roster/rotations/1/apply"): {ADMINISTRATOR},
    ("POST", "/roster/rotations/1/apply"): {ADMINISTRATOR},
    ("POST", "/roster/rotations/runs/1/undo"): {ADMINISTRATOR},
    ("GET", "/roster/shifts/1"): EVERYBODY,
    ("GET", "/roster/changes"): READERS,
    ("POST", "/roster/changes/1/agree"): {OFFICER, LEADER, ADMINISTRATOR},
    ("GET", "/roster/shifts/1/change"): {OFFICER, LEADER, ADMINISTRATOR},
    ("GET", "/roster/accounts"): {ADMINISTRATOR},
    ("POST", "/roster/accounts/1"): {ADMINISTRATOR},
    ("POST", "/roster/shifts/1"): {ADMINISTRATOR},
    ("POST", "/roster/shifts/1/remove"): {ADMINISTRATOR},
    ("GET", "/roster/log"): READERS,
    ("POST", "/roster/log"): {OFFICER, LEADER},
    ("GET", "/roster/handovers"): READERS,
    ("GET", "/roster/handovers/new"): {OFFICER, LEADER},
    ("POST", "/roster/handovers/new"): {OFFICER, LEADER},
    ("GET", "/roster/handovers/1"): READERS,
    ("POST", "/roster/handovers/1/take"): {OFFICER, LEADER},
    ("POST", "/roster/handovers/1/accept"): {OFFICER, LEADER},
    ("POST", "/roster/handovers/1/withdraw"): {OFFICER, LEADER},
    ("GET", "/settings"): {ADMINISTRATOR},
    ("GET", "/settings/accounts"): {ADMINISTRATOR},
    ("GET", "/settings/accounts/new"): {ADMINISTRATOR},
    ("POST", "/settings/accounts/new"): {ADMINISTRATOR},
    ("GET", "/settings/accounts/1"): {ADMINISTRATOR},
    ("POST", "/settings/accounts/1"): {ADMINISTRATOR},
    ("POST", "/settings/accounts/1/reset"): {ADMINISTRATOR},
    ("POST", "/settings/accounts/1/take_factor"): {ADMINISTRATOR},
    ("POST", "/settings/accounts/1/close"): {ADMINISTRATOR},
    ("POST", "/settings/accounts/1/reopen"): {ADMINISTRATOR},
}
OPEN_TO_ALL = {"/log-in", "/language"}
ROOMS = (
    "home",
    "find",
    "language",
    "settings",
    "accounts.",
    "directory.",
    "imports",
    "duplicates",
    "districts",
    "roster.",
    "rotation",
    "duty_",
    "handover.",
    "live",
)


def browser_of(site: Site, role: Role) -> TestApp:
    """A browser of this role, without the log-in page's slow hash."""
    browser = site.browser()
    with site.work.write() as request:
        account = request.find_service(Accounts).get(site.ids[role])
        sessions = Sessions(request.db, site.work.settings, request.find_service(IClock).now())
        browser.set_cookie(COOKIE, sessions.open(account, ""))
    return browser


def token_of(browser: TestApp) -> str:
    """The CSRF token of this browser's pages."""
    return str(browser.get("/account").html.find("meta", {"name": "csrf-token"})["content"])


@pytest.fixture
def city(site: Site) -> Site:
    """The site with people, shifts and lines."""
    with site.work.write() as request:
        seed_city(request)
    return site


class TestEveryRole:
    @pytest.mark.parametrize("role", list(Role))
    def test_it_may_open_what_its_work_needs_and_nothing_else(self, city: Site, role: Role) -> None:
        browser = browser_of(city, role)
        token = token_of(browser)
        wrong = []
        for (method, path), allowed in PAGES.items():
            asked = browser_of(city, role)  # a change of password or role may have ended the log-in
            asked.set_cookie("page", browser.cookies["page"])
            if method == "GET":
                answer = asked.get(path, expect_errors=True, extra_environ={"dutycenter.live_seconds": "0"})
            else:
                answer = asked.post(path, {"csrf_token": token}, expect_errors=True)
            if (answer.status_int != 403) != (role in allowed):
                wrong.append(f"{method} {path}: {answer.status}")
            if answer.status_int >= 500:
                wrong.append(f"{method} {path}: {answer.status}")

        assert wrong == []

    def test_nobody_gets_in_without_logging_in(self, city: Site) -> None:
        wrong = []
        for method, path in PAGES:
            answer = city.browser().request(path, method=method, expect_errors=True)
            if answer.status_int != 303 or "/log-in" not in answer.location:
                wrong.append(f"{method} {path}: {answer.status}")

        assert wrong == []

    def test_every_route_of_these_rooms_is_asked_here(self, site: Site) -> None:
        routes = site.work.registry.getUtility(IRoutesMapper).get_routes()
        ours = [route for route in routes if route.name.startswith(ROOMS)]
        asked = [path for _method, path in PAGES]

        unasked = [
            route.pattern
            for route in ours
            if route.pattern not in OPEN_TO_ALL | {"/log-out"}
            and not any(route.match(path) is not None for path in asked)
        ]

        assert len(ours) > 25
        assert unasked == []

    def test_no_two_routes_are_one_address(self, site: Site) -> None:
        patterns = Counter(route.pattern for route in site.work.registry.getUtility(IRoutesMapper).get_routes())

        assert [pattern for pattern, n in patterns.items() if n > 1] == []

    def test_a_leader_may_all_that_an_officer_may(self) -> None:
        assert PERMISSIONS[LEADER] >= PERMISSIONS[OFFICER]

    def test_whoever_looks_after_accounts_neither_takes_calls_nor_judges_evidence(self) -> None:
        assert not PERMISSIONS[ADMINISTRATOR] & {"desk", "audit"}
        assert not PERMISSIONS[AUDITOR] & {"desk", "admin"}

"""Logging in with two factors, as somebody at a browser meets it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from dutycenter.accounts.factors import SecondFactors, wall_clock
from dutycenter.accounts.models import Account, LoginSession, PaperCode
from dutycenter.accounts.passwords import hash_password
from dutycenter.accounts.second_factor import code_at
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from tests.functional.conftest import PASSWORD, Site, form_to, log_in


def code_of(site: Site, role: Role) -> str:
    """What this role's telephone shows now."""
    with site.work.read() as request:
        factors, account = request.find_service(SecondFactors), request.db.get_one(Account, site.ids[role])
        secret = factors.pending(account) or factors.secret(account)
        assert secret is not None
        return code_at(secret, wall_clock())


def forget_used_codes(site: Site) -> None:
    """As if half minutes had passed."""
    with site.work.write() as request:
        for account in request.db.scalars(select(Account)):
            account.factor_step = 0


def set_up(site: Site, role: Role) -> tuple[TestApp, list[str]]:
    """A browser in which this role has just set up its factor, and the paper codes."""
    browser = site.browser()
    log_in(browser, role.value)
    form_to(browser.get("/account/factor"), "/account/factor").submit(status=200)
    page = browser.post(
        "/account/factor/confirm", {"code": code_of(site, role), "csrf_token": token_of(browser)}, status=200
    )
    codes = re.findall(r"<li>(\w{5}-\w{5})</li>", page.text)
    assert len(codes) == 10
    forget_used_codes(site)
    return browser, codes


def token_of(browser: TestApp) -> str:
    return one(r'<meta name="csrf-token" content="([^"]+)"', browser.get("/account/factor"))


def one(pattern: str, page: TestResponse) -> str:
    """The only thing on the page that matches."""
    (found,) = set(re.findall(pattern, page.text))
    return str(found)


def second_step(browser: TestApp, role: Role, code: str) -> TestResponse:
    """Log in with the password, then type this code."""
    asked = log_in(browser, role.value)
    assert "The code from your telephone" in asked.text
    form = form_to(asked, "/log-in/code")
    form["code"] = code
    return form.submit(expect_errors=True)


def told(site: Site) -> list[str]:
    with site.work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


class TestRoleThatNeedsIt:
    @pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
    def test_it_can_do_nothing_before(self, strict_site: Site, role: Role) -> None:
        browser = strict_site.logged_in(role)
        for path in ("/", "/directory", "/recordings", "/settings/accounts", "/reports"):
            assert browser.get(path, status=303).location.endswith("/account/factor")

    def test_it_works_once_set_up(self, strict_site: Site) -> None:
        browser, _codes = set_up(strict_site, Role.ADMINISTRATOR)
        assert browser.get("/settings/accounts").status_int == 200
        assert told(strict_site)[-2:] == ["account.factor_set", "account.paper_codes_made"]

    def test_others_may_go_without(self, strict_site: Site) -> None:
        assert strict_site.logged_in(Role.OFFICER).get("/directory").status_int == 200


class TestLogIn:
    def test_the_password_alone_opens_nothing(self, strict_site: Site) -> None:
        set_up(strict_site, Role.ADMINISTRATOR)
        browser = strict_site.browser()
        log_in(browser, Role.ADMINISTRATOR.value)

        for path in ("/", "/directory", "/account", "/account/password", "/account/factor"):
            assert browser.get(path, status=303).location.endswith("/log-in/code")

    def test_the_right_code_goes_on_with_a_new_token(self, strict_site: Site) -> None:
        set_up(strict_site, Role.ADMINISTRATOR)
        browser = strict_site.browser()
        asked = log_in(browser, Role.ADMINISTRATOR.value)
        half = browser.cookies["login"]
        form = form_to(asked, "/log-in/code")
        form["code"] = code_of(strict_site, Role.ADMINISTRATOR)

        assert form.submit().status_int == 303
        assert browser.cookies["login"] != half
        assert browser.get("/settings/accounts").status_int == 200
        with strict_site.work.read() as request:
            assert not any(login.needs_code for login in request.db.scalars(select(LoginSession)))

    def test_a_code_is_good_once(self, strict_site: Site) -> None:
        set_up(strict_site, Role.ADMINISTRATOR)
        code = code_of(strict_site, Role.ADMINISTRATOR)
        assert second_step(strict_site.browser(), Role.ADMINISTRATOR, code).status_int == 303
        assert second_step(strict_site.browser(), Role.ADMINISTRATOR, code).status_int == 401

    def test_a_paper_code_is_good_once(self, strict_site: Site) -> None:
        _browser, codes = set_up(strict_site, Role.AUDITOR)
        assert second_step(strict_site.browser(), Role.AUDITOR, codes[3].upper()).status_int == 303
        assert second_step(strict_site.browser(), Role.AUDITOR, codes[3]).status_int == 401
        assert "account.paper_code_used" in told(strict_site)

    def test_guessing_codes_locks_however_often_the_password_is_right(self, strict_site: Site) -> None:
        set_up(strict_site, Role.ADMINISTRATOR)
        for _attempt in range(4):
            assert second_step(strict_site.browser(), Role.ADMINISTRATOR, "000000").status_int == 401
        locked = second_step(strict_site.browser(), Role.ADMINISTRATOR, "000000")

        assert locked.location.endswith("/log-in")
        assert log_in(strict_site.browser(), Role.ADMINISTRATOR.value).status_int == 401
        assert told(strict_site).count("account.locked") == 1

    def test_what_was_typed_before_the_log_in_ended_is_kept_over_both_steps(self, strict_site: Site) -> None:
        set_up(strict_site, Role.ADMINISTRATOR)
        browser = strict_site.browser()
        form = browser.get("/log-in").forms[0]
        form["username"], form["password"] = Role.ADMINISTRATOR.value, "four words nobody guesses"
        fields = dict(form.submit_fields())
        asked = browser.post("/log-in", fields | {"kept": '{"path": "/directory", "fields": [["name", "李"]]}'})
        again = form_to(asked, "/log-in/code")
        again["code"] = code_of(strict_site, Role.ADMINISTRATOR)

        assert "What you typed is still here" in again.submit().text


class TestChanges:
    def test_another_telephone_needs_the_one_in_use(self, strict_site: Site) -> None:
        browser, _codes = set_up(strict_site, Role.ADMINISTRATOR)
        refused = browser.post(
            "/account/factor", {"code": "000000", "csrf_token": token_of(browser)}, expect_errors=True
        )
        assert refused.status_int == 422
        with strict_site.work.read() as request:
            assert request.db.get_one(Account, strict_site.ids[Role.ADMINISTRATOR]).factor_pending is None

    def test_the_picture_of_the_secret_is_shown_whole(self, strict_site: Site) -> None:
        """The page gives it a size of its own: without a ``viewBox`` its right and lower parts would be cut off."""
        browser = strict_site.logged_in(Role.OFFICER)
        page = form_to(browser.get("/account/factor"), "/account/factor").submit()
        ground = r'<svg viewBox="0 0 (\d+) \1"[^>]*><path fill="#fff" d="M0 0h\1v\1h-\1z"/>'
        assert re.search(ground, page.text)

    def test_a_wrong_first_code_keeps_the_secret_on_the_page(self, strict_site: Site) -> None:
        browser = strict_site.logged_in(Role.ADMINISTRATOR)
        shown = form_to(browser.get("/account/factor"), "/account/factor").submit()
        form = form_to(shown, "/confirm")
        form["code"] = "000000"
        again = form.submit(status=422)
        secret = r'one-time num">([A-Z2-7 ]+)<'
        assert one(secret, again) == one(secret, shown)

    def test_a_role_that_needs_it_cannot_drop_it(self, strict_site: Site) -> None:
        browser, codes = set_up(strict_site, Role.AUDITOR)
        token = token_of(browser)
        browser.post("/account/factor/drop", {"code": codes[0], "csrf_token": token}, status=422)

    def test_one_that_does_not_can(self, strict_site: Site) -> None:
        browser, codes = set_up(strict_site, Role.OFFICER)
        token = token_of(browser)
        browser.post("/account/factor/drop", {"code": codes[0], "csrf_token": token}, status=303)
        assert log_in(strict_site.browser(), Role.OFFICER.value).status_int == 303

    def test_an_administrator_takes_a_lost_one_away_but_not_their_own(self, strict_site: Site) -> None:
        set_up(strict_site, Role.AUDITOR)
        browser, _codes = set_up(strict_site, Role.ADMINISTRATOR)
        with strict_site.work.write() as request:
            now = request.find_service(IClock).now()
            request.db.add(
                Account(
                    username="second", name="Second", role=Role.ADMINISTRATOR, password_hash=hash_password(PASSWORD),
                    must_change=False, created_at=now,
                )
            )  # fmt: skip

        def take(role: Role, **signature: str) -> None:
            address = f"/settings/accounts/{strict_site.ids[role]}/take_factor"
            browser.post(address, {"csrf_token": token_of(browser)} | signature, status=303)

        take(Role.AUDITOR)
        take(Role.AUDITOR, second="second", second_password="wrong")
        take(Role.AUDITOR, second="administrator", second_password=PASSWORD)
        with strict_site.work.read() as request:
            assert request.db.get_one(Account, strict_site.ids[Role.AUDITOR]).factor_secret is not None
        for role in (Role.AUDITOR, Role.ADMINISTRATOR):
            take(role, second="second", second_password=PASSWORD)
        with strict_site.work.read() as request:
            assert request.db.get_one(Account, strict_site.ids[Role.AUDITOR]).factor_secret is None
            assert request.db.get_one(Account, strict_site.ids[Role.ADMINISTRATOR]).factor_secret is not None

    def test_the_store_holds_no_secret_and_no_code_in_clear(self, strict_site: Site) -> None:
        _browser, codes = set_up(strict_site, Role.AUDITOR)
        with strict_site.work.read() as request:
            account = request.db.get_one(Account, strict_site.ids[Role.AUDITOR])
            secret = request.find_service(SecondFactors).secret(account)
            kept = [account.factor_secret, *request.db.scalars(select(PaperCode.sha256))]
            entries = " ".join(request.db.scalars(select(LedgerEntry.data)))
        assert secret is not None
        assert not any(secret in text or code in text for text in kept for code in codes if text)
        assert not any(code in entries for code in codes)
        assert secret not in entries

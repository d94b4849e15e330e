"""Logging in and out, as somebody at a browser meets it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account, LoginSession
from dutycenter.accounts.services import Accounts
from dutycenter.accounts.sessions import digest
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from tests.functional.conftest import PASSWORD, Site, form_to, form_with, log_in


def told(site: Site) -> list[str]:
    """The actions in the ledger, oldest first."""
    with site.work.read() as request:
        return list(request.db.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)))


def age(site: Site, **columns: timedelta) -> None:
    """Push every log-in's moments into the past."""
    with site.work.write() as request:
        for login in request.db.scalars(select(LoginSession)):
            for name, by in columns.items():
                setattr(login, name, getattr(login, name) - by)


class TestLogIn:
    def test_it_goes_on_to_the_page_that_was_asked_for(self, site: Site) -> None:
        browser = site.browser()
        asked = browser.get("/directory?department=", status=303).follow()
        form = asked.forms[0]
        form["username"], form["password"] = "officer", PASSWORD

        page = form.submit(status=303)

        assert page.location == "http://localhost/directory?department="
        assert page.follow().status_int == 200
        assert told(site) == ["account.logged_in"]

    def test_it_sets_a_cookie_that_scripts_and_other_sites_dont_get(self, site: Site) -> None:
        cookie = log_in(site.browser(), "officer").headers["Set-Cookie"]

        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

    def test_the_store_keeps_only_the_tokens_hash(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        token = browser.cookies["login"]

        with site.work.read() as request:
            kept = request.db.scalars(select(LoginSession)).one()

        assert kept.token_sha256 == digest(token)
        assert token not in (kept.token_sha256, kept.address)

    @pytest.mark.parametrize(
        ("username", "password"), [("officer", "wrong"), ("nobody", PASSWORD), ("nobody", "wrong")]
    )
    def test_a_wrong_one_doesnt_tell_which_part_was_wrong(self, site: Site, username: str, password: str) -> None:
        page = log_in(site.browser(), username, password)

        assert page.status_int == 401
        assert "Username or password is wrong" in page.text
        assert page.forms[0]["username"].value == username
        assert page.forms[0]["password"].value == ""
        assert told(site) == ["account.login_failed"]

    def test_too_many_wrong_ones_lock_the_account_for_the_right_one_too(self, site: Site) -> None:
        browser = site.browser()
        for _attempt in range(5):
            log_in(browser, "officer", "wrong")

        assert log_in(browser, "officer").status_int == 401
        assert told(site).count("account.login_failed") == 6
        assert told(site).count("account.locked") == 1

    @pytest.mark.parametrize(
        "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
    )
    def test_it_never_goes_on_to_another_site(self, site: Site, place: str) -> None:
        form = site.browser().get("/log-in", params={"next": place}).forms[0]
        form["username"], form["password"] = "officer", PASSWORD

        assert form.submit(status=303).location == "http://localhost/"

    def test_hostile_text_stays_text(self, site: Site) -> None:
        page = log_in(site.browser(), "<script>alert(1)</script>\u202e\x00" + "x" * 5000, "y" * 100_000)

        assert page.status_int == 401
        assert "<script>alert" not in page.text


class TestLogOut:
    def test_it_ends_the_log_in_in_the_store(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        token = browser.cookies["login"]
        form_to(browser.get("/account"), "/log-out").submit(status=303)
        browser.set_cookie("login", token)

        assert "/log-in" in browser.get("/account", status=303).location
        assert told(site)[-1] == "account.logged_out"


class TestExpiry:
    def test_an_idle_log_in_ends_with_a_word_and_the_way_back(self, site: Site) -> None:
        browser = site.logged_in(Role.AUDITOR)
        age(site, seen_at=timedelta(hours=3))

        page = browser.get("/directory", status=303).follow()

        assert "Your log-in had ended" in page.text
        assert page.forms[0]["next"].value == "/directory"

    def test_a_log_in_ends_after_a_shift_however_busy(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        age(site, expires_at=timedelta(hours=14))

        assert "/log-in" in browser.get("/account", status=303).location

    def test_use_keeps_a_log_in_alive(self, site: Site) -> None:
        browser = site.logged_in(Role.AUDITOR)
        for _hour in range(4):
            age(site, seen_at=timedelta(hours=1))
            browser.get("/account", status=200)

    def test_a_page_that_reads_itself_again_keeps_a_desk_alive_but_no_administrators_log_in(self, site: Site) -> None:
        officer, administrator = site.logged_in(Role.OFFICER), site.logged_in(Role.ADMINISTRATOR)
        age(site, seen_at=timedelta(minutes=90))
        for browser in (officer, administrator):
            browser.get("/account", headers={"X-Background": "1"}, status=200)
        age(site, seen_at=timedelta(minutes=40))

        assert officer.get("/account", expect_errors=True).status_int == 200
        assert administrator.get("/account", expect_errors=True).status_int == 303

    def test_what_was_typed_into_a_form_survives(self, site: Site) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        form = form_with(browser.get("/directory/departments/new"), "short_name")
        form["name"], form["short_name"] = "云江市民政局 <b>", "民政局"
        age(site, expires_at=timedelta(hours=14))

        gate = form.submit(status=401)
        login = gate.forms[0]
        login["username"], login["password"] = "administrator", PASSWORD
        resumed = login.submit(status=200)
        done = form_with(resumed, "short_name").submit(status=303)

        assert "民政局" in done.follow().text

    def test_what_another_site_sends_is_not_kept(self, site: Site) -> None:
        browser = site.browser()

        assert browser.post("/directory/departments/new", {"name": "x"}, status=303).location.endswith("/log-in")

    def test_kept_text_is_shown_before_it_is_sent_and_goes_nowhere_else(self, site: Site) -> None:
        kept = {"path": "https://evil.example/", "fields": [["a", "<script>"]]}
        browser = site.browser()
        form = browser.get("/log-in").forms[0]
        values = [*form.submit_fields(), ("kept", json.dumps(kept))]
        values = [(name, {"username": "officer", "password": PASSWORD}.get(name, value)) for name, value in values]

        page = browser.post("/log-in", values, status=200)

        assert "evil" not in page.text
        assert "<script>" not in page.text.split("<main")[1]

    def test_htmx_gets_a_notice_and_the_page_stays(self, site: Site) -> None:
        answer = site.browser().get("/directory", headers={"HX-Request": "true"}, status=401)

        assert answer.headers["HX-Reswap"] == "none"
        assert "still on this page" in json.loads(answer.headers["HX-Trigger"])["toast"]["text"]


class TestFirstLogIn:
    def test_the_one_time_password_opens_nothing_but_the_change_of_it(self, site: Site) -> None:
        with site.work.write() as request:
            password = request.find_service(Accounts).create("fresh", "新来的", Role.OFFICER)
        browser = site.browser()
        log_in(browser, "fresh", password)

        assert browser.get("/directory", status=303).location.endswith("/account/password")
        page = browser.get("/account/password")
        form = form_with(page, "new_password")
        form["password"] = password
        form["new_password"] = form["again"] = "short"
        refused = form.submit(status=422)
        assert "Use at least 10 characters" in refused.text
        form = form_with(refused, "new_password")
        form["password"], form["new_password"], form["again"] = "mistyped", *["three small boats"] * 2
        refused = form.submit(status=422)
        assert "one-time password is not right" in refused.text
        form = form_with(refused, "new_password")
        form["password"] = password
        form["new_password"] = form["again"] = "three small boats"
        form.submit(status=303)

        assert browser.get("/directory").status_int == 200
        assert "account.password_changed" in told(site)

    def test_two_different_new_passwords_are_refused(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        form = form_with(browser.get("/account/password"), "new_password")
        form["password"], form["new_password"], form["again"] = PASSWORD, "three small boats", "three small goats"

        assert "differ" in form.submit(status=422).text


class TestLanguage:
    def test_the_browsers_language_counts_until_one_chooses(self, site: Site) -> None:
        browser = site.browser()
        assert "Log in" in browser.get("/log-in", headers={"Accept-Language": "en-GB,zh;q=0.5"}).text
        page = browser.get("/log-in", headers={"Accept-Language": "zh"})
        assert "登录" in page.text
        form_to(page, "/language").submit("language", value="en", status=303)

        assert "Log in" in browser.get("/log-in", headers={"Accept-Language": "zh"}).text

    def test_an_account_keeps_its_language(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        forms = [f for f in browser.get("/account").forms.values() if f.action == "/account/language"]
        next(f for f in forms if "zh_CN" in f.text).submit("language", status=303)

        assert "我的账号" in browser.get("/account").text
        with site.work.read() as request:
            assert request.db.get(Account, site.ids[Role.OFFICER]).language == "zh_CN"

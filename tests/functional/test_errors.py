"""What goes wrong is said in the reader's language: what happened, what is safe, what to do."""

from __future__ import annotations

import json

import pytest
from pyramid.config import Configurator
from pyramid.request import Request
from sqlalchemy import text
from webtest import TestApp

from dutycenter.accounts.models import Account
from dutycenter.vocabulary import Role
from tests.functional.conftest import Site, form_with


def break_a_page(site: Site) -> TestApp:
    """A browser of the site with one page more, which breaks after it changed something."""

    def broken(request: Request) -> None:
        for account in request.db.query(Account):
            account.name = "changed"
        request.db.flush()
        raise ZeroDivisionError("secret detail")

    config = Configurator(registry=site.work.registry)
    config.add_route("broken", "/broken")
    config.add_view(broken, route_name="broken", permission="__no_permission_required__", require_csrf=False)
    config.commit()
    return TestApp(config.make_wsgi_app(), extra_environ={"HTTP_ACCEPT_LANGUAGE": "en"})


class TestForgedForms:
    @pytest.mark.parametrize("token", [None, "", "0" * 40, "é\x00"])
    def test_a_form_without_its_token_changes_nothing(self, site: Site, token: str | None) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        form = {"name": "x", "username": "evil", "role": "administrator"}

        page = browser.post(
            "/settings/accounts/new", form | ({} if token is None else {"csrf_token": token}), status=400
        )

        assert "too old to be sent" in page.text
        assert "Nothing was changed." in page.text
        with site.work.read() as request:
            assert request.db.query(Account).filter_by(username="evil").count() == 0

    def test_the_token_of_another_browser_is_no_token(self, site: Site) -> None:
        other = site.logged_in(Role.ADMINISTRATOR)
        token = other.get("/account").html.find("meta", {"name": "csrf-token"})["content"]

        site.logged_in(Role.ADMINISTRATOR).post("/directory/departments/new", {"csrf_token": token}, status=400)

    def test_logging_in_needs_the_token_too(self, site: Site) -> None:
        site.browser().post("/log-in", {"username": "officer", "password": "x"}, status=400)

    def test_a_log_out_by_link_does_nothing(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        browser.get("/log-out", expect_errors=True)

        browser.get("/account", status=200)


class TestUnknownThings:
    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("/nothing", "There is nothing here"),
            ("/directory/people/999999", "no such person"),
            ("/directory/people/999999/edit", "no such person"),
            ("/directory/departments/999999", "no such department"),
            ("/directory?department=999999", "no such department"),
            ("/directory?department=-1", "no such department"),
            ("/directory?department=%D9%A1%D9%A2", "no such department"),
            ("/settings/accounts/999999", "no such account"),
            ("/roster/shifts/999999", "no such shift"),
            ("/directory/people/99999999999999999999", "There is nothing here"),
            ("/directory/people/1%00", "There is nothing here"),
        ],
    )
    def test_they_are_said_to_be_unknown(self, standing_site: Site, path: str, words: str) -> None:
        page = standing_site.logged_in(Role.ADMINISTRATOR).get(path, status=404)

        assert words in page.text
        assert "What to do" in page.text

    def test_a_week_that_is_none_is_refused_with_an_example(self, standing_site: Site) -> None:
        officer = standing_site.logged_in(Role.OFFICER)
        assert "2026-11-23" in officer.get("/roster/week?week=soon", status=400).text
        assert "no roster so far away" in officer.get("/roster/week?week=9999-12-31", status=400).text

    def test_the_page_speaks_the_readers_language(self, standing_site: Site) -> None:
        page = standing_site.browser().get("/nothing", headers={"Accept-Language": "zh-CN"}, status=404)

        assert "页面不存在" in page.text
        assert "Ctrl-K" not in page.text  # whoever has not logged in finds nothing by it
        assert "怎么办" in page.text


class TestTooLarge:
    def test_a_form_of_a_megabyte_is_refused_before_it_is_read(self, site: Site) -> None:
        page = site.browser().post("/log-in", {"username": "x" * 1_000_000}, status=413)

        assert "too large" in page.text

    def test_whoever_is_logged_in_is_told_on_a_whole_page(self, site: Site) -> None:
        page = site.logged_in(Role.OFFICER).post("/directory", {"q": "x" * 1_000_000}, status=413)

        assert page.html.find("nav", {"class": "mainnav"})

    def test_an_upload_has_its_own_limit(self, site: Site) -> None:
        upload = [("file", "a.wav", b"\0" * (site.work.settings.max_upload + 1))]

        site.browser().post("/log-in", upload_files=upload, status=413)

    def test_100_kb_of_text_reach_the_form_and_come_back(self, site: Site) -> None:
        browser = site.logged_in(Role.ADMINISTRATOR)
        form = form_with(browser.get("/directory/departments/new"), "short_name")
        form["name"] = "长" * 33_000

        page = form.submit(status=422)

        assert "长" * 33_000 in page.text


class TestCrash:
    def test_it_undoes_the_step_and_tells_a_reference_but_no_secret(self, site: Site) -> None:
        page = break_a_page(site).post("/broken", status=500)

        assert "undone completely" in page.text
        assert page.html.select_one("dd code").text
        assert "secret detail" not in page.text
        with site.work.read() as request:
            assert request.db.query(Account).filter_by(name="changed").count() == 0

    def test_htmx_gets_a_notice(self, site: Site) -> None:
        answer = break_a_page(site).post("/broken", headers={"HX-Request": "true"}, status=500)

        assert json.loads(answer.headers["HX-Trigger"])["toast"]["kind"] == "error"
        assert answer.body == b""

    def test_a_page_that_asks_by_itself_gets_none(self, site: Site) -> None:
        answer = break_a_page(site).post("/broken", headers={"HX-Request": "true", "X-Background": "1"}, status=500)

        assert "HX-Trigger" not in answer.headers

    def test_it_says_so_even_when_the_store_is_away(self, site: Site) -> None:
        with site.work.registry["dutycenter.engine"].begin() as connection:
            connection.execute(text("DROP TABLE login_sessions"))
        browser = site.browser()
        browser.set_cookie("login", "x")

        page = browser.get("/directory", status=500)

        assert "系统出错" in page.text
        assert "went wrong on our side" in page.text


class TestHeaders:
    def test_pages_let_nothing_in_from_elsewhere(self, site: Site) -> None:
        headers = site.browser().get("/log-in").headers

        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"

    def test_static_files_are_kept_by_browsers_until_they_change(self, site: Site) -> None:
        page = site.browser().get("/log-in")
        address = page.html.find("link", href=lambda href: "app.css" in href)["href"]

        answer = site.browser().get(address)

        assert "?v=" in address
        assert "max-age" in answer.headers["Cache-Control"]

    def test_no_address_on_a_page_leaves_the_server(self, site: Site) -> None:
        page = site.logged_in(Role.ADMINISTRATOR).get("/settings")
        addresses = [tag.get("src") or tag.get("href") or tag.get("action") for tag in page.html.find_all(True)]

        assert [a for a in addresses if a and not a.startswith(("/", "#"))] == []

"""The page of simulated telephones: in development only, for everybody who is logged in."""

from __future__ import annotations

import io
import re
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from webtest import TestApp, TestResponse

from dutycenter import configure
from dutycenter.settings import Settings
from dutycenter.switch import rehearsal
from dutycenter.switch.models import Gateway
from dutycenter.switch.rehearsal import views
from dutycenter.vocabulary import Role
from tests.conftest import free_port
from tests.functional.conftest import Site, form_to
from tests.rehearsal_fixtures import rehearse_in


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings of an installation whose rehearsal switch runs, and whose ivr is away."""
    with rehearse_in(replace(settings, ivr_port=free_port()), speed=1) as (_, running):
        yield running


def until(browser: TestApp, what: Callable[[TestResponse], bool]) -> TestResponse:
    end = time.monotonic() + 15
    while not what(page := browser.get("/rehearsal/phones")):
        assert time.monotonic() < end, page.text
        time.sleep(0.02)
    return page


class TestPage:
    def test_a_citizen_calls_presses_speaks_and_hangs_up(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        page = browser.get("/rehearsal")
        assert "No telephone is in use." in page
        form = form_to(page, "/rehearsal/call")
        form["number"], form["character"] = "139 1234 5678", "hand"
        page = form.submit().follow()
        assert "13912345678" in page
        page = until(browser, lambda page: "/sound?v=" in page)
        sound = browser.get(re.search(r'src="([^"]+/sound[^"]+)"', page.text)[1])  # type: ignore[index]
        with wave.open(io.BytesIO(sound.body), "rb") as heard:
            assert heard.getnframes() > 800
        token = page.forms[0]["csrf_token"].value
        uuid = re.search(r'id="phone-([0-9a-f-]{36})"', page.text)[1]  # type: ignore[index]
        browser.post(f"/rehearsal/phones/{uuid}/press", {"key": "1", "csrf_token": token})
        assert "Pressed: 1" in browser.get("/rehearsal/phones")
        browser.post(f"/rehearsal/phones/{uuid}/say", {"text": "着火了", "csrf_token": token})
        browser.post(f"/rehearsal/phones/{uuid}/hangup", {"csrf_token": token})
        until(browser, lambda page: uuid not in page)

    def test_htmx_gets_the_telephones_alone(self, site: Site) -> None:
        browser = site.logged_in(Role.LEADER)
        token = browser.get("/rehearsal").forms[0]["csrf_token"].value
        answer = browser.post(
            "/rehearsal/call", {"number": "13912345678", "character": "hand"},
            headers={"HX-Request": "true", "X-CSRF-Token": token},
        )  # fmt: skip
        assert "<article" in answer
        assert "<html" not in answer
        taken = browser.post(
            "/rehearsal/hand", {"number": "13912340000", "by": "hand"},
            headers={"HX-Request": "true", "X-CSRF-Token": token},
        )  # fmt: skip
        assert "13912340000 is yours now" in taken.headers["HX-Trigger"]

    def test_a_number_that_is_none_is_named_and_nothing_rings(self, site: Site) -> None:
        browser = site.logged_in(Role.OFFICER)
        form = form_to(browser.get("/rehearsal"), "/rehearsal/call")
        form["number"] = "${system(id)}"
        page = form.submit().follow()
        assert "is no telephone number" in page
        assert "<article" not in page

    def test_a_line_fails_and_comes_back(self, site: Site) -> None:
        with site.work.write() as request:
            request.db.add(Gateway(name="pstn", channels=4, calls_per_second=5, caller_id="07318888"))
        browser = site.logged_in(Role.OFFICER)
        for state in ("down", "up"):
            form = form_to(browser.get("/rehearsal"), "/rehearsal/gateway")
            assert "could not be done" not in form.submit("state", value=state).follow()

    @pytest.mark.parametrize("path", ["call", "hand", "gateway", "phones/x/press", "phones/x/hangup"])
    def test_without_the_pages_own_token_nothing_happens(self, site: Site, path: str) -> None:
        browser = site.logged_in(Role.OFFICER)
        assert browser.post(f"/rehearsal/{path}", {"number": "13912345678"}, status="*").status_int == 400
        assert "<article" not in browser.get("/rehearsal/phones")

    def test_nobody_sees_it_without_logging_in(self, site: Site) -> None:
        answer = site.browser().get("/rehearsal", status="*")
        assert answer.status_int in (302, 303, 401, 403)
        assert "Simulated telephones" not in answer

    def test_every_word_of_it_is_translated(self) -> None:
        folder = Path(rehearsal.__file__).parent
        with (folder / "locale/zh_CN/LC_MESSAGES/dutycenter.po").open("rb") as file:
            catalogue = read_po(file)
        known = {message.id for message in catalogue if message.id and message.string}
        shown = {str(text) for text in (*views.HOW.values(), *views.DOES.values(), *views.KINDS.values(), views.AWAY)}
        for template in folder.glob("templates/*.jinja2"):
            for text in re.findall(r"{% trans [^%]*%}(.*?){% endtrans %}", template.read_text(encoding="utf-8")):
                shown.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", text))
        assert shown - known == set()


class TestAway:
    def test_it_says_what_to_do_when_the_switch_does_not_run(self, settings: Settings, site: Site) -> None:
        site.work.registry["dutycenter.settings"] = replace(settings, switch_port=free_port())
        page = site.logged_in(Role.OFFICER).get("/rehearsal")
        assert "The rehearsal switch does not run. Start everything with “make run”" in page


def test_a_real_installation_has_no_such_page(settings: Settings) -> None:
    app = TestApp(configure(replace(settings, rehearsal=False)).make_wsgi_app())
    assert app.get("/rehearsal", status="*").status_int != 200

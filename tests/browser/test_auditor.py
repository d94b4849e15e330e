"""An auditor in a real browser: a part heard again and again, a film heard where it is seen, a chart taken along."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from dutycenter.vocabulary import Role
from tests.functional.conftest import PASSWORD, Site, site
from tests.functional.test_film import told

__all__ = ["site", "told"]
REASON = "complaint 12"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def page(site: Site, chromium: Browser) -> Iterator[Page]:
    """A page of an auditor who is logged in."""
    with make_server("127.0.0.1", 0, site.app, server_class=_Server, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = chromium.new_context(
            base_url=f"http://127.0.0.1:{server.server_port}", viewport={"width": 1366, "height": 768}, locale="en"
        )
        page = context.new_page()
        page.goto("/log-in")
        page.fill("input[name=username]", Role.AUDITOR.value)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_selector("nav.mainnav")
        yield page
        context.close()
        server.shutdown()


class TestPlayer:
    def test_a_part_that_is_chosen_is_played_again_and_again(self, page: Page, told: list[int]) -> None:
        page.goto(f"/recordings/{told[0]}")
        page.fill("input[name=reason]", REASON)
        page.press("input[name=reason]", "Enter")
        expect(page.locator("[data-player=play]")).to_be_enabled()
        assert (
            page.evaluate(
                "document.querySelector('[data-player=wave] div').shadowRoot.querySelectorAll('canvas').length"
            )
            >= 2
        )
        wave = page.locator("[data-player=wave]").bounding_box()
        assert wave is not None
        y = wave["y"] + wave["height"] / 3
        page.mouse.move(wave["x"] + wave["width"] * 0.5, y)
        page.mouse.down()
        page.mouse.move(wave["x"] + wave["width"] * 0.7, y, steps=8)
        page.mouse.up()
        expect(page.locator("[data-player=loop]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[data-player=play]")).to_have_text("Pause")
        # The place of the note runs with the sound: it goes back at least twice, and never leaves the part.
        back = page.evaluate(
            """() => new Promise((done, failed) => {
              const place = document.querySelector('[data-player="note-at"]');
              const seen = [];
              let last = Number(place.value), backs = 0;
              const watch = setInterval(() => {
                const now = Number(place.value);
                seen.push(now);
                if (now < last) backs += 1;
                last = now;
                if (backs === 2) { clearInterval(watch); done(seen); }
              }, 10);
              setTimeout(() => failed(new Error(`went back ${backs} times`)), 15000);
            })"""
        )
        assert min(back) >= 450
        assert max(back) <= 950


class TestFilm:
    def test_a_leg_is_heard_on_the_film(self, page: Page, told: list[int]) -> None:
        page.goto("/recordings/film/1")
        page.fill("input[name=reason]", REASON)
        page.click("form.film-player button")
        bar = page.locator(".film-drawing a[data-sound]").first
        with page.expect_response(lambda response: response.url.endswith(f"/recordings/{told[0]}/audio")) as sound:
            bar.locator("rect.talk").click()
        assert sound.value.ok
        expect(page.locator("[data-film=head]")).to_have_attribute("visibility", "visible")
        page.evaluate(
            """() => new Promise((done) => {
              const sound = document.querySelector("[data-film=sound]");
              const look = () => (sound.currentTime > 0.2 ? done() : requestAnimationFrame(look));
              look();
            })"""
        )
        expect(page.locator("[data-film=who]")).to_contain_text("人0")
        expect(page.locator("[data-film=error]")).to_be_hidden()
        assert page.url.endswith("/recordings/film/1")


class TestPicture:
    def test_a_chart_is_saved_as_a_picture(self, page: Page, told: list[int], tmp_path: Path) -> None:
        page.goto("/reports?period=2026-11")
        chart = page.locator("figure.drawn").filter(has=page.locator("canvas")).first
        with page.expect_download() as saved:
            chart.locator("[data-picture]").click()
        file = tmp_path / saved.value.suggested_filename
        saved.value.save_as(file)
        assert file.suffix == ".png"
        with Image.open(file) as picture:
            assert min(picture.size) > 200
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 8

"""The board in a real browser: it follows, it can be filtered, and it is right again after a sleep."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from broadcast.models import Recipient
from broadcast.services import Broadcasts
from dutycenter.directory.models import Person as DirectoryPerson
from dutycenter.interfaces import IBroadcasts, Wish
from tests.browser.conftest import Installation, Person

pytestmark = pytest.mark.browser

MOMENT = 15_000  # milliseconds
HIDE = "h => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => h}); document.dispatchEvent(new Event('visibilitychange')); }"


@pytest.fixture
def board(installation: Installation, chromium: Browser) -> Iterator[tuple[Page, int]]:
    """A paused broadcast on the leader's screen: nothing happens but what the test does."""
    with installation.work.write() as request:
        people = list(request.db.scalars(select(DirectoryPerson.id).order_by(DirectoryPerson.id).limit(20)))
        broadcasts = request.find_service(Broadcasts)
        made = broadcasts.draft(Wish(title="看板", message="请立即到岗。", people=people))
        broadcasts.launch(made)
        broadcasts.pause(made)
    someone = Person(
        installation, chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN"), "leader"
    )
    someone.log_in()
    page = someone.open(f"/broadcasts/{made}")
    page.wait_for_selector(".tile-of")
    yield page, made
    someone.context.close()
    with installation.work.write() as request:
        request.find_service(Broadcasts).stop(made)
    assert someone.complaints == []


def acknowledge(installation: Installation, broadcast_id: int, index: int) -> int:
    with installation.work.write() as request:
        waiting = request.db.scalars(
            select(Recipient)
            .where(Recipient.broadcast_id == broadcast_id, Recipient.outcome.is_(None))
            .order_by(Recipient.id)
        ).all()
        assert request.find_service(IBroadcasts).acknowledge_by(waiting[index].id, "desk")
        return int(waiting[index].id)


class TestBoard:
    def test_it_follows_filters_and_wakes_up_right(self, installation: Installation, board: tuple[Page, int]) -> None:
        page, made = board
        first = acknowledge(installation, made, 3)
        tile = page.locator(f"#person-{first}")
        expect(tile).to_contain_text("已确认", timeout=MOMENT)
        expect(page.locator(".score-main b")).to_have_text("1")

        page.locator(".filter-place", has_text="已确认").click()
        expect(page.locator(".tile-of:visible")).to_have_count(1)
        page.locator("#board-filters [type=reset]").click()
        page.locator("[name=latest]").check()
        expect(page.locator(".latest .tile-of").first).to_contain_text("已确认")
        page.locator("[name=latest]").uncheck()
        tile.click()
        expect(page.locator("#person-panel")).to_contain_text("已确认")

        page.evaluate(HIDE, True)
        slept = [acknowledge(installation, made, index) for index in (0, 4, 7)]
        page.wait_for_timeout(1500)  # nothing may come: there is no event to wait for
        expect(page.locator(".score-main b")).to_have_text("1")
        page.evaluate(HIDE, False)
        expect(page.locator(".score-main b")).to_have_text("4", timeout=MOMENT)
        for rid in slept:
            expect(page.locator(f"#person-{rid}")).to_contain_text("已确认")

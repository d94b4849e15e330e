"""A log-in that ends while somebody types: what they typed comes back, with the words beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select

from dutycenter.accounts.models import Account, LoginSession
from dutycenter.incidents.services import Incidents
from tests.browser.conftest import NEW_PASSWORD, Installation, Person

pytestmark = pytest.mark.browser


def test_what_was_typed_comes_back_with_the_words_beside_it(
    installation: Installation, person: Callable[[str], Person]
) -> None:
    officer = person("officer")
    with installation.work.write() as request:
        incident = request.find_service(Incidents).create({"title": "山体滑坡"}).id
    page = officer.open(f"/incidents/{incident}/instructions/new")
    page.fill("[name=text]", "立即组织转移")
    page.fill("[name=owner]", "市应急局")
    with installation.work.write() as request:
        mine = select(Account.id).where(Account.username == "officer").scalar_subquery()
        request.db.execute(delete(LoginSession).where(LoginSession.account_id == mine))
    page.click("main form button.btn-primary")
    page.fill("input[name=username]", "officer")
    page.fill("input[name=password]", NEW_PASSWORD)
    page.press("input[name=password]", "Enter")
    kept = page.locator("[data-kept]")
    expect(kept.locator("[data-field=text]")).to_have_text("批示内容立即组织转移")
    expect(kept.locator("[data-field=owner]")).to_contain_text("市应急局")
    page.click("main form button.btn-primary")
    expect(page.locator("main")).to_contain_text("立即组织转移")
    officer.complaints.clear()  # the browser says that it was refused, as it was

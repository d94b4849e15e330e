"""Every page in both languages: it fits the desk's screen and the wall's, and anybody can read and operate it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pyramid.interfaces import IRoutesMapper
from sqlalchemy import func, select

from broadcast.models import Broadcast, Recipient
from broadcast.plans.models import Plan
from broadcast.services import Broadcasts
from dutycenter.accounts.models import Account
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.directory.models import Department
from dutycenter.directory.models import Person as DirectoryPerson
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock, Wish
from dutycenter.roster.models import Shift
from dutycenter.vocabulary import Role
from tests.browser.conftest import Installation

pytestmark = pytest.mark.browser

# axe-core of npm: the rules of WCAG 2.1, levels A and AA, that a machine can judge; contrast is among them.
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SCREENS = {"desk": (1366, 768), "wall": (1920, 1080)}
ROLES = (Role.DISPLAY, Role.OFFICER, Role.ADMINISTRATOR, Role.AUDITOR)
STREAMS = ("/live", "/stream")  # they never end
SETTLED = "() => !document.querySelector('.htmx-request, .htmx-settling')"


@pytest.fixture(scope="module")
def tokens(installation: Installation) -> dict[Role, str]:
    """Log-ins of an account of each role, made for this."""
    work, found = installation.work, {}
    with work.write() as request:
        now = request.find_service(IClock).now()
        for role in ROLES:
            account = Account(username=f"pages-{role.value}", name="查看", role=role, password_hash="-",
                              must_change=False, factor_secret="-", created_at=now)  # fmt: skip
            request.db.add(account)
            request.db.flush()
            found[role] = Sessions(request.db, work.settings, now).open(account, "127.0.0.1")
    return found


@pytest.fixture(scope="module")
def paths(installation: Installation) -> list[str]:
    """The address of every page that is there to be opened, of one thing of each kind."""
    work = installation.work
    with work.write() as request:
        people = list(request.db.scalars(select(DirectoryPerson.id).order_by(DirectoryPerson.id).limit(20)))
        broadcast = request.find_service(Broadcasts).draft(Wish(title="各页", message="请立即到岗。", people=people))
        request.find_service(Broadcasts).launch(broadcast)
        incident = request.find_service(Incidents).create({"title": "柳河水位超警戒", "place": "柳河镇三组"}).id
        one = {model: request.db.scalar(select(func.min(model.id))) for model in (DirectoryPerson, Department, Plan,
                                                                                 Shift, Account)}  # fmt: skip
        recipient = request.db.scalar(select(func.min(Recipient.id)).where(Recipient.broadcast_id == broadcast))
    assert None not in one.values()
    with work.write() as request:
        assert request.db.get(Broadcast, broadcast) is not None
        request.find_service(Broadcasts).stop(broadcast)
    ids = {
        "/incidents": incident, "/broadcasts": broadcast, "/directory/people": one[DirectoryPerson],
        "/directory/departments": one[Department], "/plans": one[Plan], "/roster/shifts": one[Shift],
        "/settings/accounts": one[Account],
    }  # fmt: skip
    mapper = work.registry.getUtility(IRoutesMapper)
    found = []
    for route in mapper.get_routes():
        prefix = route.pattern.split("/{", 1)[0]
        known = {"id": ids.get(prefix), "recipient": recipient}
        try:
            path = route.generate({name: value for name, value in known.items() if value is not None})
        except KeyError:
            continue
        if not path.endswith(STREAMS):
            found.append(path)
    return sorted(set(found))


@contextmanager
def logged_in(installation: Installation, chromium: Browser, token: str, language: str) -> Iterator[BrowserContext]:
    """A browser with this log-in, in this language."""
    width, height = SCREENS["desk"]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
    context.add_cookies([{"name": COOKIE, "value": token, "url": installation.url}])
    yield context
    context.close()


def faults(page: Page) -> list[str]:
    """What is wrong with a page that is open: by axe, and by its width on either screen."""
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(found => found.violations)",
        RULES,
    )
    told = [
        f"{rule['id']}: {node['target']} {node['failureSummary'].splitlines()[1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]
    for screen, (width, height) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            told.append(f"wider than the {screen}'s screen")
    page.set_viewport_size(dict(zip(("width", "height"), SCREENS["desk"], strict=True)))
    return told


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_fits_and_is_for_everybody(
    installation: Installation, chromium: Browser, tokens: dict[Role, str], paths: list[str], language: str
) -> None:
    left, looked, wrong = list(paths), [], {}
    for role in ROLES:
        with logged_in(installation, chromium, tokens[role], language) as context:
            page = context.new_page()
            page.on("pageerror", lambda error, page=page: wrong.setdefault(page.url, []).append(str(error)))
            for path in list(left):
                answer = context.request.get(installation.url + path, max_redirects=0)
                if answer.status >= 500:
                    wrong[path] = [str(answer.status)]
                if answer.status != 200 or "<html" not in answer.text()[:500]:
                    continue
                if role is not Role.DISPLAY:  # the wall's boards are dark, the others' are light
                    left.remove(path)
                looked.append(path)
                page.goto(installation.url + path)
                page.wait_for_function(SETTLED)
                page.evaluate(AXE.read_text(encoding="utf-8"))
                if told := faults(page):
                    wrong[f"{role}: {path}"] = told
    assert len(looked) > 30, looked
    assert not wrong, "\n".join(f"{path}: {fault}" for path, faults in wrong.items() for fault in faults)

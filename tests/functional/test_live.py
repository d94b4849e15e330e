"""``/live``: only for people who are logged in, and it comes to an end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dutycenter.incidents.services import Incidents
from dutycenter.live.hub import hub_of
from dutycenter.live.views import LIFE
from dutycenter.vocabulary import Role


@pytest.fixture
def closing(site: Any) -> Iterator[None]:
    yield
    hub_of(site.work.registry).close()


@pytest.mark.usefixtures("closing")
class TestLive:
    def test_it_streams_what_happened(self, site: Any) -> None:
        browser = site.logged_in(Role.DISPLAY)
        with site.work.write() as request:
            incident = request.find_service(Incidents).create({"reporter_name": "王建国"})
        answer = browser.get("/live", extra_environ={LIFE: "0.1"})
        assert answer.content_type == "text/event-stream"
        assert f'"kind": "incident", "id": "{incident.id}", "action": "incident.created"' in answer
        assert "王建国" not in answer

    def test_it_refuses_a_place_that_is_none(self, site: Any) -> None:
        site.logged_in(Role.OFFICER).get("/live?after=yesterday", status=400)

    def test_it_is_for_nobody_else(self, site: Any) -> None:
        site.browser().get("/live", status=303)
